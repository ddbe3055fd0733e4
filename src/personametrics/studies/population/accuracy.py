"""Numbers about people from a panel, compared with people's answers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.data.errors import DesignError
from personametrics.data.finding import Notice, Rows, number_or_none
from personametrics.data.study import Responses
from personametrics.measures.population import Estimator, Numbers, People, sample_means
from personametrics.stats.arrays import Floats
from personametrics.stats.inference.weighting import design_effect

PARTS = 12
"""Number of parts in which personas, and people, are left out in turn."""


class Accuracy(NamedTuple):
    """Numbers about people from a panel, and people's own.

    Attributes:
        panel: numbers from the panel, (I, K) each.
        people: numbers from people, (I, K) each; NaN without people.
        counts: (I, K) above 0 for a label that either side gave; scores always count.
    """

    panel: Numbers
    people: Numbers
    counts: Floats

    def error(self) -> Floats:
        """Return the squared error (I,) with people's sampling noise subtracted; for labels, half the sum over labels."""
        squares = np.where(self.counts > 0, self._difference**2 - self.people.variance, 0.0).sum(1)
        return np.asarray(squares / self._labels)

    def bias(self) -> Floats:
        """Return the panel's score minus people's, (I,)."""
        return np.asarray(self._difference[:, 0])

    def slope(self) -> Floats:
        """Return the derivative of the error with respect to each number, (I, K)."""
        return np.asarray(2 * self._difference * (self.counts > 0) / self._labels)

    def covered(self, level: float) -> Floats:
        """Return the share (I,) of an item's numbers whose interval, widened by people's noise, includes people's number."""
        panel, people = self.panel, self.people
        noise = panel.variance + people.variance
        with np.errstate(invalid="ignore", divide="ignore"):
            freedom = noise**2 / (panel.variance**2 / panel.freedom + people.variance**2 / people.freedom)
        hits = np.abs(self._difference) <= half_width(noise, freedom, level) + 1e-12
        return np.asarray(np.where(np.isfinite(noise), hits & (self.counts > 0), np.nan).sum(1) / (self.counts > 0).sum(1))

    def width(self, level: float) -> Floats:
        """Return the mean width (I,) of an item's intervals."""
        widths = 2 * half_width(self.panel.variance, self.panel.freedom, level)
        return np.asarray(np.where(self.counts > 0, widths, 0.0).sum(1) / (self.counts > 0).sum(1))

    def noise(self, slope: Floats | float) -> list[float]:
        """Return, for each side, the variance that noise of the numbers adds to a mean over items with these derivatives (I, K)."""
        return [float(np.nansum(slope**2 * side.variance)) / len(side.value) ** 2 for side in (self.panel, self.people)]

    @property
    def _difference(self) -> Floats:
        """The panel's numbers minus people's, (I, K)."""
        return np.asarray(self.panel.value - self.people.value)

    @property
    def _labels(self) -> int:
        """The divisor of a sum over labels: two labels are one score."""
        return min(2, int(self.counts.shape[1]))


def half_width(variance: Floats | float, freedom: Floats | float, level: float) -> Floats:
    """Return half the width of an interval: t standard errors; 0 without variance."""
    with np.errstate(invalid="ignore"):
        half = stdtrit(np.where(np.isnan(freedom), np.inf, freedom), (1 + level) / 2) * np.sqrt(variance)
    return np.asarray(np.where(np.equal(variance, 0), 0.0, half))


def accuracy_of(panel: People, human: People | None, estimator: Estimator | None) -> Accuracy:
    """Return the numbers of a panel, and those of people."""
    numbers = estimator.numbers(panel) if estimator else sample_means(panel)
    unknown = np.full_like(numbers.value, np.nan)
    people = sample_means(human) if human else Numbers(unknown, unknown)
    counts = np.nan_to_num(np.abs(numbers.value)) + np.nan_to_num(people.value)
    return Accuracy(numbers, people, counts if len(panel.parts) > 1 else np.ones_like(counts))


def without_parts(panel: People, human: People, estimator: Estimator | None) -> list[list[Accuracy]]:
    """Return the accuracy without each part of the personas, and without each part of the people."""
    return [
        [_accuracy_of_part(part, human, estimator) for part in _parts_left_out(panel)],
        [_accuracy_of_part(panel, part, estimator) for part in _parts_left_out(human)],
    ]


def _accuracy_of_part(panel: People, human: People, estimator: Estimator | None) -> Accuracy:
    """Return the accuracy of a part; undefined if the part is too small for the estimator."""
    try:
        return accuracy_of(panel, human, estimator)
    except DesignError:
        unknown = np.full((len(panel.items), len(panel.parts)), np.nan)
        return Accuracy(Numbers(unknown, unknown), sample_means(human), np.ones_like(unknown))


def _parts_left_out(side: People) -> Sequence[People]:
    """Return a side without each part of its people."""
    place = np.arange(len(side.ids))
    parts = min(PARTS, len(place))
    return [side.select(place[place % parts != part]) for part in range(parts)] if parts > 1 else []


def number_table(accuracy: Accuracy, panel: People, human: People | None, level: float) -> Rows:
    """Return every number with its interval, next to people's."""
    value, half = accuracy.panel.value, half_width(accuracy.panel.variance, accuracy.panel.freedom, level)
    personas, humans = panel.asked.sum(0), human.asked.sum(0) if human else np.zeros(len(panel.items), np.int64)
    columns = {"value": value, "low": value - half, "high": value + half, "people": accuracy.people.value}
    return [
        {"item": item}
        | ({"answer": panel.parts[k]} if len(panel.parts) > 1 else {})
        | {name: number_or_none(column[i, k]) for name, column in columns.items()}
        | {"personas": int(personas[i]), "humans": int(humans[i])}
        for i, item in enumerate(panel.items)
        for k in range(len(panel.parts))
        if accuracy.counts[i, k] > 0
    ]


def use_notices(responses: Responses, panel: People, human: People | None) -> list[Notice]:
    """Return the number of people used, their effective number, and the items that were left out."""
    notices = []
    if human:
        notices += [Notice("humans", f"The panel is compared with {len(human.ids)} people on {len(panel.items)} common items.")]
        if left_out := [name for name in responses.items.names if name not in set(panel.items)]:
            several = f'{len(left_out)} items have no human answers and are left out, such as "{left_out[0]}".'
            text = several if len(left_out) > 1 else f'The item "{left_out[0]}" has no human answers and is left out.'
            notices.append(Notice("items-without-humans", text))
    for name, side in (("Personas", panel), ("People", human)):
        if side and side.weights is not None:
            worth = len(side.ids) / float(design_effect(side.weights))
            text = f"{name} have different weights: {len(side.ids)} of them give as much information as {worth:.0f} with equal weights."
            notices.append(Notice("weighted", text))
    return notices
