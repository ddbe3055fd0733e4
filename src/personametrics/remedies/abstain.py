"""The remedy that takes back answers where the panel is in doubt."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy, RemedyWorld, Split, Stage
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Elicitation
from personametrics.measures.annotators import SET, column_of, pool_labels
from personametrics.measures.confidence import Doubt, Over, confidence, units, withdraw
from personametrics.measures.people import pair_up
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.inference.conformal import Score, fewest_items, nonconformity, quantile, sets

By = Literal[Doubt, "conformal"]
LABELS = ("a", "b", "c")
"""Labels of the known world."""


class Fitted(NamedTuple):
    """The threshold of each group of items ("": all; infinite: too little was learned), from how many items or cells, and the labels."""

    thresholds: Mapping[str, float]
    learned_from: int
    labels: Sequence[str]


@dataclass(frozen=True)
class Abstain(Remedy):
    """Answers in doubt that are taken back: their rows stay, without an answer (outcome `missing`).

    `agreement`, `entropy` and `certainty` keep the share `coverage` of which the panel is surest, learned without people. They promise the
    share that is kept, not the share of right answers. `conformal` learns from people's labels of calibration items which labels may be
    right: an item's set of labels includes the label of a random person with a probability of 1 − alpha or more, however good the panel
    is, if the items are exchangeable with those of calibration. An item whose set is not one label is left to people. The promise holds
    for all sets together, not for the sets of one label alone.

    Attributes:
        by: probability that two answers agree; entropy of answers; stated certainty (a column `certainty`); or conformal sets of labels.
        over: unit that may be in doubt: an `item`, over the whole panel, as in annotation; or a `cell`, one persona's answers to an item,
            which needs reruns (or label probabilities) and takes back what single personas are unsure of.
        coverage: share of items or cells that is kept.
        alpha: share of people's labels that conformal sets may miss.
        score: see `stats.inference.conformal.nonconformity`; with `aps` and `ordinal`, some items are left to people at random.
        group: column of the items within whose values the promise holds (Mondrian), such as a domain; "": over all items.
        fitted: thresholds that `fit` learned.
    """

    by: By = "agreement"
    over: Over = "item"
    coverage: float = 0.8
    alpha: float = 0.1
    score: Score = "lac"
    group: str = ""
    fitted: Fitted | None = field(default=None, kw_only=True, repr=False)
    says: ClassVar[str] = "Remove the answers about which the panel is uncertain, and let people answer instead."
    acts_on: ClassVar[Stage] = "responses"
    against: ClassVar[tuple[str, ...]] = ("instability",)
    cite: ClassVar[tuple[str, ...]] = ("geifman2017", "vovk2005", "sadinle2019", "romano2020", "lu2022", "lee2023")
    splits: ClassVar[Split | None] = "items"

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1."""
        super().__post_init__()
        if not (0 < self.coverage <= 1 and 0 < self.alpha < 1):
            message = f"abstain: coverage={self.coverage:g} and alpha={self.alpha:g} must lie between 0 and 1."
            raise StudyError(message)
        if self.by == "conformal" and self.over == "cell":
            message = "abstain: by=conformal works on items, not on single cells. Leave out over=cell."
            raise StudyError(message)

    def fit(self, responses: Responses, human: Responses | None) -> "Abstain":
        """Return a copy with thresholds from the panel's own answers or, for conformal sets, from people's labels of the same items."""
        fitted = self._calibrated(responses, human) if self.by == "conformal" else self._ranked(responses, self.by)
        return replace(self, fitted=fitted, seen=frozenset(responses.items.names))

    def _ranked(self, responses: Responses, by: Doubt) -> Fitted:
        """Return, for each group, the confidence of the least sure item or cell that is kept."""
        keys, sure = confidence(responses, by, self.over)
        group_of = np.array(list(column_of(responses, self.group).values()))[keys % len(responses.items.names)]
        sure = np.nan_to_num(sure, nan=-math.inf)
        thresholds = {}
        for group in np.unique(group_of).tolist():
            ranked = np.sort(sure[group_of == group])[::-1]
            thresholds[group] = float(ranked[math.ceil(self.coverage * len(ranked) - 1e-9) - 1])
        if max(thresholds.values()) == -math.inf:
            needed = "Ask each twice or more" if by != "certainty" else "Fill the column certainty"
            message = f"{responses.source}: no {self.over} has the answers that abstain by={by} needs. {needed}."
            raise DesignError(message)
        return Fitted(thresholds, len(keys), ())

    def _calibrated(self, responses: Responses, human: Responses | None) -> Fitted:
        """Return the conformal threshold of each group; people's labels of an item count together as one."""
        if human is None:
            message = "abstain by=conformal learns from people's labels, but has none. Give a table of them as human."
            raise DesignError(message)
        panel, people = pair_up(responses, human, {})
        if not panel.labels:
            message = f"{responses.source}: abstain by=conformal needs at most 64 different labels."
            raise DesignError(message)
        scores = self._scores(panel.items, panel.counts, ordered=panel.positions is not None)
        weight = people.counts / people.counts.sum(1, keepdims=True)
        groups = np.array(list(map(column_of(responses, self.group).get, panel.items)))
        thresholds = {
            group: quantile(scores[groups == group].ravel(), self.alpha, weight[groups == group].ravel())
            for group in np.unique(groups).tolist()
        }
        if min(thresholds.values()) == math.inf:
            needed = f"{fewest_items(self.alpha)} or more items{' in a group' if self.group else ''} that people labelled"
            message = f"abstain by=conformal,alpha={self.alpha:g} learns from {needed}, but has {len(groups)}. Label more items."
            raise DesignError(message)
        return Fitted(thresholds, len(groups), panel.labels)

    def _scores(self, items: Sequence[str], counts: Floats, *, ordered: bool) -> Floats:
        """Return the nonconformity scores of all labels (I, L); an item's random draw follows from its name, whatever else is asked."""
        if self.score == "ordinal" and not ordered:
            message = "abstain: score=ordinal needs ordered labels. Use score=lac or score=aps."
            raise DesignError(message)
        draws = np.array([np.random.default_rng(zlib.crc32(name.encode())).random() for name in items])
        return nonconformity(counts / counts.sum(1, keepdims=True), self.score, draws)

    def responses(self, responses: Responses) -> Responses:
        """Return the rows without the answers in doubt; with conformal sets also a column `set`, labels with `|` between them."""
        if self.fitted is None:
            message = "abstain needs a threshold. Call fit with answers to other items, or use compare, which calls fit."
            raise DesignError(message)
        if self.by == "conformal":
            return self._with_sets(responses, self.fitted)
        keys, sure = confidence(responses, self.by, self.over)
        thresholds = self._thresholds(responses, self.fitted)[keys % len(responses.items.names)]
        return self._without(responses, keys[sure >= thresholds], self.fitted)

    def _thresholds(self, responses: Responses, fitted: Fitted) -> Floats:
        """Return the threshold of each item (I,); infinite in a group without one, whose answers are all taken back."""
        return np.array([fitted.thresholds.get(group, math.inf) for group in column_of(responses, self.group).values()])

    def _with_sets(self, responses: Responses, fitted: Fitted) -> Responses:
        """Return answers to items whose set is one label, and all sets."""
        pooled = pool_labels(responses, fitted.labels)
        codes = np.flatnonzero(np.isin(responses.items.names, pooled.items))
        scores = self._scores(pooled.items, pooled.counts, ordered=isinstance(responses.labelled, Ordinal))
        inside = sets(scores, self._thresholds(responses, fitted)[codes])
        table = pl.DataFrame({"item": list(pooled.items), SET: ["|".join(np.array(pooled.labels)[row]) for row in inside]})
        items = responses.frame.select(pl.col(responses.columns.item).cast(pl.String).alias("item"))
        column = items.join(table, "item", "left", maintain_order="left")[SET]
        kept = self._without(responses, codes[inside.sum(1) == 1], fitted)
        return replace(kept, frame=kept.frame.with_columns(column))

    def _without(self, responses: Responses, kept: Ints, fitted: Fitted) -> Responses:
        """Return answers of the kept items or cells only, with a notice about the others."""
        keys = units(responses, self.over)
        remaining = withdraw(responses, np.isin(keys, kept))
        numbers = f"{len(np.intersect1d(kept, keys))} of {len(np.unique(keys))} {self.over}s keep their answers"
        text = f"{numbers} (abstain by {self.by}, learned from {fitted.learned_from}). Answers of the others count as missing."
        if unknown := [group for group, threshold in fitted.thresholds.items() if threshold == math.inf]:
            text += f" People labelled too few items with the {self.group} {', '.join(unknown)}, so all of these items are left to people."
        return replace(remaining, notices=(*remaining.notices, Notice("abstained", text)))

    def promised(self, before: Mapping[str, float]) -> Mapping[str, float]:
        """Return the share that is kept or, for conformal sets, the lowest share that includes people's labels."""
        if "coverage" not in before or self.over == "cell":
            return {}
        return {"sets.coverage": 1 - self.alpha} if self.by == "conformal" else {"coverage": self.coverage}

    def known(self) -> RemedyWorld:
        """Return a world in which the panel is wrong on some items and unsure of them; in the null world it is as sure as elsewhere.

        These items are fewer than those that are taken back, so that all are taken back; with conformal sets, they are fewer than those
        that sets may miss, and people agree.
        """
        items = tuple(Item(f"item {index}", f"Which is {index}?", Nominal(LABELS)) for index in range(120))
        hard = round(len(items) * (self.alpha / 2 if self.by == "conformal" else 0.75 * (1 - self.coverage)))
        right = 1.0 if self.by == "conformal" else 0.9
        personas = tuple(Persona(f"persona {index}", f"You are number {index}.") for index in range(5))

        def world(request: Request, *, unsure: bool) -> Mapping[str, float]:
            item = int(request.about["item"].split()[-1])
            gold, other, third = _labels_of(item)
            if item >= hard:
                return {gold: 0.95, other: 0.05}
            return {other: 0.5, third: 0.5} if unsure else {other: 0.95, third: 0.05}

        def human(seed: int, _: bool) -> Responses:  # noqa: FBT001 (people are the same in both worlds)
            rng = np.random.default_rng(seed)
            rows = [
                (f"annotator {annotator}", items[index].id, _labels_of(index)[0 if rng.random() < right else rng.integers(1, 3)])
                for index, annotator in product(range(len(items)), range(3))
            ]
            return Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), Nominal(LABELS))

        change, defect, null = hard / len(items) * (right - (1 - right) / 2), partial(world, unsure=True), partial(world, unsure=False)
        return RemedyWorld("annotation", personas, items, defect, {"agreement": change}, null, Elicitation(3), human)


def _labels_of(item: int) -> tuple[str, ...]:
    """Return the labels of an item in the known world: the right one, and two others."""
    return tuple(LABELS[(item + step) % 3] for step in range(3))
