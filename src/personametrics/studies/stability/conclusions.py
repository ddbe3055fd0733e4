"""The conclusions from a panel's numbers: the verdict, what would decide it, the uses of the panel, and notices."""

import math
from collections.abc import Mapping

from personametrics.data.finding import Estimate, Notice, Verdict
from personametrics.measures.panel import FEW, Panel
from personametrics.measures.spread import MOST_RUNS

DECIDES = 0.5
"""Persona dominates if the whole interval of the signal lies above this, model uncertainty if it lies below."""
STEERED = 0.9
"""If more cells than this never vary, reruns say nothing about how sure the model is."""
MOST_MORE = 10
"""The advice never asks for a panel more than this many times as large."""
UNEVEN = 0.02
"""The signal with equal weights for all items is reported if it lies further than this outside the interval."""
SEPARATING = "distinguishing personas from each other or from noise"
REAL_PEOPLE = "conclusions about real people from these numbers alone (compare with human answers)"


def conclude(panel: Panel, estimates: Mapping[str, Estimate], target: float) -> Verdict:
    """Return the verdict."""
    signal, steady = estimates["signal"], estimates["share.never_varying"].value
    if math.isnan(signal.value):
        return Verdict("unknown", f"The persona signal cannot be computed: {signal.status}.", unfit=(SEPARATING,))
    figures = f"persona signal {signal.value:.2f}, {signal.level:.0%} interval {signal.clipped(min(signal.value, 0.0)).span()}"
    undecided = f"The interval includes {DECIDES:g} ({figures}). {deciding_design(panel)}."
    if math.isnan(signal.low):
        undecided = f"A verdict is not possible, since the persona signal {signal.value:.2f} has no interval."
    source, twice = "Differences between personas come mostly from", "asking the same persona twice produces"
    label, sentence = {
        "above": ("persona dominates", f"{source} the personas: {twice} less than half of them ({figures})."),
        "below": ("model uncertainty dominates", f"{source} noise: {twice} more than half of them ({figures})."),
    }.get(signal.side(about=DECIDES), ("undecided", undecided))
    if _uneven(panel) and (panel.even_signal > DECIDES) != (signal.value > DECIDES):
        weights = f"The verdict depends on the weights of the items: with equal weights the signal is {panel.even_signal:.2f}"
        label, sentence = "undecided", f"{weights}, compared with {figures}."
    if steady > STEERED:
        sentence += f" {steady:.0%} of cells never vary: personas determine these answers, but the answers may still be invalid."
    return Verdict(label, sentence, *_uses(panel, estimates, target))


def deciding_design(panel: Panel) -> str:
    """Return a sentence about the larger panel whose interval would not include 0.5, without its full stop.

    More runs lower only the part of the variance within cells. The distance from the estimate to the end beyond 0.5 is taken as
    proportional to the standard error.
    """
    signal = panel.signal
    if not signal.high > signal.low:
        return "The interval has no width"
    few = [f"{panel.levels[facet]} {facet}s" for facet in ("persona", "item") if panel.levels[facet] < FEW]
    if few:
        return f"The panel has only {' and '.join(few)}, and at least {FEW} are needed"
    if math.isnan(signal.between + signal.cells):
        return "All reruns gave the same answer, and more runs would allow a verdict"
    distance = abs(signal.value - DECIDES)
    reach = signal.high - signal.value if signal.value < DECIDES else signal.value - signal.low
    between = signal.between / (signal.between + signal.cells) if signal.between + signal.cells > 0 else 1.0
    room = (distance / reach) ** 2 - between
    if room > 0 and math.isfinite(panel.runs):
        more = max(math.ceil(panel.runs * ((1 - between) / room - 1)), 1)
        if more <= MOST_MORE * panel.runs:
            return f"About {more} more {'runs' if more > 1 else 'run'} of each persona and item would be enough for a verdict"
    larger = (reach / distance) ** 2 if distance > 0 else math.inf
    if larger > MOST_MORE:
        return f"The signal is so close to {DECIDES:g} that a panel large enough for a verdict would be too expensive"
    return f"More runs are not enough for a verdict. About {max(2, math.ceil(larger))} times as many personas and items would be enough"


def _uneven(panel: Panel) -> bool:
    """Return whether the signal changes with equal weights for all items: noise differs by item, and so does the number of answers."""
    signal = panel.signal
    return math.isfinite(signal.low) and not (signal.low - UNEVEN <= panel.even_signal <= signal.high + UNEVEN)


def _uses(panel: Panel, estimates: Mapping[str, Estimate], target: float) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return uses whose reliability lies above the target with its whole interval, below it, and in between."""
    runs = min(MOST_RUNS, round(panel.runs)) if math.isfinite(panel.runs) else 1
    averaged = {f"reliability.k={runs}": f"comparing personas item by item on the mean of {runs} runs"} if runs > 1 else {}
    uses = {
        "reliability.k=1": "trusting a single answer",
        **averaged,
        "g.rho": "ranking personas by their mean over these items",
        "g.phi": "reading a persona's mean over these items as a score on the scale",
    }
    lines: dict[str, list[str]] = {"fit": [], "unfit": [], "open": []}
    for name, use in uses.items():
        estimate = estimates[name]
        if not math.isnan(estimate.value):
            side = "fit" if estimate.low >= target else "unfit" if estimate.high < target else "open"
            shown = estimate.clipped(min(estimate.value, 0.0))
            lines[side].append(f"{use} (reliability {shown.value:.2f}, {shown.span()}; needed {target:g})")
    return tuple(lines["fit"]), (*lines["unfit"], REAL_PEOPLE), tuple(lines["open"])


def panel_notices(panel: Panel, estimates: Mapping[str, Estimate]) -> list[Notice]:
    """Return what a reader must know about the numbers."""
    notices = [
        Notice(f"few-{facet}s", f"There are only {panel.levels[facet]} {facet}s, so true values may lie far outside the intervals.")
        for facet in ("persona", "item")
        if panel.levels[facet] < FEW
    ]
    if _uneven(panel):
        text = f"With equal weights for all items, the signal is {panel.even_signal:.2f}, since noise and number of answers differ by item."
        text += " Measure items with equal numbers of answers, or use the signal only for this mix of items."
        notices.append(Notice("uneven-items", text))
    below = [estimate for estimate in estimates.values() if estimate.name.startswith("component.") and estimate.value < 0]
    if below:
        listed = ", ".join(f"{estimate.name.removeprefix('component.')} {estimate.value:.3g}" for estimate in below)
        shared = "Runs of one persona differ by more than chance allows, so they share something with runs of other personas."
        why = shared if any(estimate.high < 0 for estimate in below) else "The true values are near zero."
        notices.append(Notice("negative-component", f"Some variance components are estimated below zero: {listed}. {why}"))
    steady = estimates["share.never_varying"].value
    if steady > STEERED:
        text = f"Of the cells asked at least twice, {steady:.0%} gave the same answer each time, as at temperature 0."
        notices.append(Notice("never-varying", text))
    return notices
