"""An estimate: one number with its interval, sample size, method and status."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, NamedTuple

from personametrics.stats.intervals.jackknife import Interval


class EstimateStatus(StrEnum):
    """The condition of a number; the value is the sentence that the reader sees."""

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
    """The unit of a family of estimates, what their n counts, and their meaning."""

    unit: str
    counts: str
    meaning: str


NAMES: dict[str, Name] = {
    "signal": Name("share", "answers", "persona signal: 1 − (rerun disagreement) / (persona disagreement), the ICC(1) of a single answer"),
    "disagreement.rerun": Name("squared scale", "answers", "disagreement between two answers of one persona to the same item"),
    "disagreement.persona": Name("squared scale", "answers", "disagreement between two personas on the same item and condition"),
    "component.persona": Name("squared scale", "personas", "variance between personas over all items"),
    "component.item": Name("squared scale", "items", "variance between items over all personas"),
    "component.condition": Name("squared scale", "conditions", "variance between conditions"),
    "component.persona:item": Name("squared scale", "cells", "interaction of persona and item: variance that neither explains alone"),
    "component.persona:condition": Name("squared scale", "cells", "interaction of persona and condition: effects that differ by persona"),
    "component.item:condition": Name("squared scale", "cells", "interaction of item and condition: effects that differ by item"),
    "component.persona:item:condition": Name("squared scale", "cells", "interaction of persona, item and condition"),
    "component.run": Name("squared scale", "answers", "variance of one persona's answers to the same item: rerun noise"),
    "reliability.k=*": Name("share", "answers", "reliability of the mean of k runs (Spearman–Brown)"),
    "g.rho": Name("share", "personas", "G: reliability of a persona's mean over these items, conditions and runs for ranking personas"),
    "g.phi": Name("share", "personas", "Φ: reliability of a persona's mean over these items, conditions and runs for its value"),
    "design.runs": Name("runs", "answers", "number of runs whose mean answer reaches the target reliability"),
    "design.calls": Name("calls", "answers", "calls per persona in the cheapest design whose G reaches the target"),
    "design.cost": Name("money", "answers", "price of the cheapest design whose G reaches the target, for all personas"),
    "p.permutation": Name("probability", "answers", "p-value of the permutation test of the hypothesis that personas have no effect"),
    "share.never_varying": Name("share", "cells", "cells asked at least twice that gave the same answer every time"),
    "share.missing": Name("share", "requests", "requests without an answer and without a reason"),
    "share.refused": Name("share", "requests", "requests that were refused"),
    "share.unparsable": Name("share", "requests", "requests whose answer is not on the scale"),
    "share.failed": Name("share", "requests", "requests that failed"),
    "distance.tv": Name("share", "items", "total variation distance between panel and human answers, mean over items"),
    "distance.js": Name("bits", "items", "Jensen–Shannon divergence (base 2) between panel and human answers, mean over items"),
    "distance.wasserstein": Name("scale", "items", "Wasserstein distance between panel and human answers, mean over items"),
    "excess.tv": Name("share", "items", "distance.tv minus floor.tv, mean over items"),
    "floor.*": Name("like the distance", "items", "distance that sampling alone causes between two samples of one population"),
    "ceiling.*": Name("like the distance", "items", "distance between two random halves of the people"),
    "difference.correlation": Name(
        "correlation", "items", "correlation of the panel's and people's group differences, corrected for noise (may exceed 1)"
    ),
    "difference.slope": Name(
        "ratio", "items", "slope of the panel's group differences on people's, corrected for noise (above 1: the panel exaggerates)"
    ),
    "spread.ratio": Name("ratio", "items", "standard deviation within groups of the panel, divided by that of people"),
    "control.none": Name(
        "share", "answers", "1 − (rerun disagreement) / (disagreement between an answer given with the persona and one without it)"
    ),
    "control.shuffled": Name(
        "share",
        "answers",
        "1 − (rerun disagreement) / (disagreement between an answer under a persona's own text and one under another's text)",
    ),
    "control.irrelevant": Name("share", "answers", "persona signal with irrelevant texts of the same length in place of personas' texts"),
    "control.items": Name("share", "answers", "persona signal on items whose answer cannot depend on the persona"),
    "used.calls": Name("calls", "replies", "calls made, including failed ones"),
    "used.tokens_in": Name("tokens", "replies", "tokens read by the model, as it reported them"),
    "used.tokens_out": Name("tokens", "replies", "tokens written by the model, as it reported them"),
    "used.money": Name("money", "replies", "price of the tokens read and written"),
    "tracking.total": Name(
        "ratio", "items", "regression slope over items: people's disagreement predicts the panel's, corrected for noise"
    ),
    "tracking.persona": Name("ratio", "items", "the part of tracking.total that is due to personas"),
    "tracking.rerun": Name("ratio", "items", "the part of tracking.total that is due to rerun noise"),
}
"""The names that estimates share (`*` stands for any text), with unit, what n counts, and meaning."""


def name_of(name: str) -> Name:
    """Return the meaning of an estimate's name; raises KeyError if it is not in `NAMES`."""
    family = name if name in NAMES else next((start for start in NAMES if start.endswith("*") and name.startswith(start[:-1])), name)
    return NAMES[family]


