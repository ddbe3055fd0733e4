"""One number, with everything that keeps it honest."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from personametrics.stats.intervals.jackknife import Interval


class EstimateStatus(StrEnum):
    """What a reader must know of a number; the value is the sentence."""

    OK = "ok"
    FEW_PERSONAS = "fewer than 5 personas: the interval is unreliable"
    FEW_ITEMS = "fewer than 5 items: the interval is unreliable"
    THESE_CONDITIONS = "the interval holds for these conditions, not for others like them"
    NEGATIVE = "below zero: the truth is near zero, or runs share something"
    NO_RERUNS = "no persona answered the same item twice, so that noise cannot be told from persona"
    CONSTANT = "all answers are equal, so that nothing can be compared"
    NO_INTERVAL = "no interval exists for it"
    EXACT = "known exactly from label probabilities, so that no test is needed"
    UNREACHABLE = "no number of runs reaches the target"
    NO_SPREAD = "the spread left after correction for noise is zero or less"
    UNREPORTED = "the model did not report it"
    UNDEFINED = "undefined for these answers"


class Name(NamedTuple):
    """What a family of estimates means."""

    unit: str
    counts: str
    meaning: str


NAMES: dict[str, Name] = {
    "signal": Name("share", "answers", "persona signal: 1 − rerun / persona disagreement; ICC(1) of a single answer"),
    "disagreement.rerun": Name("squared scale", "answers", "disagreement of one persona asked the same item twice"),
    "disagreement.persona": Name("squared scale", "answers", "disagreement of two personas on the same item and condition"),
    "component.persona": Name("squared scale", "personas", "variance between personas over all items"),
    "component.item": Name("squared scale", "items", "variance between items over all personas"),
    "component.condition": Name("squared scale", "conditions", "variance between conditions"),
    "component.persona:item": Name("squared scale", "cells", "variance of what a persona answers to one item in particular"),
    "component.persona:condition": Name("squared scale", "cells", "variance of how a condition moves one persona in particular"),
    "component.item:condition": Name("squared scale", "cells", "variance of how a condition moves one item in particular"),
    "component.persona:item:condition": Name("squared scale", "cells", "variance of how a condition moves one persona on one item"),
    "component.run": Name("squared scale", "answers", "variance of one persona's answers to one item: model uncertainty"),
    "reliability.k=*": Name("share", "answers", "reliability of the mean of k runs (Spearman–Brown)"),
    "g.rho": Name(
        "share", "personas", "G: reliability of a persona's mean over these items, conditions and runs, compared with other personas"
    ),
    "g.phi": Name("share", "personas", "Φ: the same, read on the scale itself"),
    "design.runs": Name("runs", "answers", "runs to average until one answer reaches the target reliability"),
    "design.calls": Name("calls", "answers", "calls per persona of the cheapest design whose G reaches the target"),
    "design.cost": Name("money", "answers", "price of that design for this many personas"),
    "p.permutation": Name("probability", "answers", "permutation test of no persona effect"),
    "share.never_varying": Name("share", "cells", "cells asked at least twice that gave one and the same answer each time"),
    "share.missing": Name("share", "asks", "asks without an answer for no stated reason"),
    "share.refused": Name("share", "asks", "asks that were refused"),
    "share.unparsable": Name("share", "asks", "asks answered off the scale"),
    "share.failed": Name("share", "asks", "asks that failed"),
    "distance.tv": Name("share", "items", "total variation between panel and human answers, mean over items"),
    "distance.js": Name("bits", "items", "Jensen–Shannon divergence (base 2) between panel and human answers, mean over items"),
    "distance.wasserstein": Name("scale", "items", "Wasserstein distance between panel and human answers, mean over items"),
    "excess.tv": Name("share", "items", "distance.tv beyond floor.tv, mean over items"),
    "floor.*": Name("like the distance", "items", "the same distance if panel and people were one population: what sampling alone makes"),
    "ceiling.*": Name("like the distance", "items", "the same distance between two random halves of the humans"),
    "difference.correlation": Name("correlation", "items", "panel against human group differences, corrected for noise; may exceed 1"),
    "difference.slope": Name(
        "ratio", "items", "panel group differences per human one, corrected for noise: above 1 exaggerates, below 1 flattens"
    ),
    "spread.ratio": Name("ratio", "items", "standard deviation within groups, panel over humans"),
    "control.none": Name(
        "share",
        "answers",
        "1 − rerun disagreement / disagreement of an answer with and without the persona: how far personas move the model",
    ),
    "control.shuffled": Name(
        "share", "answers", "1 − rerun disagreement / disagreement of an answer under the own and under another persona's text"
    ),
    "control.irrelevant": Name("share", "answers", "signal among irrelevant texts of the same length in place of personas"),
    "control.items": Name("share", "answers", "signal on items whose answer cannot depend on the persona"),
    "used.calls": Name("calls", "replies", "calls made, failed ones included"),
    "used.tokens_in": Name("tokens", "replies", "tokens read by the model, as it reported them"),
    "used.tokens_out": Name("tokens", "replies", "tokens written by the model, as it reported them"),
    "used.money": Name("money", "replies", "price of these tokens"),
    "tracking.total": Name("ratio", "items", "slope over items of the panel's disagreement on human disagreement, corrected for its noise"),
    "tracking.persona": Name("ratio", "items", "the part of that slope which comes through personas"),
    "tracking.rerun": Name("ratio", "items", "the part of that slope which comes through rerun noise"),
}
"""Every name an estimate may have (`*`: any text): its unit, what n counts, and what it means."""


def named(name: str) -> Name:
    """What an estimate's name means.

    Raises:
        KeyError: no such name.
    """
    family = name if name in NAMES else next((known for known in NAMES if known.endswith("*") and name.startswith(known[:-1])), name)
    return NAMES[family]


Side = Literal["above", "below", "within", "undecided"]
"""Where an interval lies in relation to a value and a margin."""


@dataclass(frozen=True)
class Estimate:
    """One number.

    Attributes:
        name: one of `NAMES`, or a study's own.
        value: NaN where undefined; the status says why.
        low: lower end of the interval, NaN where there is none.
        high: upper end.
        level: probability that intervals made this way cover the truth.
        n: how many of what its name counts it rests on.
        method: how value and interval were found.
        status: what a reader must know.
        means: unit, what n counts, and meaning, where the name is a study's own; None: those of `NAMES`.
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    n: int
    method: str
    status: EstimateStatus = EstimateStatus.OK
    means: Name | None = None

    @property
    def known(self) -> Name:
        """Unit, what n counts, and meaning."""
        return self.means or named(self.name)

    @property
    def unit(self) -> str:
        """Unit of value and interval."""
        return self.known.unit

    @property
    def interval(self) -> Interval:
        """Value and both ends as a statistic."""
        return Interval(self.value, self.low, self.high)

    def side(self, margin: float = 0.0, about: float = 0.0) -> Side:
        """Return where the whole interval lies.

        Args:
            margin: differences up to this do not matter.
            about: the value that they are differences from.

        Returns:
            `above` or `below` the margin, `within` it, or `undecided`, also where there is no interval.

        Examples:
            >>> Estimate("signal", 0.7, 0.6, 0.8, 0.9, 100, "").side(about=0.5)
            'above'
            >>> Estimate("signal", 0.7, 0.4, 0.8, 0.9, 100, "").side(about=0.5)
            'undecided'
        """
        low, high = self.low - about, self.high - about
        if low > margin:
            return "above"
        if high < -margin:
            return "below"
        return "within" if -margin < low and high < margin else "undecided"

    def span(self, spec: str = ".2f") -> str:
        """The interval in words, each end in a format: such as 0.31 to 0.70, or "no interval"."""
        return "no interval" if math.isnan(self.low) else f"{self.low:{spec}} to {self.high:{spec}}"

    def __format__(self, spec: str) -> str:
        """Value and interval in words: f"{one:.2f}" is 0.52 (0.31 to 0.70); without a format as `str`."""
        if not spec:
            return str(self)
        return "undefined" if math.isnan(self.value) else f"{self.value:{spec}} ({self.span(spec)})"

    def __post_init__(self) -> None:
        """Refuse a silent gap: an undefined value must say why, a name must be known."""
        if self.means is None:
            named(self.name)
        if math.isnan(self.value) and self.status == EstimateStatus.OK:
            message = f"The estimate {self.name} is undefined without a status that says why."
            raise ValueError(message)
