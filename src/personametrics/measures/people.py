"""The answers of a panel and of people, on the same items and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from personametrics.data.errors import DesignError, ensure
from personametrics.data.item import Item
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.stats.arrays import Floats, Ints, sums
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Pairs, pairs
from personametrics.stats.variance.within_groups import spreads

GROUP = "group"

MOST = 10_000
"""The largest number of independent answers that a known distribution counts as."""
MOST_PARTS = 12
"""The largest number of parts into which people are divided for the jackknife."""


class WithinGroups(NamedTuple):
    """The disagreement of two people of one group on one item: per group (G,), and per item (I,)."""

    by_group: Floats
    by_item: Floats


class ByItem(NamedTuple):
    """The disagreement per item (I,): of two people, and of one person asked twice (NaN without retests)."""

    between: Floats
    rerun: Floats


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison: a panel, or people.

    Attributes:
        items: the I common items.
        groups: the G common groups.
        labels: labels of both sides; empty for numbers and texts.
        positions: (L,) positions of the labels on an ordinal scale; None without order.
        cells: cells with the facets group, persona, item and possibly condition; items and groups are numbered as above.
        lost: number of people who belong to none of the groups.
    """

    items: Sequence[str]
    groups: Sequence[str]
    labels: Sequence[str]
    positions: Floats | None
    cells: Cells
    lost: int

    @cached_property
    def _pairs(self) -> Pairs:
        return pairs(self.cells)

    @cached_property
    def _weight(self) -> Floats:
        """The number of answers per cell (C,); 1 for exact probabilities."""
        return np.asarray(np.where(np.isinf(self.cells.n), 1.0, self.cells.n))

    @property
    def people(self) -> int:
        """The number of personas or respondents."""
        return len(np.unique(self.cells.codes[:, 1]))

    @cached_property
    def answers(self) -> Floats:
        """The number of answers per item (I,)."""
        return sums(self.cells.codes[:, 2], self._weight, len(self.items))

    @cached_property
    def counts(self) -> Floats:
        """The number of answers per item and label (I, L); L is 0 for numbers and texts."""
        if self.cells.counts is None:
            return np.zeros((len(self.items), 0))
        return np.stack([sums(self.cells.codes[:, 2], column, len(self.items)) for column in self.cells.counts.T], -1)

    def effective_counts(self) -> Ints:
        """Return the effective number of independent answers per item and label (I, L).

        r runs of each of P people count as P · r / (1 + (r − 1) · signal), the design effect of Kish (1965) with the item's own signal;
        known distributions (r = ∞) count as P / signal, at most `MOST`.
        """
        steady = np.clip(np.nan_to_num(signal(self._ungrouped.within(["item"])), nan=1.0), 0, 1)
        person = np.unique(self.cells.codes[:, [2, 1]], axis=0)[:, 0]
        people = np.maximum(np.bincount(person, minlength=len(self.items)), 1)
        if np.isinf(self.cells.n).any():
            size = np.minimum(people / np.maximum(steady, 1e-9), MOST)
        else:
            size = self.answers / (1 + np.maximum(self.answers / people - 1, 0) * steady)
        return np.asarray(np.rint(self.counts / self.counts.sum(1, keepdims=True) * size[:, None]), np.int64)

    @cached_property
    def _ungrouped(self) -> Pairs:
        return pairs(Cells(self.cells.facets[1:], self.cells.codes[:, 1:], self.cells.n, self.cells.mean, self.cells.scatter))

    @cached_property
    def without_parts(self) -> list["Side"]:
        """The side without each part of its people in turn, every n-th person of a group; empty if a group has fewer than two people."""
        if (parts := min(self.smallest, MOST_PARTS)) < 2:
            return []
        person, first = np.unique(self.cells.codes[:, 1], return_index=True)
        group = self.cells.codes[first, 0]
        place = np.zeros(int(person.max()) + 1, np.int64)
        for code in np.unique(group):
            members = person[group == code]
            place[members] = np.arange(len(members))
        part = place[self.cells.codes[:, 1]] % parts
        return [replace(self, cells=self.cells.only(part != number)) for number in range(parts)]

    @property
    def smallest(self) -> int:
        """The number of people in the smallest group."""
        people = np.unique(self.cells.codes[:, :2], axis=0)[:, 0]
        return int(np.bincount(people, minlength=len(self.groups)).min())

    @cached_property
    def deviations(self) -> tuple[Floats, Floats]:
        """The deviations of group means from the mean of groups, per item (I, G, K), and their sampling variances (I, G, K).

        Both are NaN where a group did not answer an item. The variance of a mean follows from the spread of the means of its people; in a
        group of one person, from that person's runs.
        """
        I, G, K = len(self.items), len(self.groups), self.cells.mean.shape[1]
        person = np.unique(self.cells.codes[:, [2, 0, 1]], axis=0, return_inverse=True)
        rows, where = person[0], person[1].ravel()
        weight = sums(where, self._weight, len(rows))
        means = np.stack([sums(where, self._weight * column, len(rows)) for column in self.cells.mean.T], -1) / weight[:, None]
        group = rows[:, 0] * G + rows[:, 1]
        n = sums(group, np.ones(len(rows)), I * G)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.stack([sums(group, column, I * G) for column in means.T], -1) / n[:, None]
            square = np.stack([sums(group, column, I * G) for column in ((means - mean[group]) ** 2).T], -1)
            noise = self.cells.within / self.cells.n  # 0 for a known distribution, NaN for a single answer
            alone = sums(where, noise * self._weight**2, len(rows)) / weight**2 / K
            variance = np.where((n > 1)[:, None], square / (n * (n - 1))[:, None], sums(group, alone, I * G)[:, None])
        mean, variance = mean.reshape(I, G, K), variance.reshape(I, G, K)
        centred = mean - mean.mean(1, keepdims=True)
        return centred, variance * (1 - 2 / G) + variance.mean(1, keepdims=True) / G

    @cached_property
    def within_groups(self) -> WithinGroups:
        """The disagreement of two people of one group on the same item and condition: per group, and per item."""
        shared = frozenset(self.cells.facets) - {"persona"}
        by_group, by_item = (self._pairs.within([facet])[shared] for facet in (GROUP, "item"))
        return WithinGroups(_padded(by_group, len(self.groups)), _padded(by_item, len(self.items)))

    @cached_property
    def noise(self) -> Floats:
        """The sampling variance (I,) of the disagreement of two people in single answers; NaN with fewer than four people on an item."""
        return spreads(self.cells.mean, self.cells.codes[:, 2], len(self.items)).variance

    @cached_property
    def by_item(self) -> ByItem:
        """The disagreement per item, of two people and of one person asked twice."""
        d = self._ungrouped.within(["item"])
        everything = frozenset(self._ungrouped.cells.facets)
        return ByItem(_padded(d[everything - {"persona"}], len(self.items)), _padded(d[everything], len(self.items)))


