"""No answer where the panel is in doubt."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Literal, NamedTuple, get_args

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError, options
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Split, Stage
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Elicitation
from personametrics.measures.annotators import SET, column_of, pooled
from personametrics.measures.confidence import Doubt, Over, confidence, taken_back, units
from personametrics.measures.people import pair_up
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.inference.conformal import Score, least, nonconformity, quantile, sets

By = Literal[Doubt, "conformal"]
KNOWN = {"by": get_args(By), "over": get_args(Over), "score": get_args(Score)}


class Fitted(NamedTuple):
    """What was learned: a threshold for each group of items ("": all), from how many of what, and the labels there are."""

    thresholds: Mapping[str, float]
    learned_from: int
    labels: Sequence[str]


@dataclass(frozen=True)
class Abstain(Remedy):
    """Takes back answers that are in doubt: their rows stay, without an answer (outcome `missing`).

    `agreement`, `entropy` and `certainty` keep the share `coverage` of which the panel is surest, learned without people: they promise
    how many are kept, nothing about how many of these are right. `conformal` learns from people's labels of calibration items which labels
    may be right: an item's set of them holds the label of a random person with a probability of 1 − alpha or more, whatever the panel is
    worth, if the items are exchangeable with those of calibration. An item whose set is not one label is left to people. The promise is
    about all sets, not about those of one label alone.

    Attributes:
        by: probability that two answers agree; entropy of answers; stated certainty (a column `certainty`); or conformal sets of labels.
        over: what is in doubt: an `item`, over the whole panel, as for annotation; or a `cell`, one persona's answers to it, which needs
            reruns (or label probabilities) and takes back what single personas do not know.
        coverage: share of items or cells that is kept.
        alpha: how often a conformal set may miss the label of a person.
        score: see `stats.conformal.nonconformity`; with `aps` and `ordinal`, lots decide of some items whether they are left to people.
        group: column of the items within whose values a promise is kept (Mondrian), such as a domain; "": over all items.
        fitted: what `fit` learned.
    """

    by: By = "agreement"
    over: Over = "item"
    coverage: float = 0.8
    alpha: float = 0.1
    score: Score = "lac"
    group: str = ""
    fitted: Fitted | None = field(default=None, kw_only=True, repr=False)
    says: ClassVar[str] = "Take back answers where the panel is in doubt, and leave them to people."
    acts_on: ClassVar[Stage] = "responses"
    cite: ClassVar[tuple[str, ...]] = ("geifman2017", "vovk2005", "sadinle2019", "romano2020", "lu2022", "lee2023")
    splits: ClassVar[Split | None] = "items"

    def __post_init__(self) -> None:
        """Refuse ways and shares that are none."""
        for knob, known in KNOWN.items():
            if getattr(self, knob) not in known:
                message = f'abstain: "{getattr(self, knob)}" is no {knob}: {options(getattr(self, knob), known)}.'
                raise StudyError(message)
        if not (0 < self.coverage <= 1 and 0 < self.alpha < 1):
            message = f"abstain: coverage={self.coverage:g} and alpha={self.alpha:g} must lie between 0 and 1."
            raise StudyError(message)
        if self.by == "conformal" and self.over == "cell":
            message = "abstain: conformal sets are of items, for the panel as a whole; leave out over=cell."
            raise StudyError(message)

    def fit(self, responses: Responses, human: Responses | None) -> "Abstain":
        """Thresholds, from the panel's own answers or, for conformal sets, from people's labels of the same items.

        Raises:
            DesignError: conformal sets without people's labels, or with too few labelled items in every group; nothing was asked twice.
        """
        fitted = self._calibrated(responses, human) if self.by == "conformal" else self._ranked(responses, self.by)
        return replace(self, fitted=fitted, seen=frozenset(responses.items.names))

    def _ranked(self, responses: Responses, by: Doubt) -> Fitted:
        """In each group, the confidence of the least sure item or cell that is kept."""
        keys, sure = confidence(responses, by, self.over)
        where = np.array(list(column_of(responses, self.group).values()))[keys % len(responses.items.names)]
        found = np.nan_to_num(sure, nan=-math.inf)
        limits = {one: _kept(found[where == one], self.coverage) for one in np.unique(where).tolist()}
        if max(limits.values()) == -math.inf:
            message = f"{responses.source}: no {self.over} has what abstain by={by} reads; two answers to each, or a certainty."
            raise DesignError(message)
        return Fitted(limits, len(keys), ())

    def _calibrated(self, responses: Responses, human: Responses | None) -> Fitted:
        """The conformal threshold of each group; every person's label counts, all those of an item together as one."""
        if human is None:
            message = "abstain by=conformal learns from people's labels, and there are none; give a table of them as human."
            raise DesignError(message)
        panel, people = pair_up(responses, human, {})
        if not panel.labels:
            message = f"{responses.source}: abstain by=conformal needs labels, of at most 64 kinds."
            raise DesignError(message)
        strange = self._strange(panel.items, panel.counts, ordered=panel.positions is not None)
        weight = people.counts / people.counts.sum(1, keepdims=True)
        group = column_of(responses, self.group)
        where = np.array([group[name] for name in panel.items])
        found = {one: where == one for one in np.unique(where).tolist()}
        limits = {one: quantile(strange[rows].ravel(), self.alpha, weight[rows].ravel()) for one, rows in found.items()}
        if min(limits.values()) == math.inf:
            many = f"{least(self.alpha)} or more{' in a group' if self.group else ''}"
            message = (
                f"abstain by=conformal,alpha={self.alpha:g} learns from {many} items that people labelled, and there are {len(where)}."
            )
            raise DesignError(message)
        return Fitted(limits, len(where), panel.labels)

    def _strange(self, items: Sequence[str], counts: Floats, *, ordered: bool) -> Floats:
        """(I, L) scores of all labels; the draw of an item follows from its name, so that it is the same whatever else is asked."""
        if self.score == "ordinal" and not ordered:
            message = "abstain: score=ordinal needs labels that are in order; use lac or aps."
            raise DesignError(message)
        draws = np.array([np.random.default_rng(zlib.crc32(name.encode())).random() for name in items])
        return nonconformity(counts / counts.sum(1, keepdims=True), self.score, draws)

    def responses(self, responses: Responses) -> Responses:
        """The same rows, without the answers in doubt; with conformal sets also a column `set`, labels with `|` between them.

        Raises:
            DesignError: it was not fitted, or nothing is left.
        """
        if self.fitted is None:
            message = "abstain learns a threshold first: fit it to answers to other items, or use compare, which does."
            raise DesignError(message)
        if self.by == "conformal":
            return self._left_possible(responses, self.fitted)
        keys, sure = confidence(responses, self.by, self.over)
        limits = self._limits(responses, self.fitted)[keys % len(responses.items.names)]
        return self._without(responses, keys[sure >= limits], self.fitted)

    def _limits(self, responses: Responses, fitted: Fitted) -> Floats:
        """(I,) threshold of each item; ∞ in a group that nothing is known of, whose answers are all taken back."""
        return np.array([fitted.thresholds.get(group, math.inf) for group in column_of(responses, self.group).values()])

    def _left_possible(self, responses: Responses, fitted: Fitted) -> Responses:
        """Answers to items whose set is one label, and all sets."""
        found = pooled(responses, fitted.labels)
        codes = np.flatnonzero(np.isin(responses.items.names, found.items))
        strange = self._strange(found.items, found.counts, ordered=isinstance(responses.labelled, Ordinal))
        inside = sets(strange, self._limits(responses, fitted)[codes])
        said = pl.DataFrame({"item": list(found.items), SET: ["|".join(np.array(found.labels)[row]) for row in inside]})
        rows = responses.frame.select(pl.col(responses.columns.item).cast(pl.String).alias("item")).join(
            said, "item", "left", maintain_order="left"
        )
        kept = self._without(responses, codes[inside.sum(1) == 1], fitted)
        return replace(kept, frame=kept.frame.with_columns(rows[SET]))

    def _without(self, responses: Responses, kept: Ints, fitted: Fitted) -> Responses:
        """Answers of some items or cells, with what was done to the others in words."""
        every = units(responses, self.over)
        found = taken_back(responses, np.isin(every, kept))
        of = f"{len(np.intersect1d(kept, every))} of {len(np.unique(every))} {self.over}s keep their answers (abstain by {self.by}"
        few = [group for group, limit in fitted.thresholds.items() if limit == math.inf]
        never = f" Too few were labelled by people to learn anything of {self.group} {', '.join(few)}." if few else ""
        said = Notice("abstained", f"{of}, learned from {fitted.learned_from}); the others count as missing.{never}")
        return replace(found, notices=(*found.notices, said))

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:
        """How much is kept, or that sets hold people's labels (at least)."""
        if "coverage" not in before:
            return {}
        return {"sets.coverage": 1 - self.alpha} if self.by == "conformal" else {"coverage": self.coverage} if self.over == "item" else {}

    def known(self) -> RemedyWorld:
        """Some items the panel gets wrong: unsure of them, or in the other world as sure as of all others.

        Fewer of these than are given up, so that all are; with conformal sets fewer than may be missed, and people who agree.
        """
        items = tuple(Item(f"item {at}", f"Which is {at}?", Nominal(("a", "b", "c"))) for at in range(120))
        hard = round(len(items) * (self.alpha / 2 if self.by == "conformal" else 0.75 * (1 - self.coverage)))
        right = 1.0 if self.by == "conformal" else 0.9
        people = tuple(Persona(f"persona {at}", f"You are number {at}.") for at in range(5))

        def answer(request: Request, *, unsure: bool) -> Mapping[str, float]:
            at = int(request.about["item"].split()[-1])
            gold, other, third = _turned(at)
            if at >= hard:
                return {gold: 0.95, other: 0.05}
            return {other: 0.5, third: 0.5} if unsure else {other: 0.95, third: 0.05}

        def human(seed: int, _: bool) -> Responses:  # noqa: FBT001 (people are the same in both worlds)
            rng = np.random.default_rng(seed)
            said = [
                (f"annotator {who}", item.id, _turned(at)[0 if rng.random() < right else rng.integers(1, 3)])
                for at, item in enumerate(items)
                for who in range(3)
            ]
            return Responses.read(pl.DataFrame(said, ["persona", "item", "answer"], orient="row"), Columns(), Nominal(("a", "b", "c")))

        change = {"agreement": hard / len(items) * (right - (1 - right) / 2)}
        return RemedyWorld(
            "annotation", people, items, partial(answer, unsure=True), change, partial(answer, unsure=False), Elicitation(3), human
        )


def _turned(at: int) -> tuple[str, ...]:
    """Labels of an item in that world: the right one, and two others."""
    return tuple("abc"[(at + step) % 3] for step in range(3))


def _kept(sure: Floats, coverage: float) -> float:
    """The confidence of the last that is kept."""
    return float(np.sort(sure)[::-1][math.ceil(coverage * len(sure) - 1e-9) - 1])
