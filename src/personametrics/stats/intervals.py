"""One interval for any statistic of the disagreements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from personametrics.stats.arrays import Floats
from personametrics.stats.disagreement import Disagreements, Pairs

Statistic = Callable[[Disagreements], Floats]
"""A pure function of D[S] that keeps leading batch axes."""


class Transform(NamedTuple):
    """A scale on which errors are near symmetric: to it, and back."""

    to: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]


def _log(x: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


IDENTITY = Transform(lambda x: x, lambda x: x)
LOG = Transform(_log, np.exp)
RATIO = Transform(lambda s: -_log(1 - s), lambda x: 1 - np.exp(-x))
"""For a share 1 − a/b: the log of b/a."""


class Interval(NamedTuple):
    """An estimate with its interval, and where its variance comes from."""

    value: float
    low: float
    high: float
    parts: tuple[float, float, float] = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, eq=False)
class Deletions:
    """D of everything, and of everything but one persona, one item, one persona × item cell."""

    whole: Disagreements
    persona: Disagreements
    item: Disagreements
    cell: Disagreements


def deletions(sums: Pairs) -> Deletions:
    """Delete every persona, item and persona × item cell in turn."""
    return Deletions(sums.whole(), sums.without(["persona"])[0], sums.without(["item"])[0], sums.without(["persona", "item"])[0])


@dataclass(frozen=True, eq=False)
class Replicates:
    """D of everything, and of every bootstrap draw."""

    whole: Disagreements
    draws: Disagreements


def interval(statistic: Statistic, source: Deletions | Replicates, level: float = 0.9, transform: Transform = IDENTITY) -> Interval:
    """Interval of a statistic."""
    value = float(statistic(source.whole))
    if isinstance(source, Replicates):
        draws = statistic(source.draws)
        low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2])
        return Interval(value, float(low), float(high))
    centre = float(transform.to(np.asarray(value)))
    drops = [transform.to(statistic(d)) for d in (source.persona, source.item, source.cell)]
    v = [(len(d) - 1) / len(d) * np.nansum((d - np.nanmean(d)) ** 2) for d in drops]
    total = max(v[0] + v[1] - v[2], v[0], v[1])
    below = v[0] ** 2 / (len(drops[0]) - 1) + v[1] ** 2 / (len(drops[1]) - 1)
    if not below > 0 or not np.isfinite(centre):
        return Interval(value, value, value)
    half = float(stdtrit((v[0] + v[1]) ** 2 / below, (1 + level) / 2)) * np.sqrt(total)
    return Interval(value, float(transform.back(np.asarray(centre - half))), float(transform.back(np.asarray(centre + half))), (0, 0, 0))


def by_level(
    sums: Pairs, facet: str, over: str, statistic: Statistic, level: float = 0.9, transform: Transform = IDENTITY
) -> tuple[Floats, Floats, Floats]:
    """A statistic for each level of one facet, with the jackknife over the levels of another: value, low, high, each (levels,)."""
    whole, left = sums.within([facet]), sums.within_without(facet, over)
    value = statistic(whole)
    centre, drops = transform.to(value), transform.to(statistic(left))
    number = np.isfinite(drops).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(drops, -1) / number
        variance = (number - 1) / number * np.nansum((drops - mean[:, None]) ** 2, -1)
        half = stdtrit(np.maximum(number - 1, 1), (1 + level) / 2) * np.sqrt(variance)
        half = np.where(number > 1, half, np.nan)
    return value, transform.back(centre - half), transform.back(centre + half)


Sequence  # noqa: B018
