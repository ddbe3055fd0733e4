"""The estimates of every panel: the sources of its spread, its reliability, and its missing answers."""

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.outcome import ReplyOutcome
from personametrics.measures.panel import Panel
from personametrics.stats import components as variance
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Interval, Scale
from personametrics.stats.variance.components import component, signal
from personametrics.stats.variance.disagreement import Disagreements
from personametrics.stats.variance.reliability import generalizability, spearman_brown

MOST_RUNS = 10
"""The largest number of runs for which reliability is given."""


def disagreements(panel: Panel) -> list[Estimate]:
    """Return the signal, and the two disagreements that it compares."""
    everything = frozenset(panel.facets)
    rerun = panel.interval(lambda d: d[everything], "positive")
    persona = panel.interval(lambda d: d[everything - {"persona"}], "positive")
    intervals = {"signal": panel.signal, "disagreement.rerun": rerun, "disagreement.persona": persona}
    return [panel.named(name, value, panel.answers) for name, value in intervals.items()]


def components(panel: Panel) -> list[Estimate]:
    """Return all variance components."""
    estimates = []
    for effect in panel.components:
        n = panel.answers if effect == "run" else panel.groups(effect.split(":"))
        value = panel.interval(partial(component, effect=effect), _scale(effect))
        estimates.append(panel.named(f"component.{effect}", value, n))
    return estimates


def _scale(effect: str) -> Scale:
    """Return the scale on which the interval of a component had the best coverage in simulations."""
    if effect == "run":
        return "positive"
    return "component" if effect in {"persona", "item"} else "plain"


def reliabilities(panel: Panel) -> list[Estimate]:
    """Return the reliability of averaged runs, and of a persona's mean over all facets."""
    estimates = []
    for k in range(1, MOST_RUNS + 1):
        averaged = Interval(*(float(spearman_brown(end, k)) for end in panel.signal[:3]))
        estimates.append(panel.named(f"reliability.k={k}", averaged, panel.answers, "Spearman–Brown formula applied to the signal"))
    for name, absolute in (("g.rho", False), ("g.phi", True)):
        free = partial(_coefficient, facets=panel.facets, numbers=panel.averaged, apart=panel.apart, absolute=absolute)
        ends = panel.interval(free, "share")[1:3]
        bounded = (min(max(end, 0.0), 1.0) if math.isfinite(end) else end for end in ends)
        value = Interval(float(free(panel.deletions.whole, truncate=True)), *bounded)
        estimates.append(panel.named(name, value, panel.levels["persona"]))
    return estimates


def _coefficient(
    d: Disagreements, facets: tuple[str, ...], numbers: Mapping[str, float], apart: float, *, absolute: bool, truncate: bool = False
) -> Floats:
    """Return G or Φ; if personas answered different items, a part of the items' variance counts as relative error."""
    effects = dict(variance(d, facets))
    if not absolute:
        item = np.maximum(effects["item"], 0) if truncate else effects["item"]
        effects["persona:item"] = effects["persona:item"] + apart * numbers["item"] * item
    return generalizability(effects, numbers, absolute=absolute, truncate=truncate)


def values(panel: Panel) -> dict[str, float]:
    """Return the values of the estimates of this module by name, without their intervals."""
    everything = frozenset(panel.facets)
    numbers = {
        "signal": signal(panel.whole),
        "disagreement.rerun": panel.whole[everything],
        "disagreement.persona": panel.whole[everything - {"persona"}],
    }
    numbers |= {f"component.{effect}": component(panel.whole, effect) for effect in panel.components}
    numbers |= {f"reliability.k={k}": spearman_brown(numbers["signal"], k) for k in range(1, MOST_RUNS + 1)}
    for name, absolute in (("g.rho", False), ("g.phi", True)):
        numbers[name] = _coefficient(panel.whole, panel.facets, panel.averaged, panel.apart, absolute=absolute, truncate=True)
    return {name: float(value) for name, value in numbers.items()} | {estimate.name: estimate.value for estimate in shares(panel)}


def shares(panel: Panel) -> list[Estimate]:
    """Return the shares of cells that never vary, and of requests without an answer."""
    tried, requests = len(panel.varying), len(panel.responses.answered)
    still, status = (float((panel.varying == 0).mean()), EstimateStatus.OK) if tried else (math.nan, EstimateStatus.NO_RERUNS)
    estimates = [panel.bare("share.never_varying", still, tried, "count", status)]
    for outcome in (ReplyOutcome.MISSING, ReplyOutcome.REFUSED, ReplyOutcome.UNPARSABLE, ReplyOutcome.FAILED):
        rows = panel.responses.outcomes.get(outcome, np.zeros(0))
        estimates.append(panel.bare(f"share.{outcome}", float(rows.sum()) / requests, requests, "count"))
    return estimates
