"""Numbers about people: how a panel's answers become an estimate of what a population would answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

import numpy as np
import polars as pl

from personametrics.data.coding import plain as trimmed
from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.finding import Rows
from personametrics.data.levels import levels
from personametrics.data.prompt import NOBODY
from personametrics.data.reading import column_names, scan
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric, Ordinal, parse_scale
from personametrics.measures.answers import answers
from personametrics.measures.scores import scored
from personametrics.stats.arrays import Floats, Ints

WEIGHT = "weight"
"""A column of this name, among the attributes or the further columns, says what each person stands for."""
SCORE = "mean"
"""The only number of an item on an ordered scale."""
OVERLAP = 0.5
"""Two ordered scales that have less than this share of their range in common are not the same one."""


def read_people(table: object, columns: Columns, scale: str) -> Responses:
    """People's answers from a table; its column `weight` is taken too.

    Args:
        table: a path or a frame, one answer a row.
        columns: which column holds what.
        scale: how the answers are read, as in `parse_scale`.

    Raises:
        InputError: it cannot be read, or holds no answer on the scale.
    """
    frame, name = scan(table)
    weighted = (WEIGHT,) if WEIGHT in column_names(frame, name) and WEIGHT not in columns.attributes else ()
    found = Responses.read(table, replace(columns, more=weighted), parse_scale(scale))
    found.cells  # noqa: B018 (answers of which none is on the scale are refused here, before a model is paid)
    return found


@dataclass(frozen=True, eq=False)
class People:
    """Mean answers of people, simulated or real.

    Attributes:
        ids: the P of them.
        items: what was asked, I of them.
        parts: names of the K numbers of an item: one label each, or only "mean", a score from 0 to 1.
        values: (P, I, K) share of the label among somebody's answers, or mean score; NaN where nobody answered.
        attributes: of each person, by name; "" where it is unknown.
        weights: (P,) what each stands for; None: the same each, as in a simple random sample.
    """

    ids: Sequence[str]
    items: Sequence[str]
    parts: Sequence[str]
    values: Floats
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    weights: Floats | None = None

    @property
    def stand_for(self) -> Floats:
        """(P,) the weights; 1 each where there are none."""
        return np.ones(len(self.ids)) if self.weights is None else self.weights

    @property
    def asked(self) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
        """(P, I) who answered what."""
        return np.asarray(np.isfinite(self.values[..., 0]))

    def those(self, at: Sequence[int] | Ints) -> "People":
        """Some of them, by place."""
        kept = np.asarray(at, np.int64)
        attributes = {name: [column[one] for one in kept] for name, column in self.attributes.items()}
        weights = None if self.weights is None else self.weights[kept]
        return replace(self, ids=[self.ids[one] for one in kept], values=self.values[kept], attributes=attributes, weights=weights)

    def on(self, items: Sequence[str]) -> "People":
        """Their answers to some items, in this order."""
        place = {name: at for at, name in enumerate(self.items)}
        return replace(self, items=list(items), values=self.values[:, [place[name] for name in items]])


class Numbers(NamedTuple):
    """Estimates of a population's means (I, K) with their sampling variances (I, K), and the degrees of freedom of these."""

    value: Floats
    variance: Floats
    freedom: Floats | float = np.inf


class Estimator(Protocol):
    """From a panel's answers to numbers about people."""

    def numbers(self, panel: People) -> Numbers:
        """(I, K) of the panel's items.

        Raises:
            DesignError: nothing identifies them.
        """

    def evidence(self, panel: People) -> Mapping[str, Rows]:
        """Tables that say how they came about, by name: how many people were used, what they are worth."""