Side = Literal["above", "below", "within", "undecided"]
"""Where an interval lies in relation to a value and a margin."""


@dataclass(frozen=True)
class Estimate:
    """One number, with everything that keeps it honest.

    Attributes:
        name: a name of `NAMES`, or a study's own name.
        value: NaN where the number is undefined; the status says why.
        low: lower end of the interval; NaN without an interval.
        high: upper end of the interval.
        level: coverage of the interval, 0 to 1.
        n: the sample size; `kind.counts` says what it counts.
        method: the method of value and interval.
        status: the condition of the number.
        means: unit, what n counts, and meaning, for a study's own name; None: those of `NAMES`.
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
    def kind(self) -> Name:
        """The unit, what n counts, and the meaning."""
        return self.means or name_of(self.name)

    @property
    def unit(self) -> str:
        """The unit of value and interval."""
        return self.kind.unit

    @property
    def interval(self) -> Interval:
        """The value with both ends of its interval."""
        return Interval(self.value, self.low, self.high)

    def side(self, margin: float = 0.0, about: float = 0.0) -> Side:
        """Return where the whole interval lies: `above` or `below` the margin, `within` it, or `undecided`, as without an interval.

        Args:
            margin: differences up to this size do not matter.
            about: the value from which differences are taken.

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

    def clipped(self, low: float = 0.0, high: float = 1.0) -> "Estimate":
        """Return the estimate as a sentence shows it: value and interval end at the lowest and the highest possible value.

        Examples:
            >>> f"{Estimate('signal', 1.08, 0.9, 1.2, 0.9, 100, '').clipped():.2f}"
            '1.00 (0.90 to 1.00)'
        """
        return replace(self, **{end: min(max(getattr(self, end), low), high) for end in ("value", "low", "high")})

    def undefined_for(self, status: EstimateStatus) -> "Estimate":
        """Return the estimate; if it is undefined without a known cause, with this status as the cause."""
        return replace(self, status=status) if self.status == EstimateStatus.UNDEFINED else self

    def span(self, spec: str = ".2f") -> str:
        """Return the interval in words, such as "0.31 to 0.70", or "no interval"."""
        return "no interval" if math.isnan(self.low) else f"{self.low:{spec}} to {self.high:{spec}}"

    def __format__(self, spec: str) -> str:
        """Return value and interval in words: f"{estimate:.2f}" is "0.52 (0.31 to 0.70)", or "undefined"."""
        if not spec:
            return str(self)
        return "undefined" if math.isnan(self.value) else f"{self.value:{spec}} ({self.span(spec)})"

    def __post_init__(self) -> None:
        """Refuse an undefined value without a status that says why, and a name without a meaning."""
        if self.means is None:
            name_of(self.name)
        if math.isnan(self.value) and self.status == EstimateStatus.OK:
            message = f"The estimate {self.name} is undefined, but its status is `ok`. Give the status with the reason."
            raise ValueError(message)
