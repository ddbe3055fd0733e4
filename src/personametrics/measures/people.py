"""Answers of a panel and of people, on the same items and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from personametrics.data.errors import DesignError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.stats.arrays import Floats, Ints, sums
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.components import signal
from personametrics.stats.variance.disagreement import Pairs, pairs
from personametrics.stats.variance.within_groups import spreads

GROUP = "group"

MOST = 10_000
"""Independent answers that a known distribution counts as, at most."""
MOST_PARTS = 12
"""People are left out in at most this many parts."""


class WithinGroups(NamedTuple):
    """Disagreement of two people of one group on one item: per group (G,), and per item (I,)."""

    by_group: Floats
    by_item: Floats


class ByItem(NamedTuple):
    """Disagreement per item (I,): of two people, and of one asked twice (NaN where nobody was)."""

    between: Floats
    rerun: Floats


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a comparison: a panel, or people.

    Attributes:
        items: the I common items.
        groups: the G common groups.
        labels: labels of both sides; empty for numbers and texts.
        positions: (L,) where labels lie on an ordinal scale.
        cells: facets group, persona, item and possibly condition; items and groups are numbered as above.
        lost: people who belong to none of the groups.
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
        """(C,) answers per cell; 1 for exact probabilities."""
        return np.asarray(np.where(np.isinf(self.cells.n), 1.0, self.cells.n))

    @property
    def people(self) -> int:
        """Number of personas or respondents."""
        return len(np.unique(self.cells.codes[:, 1]))

    @cached_property
    def answers(self) -> Floats:
        """(I,) answers per item."""
        return sums(self.cells.codes[:, 2], self._weight, len(self.items))

    @cached_property
    def counts(self) -> Floats:
        """(I, L) answers per item and label; L is 0 for numbers and texts."""
        if self.cells.counts is None:
            return np.zeros((len(self.items), 0))
        return np.stack([sums(self.cells.codes[:, 2], column, len(self.items)) for column in self.cells.counts.T], -1)

    def effective_counts(self) -> Ints:
        """(I, L) answers per label, as many as are independent: reruns of one persona count less, the steadier it is.

        r reruns of each of P people count as P · r / (1 + (r − 1) · signal), the design effect of Kish (1965) with the item's own signal;
        known distributions (r = ∞) as P / signal, at most `MOST`.
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
        """This side without each part of its people, every so many of each group; none where a group has not two people."""
        if (parts := min(self.smallest, MOST_PARTS)) < 2:
            return []
        person, first = np.unique(self.cells.codes[:, 1], return_index=True)
        group = self.cells.codes[first, 0]
        place = np.zeros(int(person.max()) + 1, np.int64)
        for one in np.unique(group):
            mine = person[group == one]
            place[mine] = np.arange(len(mine))
        part = place[self.cells.codes[:, 1]] % parts
        return [self._only(part != one) for one in range(parts)]

    def _only(self, keep: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> "Side":
        """Some of the cells."""
        c = self.cells
        counts = None if c.counts is None else c.counts[keep]
        return replace(self, cells=Cells(c.facets, c.codes[keep], c.n[keep], c.mean[keep], c.scatter[keep], counts))

    @property
    def smallest(self) -> int:
        """People in the smallest group."""
        people = np.unique(self.cells.codes[:, :2], axis=0)[:, 0]
        return int(np.bincount(people, minlength=len(self.groups)).min())

    @cached_property
    def deviations(self) -> tuple[Floats, Floats]:
        """Group means around the mean of groups, per item.

        Returns:
            (I, G, K) deviations and their sampling variances; NaN where a group did not answer an item. The variance of a mean comes from
            the spread of its people's own means; in a group of one person from that person's reruns.
        """
        I, G, K = len(self.items), len(self.groups), self.cells.mean.shape[1]
        person = np.unique(self.cells.codes[:, [2, 0, 1]], axis=0, return_inverse=True)
        rows, where = person[0], person[1].ravel()
        weight = sums(where, self._weight, len(rows))
        own = np.stack([sums(where, self._weight * column, len(rows)) for column in self.cells.mean.T], -1) / weight[:, None]
        group = rows[:, 0] * G + rows[:, 1]
        n = sums(group, np.ones(len(rows)), I * G)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.stack([sums(group, column, I * G) for column in own.T], -1) / n[:, None]
            square = np.stack([sums(group, column, I * G) for column in ((own - mean[group]) ** 2).T], -1)
            noise = self.cells.within / self.cells.n  # 0 where the distribution is known, NaN where one answer is all there is
            alone = sums(where, noise * self._weight**2, len(rows)) / weight**2 / K
            variance = np.where((n > 1)[:, None], square / (n * (n - 1))[:, None], sums(group, alone, I * G)[:, None])
        mean, variance = mean.reshape(I, G, K), variance.reshape(I, G, K)
        centred = mean - mean.mean(1, keepdims=True)
        return centred, variance * (1 - 2 / G) + variance.mean(1, keepdims=True) / G

    @cached_property
    def within_groups(self) -> WithinGroups:
        """Disagreement of two people of one group on the same item and condition: per group, and per item."""
        shared = frozenset(self.cells.facets) - {"persona"}
        found = self._pairs
        by_group, by_item = (found.within([facet])[shared] for facet in (GROUP, "item"))
        return WithinGroups(_padded(by_group, len(self.groups)), _padded(by_item, len(self.items)))

    @cached_property
    def noise(self) -> Floats:
        """(I,) sampling variance of the disagreement of two people, of single answers; NaN where fewer than four answered an item."""
        return spreads(self.cells.mean, self.cells.codes[:, 2], len(self.items)).variance

    @cached_property
    def by_item(self) -> ByItem:
        """Disagreement per item, of any two people and of one person asked twice."""
        d = self._ungrouped.within(["item"])
        everything = frozenset(self._ungrouped.cells.facets)
        return ByItem(_padded(d[everything - {"persona"}], len(self.items)), _padded(d[everything], len(self.items)))


def _padded(values: Floats, size: int) -> Floats:
    """Values with NaN for levels at the end that hold nothing."""
    return np.concatenate([values, np.full(size - len(values), np.nan)])


def pair_up(panel: Responses, human: Responses, match: Mapping[str, str]) -> tuple[Side, Side]:
    """Bring a panel and people on the same items, groups and labels.

    Args:
        panel: answers of personas.
        human: answers of people.
        match: {attribute of personas: attribute of respondents}.

    Returns:
        Both sides.

    Raises:
        DesignError: fewer than two common items, no common group, or scales that do not fit.
    """
    mine, theirs = _groups(panel, list(match)), _groups(human, list(match.values()))
    groups = sorted(set(mine.values()) & set(theirs.values()))
    if not groups:
        message = (
            f"No group is found on both sides of --match: {_some(mine)} in {panel.source}, {_some(theirs)} in {human.source}; "
            "values must be spelled alike."
        )
        raise DesignError(message)
    asked = _answered(human, theirs, groups)
    items = [name for name in _answered(panel, mine, groups) if name in set(asked)]
    if len(items) < 2:
        message = (
            f"{panel.source} and {human.source} have {len(items)} items in common, two are needed; "
            f'items are called like "{panel.items.names[0]}" there and "{human.items.names[0]}" here.'
        )
        raise DesignError(message)
    if human.exact is not None:
        message = f"{human.source} holds probabilities; people's answers must be answers, one a row."
        raise DesignError(message)
    for side in (panel, human):
        if side.labelled is not None and side.cells.counts is None:
            many = len(side.labelled.labels)
            message = f"{side.source} holds {many} different labels, too many to compare with people label by label; use --scale text."
            raise DesignError(message)
    labels, positions = _labels(panel, human)
    return (
        _side(panel, items, mine, groups, labels, positions),
        _side(human, items, theirs, groups, labels, positions),
    )


def _some(groups: Mapping[str, str]) -> str:
    return ", ".join(sorted(set(groups.values()))[:5])


def _groups(responses: Responses, attributes: Sequence[str]) -> dict[str, str]:
    """Group of each person: the combination of attributes; people without one of them have none."""
    values = [responses.attribute(name) for name in attributes]
    persons = [name for name in responses.personas.names if all(name in value for value in values)]
    return {name: " / ".join(value[name] for value in values) or "everyone" for name in persons}


def _answered(responses: Responses, groups: Mapping[str, str], common: Sequence[str]) -> list[str]:
    """Items that people of the common groups answered."""
    belongs = np.array([groups.get(name) in set(common) for name in responses.personas.names])
    codes = responses.cells.codes
    return [responses.items.names[item] for item in np.unique(codes[belongs[codes[:, 0]], 1])]


def _labels(panel: Responses, human: Responses) -> tuple[Sequence[str], Floats | None]:
    """Labels of both sides, and where they lie on an ordinal scale."""
    mine, theirs = panel.labelled, human.labelled
    if mine is None or theirs is None:
        if panel.cells.mean.shape[1] != human.cells.mean.shape[1]:
            message = f"{panel.source} and {human.source} are on different scales; name one scale that reads both."
            raise DesignError(message)
        return (), None
    joint = tuple(dict.fromkeys((*mine.labels, *theirs.labels)))
    if isinstance(mine, Nominal):
        return sorted(joint), None
    if set(theirs.labels) - set(mine.labels) or set(mine.labels) - set(theirs.labels):
        try:
            joint = tuple(sorted(joint, key=float))
        except ValueError as error:
            message = f"{panel.source} and {human.source} hold different answers; name all labels in order with --scale."
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
    """One side's cells, on the common items, groups and labels."""
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
    found = Cells((GROUP, "persona", "item", *cells.facets[2:]), codes, cells.n[keep], mean, cells.scatter[keep], counts)
    return Side(items, common, labels, positions, found, lost)


def _renumbered(names: Sequence[str], wanted: Sequence[str]) -> Ints:
    """Place of each name among the wanted ones, −1 for others."""
    place = {name: at for at, name in enumerate(wanted)}
    return np.array([place.get(name, -1) for name in names], np.int64)
