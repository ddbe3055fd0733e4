"""The estimates that every panel gives: where its spread comes from, how reliable it is, what is missing."""

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
from personametrics.stats.variance.components import component
from personametrics.stats.variance.disagreement import Disagreements
from personametrics.stats.variance.reliability import generalizability, spearman_brown

MOST_RUNS = 10
"""Reliability is given for 1 to this many runs."""


def disagreements(panel: Panel) -> list[Estimate]:
    """Signal, and the two disagreements it compares."""
    everything = frozenset(panel.facets)
    rerun = panel.interval(lambda d: d[everything], "positive")
    persona = panel.interval(lambda d: d[everything - {"persona"}], "positive")
    found = {"signal": panel.signal, "disagreement.rerun": rerun, "disagreement.persona": persona}
    return [panel.named(name, value, panel.answers) for name, value in found.items()]


def components(panel: Panel) -> list[Estimate]:
    """Every variance component."""
    found = []
    for effect in panel.components:
        n = panel.answers if effect == "run" else panel.groups(effect.split(":"))
        value = panel.interval(partial(component, effect=effect), _scale(effect))
        found.append(panel.named(f"component.{effect}", value, n))
    return found


def _scale(effect: str) -> Scale:
    """Where the interval of a component covers best, in simulation."""
    if effect == "run":
        return "positive"
    return "component" if effect in {"persona", "item"} else "plain"


def reliabilities(panel: Panel) -> list[Estimate]:
    """Reliability of averaged runs, and of a persona's mean over everything."""
    found = []
    for k in range(1, MOST_RUNS + 1):
        averaged = Interval(*(float(spearman_brown(end, k)) for end in panel.signal[:3]))
        found.append(panel.named(f"reliability.k={k}", averaged, panel.answers, "Spearman–Brown of the signal"))
    for name, absolute in (("g.rho", False), ("g.phi", True)):
        free = partial(_coefficient, facets=panel.facets, numbers=panel.averaged, apart=panel.apart, absolute=absolute)
        at = float(free(panel.deletions.whole, truncate=True))
        found_at = panel.interval(free, "share")
        value = Interval(at, *(min(max(end, 0.0), 1.0) if math.isfinite(end) else end for end in found_at[1:3]))
        found.append(panel.named(name, value, panel.levels["persona"]))
    return found


def _coefficient(
    d: Disagreements, facets: tuple[str, ...], numbers: Mapping[str, float], apart: float, *, absolute: bool, truncate: bool = False
) -> Floats:
    """G or Φ; where personas answered different items, part of the items' variance tells them apart and counts as relative error."""
    found = dict(variance(d, facets))
    if not absolute:
        item = np.maximum(found["item"], 0) if truncate else found["item"]
        found["persona:item"] = found["persona:item"] + apart * numbers["item"] * item
    return generalizability(found, numbers, absolute=absolute, truncate=truncate)


def shares(panel: Panel) -> list[Estimate]:
    """Shares of cells that never vary, and of asks without an answer."""
    tried, requests = len(panel.varying), len(panel.responses.answered)
    still, status = (float((panel.varying == 0).mean()), EstimateStatus.OK) if tried else (math.nan, EstimateStatus.NO_RERUNS)
    found = [panel.bare("share.never_varying", still, tried, "count", status)]
    for outcome in (ReplyOutcome.MISSING, ReplyOutcome.REFUSED, ReplyOutcome.UNPARSABLE, ReplyOutcome.FAILED):
        rows = panel.responses.outcomes.get(outcome, np.zeros(0))
        found.append(panel.bare(f"share.{outcome}", float(rows.sum()) / requests, requests, "count"))
    return found
