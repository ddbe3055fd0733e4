"""Estimates of a population's answers from the answers of a panel or of people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl

from personametrics.data.coding import plain as trimmed
from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, DesignError, ensure
from personametrics.data.finding import Rows
from personametrics.data.levels import levels
from personametrics.data.prompt import NOBODY
from personametrics.data.reading import column_names, scan
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, parse_scale
from personametrics.measures.answers import answers, score_answers
from personametrics.stats.arrays import Floats, Ints

WEIGHT = "weight"
"""The column, among the attributes or the further columns, with the weight of each person."""
SCORE = "mean"
"""The name of the only number of an item on an ordered scale."""
OVERLAP = 0.5
"""The smallest common share of the ranges of two ordered scales that count as the same."""


def read_people(table: object, columns: Columns, scale: str) -> Responses:
    """Return people's answers from a table, one in each row, with its column `weight`; `scale` is text for `parse_scale`.

    Raises:
        InputError: the table cannot be read, or holds no answer on the scale.
    """
    frame, name = scan(table)
    weighted = (WEIGHT,) if WEIGHT in column_names(frame, name) and WEIGHT not in columns.attributes else ()
    responses = Responses.read(table, replace(columns, more=weighted), parse_scale(scale))
    responses.cells  # noqa: B018 (a table without an answer on the scale is refused here, before a model is paid)
    return responses


@dataclass(frozen=True, eq=False)
class People:
    """The mean answers of people, simulated or real.

    Attributes:
        ids: ids of the P people.
        items: ids of the I items.
        parts: names of the K numbers of an item: its labels, or only "mean", a score from 0 to 1.
        values: (P, I, K) share of the label among a person's answers, or mean score; NaN without an answer.
        attributes: (P,) values of each attribute, by its name; "" for an unknown value.
        weights: (P,) weights of the people; None: equal weights, as in a simple random sample.
    """

    ids: Sequence[str]
    items: Sequence[str]
    parts: Sequence[str]
    values: Floats
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    weights: Floats | None = None

    @property
    def stand_for(self) -> Floats:
        """The weights (P,); all 1 without weights."""
        return np.ones(len(self.ids)) if self.weights is None else self.weights

    @property
    def asked(self) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
        """True (P, I) where a person answered an item."""
        return np.asarray(np.isfinite(self.values[..., 0]))

    def select(self, places: Sequence[int] | Ints) -> "People":
        """Return some of the people, by their places."""
        kept = np.asarray(places, np.int64)
        attributes = {name: [column[place] for place in kept] for name, column in self.attributes.items()}
        weights = None if self.weights is None else self.weights[kept]
        return replace(self, ids=[self.ids[place] for place in kept], values=self.values[kept], attributes=attributes, weights=weights)

    def on_items(self, items: Sequence[str]) -> "People":
        """Return the people with their answers to some items, in the order given."""
        place = {name: index for index, name in enumerate(self.items)}
        return replace(self, items=list(items), values=self.values[:, [place[name] for name in items]])


class Numbers(NamedTuple):
    """The estimates of a population's means (I, K), their sampling variances (I, K), and the degrees of freedom of the variances."""

    value: Floats
    variance: Floats
    freedom: Floats | float = np.inf


class Estimator(Protocol):
    """An estimator of a population's means from a panel's answers."""

    def numbers(self, panel: People) -> Numbers:
        """Return the estimates (I, K) for the panel's items; raises DesignError if the data do not identify them."""

    def evidence(self, panel: People) -> Mapping[str, Rows]:
        """Return tables on the data behind the estimates, by name: the people used, and their effective number."""