def plain(people: People) -> Numbers:
    """Means over people, as if they were a sample of those whom they stand for.

    The variance of a weighted mean is that between people times Σp², p the weights that sum to 1: 1/P, times Kish's (1965) design effect.
    Its degrees of freedom are the effective number of people, 1 / Σp², minus 1.

    Returns:
        NaN where nobody answered; a variance of NaN where one person did.

    Examples:
        >>> found = plain(People(["a", "b"], ["q"], ["mean"], np.array([[[0.0]], [[1.0]]])))
        >>> float(found.value[0, 0]), float(found.variance[0, 0])
        (0.5, 0.25)
    """
    share = np.where(people.asked, people.stand_for[:, None], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (share / share.sum(0))[..., None]
        known = np.nan_to_num(people.values)
        value = (share * known).sum(0)
        squares = (share**2).sum(0)
        between = (share * (known - value) ** 2).sum(0) / (1 - squares)
        return Numbers(value, np.where(squares < 1, between * squares, np.nan), 1 / squares - 1)


def people(responses: Responses, attributes: Sequence[str] = (), labels: Sequence[str] = ()) -> People:
    """Everybody's mean answers.

    Args:
        responses: answers drawn or label probabilities; on a nominal scale they become shares of labels, on others scores from 0 to 1.
        attributes: columns that are kept of each person.
        labels: of a nominal scale, in the order wanted; by default those of the scale.

    Returns:
        People in the order of their names; those who answered nothing are left out, and so are answers without a persona.

    Raises:
        ColumnError: there is no such attribute.
        DesignError: an ordered scale without two ends; an attribute or weight that varies within a person.
        AnswerError: nobody answered, or a weight is no positive number.
    """
    rows = answers(responses).filter(pl.col("persona") != NOBODY)
    if rows.is_empty():
        message = f"{responses.source} holds no answer of anybody."
        raise AnswerError(message)
    if _nominal(responses):
        parts = list(labels or _labels(responses))
        said = rows["answer"].map_elements(trimmed, pl.String).replace_strict({name: at for at, name in enumerate(parts)})
        points = np.eye(len(parts))[said.to_numpy()]
    else:
        parts, points = [SCORE], scored(responses, rows)["score"].to_numpy()[:, None]
    who, what = levels(rows["persona"]), levels(rows["item"])
    cell, size = who.codes * len(what.names) + what.codes, len(who.names) * len(what.names)
    weight = rows["weight"].to_numpy()
    total = np.bincount(cell, weight, size)
    with np.errstate(invalid="ignore"):
        values = np.stack([np.bincount(cell, weight * column, size) for column in points.T], -1) / total[:, None]
    told = {name: responses.attribute(name) for name in attributes}
    return People(
        who.names,
        what.names,
        parts,
        values.reshape(len(who.names), len(what.names), len(parts)),
        {name: [column.get(one, "") for one in who.names] for name, column in told.items()},
        _weights(responses, who.names),
    )


def both(panel: Responses, human: Responses, attributes: Sequence[str] = (), of_people: Sequence[str] = ()) -> tuple[People, People]:
    """A panel and people on the items that both answered, with the same parts.

    Labels are joined where either scale is nominal; numbers and ordered labels are scored between the outermost ends of both.

    Args:
        panel: answers of personas.
        human: answers of people; their persona is the respondent.
        attributes: columns that are kept of each persona.
        of_people: columns that are kept of each of the people.

    Raises:
        DesignError: no item or label in common, or scales that do not fit; or as `people`.
        ColumnError: as `people`.
        AnswerError: as `people`.
    """
    sides = ((panel, attributes), (human, of_people))
    if _nominal(panel) or _nominal(human):
        known = [_labels(side) for side, _ in sides]
        if not set(known[0]) & set(known[1]):
            told = [", ".join(labels[:6]) or "numbers" for labels in known]
            message = f"{panel.source} answers {told[0]} and {human.source} {told[1]}: label both alike."
            raise DesignError(message)
        joint = list(dict.fromkeys([*known[0], *known[1]]))
        mine, theirs = (people(replace(side, scale=Nominal(_labels(side))), kept, joint) for side, kept in sides)
    else:
        mine, theirs = (people(side, kept) for side, kept in sides)
        mine, theirs = _stretched((mine, theirs), (_ends(panel), _ends(human)), f"{panel.source} and {human.source}")
    common = [name for name in mine.items if name in set(theirs.items)]
    if not common:
        message = (
            f"{panel.source} and {human.source} have no item in common; items are called like "
            f'"{mine.items[0]}" there and "{theirs.items[0]}" here: give them the same ids.'
        )
        raise DesignError(message)
    return mine.on(common), theirs.on(common)


def _nominal(responses: Responses) -> bool:
    """Whether answers are labels without order."""
    return isinstance(responses.labelled, Nominal)


def _labels(responses: Responses) -> tuple[str, ...]:
    """Labels of a scale; none of numbers and texts."""
    return tuple(trimmed(label) for label in responses.labelled.labels) if responses.labelled else ()


class _Ends(NamedTuple):
    """Both ends of an ordered scale, and its labels if these are words."""

    low: float
    high: float
    words: tuple[str, ...] = ()


def _ends(responses: Responses) -> _Ends:
    """Of a scale on which answers were scored."""
    scale = responses.scale if isinstance(responses.scale, Numeric) else responses.labelled
    if not isinstance(scale, Ordinal):
        return _Ends(scale.low, scale.high) if isinstance(scale, Numeric) else _Ends(0.0, 1.0)
    places, labels = scale.positions(), _labels(responses)
    words = () if labels == tuple(trimmed(f"{place}") for place in places) else labels
    return _Ends(float(places.min()), float(places.max()), words)


def _stretched(sides: tuple[People, People], ends: tuple[_Ends, _Ends], where: str) -> tuple[People, People]:
    """Scores of both sides between the outermost ends.

    Raises:
        DesignError: the scales are not the same one.
    """
    low, high = min(one.low for one in ends), max(one.high for one in ends)
    shared = min(one.high for one in ends) - max(one.low for one in ends)
    if ends[0].words != ends[1].words or shared < OVERLAP * (high - low):
        message = f"{where} are on different scales; name one scale that reads both, such as 1|2|3|4|5."
        raise DesignError(message)
    mine, theirs = (
        replace(side, values=(side.values * (own.high - own.low) + own.low - low) / (high - low))
        for side, own in zip(sides, ends, strict=True)
    )
    return mine, theirs


def _weights(responses: Responses, names: Sequence[str]) -> Floats | None:
    """What each stands for, where a column says it.

    Raises:
        AnswerError: one is no positive number.
    """
    if WEIGHT not in (*responses.columns.attributes, *responses.columns.more):
        return None
    told = responses.attribute(WEIGHT)
    found = pl.Series([told.get(name) for name in names], dtype=pl.String).cast(pl.Float64, strict=False).to_numpy()
    wrong = np.flatnonzero(~(np.isfinite(found) & (found > 0)))
    if len(wrong):
        name = names[wrong[0]]
        message = (
            f'{responses.source}: "{name}" has the {WEIGHT} "{told.get(name, "")}"; give everybody a positive number, or rename the column.'
        )
        raise AnswerError(message)
    return found