def _padded(values: Floats, size: int) -> Floats:
    """Return values with NaN for the empty levels at the end."""
    return np.concatenate([values, np.full(size - len(values), np.nan)])


def pair_up(panel: Responses, human: Responses, match: Mapping[str, str]) -> tuple[Side, Side]:
    """Return a panel and people on the same items, groups and labels; `match` pairs attributes of personas with those of respondents.

    Raises:
        DesignError: fewer than two items or no group are common, or the scales do not fit.
    """
    panel_groups, human_groups = _groups(panel, list(match)), _groups(human, list(match.values()))
    groups = sorted(set(panel_groups.values()) & set(human_groups.values()))
    if not groups:
        message = (
            f"No group of --match is in both tables: {panel.source} has {_some(panel_groups)}, {human.source} has {_some(human_groups)}. "
            "Write the values in the same way in both tables."
        )
        raise DesignError(message)
    asked = set(_answered(human, human_groups, groups))
    items = [name for name in _answered(panel, panel_groups, groups) if name in asked]
    if len(items) < 2:
        message = (
            f"{panel.source} and {human.source} have {len(items)} items in common, but two are needed. "
            f'Give the items the same ids. The first table has the id "{panel.items.names[0]}", the second "{human.items.names[0]}".'
        )
        raise DesignError(message)
    ensure(human.exact is None, f"{human.source} contains probabilities. Give one answer of one person in each row.")
    for side in (panel, human):
        if side.labelled is not None and side.cells.counts is None:
            many = len(side.labelled.labels)
            message = f"{side.source} has {many} different labels, too many to compare one by one. Use --scale text."
            raise DesignError(message)
    labels, positions = _labels(panel, human)
    return (_side(panel, items, panel_groups, groups, labels, positions), _side(human, items, human_groups, groups, labels, positions))


