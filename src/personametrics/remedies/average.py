"""Several runs as one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal, get_args

import numpy as np
import polars as pl

from personametrics.data.ask import Ask
from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.remedy import Cure, Remedy, Stage
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal
from personametrics.data.study import Asking
from personametrics.stats.reliability import spearman_brown

How = Literal["mean", "mode"]


@dataclass(frozen=True)
class Average(Remedy):
    """Asks k times as often, and reads k runs as one answer; of recorded runs that are no multiple of k, the last answer is made of fewer.

    Attributes:
        k: runs that make one answer.
        how: `mean` of scores, or `mode`: the answer given most often, among equally frequent ones the one that was given first.
    """

    k: int = 5
    how: How = "mean"
    says: ClassVar[str] = "Ask k times and read the mean, or the most frequent answer, as one answer."
    acts_on: ClassVar[Stage] = "asks"
    cite: ClassVar[tuple[str, ...]] = ("spearman1910", "brown1910")
    replays: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse numbers and ways that are none."""
        if self.k < 1 or self.how not in get_args(How):
            message = f"average: k is 1 or more, not {self.k}; how is {options(self.how, get_args(How))}."
            raise StudyError(message)

    def asks(self, asks: Sequence[Ask]) -> list[Ask]:
        """As many runs for each; with label probabilities, where nothing is drawn, as they are."""
        return [
            ask if ask.score else replace(ask, run=run, about={**ask.about, "run": str(run)}) for ask in asks for run in self._runs(ask)
        ]

    def _runs(self, ask: Ask) -> range:
        """Runs that become one."""
        return range(1) if ask.score else range(ask.run * self.k, (ask.run + 1) * self.k)

    def responses(self, responses: Responses) -> Responses:
        """One row for every k runs of a prompt; a group in which nothing was answered keeps its first row.

        Raises:
            DesignError: runs have no number, or the mean is asked of answers that are no scores.
        """
        c = responses.columns
        if c.probabilities:
            return responses
        if c.run is None:
            message = f"{responses.source} does not say which run a row is; name the column, and average can put runs together."
            raise DesignError(message)
        own = {c.answer, c.run, c.outcome}
        by = [name for name in responses.frame.columns if name not in own]
        number = pl.col(c.run).cast(pl.String).cast(pl.Int64).rank("dense").over(c.persona, c.item) - 1
        rows = responses.frame.with_columns(pl.Series(" ok", responses.answered), (number // self.k).alias(c.run))
        given = pl.col(c.answer).filter(pl.col(" ok"))
        scale = responses.labelled or responses.scale
        if self.how == "mode":
            answer = given.mode(maintain_order=True).first()
        elif isinstance(scale, Ordinal):
            places = scale.positions()
            score = dict(zip(scale.labels, places, strict=True))
            answer = given.cast(pl.String).replace_strict(score, default=None, return_dtype=pl.Float64).mean()
            scale = Numeric(float(places.min()), float(places.max()))
        elif isinstance(scale, Numeric):
            answer = given.cast(pl.String).cast(pl.Float64).mean()
        else:
            message = f"{responses.source}: these answers have no mean; write average:k={self.k},how=mode."
            raise DesignError(message)
        outcome = (
            []
            if c.outcome is None
            else [pl.when(pl.col(" ok").any()).then(pl.lit("answered")).otherwise(pl.col(c.outcome).first()).alias(c.outcome)]
        )
        frame = rows.group_by(*by, c.run, maintain_order=True).agg(answer.alias(c.answer), *outcome)
        return replace(responses, frame=frame, scale=scale if self.how == "mean" else responses.scale)

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:
        """The signal of the mean of k answers (Spearman–Brown)."""
        return {"signal": float(spearman_brown(before["signal"], self.k))} if "signal" in before and self.how == "mean" else {}

    def rival(self, ratio: float) -> Remedy | None:  # noqa: ARG002
        """None: it is itself the naive way to spend more."""
        return None

    def known(self) -> Cure:
        """Each persona's mind on each item is its own, and told with probability .8; in the other world it is that of the item."""
        people = tuple(Persona(f"person {at}", f"You are person {at}.") for at in range(16))
        items = tuple(Item(f"item {at}", f"Statement {at}.", Ordinal(("1", "2", "3", "4", "5"))) for at in range(16))
        minds = np.random.default_rng(1).random((len(people), len(items))) < 0.5

        def answer(ask: Ask, *, own: bool) -> Mapping[str, float]:
            who, what = (int(ask.about[name].split()[-1]) for name in ("persona", "item"))
            high = 0.8 if minds[who if own else 0, what] else 0.2
            return {"5": high, "1": 1 - high}

        agree = minds.mean(0)
        apart = float((2 * agree * (1 - agree) * len(people) / (len(people) - 1)).mean())
        rerun, between = 16 * 0.8 * 0.2, 16 * (0.8**2 + 0.2**2) / 2
        signal = 1 - rerun / ((1 - apart) * rerun + apart * between)
        change = {"signal": float(spearman_brown(signal, self.k)) - signal}
        return Cure("stability", people, items, partial(answer, own=True), change, partial(answer, own=False), Asking(4))
