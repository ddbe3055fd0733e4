"""The remedy that reads several runs as one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, StudyError
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
    """An answer from several runs (Spearman 1910; Brown 1910).

    If the number of recorded runs is not a multiple of k, the last answer comes from fewer runs.

    Attributes:
        k: number of runs for one answer.
        how: `mean` of scores; `mode`, the most frequent answer, and of equally frequent answers the first; or `distribution`, the shares of
            all labels over all runs of a prompt, which are read as label probabilities although they carry the noise of few draws.
    """

    k: int = 5
    how: How = "mean"
    says: ClassVar[str] = (
        "Ask k times, and combine the answers into one: their mean, the most frequent answer, or the shares of all answers."
    )
    acts_on: ClassVar[Stage] = "requests"
    against: ClassVar[tuple[str, ...]] = ("instability",)
    cite: ClassVar[tuple[str, ...]] = ("spearman1910", "brown1910")
    replays: ClassVar[bool] = True
    budget: ClassVar[str] = "k"
    on_labels: ClassVar[Mapping[str, Any]] = {"how": "mode"}

    def __post_init__(self) -> None:
        """Refuse a number of runs below 1."""
        super().__post_init__()
        if self.k < 1:
            message = f"average.k: {self.k} is not a number of runs. Write 1 or more."
            raise StudyError(message)

    def requests(self, requests: Sequence[Request]) -> list[Request]:
        """Return k runs for each run; requests for label probabilities, which are not drawn, as they are."""
        scales = {request.about.get("scale", "") for request in requests if not request.score}
        if self.how == "mean" and scales and all(scale.startswith("nominal") for scale in scales):
            message = f"average: labels without order have no mean. Write average:k={self.k},how=mode."
            raise DesignError(message)
        more = list[Request]()
        for request in requests:
            runs = range(request.run * self.k, (request.run + 1) * self.k)
            more += [request] if request.score else [replace(request, run=run, about={**request.about, "run": str(run)}) for run in runs]
        return more

    def responses(self, responses: Responses) -> Responses:
        """Return one row for every k runs of a prompt; a group without an answer keeps its first row.

        Other columns of a prompt stay; a stated certainty becomes the mean over the answers.
        """
        c = responses.columns
        if c.probabilities:
            return responses
        if c.run is None:
            message = f"{responses.source} has no column of runs. Name the column with the number of the run."
            raise DesignError(message)
        if self.how == "distribution":
            return self._shares(responses)
        names = responses.frame[c.run].cast(pl.String)
        numbers = names.cast(pl.Float64, strict=False)
        order = pl.Series(" run", names if numbers.null_count() else numbers)
        scored, scale = (responses.frame[c.answer], responses.scale) if self.how == "mode" else self._scores(responses)
        rows = responses.frame.with_columns(order, pl.Series(" ok", responses.answered), scored.alias(" answer"))
        rows = rows.with_columns(((pl.col(" run").rank("dense").over(c.persona, c.item) - 1) // self.k).alias(c.run))
        answers = pl.col(" answer").filter(pl.col(" ok"))
        columns = [(answers.mode(maintain_order=True).first() if self.how == "mode" else answers.mean()).alias(c.answer)]
        if c.outcome is not None:
            columns.append(pl.when(pl.col(" ok").any()).then(pl.lit("answered")).otherwise(pl.col(c.outcome).first()).alias(c.outcome))
        certainties = [CERTAINTY] if CERTAINTY in c.more else []
        columns += [pl.col(name).cast(pl.String).cast(pl.Float64, strict=False).filter(pl.col(" ok")).mean() for name in certainties]
        by = [name for name in responses.frame.columns if name not in {c.answer, c.run, c.outcome, *certainties}]
        frame = rows.group_by(*by, c.run, maintain_order=True).agg(*columns)
        if self.k > 1 and len(frame) == len(rows) and (differing := self._differing(responses, by)):
            message = f'{responses.source}: "{differing}" differs from run to run, so that no prompt has two runs. Leave that column out.'
            raise DesignError(message)
        return replace(responses, frame=frame.select(responses.frame.columns), scale=scale)

    @staticmethod
    def _shares(responses: Responses) -> Responses:
        """Return one row for each prompt, with the share of each label."""
        c, labelled = responses.columns, responses.labelled
        if labelled is None:
            message = f"{responses.source}: numbers and texts have no shares of labels. Write average:how=mean."
            raise DesignError(message)
        by = [name for name in responses.frame.columns if name not in {c.answer, c.run, c.outcome}]
        code = pl.when(pl.col(" label") >= 0).then(pl.col(" label"))
        shares = [(code == index).mean().alias(f"{P}{label}") for index, label in enumerate(labelled.labels)]
        rows = responses.frame.with_columns(pl.Series(" label", responses.coded.values.astype(np.int64)))
        columns = replace(c, run=None, outcome=None, probabilities=tuple(f"{P}{label}" for label in labelled.labels))
        return replace(responses, frame=rows.group_by(by, maintain_order=True).agg(shares), columns=columns, scale=labelled)

    def _scores(self, responses: Responses) -> tuple[pl.Series, Scale]:
        """Return every answer as a number, and the scale of their means."""
        scale: Scale | None = responses.scale if isinstance(responses.scale, Numeric) else responses.labelled
        values = responses.coded.values
        if isinstance(scale, Ordinal):
            positions = scale.positions()
            return pl.Series(positions[values.astype(np.int64)]), Numeric(float(positions.min()), float(positions.max()))
        if isinstance(scale, Numeric):
            return pl.Series(values), scale
        message = f"{responses.source}: these answers have no mean. Write average:k={self.k},how=mode."
        raise DesignError(message)

    @staticmethod
    def _differing(responses: Responses, by: Sequence[str]) -> str:
        """Return a column that differs within one persona and item, "" if there is none."""
        c = responses.columns
        varies = responses.frame.group_by(c.persona, c.item).agg(pl.col(name).n_unique() for name in by if name not in {c.persona, c.item})
        return next((name for name in varies.columns[2:] if (varies[name] > 1).any()), "")

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:
        """Return the signal of the mean of k answers (Spearman–Brown)."""
        return {"signal": float(spearman_brown(before["signal"], self.k))} if "signal" in before and self.how == "mean" else {}

    def known(self) -> RemedyWorld:
        """Return a world in which each persona has its own answer to each item; in the null world, each item has one answer for all.

        An answer is given with probability 0.8.
        """
        personas = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(16))
        items = tuple(Item(f"item {index}", f"Statement {index}.", Ordinal(("1", "2", "3", "4", "5"))) for index in range(16))
        agrees = np.random.default_rng(1).random((len(personas), len(items))) < 0.5

        def world(request: Request, *, own: bool) -> Mapping[str, float]:
            persona, item = (int(request.about[name].split()[-1]) for name in ("persona", "item"))
            high = 0.8 if agrees[persona if own else 0, item] else 0.2
            return {"5": high, "1": 1 - high}

        share = agrees.mean(0)
        apart = float((2 * share * (1 - share) * len(personas) / (len(personas) - 1)).mean())
        rerun, between = 16 * 0.8 * 0.2, 16 * (0.8**2 + 0.2**2) / 2
        signal = 1 - rerun / ((1 - apart) * rerun + apart * between)
        change = {"signal": float(spearman_brown(signal, self.k)) - signal}
        return RemedyWorld("stability", personas, items, partial(world, own=True), change, partial(world, own=False), Elicitation(4))