def sample_means(people: People) -> Numbers:
    """Return weighted means over people, as if they were a sample of the population; NaN for an item without answers.

    The variance of a weighted mean is the variance between people times Σp², where p are the weights that sum to 1; that is 1/P times the
    design effect of Kish (1965). Its degrees of freedom are the effective number of people, 1 / Σp², minus 1; it is NaN for one person.

    Examples:
        >>> numbers = sample_means(People(["a", "b"], ["q"], ["mean"], np.array([[[0.0]], [[1.0]]])))
        >>> float(numbers.value[0, 0]), float(numbers.variance[0, 0])
        (0.5, 0.25)
    """
    share = np.where(people.asked, people.stand_for[:, None], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (share / share.sum(0))[..., None]
        values = np.nan_to_num(people.values)
        value = (share * values).sum(0)
        squares = (share**2).sum(0)
        between = (share * (values - value) ** 2).sum(0) / (1 - squares)
        return Numbers(value, np.where(squares < 1, between * squares, np.nan), 1 / squares - 1)


def people(responses: Responses, attributes: Sequence[str] = (), labels: Sequence[str] = ()) -> People:
    """Return the mean answers of each person, in the order of their names, without people who answered nothing.

    Args:
        responses: drawn answers, or label probabilities; on a nominal scale they become shares of labels, on others scores from 0 to 1.
        attributes: columns to keep as attributes of the people.
        labels: labels of a nominal scale, in the order of the result; by default those of the scale.

    Raises:
        ColumnError: an attribute does not exist.
        DesignError: an ordered scale has no two ends, or an attribute or weight varies within a person.
        AnswerError: the table holds no answer, or a weight is not a positive number.
    """
    rows = answers(responses).filter(pl.col("persona") != NOBODY)
    ensure(not rows.is_empty(), f"{responses.source} has no answer of a person. Check the columns of personas and answers.", AnswerError)
    if _nominal(responses):
        parts = list(labels or _labels(responses))
        label = rows["answer"].map_elements(trimmed, pl.String).replace_strict({name: index for index, name in enumerate(parts)})
        points = np.eye(len(parts))[label.to_numpy()]
    else:
        parts, points = [SCORE], score_answers(responses, rows)["score"].to_numpy()[:, None]
    persons, items = levels(rows["persona"]), levels(rows["item"])
    cell, size = persons.codes * len(items.names) + items.codes, len(persons.names) * len(items.names)
    weight = rows["weight"].to_numpy()
    total = np.bincount(cell, weight, size)
    with np.errstate(invalid="ignore"):
        values = np.stack([np.bincount(cell, weight * column, size) for column in points.T], -1) / total[:, None]
    kept = {name: responses.attribute(name) for name in attributes}
    return People(
        persons.names,
        items.names,
        parts,
        values.reshape(len(persons.names), len(items.names), len(parts)),
        {name: [column.get(person, "") for person in persons.names] for name, column in kept.items()},
        _weights(responses, persons.names),
    )


def panel_and_people(
    panel: Responses, human: Responses, attributes: Sequence[str] = (), of_people: Sequence[str] = ()
) -> tuple[People, People]:
    """Return a panel and people on the items that both answered, with the same parts.

    Labels are joined if one of the scales is nominal; numbers and ordered labels are scored between the outermost ends of both scales.
    `attributes` and `of_people` are columns to keep as attributes of the personas and of the people.

    Raises:
        DesignError: no item or label is common to both, the scales do not fit, or `people` raises it.
        ColumnError, AnswerError: raised by `people`.
    """
    sides = ((panel, attributes), (human, of_people))
    if _nominal(panel) or _nominal(human):
        labels = [_labels(side) for side, _ in sides]
        if not set(labels[0]) & set(labels[1]):
            listed = [", ".join(names[:6]) or "numbers" for names in labels]
            message = f"{panel.source} has the answers {listed[0]}, but {human.source} has {listed[1]}. Use the same labels in both."
            raise DesignError(message)
        joint = list(dict.fromkeys([*labels[0], *labels[1]]))
        simulated, real = (people(replace(side, scale=Nominal(_labels(side))), kept, joint) for side, kept in sides)
    else:
        simulated, real = (people(side, kept) for side, kept in sides)
        simulated, real = _stretched((simulated, real), (_ends(panel), _ends(human)), f"{panel.source} and {human.source}")
    common = [name for name in simulated.items if name in set(real.items)]
    if not common:
        message = (
            f"{panel.source} and {human.source} have no item in common. Give the items the same ids. "
            f'The first table has the id "{simulated.items[0]}", the second "{real.items[0]}".'
        )
        raise DesignError(message)
    return simulated.on_items(common), real.on_items(common)


def _nominal(responses: Responses) -> bool:
    """Return True if answers are labels without order."""
    return isinstance(responses.labelled, Nominal)


def _labels(responses: Responses) -> tuple[str, ...]:
    """Return the labels of the scale; none for numbers and texts."""
    return tuple(trimmed(label) for label in responses.labelled.labels) if responses.labelled else ()


class _Ends(NamedTuple):
    """The two ends of an ordered scale, and its labels if these are words."""

    low: float
    high: float
    words: tuple[str, ...] = ()


def _ends(responses: Responses) -> _Ends:
    """Return the ends of the scale on which answers were scored."""
    scale = responses.scale if isinstance(responses.scale, Numeric) else responses.labelled
    if not isinstance(scale, Ordinal):
        return _Ends(scale.low, scale.high) if isinstance(scale, Numeric) else _Ends(0.0, 1.0)
    places, labels = scale.positions(), _labels(responses)
    words = () if labels == tuple(trimmed(f"{place}") for place in places) else labels
    return _Ends(float(places.min()), float(places.max()), words)


def _stretched(sides: tuple[People, People], ends: tuple[_Ends, _Ends], where: str) -> tuple[People, People]:
    """Return the scores of both sides between the outermost ends; raises DesignError if the scales differ."""
    low, high = min(end.low for end in ends), max(end.high for end in ends)
    shared = min(end.high for end in ends) - max(end.low for end in ends)
    if ends[0].words != ends[1].words or shared < OVERLAP * (high - low):
        message = f"{where} are on different scales. Name one scale that fits the answers of both tables, such as 1|2|3|4|5."
        raise DesignError(message)
    panel, human = (
        replace(side, values=(side.values * (end.high - end.low) + end.low - low) / (high - low))
        for side, end in zip(sides, ends, strict=True)
    )
    return panel, human


def _weights(responses: Responses, names: Sequence[str]) -> Floats | None:
    """Return the weights of people, None without a column of weights; raises AnswerError if one is not a positive number."""
    if WEIGHT not in (*responses.columns.attributes, *responses.columns.more):
        return None
    stated = responses.attribute(WEIGHT)
    weights = pl.Series([stated.get(name) for name in names], dtype=pl.String).cast(pl.Float64, strict=False).to_numpy()
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights > 0)))
    if len(wrong):
        name = names[wrong[0]]
        message = f'{responses.source}: "{name}" has the {WEIGHT} "{stated.get(name, "")}". Give every person a positive number.'
        raise AnswerError(message)
    return weights
