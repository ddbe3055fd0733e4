"""Several runs as one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal, get_args

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.probabilities import P
from personametrics.data.remedy import Remedy, RemedyWorld, Stage
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal, Scale
from personametrics.data.study import Elicitation
from personametrics.measures.confidence import CERTAINTY
from personametrics.stats.variance.reliability import spearman_brown

How = Literal["mean", "mode", "distribution"]


@dataclass(frozen=True)
class Average(Remedy):
    """Asks k times as often, and reads k runs as one answer; of recorded runs that are no multiple of k, the last answer is made of fewer.

    Attributes:
        k: runs that make one answer.
        how: `mean` of scores; `mode`: the answer given most often, among equally frequent ones the one that was given first; or
            `distribution`: the shares of all labels over all runs of a prompt, read as if they were label probabilities, though they carry
            the noise of so few draws.
    """

    k: int = 5
    how: How = "mean"
    says: ClassVar[str] = "Ask k times and read the mean, the most frequent answer or the shares of all answers as one answer."
    acts_on: ClassVar[Stage] = "asks"
    cite: ClassVar[tuple[str, ...]] = ("spearman1910", "brown1910")
    replays: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse numbers and ways that are none."""
        if self.k < 1:
            message = f"average: k is 1 or more, not {self.k}."
            raise StudyError(message)
        if self.how not in get_args(How):
            message = f'average: how is "{self.how}", which is unknown: {options(self.how, get_args(How))}.'
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """As many runs for each; with label probabilities, where nothing is drawn, as they are.

        Raises:
            DesignError: the mean is wanted, and nothing is asked but for labels without order.
        """
        scales = {request.about.get("scale", "") for request in requests if not request.score}
        if self.how == "mean" and scales and all(scale.startswith("nominal") for scale in scales):
            message = f"average: labels have no mean; write average:k={self.k},how=mode."
            raise DesignError(message)
        return [
            request if request.score else replace(request, run=run, about={**request.about, "run": str(run)})
            for request in requests
            for run in self._runs(request)
        ]

    def _runs(self, request: Request) -> range:
        """Runs that become one."""
        return range(1) if request.score else range(request.run * self.k, (request.run + 1) * self.k)

    def responses(self, responses: Responses) -> Responses:
        """One row for every k runs of a prompt; a group in which nothing was answered keeps its first row.

        What else was told of a prompt stays; a stated certainty becomes the mean of those of the answers.

        Raises:
            DesignError: runs have no number, a further column differs from run to run, or the mean is asked of answers that are no scores.
        """
        c = responses.columns
        if c.probabilities:
            return responses
        if c.run is None:
            message = f"{responses.source} does not say which run a row is; name the column, and average can put runs together."
            raise DesignError(message)
        if self.how == "distribution":
            return self._shares(responses)
        told = responses.frame[c.run].cast(pl.String)
        number = told.cast(pl.Float64, strict=False)
        order = pl.Series(" run", told if number.null_count() else number)
        given = pl.col(" answer").filter(pl.col(" ok"))
        scored, scale = (responses.frame[c.answer], responses.scale) if self.how == "mode" else self._scores(responses)
        rows = responses.frame.with_columns(order, pl.Series(" ok", responses.answered), scored.alias(" answer"))
        rows = rows.with_columns(((pl.col(" run").rank("dense").over(c.persona, c.item) - 1) // self.k).alias(c.run))
        found = [(given.mode(maintain_order=True).first() if self.how == "mode" else given.mean()).alias(c.answer)]
        if c.outcome is not None:
            found.append(pl.when(pl.col(" ok").any()).then(pl.lit("answered")).otherwise(pl.col(c.outcome).first()).alias(c.outcome))
        sure = [CERTAINTY] if CERTAINTY in c.more else []
        found += [pl.col(name).cast(pl.String).cast(pl.Float64, strict=False).filter(pl.col(" ok")).mean() for name in sure]
        by = [name for name in responses.frame.columns if name not in {c.answer, c.run, c.outcome, *sure}]
        frame = rows.group_by(*by, c.run, maintain_order=True).agg(*found)
        if self.k > 1 and len(frame) == len(rows) and (several := self._differing(responses, by)):
            message = (
                f'{responses.source}: "{several}" differs from run to run, so that no two are runs of one prompt; leave that column out.'
            )
            raise DesignError(message)
        return replace(responses, frame=frame.select(responses.frame.columns), scale=scale)

    @staticmethod
    def _shares(responses: Responses) -> Responses:
        """One row a prompt, with the share of each label.

        Raises:
            DesignError: answers are no labels.
        """
        c, labelled = responses.columns, responses.labelled
        if labelled is None:
            message = f"{responses.source}: numbers and texts have no shares of labels; write average:how=mean."
            raise DesignError(message)
        by = [name for name in responses.frame.columns if name not in {c.answer, c.run, c.outcome}]
        said = pl.when(pl.col(" label") >= 0).then(pl.col(" label"))
        shares = [(said == at).mean().alias(f"{P}{label}") for at, label in enumerate(labelled.labels)]
        rows = responses.frame.with_columns(pl.Series(" label", responses.coded.values.astype(np.int64)))
        columns = replace(c, run=None, outcome=None, probabilities=tuple(f"{P}{label}" for label in labelled.labels))
        return replace(responses, frame=rows.group_by(by, maintain_order=True).agg(shares), columns=columns, scale=labelled)

    def _scores(self, responses: Responses) -> tuple[pl.Series, Scale]:
        """Every answer as a number, and the scale on which means of them lie.

        Raises:
            DesignError: they are no scores.
        """
        scale: Scale | None = responses.scale if isinstance(responses.scale, Numeric) else responses.labelled
        values = responses.coded.values
        if isinstance(scale, Ordinal):
            places = scale.positions()
            return pl.Series(places[values.astype(np.int64)]), Numeric(float(places.min()), float(places.max()))
        if isinstance(scale, Numeric):
            return pl.Series(values), scale
        message = f"{responses.source}: these answers have no mean; write average:k={self.k},how=mode."
        raise DesignError(message)

    @staticmethod
    def _differing(responses: Responses, by: Sequence[str]) -> str:
        """A column that differs where persona and item are the same; "" if none does."""
        c = responses.columns
        varies = responses.frame.group_by(c.persona, c.item).agg(pl.col(name).n_unique() for name in by if name not in {c.persona, c.item})
        return next((name for name in varies.columns[2:] if (varies[name] > 1).any()), "")

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:
        """The signal of the mean of k answers (Spearman–Brown)."""
        return {"signal": float(spearman_brown(before["signal"], self.k))} if "signal" in before and self.how == "mean" else {}

    def rival(self) -> Remedy | None:
        """None: it is itself the naive way to spend more."""
        return None

    def known(self) -> RemedyWorld:
        """Each persona's mind on each item is its own, and told with probability .8; in the other world it is that of the item."""
        people = tuple(Persona(f"person {at}", f"You are person {at}.") for at in range(16))
        items = tuple(Item(f"item {at}", f"Statement {at}.", Ordinal(("1", "2", "3", "4", "5"))) for at in range(16))
        minds = np.random.default_rng(1).random((len(people), len(items))) < 0.5

        def answer(request: Request, *, own: bool) -> Mapping[str, float]:
            who, what = (int(request.about[name].split()[-1]) for name in ("persona", "item"))
            high = 0.8 if minds[who if own else 0, what] else 0.2
            return {"5": high, "1": 1 - high}

        agree = minds.mean(0)
        apart = float((2 * agree * (1 - agree) * len(people) / (len(people) - 1)).mean())
        rerun, between = 16 * 0.8 * 0.2, 16 * (0.8**2 + 0.2**2) / 2
        signal = 1 - rerun / ((1 - apart) * rerun + apart * between)
        change = {"signal": float(spearman_brown(signal, self.k)) - signal}
        return RemedyWorld("stability", people, items, partial(answer, own=True), change, partial(answer, own=False), Elicitation(4))
