"""Numbers about people beside what people say."""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.measures.population import Numbers
from personametrics.stats.arrays import Floats


class Apart(NamedTuple):
    """Numbers about people, and what people say.

    Attributes:
        ours: of the panel.
        theirs: of people.
        counts: (I, K) a label that somebody gave, on either side; scores always count.
    """

    ours: Numbers
    theirs: Numbers
    counts: Floats

    def error(self) -> Floats:
        """(I,) squared error, freed of people's own noise: of a score; of labels half the sum, which for two labels is that of either."""
        found = np.where(self.counts > 0, (self.ours.value - self.theirs.value) ** 2 - self.theirs.variance, 0.0).sum(1)
        return np.asarray(found / min(2, self.counts.shape[1]))

    def bias(self) -> Floats:
        """(I,) how much higher the panel's score is."""
        return np.asarray((self.ours.value - self.theirs.value)[:, 0])

    def steep(self) -> Floats:
        """(I, K) how the error moves with the number."""
        return np.asarray(2 * (self.ours.value - self.theirs.value) * (self.counts > 0) / min(2, self.counts.shape[1]))

    def covered(self, level: float) -> Floats:
        """(I,) share of the numbers of an item whose interval holds people's."""
        ours, theirs = self.ours, self.theirs
        noise = ours.variance + theirs.variance
        with np.errstate(invalid="ignore", divide="ignore"):
            freedom = noise**2 / (ours.variance**2 / ours.freedom + theirs.variance**2 / theirs.freedom)
        hit = np.abs(ours.value - theirs.value) <= half(noise, freedom, level) + 1e-12
        return np.asarray(np.where(np.isfinite(noise), hit & (self.counts > 0), np.nan).sum(1) / (self.counts > 0).sum(1))

    def width(self, level: float) -> Floats:
        """(I,) mean width of an item's intervals."""
        each = 2 * half(self.ours.variance, self.ours.freedom, level)
        return np.asarray(np.where(self.counts > 0, each, 0.0).sum(1) / (self.counts > 0).sum(1))


def half(variance: Floats | float, freedom: Floats | float, level: float) -> Floats:
    """Half the width of an interval: t standard errors; 0 without variance."""
    with np.errstate(invalid="ignore"):
        reach = stdtrit(np.where(np.isnan(freedom), np.inf, freedom), (1 + level) / 2) * np.sqrt(variance)
    return np.asarray(np.where(np.equal(variance, 0), 0.0, reach))
