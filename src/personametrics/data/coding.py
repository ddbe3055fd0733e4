"""The reading of a column of answers as points on a scale."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.data.levels import levels
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, Scale
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.variance.cells import BLOCK

MOST_ORDINAL, MOST_NOMINAL = 50, 1000
"""Limits of the number of different answers; with more, the scale is assumed to be wrong."""


@dataclass(frozen=True, eq=False)
class Coded:
    """Answers on a scale, computed when needed.

    Attributes:
        scale: the scale, with its labels if it has labels.
        points: (L, K) points of the labels; None on a numeric scale.
        missing: (N,) True where the answer is null or a code for a missing answer.
        outside: {answer: number of rows} for answers that are not on the scale.
        part: function from a start and a length to the labels of these rows (length,), −1 without a label; on a numeric scale to their
            numbers (length,), NaN without a number.
        complete: True if every row holds an answer on the scale.
    """

    scale: Scale
    points: Floats | None
    missing: npt.NDArray[np.bool_]
    outside: dict[str, int]
    part: Callable[[int, int], Ints | Floats]
    complete: bool = False

    @cached_property
    def values(self) -> Ints | Floats:
        """The label or number of each row (N,)."""
        return np.concatenate([self.part(start, BLOCK) for start in range(0, max(len(self.missing), 1), BLOCK)])

    @cached_property
    def answered(self) -> npt.NDArray[np.bool_]:
        """True (N,) where the row holds an answer on the scale."""
        if self.complete:
            return np.ones(len(self.missing), bool)
        return np.asarray(np.isfinite(self.values) if self.points is None else self.values >= 0)

    def keep(self, rows: npt.NDArray[np.bool_]) -> "Coded":
        """Return the answers of some rows (N,), every one of which is on a scale with the same labels."""
        values = self.values[rows]
        return replace(self, missing=self.missing[rows], part=lambda start, length: values[start : start + length])

    @property
    def width(self) -> int:
        """K, the number of coordinates of a point."""
        return 1 if self.points is None else self.points.shape[1]

    def at(self, rows: npt.NDArray[np.bool_] | Ints) -> Floats:
        """Return the points (n, K) of some answered rows."""
        values = self.values[rows]
        return np.asarray(values[:, None] if self.points is None else self.points[values.astype(np.int64)], dtype=np.float64)


def code(answers: pl.Series, scale: Scale, missing: Sequence[str] = ()) -> Coded:
    """Place answers on a scale.

    Args:
        answers: (N,) numbers or text; null for a missing answer.
        scale: the scale that reads them.
        missing: answers that mean "missing", such as "-1".

    Raises:
        AnswerError: a numeric scale meets text, an ordinal scale without labels meets words, there are far too many labels, or no answer
            is on the scale.

    Examples:
        >>> coded = code(pl.Series(["4", "-1", None, "2"]), Ordinal(), missing=["-1"])
        >>> coded.scale, coded.values.tolist()
        (Ordinal(labels=('2', '4')), [1, -1, -1, 0])
    """
    coded = _numbers(answers, scale, missing) if isinstance(scale, Numeric) else _labels(answers, scale, missing)
    if not coded.answered.any():
        outside = ", ".join(f'"{answer}"' for answer in list(coded.outside)[:5])
        message = (
            f"No answer is on the scale. The column contains {outside}. Choose another scale with --scale."
            if outside
            else "No row has an answer. Check the column of answers."
        )
        raise AnswerError(message)
    return coded


def _numbers(answers: pl.Series, scale: Numeric, missing: Sequence[str]) -> Coded:
    """Return answers on a numeric scale."""
    if answers.dtype == pl.Float64 and not missing and scale == Numeric() and not answers.null_count() and answers.is_finite().all():
        nothing = np.zeros(len(answers), bool)
        return Coded(scale, None, nothing, {}, lambda start, length: answers.slice(start, length).to_numpy(), complete=True)
    values = answers.cast(pl.String) if not answers.dtype.is_numeric() else answers
    numbers = (values.str.strip_chars() if values.dtype == pl.String else values).cast(pl.Float64, strict=False)
    codes = {float(text) for text in missing if _is_number(text)}
    absent = answers.is_null() | numbers.is_nan().fill_null(value=False) | numbers.is_in(list(codes)).fill_null(value=False)
    if values.dtype == pl.String:
        absent |= values.str.strip_chars().is_in(["", *missing]).fill_null(value=False)
    wrong = (numbers.is_null() & ~absent).arg_true()
    if len(wrong):
        message = (
            f'Answer {wrong[0] + 1} is "{values[wrong[0]]}", which is not a number ({len(wrong)} such answers). '
            "If it marks a missing answer, give it with --missing; otherwise use --scale nominal or --scale text."
        )
        raise AnswerError(message)
    given, gone = numbers.to_numpy(), absent.to_numpy()
    beyond = ~gone & ((given < scale.low) | (given > scale.high))
    outside = {f"{value:g}": int((given[beyond] == value).sum()) for value in np.unique(given[beyond])[:100]}
    kept = np.where(gone | beyond, np.nan, given)
    return Coded(scale, None, gone, outside, lambda start, length: kept[start : start + length])


def _labels(answers: pl.Series, scale: Nominal | Ordinal | FreeText, missing: Sequence[str]) -> Coded:
    """Return answers that are labels or texts; every decision is made once for each distinct answer."""
    null = answers.is_null()
    if answers.dtype.is_float():
        null |= answers.is_nan().fill_null(value=False)
        if (answers.filter(~null) % 1 == 0).all():
            answers = answers.fill_nan(None).cast(pl.Int64)
    present = ~null.to_numpy()
    distinct = levels(answers if present.all() else answers.filter(pl.Series(present)))
    texts = [name if isinstance(scale, FreeText) else plain(name) for name in distinct.names]
    gone = {"", *(plain(text) for text in missing)}  # an empty cell is not an answer, quoted or not
    scale = _with_labels(scale, [text for text in texts if plain(text) not in gone])
    valid = sorted(set(texts) - gone) if isinstance(scale, FreeText) else scale.labels
    place = {label: index for index, label in enumerate(valid)}
    lookup = np.array([-2 if plain(text) in gone else place.get(text, -1) for text in texts], np.int64)
    unknown = np.flatnonzero(lookup == -1)
    rows = np.bincount(distinct.codes, minlength=len(texts)) if len(unknown) else lookup
    outside = {texts[index]: int(rows[index]) for index in unknown}
    points = _embed(scale, valid) if isinstance(scale, FreeText) else scale.points()
    if present.all() and lookup.min(initial=0) >= 0:
        return Coded(scale, points, ~present, outside, lambda start, length: lookup[distinct.part(start, length)], complete=True)
    labels = np.full(len(answers), -2)
    labels[present] = lookup[distinct.codes]
    kept = np.maximum(labels, -1)
    return Coded(scale, points, labels == -2, outside, lambda start, length: kept[start : start + length])


def _with_labels(scale: Nominal | Ordinal | FreeText, answers: Sequence[str]) -> Nominal | Ordinal | FreeText:
    """Return the scale; if it has no labels, with the answers as labels."""
    if isinstance(scale, FreeText) or scale.labels:
        return scale
    labels = sorted(set(answers))
    if isinstance(scale, Nominal):
        if len(labels) > MOST_NOMINAL:
            message = f"The answer column has {len(labels)} different answers, too many for labels. Use --scale text or --scale numeric."
            raise AnswerError(message)
        return replace(scale, labels=tuple(labels))
    words = [label for label in labels if not _is_number(label)]
    if words:
        message = (
            f'The answer "{words[0]}" is not a number, so the order of the answers is unknown. Use --scale nominal, or list the labels in '
            'order, as in --scale "low|middle|high". Give codes for missing answers with --missing.'
        )
        raise AnswerError(message)
    if len(labels) > MOST_ORDINAL:
        message = f"The answer column has {len(labels)} different numbers, too many for labels. Use --scale numeric."
        raise AnswerError(message)
    return replace(scale, labels=tuple(sorted(labels, key=float)))


def _embed(scale: FreeText, texts: Sequence[str]) -> Floats:
    """Return the points of texts, checked."""
    points = np.asarray(scale.embed(list(texts)), float)
    if points.ndim != 2 or len(points) != len(texts) or not np.isfinite(points).all():
        message = f"The embedding of {len(texts)} texts must have one row of finite numbers for each text, not the shape {points.shape}."
        raise AnswerError(message)
    return points


def plain(text: str) -> str:
    """Return an answer without white space around it, and a whole number without decimals, so that 4, 4.0 and " 4 " are one label.

    Examples:
        >>> plain(" 4.0 "), plain("Agree ")
        ('4', 'Agree')
    """
    text = text.strip()
    if _is_number(text) and float(text).is_integer() and abs(float(text)) < 2**53:
        return str(int(float(text)))
    return text


def _is_number(text: str) -> bool:
    """Return True if a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
