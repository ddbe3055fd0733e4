"""The answers that people would give, estimated from a panel."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Study, StudyWorld, one_scale
from personametrics.measures.panel import FEW
from personametrics.measures.population import Estimator, People, panel_and_people, people
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import jackknives
from personametrics.stats.intervals.proportion import wilson
from personametrics.studies.population.accuracy import Accuracy, accuracy_of, number_table, use_notices, without_parts
from personametrics.studies.population.world import known_world

OVER_ITEMS = "jackknife over items"
OVER_ALL = "jackknife over items, personas and people"
USE = "stating numbers about people"
ERROR = "mean squared error of an item's number, minus the noise of people's own mean; 0.01 means an error of 0.1"
NAMES: Mapping[str, Name] = {
    "error": Name("squared scale", "items", ERROR),
    "bias": Name("scale", "items", "mean of the panel's number minus people's mean"),
    "covered": Name("share", "items", "items whose interval, widened by the noise of people's mean, includes people's mean"),
    "width": Name("scale", "items", "mean width of an item's interval"),
}
RESERVED = frozenset({"persona", "item", "run", "scale", "answer", "outcome", "rule", "text", "detail", "finish", "seconds"})
"""Attributes with these names do not become columns, since the table has columns of these names."""


@dataclass(frozen=True)
class Population(Study):
    """Numbers about people computed from a panel, and their distance from people's answers.

    A persona may represent more people than another: by an attribute (of people: a column) called weight. Numbers without people's answers
    have intervals, but these say nothing about how wrong the numbers are.

    Attributes:
        human: answers of people, whose persona is the respondent; None: the numbers are not compared.
        estimator: from the panel's answers to the numbers; None: the mean over personas.
        margin: numbers may be stated if their root mean square error is below this, on scales from 0 to 1.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    estimator: Estimator | None = None
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "What would people answer?"
    reads: ClassVar[Mapping[str, str]] = {}
    aim: ClassVar[tuple[str, Aim]] = ("error", "low")
    cite: ClassVar[tuple[str, ...]] = ("kish1965", "efron1981", "satterthwaite1946", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every item that people answered (without people, every item on one scale) for every persona, with its attributes."""
        answered = set(self.human.items.names) if self.human else set()
        asked = [item for item in items if item.id in answered] if self.human else one_scale(items)
        ensure(asked, f"population needs items that the people answered, such as {min(answered, default='none')}. Give them the same ids.")
        names = sorted({name for persona in personas for name in persona.attributes} - RESERVED)
        columns = {persona.id: {name: persona.attributes.get(name, "") for name in names} for persona in personas}
        return [request for persona in personas for item in asked for request in elicitation.ask(persona, item, columns[persona.id])]

    def estimate(self, responses: Responses) -> Finding:
        """Return numbers with their intervals, and their distance from people's; the estimator may refuse (DesignError)."""
        panel, human = panel_and_people(responses, self.human) if self.human else (people(responses), None)
        accuracy = accuracy_of(panel, human, self.estimator)
        estimates = self._errors(accuracy, panel, human) if human else []
        estimates.append(self._mean("width", accuracy.width(self.level)))
        notices = tuple(use_notices(responses, panel, human))
        evidence = {"numbers": number_table(accuracy, panel, human, self.level)}
        evidence |= self.estimator.evidence(panel) if self.estimator else {}
        return Finding("population", self.question, self._verdict(estimates), tuple(estimates), notices, evidence, self.cite)

    def values(self, responses: Responses) -> Mapping[str, float]:
        """Return the values of the estimates, without their intervals."""
        panel, human = panel_and_people(responses, self.human) if self.human else (people(responses), None)
        accuracy = accuracy_of(panel, human, self.estimator)
        numbers = {"width": accuracy.width(self.level)}
        if human:
            numbers |= {"error": accuracy.error(), "covered": accuracy.covered(self.level)}
            numbers |= {"bias": accuracy.bias()} if len(panel.parts) == 1 else {}
        defined = {name: values[np.isfinite(values)] for name, values in numbers.items()}
        return {name: float(values.mean()) if len(values) else math.nan for name, values in defined.items()}

    def _errors(self, accuracy: Accuracy, panel: People, human: People) -> list[Estimate]:
        """Return error, bias (of scores) and coverage."""
        sides = without_parts(panel, human, self.estimator)
        errors = [[part.error() for part in side] for side in sides]
        estimates = [self._mean("error", accuracy.error(), errors, accuracy.noise(accuracy.slope()))]
        if len(panel.parts) == 1:
            biases = [[part.bias() for part in side] for side in sides]
            estimates.append(self._mean("bias", accuracy.bias(), biases, accuracy.noise(1.0)))
        return [*estimates, self._covered(accuracy.covered(self.level))]

    def _mean(self, name: str, values: Floats, sides: Sequence[Sequence[Floats]] = (), noise: Sequence[float] = ()) -> Estimate:
        """Return a mean over items (I,), with the interval from leaving out items, and people of either side in parts (`sides`).

        Noise of single answers is in the variance over items and in that over people; it is subtracted once (Cameron et al. 2011).
        """
        defined = np.isfinite(values)
        kept, method = values[defined], OVER_ALL if sides else OVER_ITEMS
        n = len(kept)
        if not n:
            return Estimate(name, math.nan, math.nan, math.nan, self.level, 0, method, EstimateStatus.UNDEFINED, NAMES[name])
        drops = [(kept.sum() - kept) / max(n - 1, 1)]
        drops += [np.array([part[defined].sum() / n for part in side]) for side in sides]  # undefined where an item is
        value, low, high, *_ = jackknives(float(kept.mean()), drops, self.level, (0.0, *noise))
        status = EstimateStatus.NO_INTERVAL if math.isnan(low) else EstimateStatus.FEW_ITEMS if n < FEW else EstimateStatus.OK
        return Estimate(name, value, low, high, self.level, n, method, status, NAMES[name])

    def _covered(self, shares: Floats) -> Estimate:
        """Return the share of items whose interval includes people's number, as if items were independent."""
        shares = shares[np.isfinite(shares)]
        n, ends = len(shares), wilson(float(shares.sum()), len(shares), self.level)[:3]
        status = EstimateStatus.UNDEFINED if not n else EstimateStatus.FEW_ITEMS if n < FEW else EstimateStatus.OK
        return Estimate("covered", *ends, self.level, n, "score interval over items", status, NAMES["covered"])

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return what the error says."""
        by_name = {estimate.name: estimate for estimate in estimates}
        if "error" not in by_name:
            width = f"Intervals have the mean width {by_name['width'].value:.2f}, which does not show the error of the numbers"
            return Verdict("nothing to compare with", f"{width}. Give people's answers with human (--human).", open=(USE,))
        error, covered = by_name["error"], by_name["covered"]
        if math.isnan(error.low):
            return Verdict("unknown", "The numbers cannot be compared with people's: there are too few items or people.", open=(USE,))
        value, low, high = (math.sqrt(max(end, 0.0)) for end in (error.value, error.low, error.high))
        sentence = f"The numbers have an error of {value:.2f} of the scale ({low:.2f} to {high:.2f})."
        if not math.isnan(covered.value):
            sentence += f" For {covered.value:.0%} of the items, the interval includes people's mean."
        return {
            "above": Verdict("numbers unlike people's", sentence, unfit=(USE,)),
            "below": Verdict("numbers like people's", sentence, fit=(USE,)),
        }.get(error.side(about=self.margin**2), Verdict("undecided", sentence, open=(USE,)))

    def known(self) -> StudyWorld:
        """Return a world in which the panel agrees more often than people."""
        return known_world(self)
