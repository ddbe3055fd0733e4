"""Two arms of one study on the same personas and items: by how much their estimates differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from typing import Any

import numpy as np
import polars as pl
from scipy.special import stdtrit

from personametrics.data.errors import DesignError, InputError
from personametrics.data.finding import Finding
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Study
from personametrics.measures.answers import answers, cells
from personametrics.measures.scores import scored
from personametrics.stats.intervals.jackknife import Interval

BLOCKS = 12
"""Parts in which people, items and cells are left out."""
SPREAD = "spread"
"""Variance between personas of a group, beside the estimates of a study."""
METHOD = "paired jackknife over people and items, in blocks"
PART = "part"
"""Column that tells lines of dialogues from verdicts and questions."""
IDLE = {"permutations": 1}
"""Knobs of studies that cost time and move no number that is compared, as they are set where a part is left out."""
Values = Mapping[str, float]


@dataclass(frozen=True)
class Arm:
    """One way to ask, with its answers.

    Attributes:
        study: as it estimates in this arm.
        responses: as they are read in this arm.
        group: attribute or column within whose values personas are compared for their spread; "": all of them.
        compared: columns persona and item: cells on which they are compared; None: all. Whoever answers less is not more alike for it.
    """

    study: Study
    responses: Responses
    group: str = ""
    compared: pl.DataFrame | None = None

    @cached_property
    def finding(self) -> Finding:
        """What the study says."""
        return self.study.estimate(self.responses)

    @cached_property
    def values(self) -> Values:
        """Every estimate, and the spread; NaN where answers have none, being texts or numbers without ends."""
        found = {one.name: one.value for one in self.finding.estimates}
        try:
            return found | {SPREAD: spread(self.responses, self.group, self.compared)}
        except DesignError:
            return found | {SPREAD: np.nan}

    @cached_property
    def who(self) -> list[str]:
        """Personas, and people with whom the study compares."""
        human = getattr(self.study, "human", None)
        people = human.personas.names if isinstance(human, Responses) else ()
        return [name for name in dict.fromkeys((*self.responses.personas.names, *people)) if name != NOBODY]

    @property
    def what(self) -> Sequence[str]:
        """Items."""
        return self.responses.items.names

    def without(self, people: frozenset[str], items: frozenset[str]) -> "Arm":
        """The arm without some people (of both sides) and items."""
        study: Any = self._quick
        human: Any = getattr(study, "human", None)
        if people and isinstance(human, Responses):
            study = replace(study, human=human.only(~pl.col(human.columns.persona).cast(pl.String).is_in(people)))
        c = self.responses.columns
        gone = pl.col(c.persona).cast(pl.String).is_in(people) | pl.col(c.item).cast(pl.String).is_in(items)
        return replace(self, study=study, responses=self.responses.only(~gone))

    def without_cells(self, people: Mapping[str, int], items: Mapping[str, int], block: int) -> "Arm":
        """The arm without one block of the cells of people × items, of which every persona and item has about as many.

        Answers without a persona stay: only items are left out of them, so that nothing is counted twice.
        """
        c = self.responses.columns
        one, other = (
            pl.col(name).cast(pl.String).replace_strict(blocks, default=None, return_dtype=pl.Int64)
            for name, blocks in ((c.persona, people), (c.item, items))
        )
        return replace(self, study=self._quick, responses=self.responses.only(((one + other) % BLOCKS).ne_missing(block)))

    @cached_property
    def _quick(self) -> Study:
        """The study without what nobody reads of a part."""
        study: Any = self.study
        idle = {name: value for name, value in IDLE.items() if name in vars(study)}
        return replace(study, **idle) if idle else self.study


def shared(one: Responses, other: Responses) -> pl.DataFrame:
    """Columns persona and item: the cells that were answered on both sides."""
    mine, theirs = (answers(side).select("persona", "item").unique(maintain_order=True) for side in (one, other))
    return mine.join(theirs, ["persona", "item"], how="semi", maintain_order="left")


def spread(responses: Responses, group: str = "", compared: pl.DataFrame | None = None) -> float:
    """Variance of what personas of a group would answer to an item if they were asked for ever; mean over items and groups.

    On ordered scales of scores from 0 to 1; for labels half the sum over labels of the variances of their shares. The noise of a persona's
    own answers is taken off where it was asked twice.

    Args:
        responses: of the panel.
        group: column within whose values personas are compared.
        compared: columns persona and item: the cells that count; None: all.

    Returns:
        NaN where no item was answered by two personas of a group, and of dialogues.
    """
    if PART in responses.frame.columns:
        return float("nan")  # lines of dialogues, and verdicts on them, are no opinions of theirs
    rows = answers(responses, {group: "the group of a persona"} if group else {}).filter(pl.col("persona") != NOBODY)
    if compared is not None:
        rows = rows.join(compared, ["persona", "item"], how="semi", maintain_order="left")
    if rows.is_empty():
        return float("nan")
    within = [group] if group else []
    if isinstance(responses.scale, Nominal) or isinstance(responses.labelled, Nominal):
        share = cells(rows, "persona", "item", *within)
        labels = rows.select("answer").unique(maintain_order=True)
        every = share.select("persona", "item", *within, "n").unique(maintain_order=True).join(labels, how="cross")
        share = every.join(share, ["persona", "item", *within, "answer", "n"], how="left", maintain_order="left").with_columns(
            pl.col("share").fill_null(0.0)
        )
        noise = pl.col("share") * (1 - pl.col("share")) / (pl.col("n") - 1)
        known = share.select("item", *within, "answer", mean=pl.col("share") / np.sqrt(2), noise=noise / 2)
    else:
        w = pl.col("weight")
        mean = (w * pl.col("score")).sum() / w.sum()
        square = (w * pl.col("score") ** 2).sum() / w.sum() - mean**2
        by = scored(responses, rows).group_by("persona", "item", *within, maintain_order=True)
        known = by.agg(mean=mean, noise=square / (w.sum() - 1)).with_columns(answer=pl.lit("")).drop("persona")
    exact = bool(responses.columns.probabilities)
    noise = pl.lit(0.0) if exact else pl.when(pl.col("noise").is_finite()).then(pl.col("noise")).otherwise(0.0)
    part = known.group_by("item", *within, "answer", maintain_order=True).agg(value=pl.col("mean").var() - noise.mean())
    total = part.drop_nulls().group_by("item", *within, maintain_order=True).agg(pl.col("value").sum())["value"].mean()
    return float("nan") if total is None else float(total)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Paired:
    """Arms that were estimated again and again, each time without a part of the people, items or cells.

    Attributes:
        arms: at least two, on people and items that they share.
        level: coverage of the intervals.
    """

    arms: tuple[Arm, ...]
    level: float = 0.9

    def difference(self, name: str, after: int = 1, before: int = 0, *, size: bool = False) -> Interval:
        """By how much an estimate (or its size, without sign) is higher in one arm than in another.

        Both arms lose the same people (or items, or cells) at a time, so that what they share cancels. Variance: people + items − cells,
        never less than the larger of the first two (Cameron, Gelbach & Miller 2011, doi:10.1198/jbes.2010.07136); t with Satterthwaite's
        degrees of freedom. A remedy that was fitted stays as it is.
        """
        plain = abs if size else float
        return self._interval(lambda values: plain(values[after].get(name, np.nan)) - plain(values[before].get(name, np.nan)))

    def ratio(self, name: str, after: int = 1, before: int = 0) -> Interval:
        """How many times as large a variance is in one arm as in another, 0 where it is estimated to be less.

        The error of a ratio r of a to b is that of (a − r·b) / b, which is known where a is 0 or, by chance, below; no interval where b may
        itself be 0.
        """
        above, below = (self.arms[at].values.get(name, np.nan) for at in (after, before))
        if not below > 0:
            return Interval(np.nan, np.nan, np.nan)
        value = above / below
        found = self._interval(lambda values: (values[after].get(name, np.nan) - value * values[before].get(name, np.nan)) / below)
        base = self._interval(lambda values: values[before].get(name, np.nan))
        half = (found.high - found.low) / 2 if base.low > 0 else np.nan
        return Interval(*(float(np.maximum(end, 0.0)) for end in (value, value - half, value + half)))

    def _interval(self, statistic: Callable[[Sequence[Values]], float]) -> Interval:
        """A number that follows from the estimates of all arms, with its interval."""
        value = statistic([arm.values for arm in self.arms])
        people, items, both = (_variance([statistic(values) for values in part]) for part in self._left_out)
        own = [one for one in (people, items) if one[1]]  # a study without personas has none to leave out
        if not own or not np.isfinite([value, *(one for one, _ in own)]).all():
            return Interval(value, np.nan, np.nan)
        variance = max(sum(one for one, _ in own) - (both[0] if len(own) > 1 and np.isfinite(both[0]) else 0.0), *(one for one, _ in own))
        if variance <= 0:
            return Interval(value, value, value)
        freedom = sum(one for one, _ in own) ** 2 / sum(one**2 / (number - 1) for one, number in own)
        half = float(stdtrit(freedom, (1 + self.level) / 2) * np.sqrt(variance))
        return Interval(value, value - half, value + half)

    @cached_property
    def _left_out(self) -> tuple[list[list[Values]], ...]:
        """Estimates of all arms without each part: of the people, of the items, of the cells."""
        people = _parts(list(dict.fromkeys(chain.from_iterable(arm.who for arm in self.arms))), 0)
        items = _parts(list(dict.fromkeys(chain.from_iterable(arm.what for arm in self.arms))), 1)
        nobody = frozenset[str]()
        return (
            [[_values(partial(arm.without, gone, nobody)) for arm in self.arms] for gone in _sets(people)],
            [[_values(partial(arm.without, nobody, gone)) for arm in self.arms] for gone in _sets(items)],
            [[_values(partial(arm.without_cells, people, items, at)) for arm in self.arms] for at in range(BLOCKS)],
        )


def _values(part: Callable[[], Arm]) -> Values:
    """Estimates of a part of an arm; none where it is too small for any."""
    try:
        return part().values
    except InputError:
        return {}


def _parts(names: Sequence[str], seed: int) -> dict[str, int]:
    """Number of the part of each; which ones go together is drawn, so that no order of the table matters, and always the same."""
    order = np.random.default_rng(seed).permutation(len(names))
    return {name: int(at) % BLOCKS for name, at in zip(names, order, strict=True)}


def _sets(parts: Mapping[str, int]) -> list[frozenset[str]]:
    """The members of each part that has some."""
    found = [frozenset(name for name, at in parts.items() if at == part) for part in range(BLOCKS)]
    return [one for one in found if one]


def _variance(left_out: Sequence[float]) -> tuple[float, int]:
    """Jackknife variance of a number, and from how many parts; NaN with fewer than two."""
    number = len(left_out)
    if number < 2:
        return np.nan, number
    values = np.array(left_out)
    return float((number - 1) / number * ((values - values.mean()) ** 2).sum()), number