def _some(groups: Mapping[str, str]) -> str:
    return ", ".join(sorted(set(groups.values()))[:5])


def _groups(responses: Responses, attributes: Sequence[str]) -> dict[str, str]:
    """Return the group of each person, a combination of attributes; people who lack an attribute are left out."""
    values = [responses.attribute(name) for name in attributes]
    persons = [name for name in responses.personas.names if all(name in value for value in values)]
    return {name: " / ".join(value[name] for value in values) or "everyone" for name in persons}


def _answered(responses: Responses, groups: Mapping[str, str], common: Sequence[str]) -> list[str]:
    """Return the items that people of the common groups answered."""
    belongs = np.array([groups.get(name) in set(common) for name in responses.personas.names])
    codes = responses.cells.codes
    return [responses.items.names[item] for item in np.unique(codes[belongs[codes[:, 0]], 1])]


def _labels(panel: Responses, human: Responses) -> tuple[Sequence[str], Floats | None]:
    """Return the labels of both sides, and their positions on an ordinal scale."""
    mine, theirs = panel.labelled, human.labelled
    if mine is None or theirs is None:
        if panel.cells.mean.shape[1] != human.cells.mean.shape[1]:
            message = f"{panel.source} and {human.source} are on different scales. Give a scale that fits both with --scale."
            raise DesignError(message)
        return (), None
    joint = tuple(dict.fromkeys((*mine.labels, *theirs.labels)))
    if isinstance(mine, Nominal):
        return sorted(joint), None
    if set(theirs.labels) - set(mine.labels) or set(mine.labels) - set(theirs.labels):
        try:
            joint = tuple(sorted(joint, key=float))
        except ValueError as error:
            message = f"{panel.source} and {human.source} contain different answers. List all labels in order with --scale."
            raise DesignError(message) from error
    return joint, Ordinal(joint).positions()


def _side(
    responses: Responses,
    items: Sequence[str],
    groups: Mapping[str, str],
    common: Sequence[str],
    labels: Sequence[str],
    positions: Floats | None,
) -> Side:
    """Return one side, on the common items, groups and labels."""
    cells = responses.cells
    item = _renumbered(responses.items.names, items)[cells.codes[:, 1]]
    group = _renumbered([groups.get(name, "") for name in responses.personas.names], common)[cells.codes[:, 0]]
    lost = len(np.unique(cells.codes[group < 0, 0]))
    keep = (item >= 0) & (group >= 0)
    counts, mean = None, cells.mean[keep]
    if labels and cells.counts is not None and responses.labelled is not None:
        place = _renumbered(responses.labelled.labels, labels)
        counts = np.zeros((int(keep.sum()), len(labels)))
        counts[:, place] = cells.counts[keep]
        points = np.eye(len(labels)) if positions is None else positions[:, None]
        mean = counts / counts.sum(1, keepdims=True) @ points
    codes = np.column_stack([group[keep], cells.codes[keep, 0], item[keep], cells.codes[keep, 2:]]).astype(np.int64)
    kept = Cells((GROUP, "persona", "item", *cells.facets[2:]), codes, cells.n[keep], mean, cells.scatter[keep], counts)
    return Side(items, common, labels, positions, kept, lost)


def _renumbered(names: Sequence[str], order: Sequence[str]) -> Ints:
    """Return the place of each name in an order, −1 for names that are not in it."""
    place = {name: index for index, name in enumerate(order)}
    return np.array([place.get(name, -1) for name in names], np.int64)


def require_people(study: str, human: Responses | None) -> Responses:
    """Return people's answers; raises DesignError without them, for the study of this name."""
    if human is None:
        message = f"{study} needs people's answers. Give a table of these answers as `human`."
        raise DesignError(message)
    return human


def items_of_people(study: str, items: Sequence[Item], human: Responses | None) -> list[Item]:
    """Return the items that people answered.

    Raises:
        DesignError: human answers are missing, or people answered fewer than two of the items.
    """
    names = set(require_people(study, human).items.names)
    common = [item for item in items if item.id in names]
    if len(common) < 2:
        message = f"{study} needs two or more items that people answered, such as {min(names)}. Use the item ids of people's table."
        raise DesignError(message)
    return common
