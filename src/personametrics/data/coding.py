"""Answers as they stand in a table -> points on a scale, or why not."""

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
"""More different answers than this are taken for a wrong scale."""


@dataclass(frozen=True, eq=False)
class Coded:
    """Answers on a scale, worked out as they are asked for.

    Attributes:
        scale: with its labels, if it has labels.
        points: (L, K) where each label lies; None on a numeric scale.
        missing: (N,) the answer is null or one of the codes for missing.
        outside: {answer: rows} answers that the scale does not know.
        part: start, length -> (length,) label of some rows, −1 where there is none; on a numeric scale (length,) numbers, NaN where none.
        complete: every row holds an answer on the scale.
    """

    scale: Scale
    points: Floats | None
    missing: npt.NDArray[np.bool_]
    outside: dict[str, int]
    part: Callable[[int, int], Ints | Floats]
    complete: bool = False

    @cached_property
    def values(self) -> Ints | Floats:
        """(N,) label or number of each row."""
        return np.concatenate([self.part(start, BLOCK) for start in range(0, max(len(self.missing), 1), BLOCK)])

    @cached_property
    def answered(self) -> npt.NDArray[np.bool_]:
        """(N,) there is an answer on the scale."""
        if self.complete:
            return np.ones(len(self.missing), bool)
        return np.asarray(np.isfinite(self.values) if self.points is None else self.values >= 0)

    @property
    def width(self) -> int:
        """K, numbers per point."""
        return 1 if self.points is None else self.points.shape[1]

    def at(self, rows: npt.NDArray[np.bool_] | Ints) -> Floats:
        """(n, K) points of some answered rows."""
        values = self.values[rows]
        return np.asarray(values[:, None] if self.points is None else self.points[values.astype(np.int64)], dtype=np.float64)


def code(answers: pl.Series, scale: Scale, missing: Sequence[str] = ()) -> Coded:
    """Place answers on a scale.

    Args:
        answers: (N,) numbers or text, null where there is none.
        scale: how to read them.
        missing: answers that mean "none", such as "-1".

    Returns:
        Labels and points, what is missing and what lies outside.

    Raises:
        AnswerError: text on a numeric scale, words on an ordinal scale without labels, far too many labels, nothing on the scale.

    Examples:
        >>> found = code(pl.Series(["4", "-1", None, "2"]), Ordinal(), missing=["-1"])
        >>> found.scale, found.values.tolist()
        (Ordinal(labels=('2', '4')), [1, -1, -1, 0])
    """
    coded = _numbers(answers, scale, missing) if isinstance(scale, Numeric) else _labels(answers, scale, missing)
    if not coded.answered.any():
        found = ", ".join(f'"{answer}"' for answer in list(coded.outside)[:5])
        message = "The answer column holds no answer" + (
            f" on the scale: it holds {found}, name them with a fitting scale." if found else "."
        )
        raise AnswerError(message)
    return coded


def _numbers(answers: pl.Series, scale: Numeric, missing: Sequence[str]) -> Coded:
    """Answers on a numeric scale."""
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
            f'Answer {wrong[0] + 1} is "{values[wrong[0]]}", which is no number ({len(wrong)} such answers): '
            "name it with --missing if it marks a missing answer, or use --scale nominal or text."
        )
        raise AnswerError(message)
    found = numbers.to_numpy()
    gone = absent.to_numpy()
    beyond = ~gone & ((found < scale.low) | (found > scale.high))
    outside = {f"{value:g}": int((found[beyond] == value).sum()) for value in np.unique(found[beyond])[:100]}
    kept = np.where(gone | beyond, np.nan, found)
    return Coded(scale, None, gone, outside, lambda start, length: kept[start : start + length])


def _labels(answers: pl.Series, scale: Nominal | Ordinal | FreeText, missing: Sequence[str]) -> Coded:
    """Answers that are one of several labels, or texts: every decision is made once per distinct answer."""
    null = answers.is_null()
    if answers.dtype.is_float():
        null |= answers.is_nan().fill_null(value=False)
        if (answers.filter(~null) % 1 == 0).all():
            answers = answers.fill_nan(None).cast(pl.Int64)
    there = ~null.to_numpy()
    distinct = levels(answers if there.all() else answers.filter(pl.Series(there)))
    texts = [name if isinstance(scale, FreeText) else plain(name) for name in distinct.names]
    gone = {"", *(plain(text) for text in missing)}  # an empty cell is no answer, quoted or not
    scale = _with_labels(scale, [text for text in texts if plain(text) not in gone])
    known = sorted(set(texts) - gone) if isinstance(scale, FreeText) else scale.labels
    place = {label: at for at, label in enumerate(known)}
    lookup = np.array([-2 if plain(text) in gone else place.get(text, -1) for text in texts], np.int64)
    unknown = np.flatnonzero(lookup == -1)
    rows = np.bincount(distinct.codes, minlength=len(texts)) if len(unknown) else lookup
    outside = {texts[at]: int(rows[at]) for at in unknown}
    points = _embed(scale, known) if isinstance(scale, FreeText) else scale.points()
    if there.all() and lookup.min(initial=0) >= 0:
        return Coded(scale, points, ~there, outside, lambda start, length: lookup[distinct.part(start, length)], complete=True)
    labels = np.full(len(answers), -2)
    labels[there] = lookup[distinct.codes]
    kept = np.maximum(labels, -1)
    return Coded(scale, points, labels == -2, outside, lambda start, length: kept[start : start + length])


def _with_labels(scale: Nominal | Ordinal | FreeText, found: Sequence[str]) -> Nominal | Ordinal | FreeText:
    """Give a scale without labels those that occur."""
    if isinstance(scale, FreeText) or scale.labels:
        return scale
    labels = sorted(set(found))
    if isinstance(scale, Nominal):
        if len(labels) > MOST_NOMINAL:
            message = f"The answer column holds {len(labels)} different answers; use --scale text or numeric."
            raise AnswerError(message)
        return replace(scale, labels=tuple(labels))
    words = [label for label in labels if not _is_number(label)]
    if words:
        message = (
            f'"{words[0]}" is no number, so the order of the answers is unknown: name the labels in order with --scale "low|middle|high", '
            "use --scale nominal, or name codes for missing answers with --missing."
        )
        raise AnswerError(message)
    if len(labels) > MOST_ORDINAL:
        message = f"The answer column holds {len(labels)} different numbers; use --scale numeric."
        raise AnswerError(message)
    return replace(scale, labels=tuple(sorted(labels, key=float)))


def _embed(scale: FreeText, texts: Sequence[str]) -> Floats:
    """Points of texts, checked."""
    points = np.asarray(scale.embed(list(texts)), float)
    if points.ndim != 2 or len(points) != len(texts) or not np.isfinite(points).all():
        message = f"The embedding of {len(texts)} texts must be as many rows of finite numbers; it has the shape {points.shape}."
        raise AnswerError(message)
    return points


def plain(text: str) -> str:
    """An answer without white space around it; whole numbers without decimals, so that 4, 4.0 and " 4 " are one label.

    Examples:
        >>> plain(" 4.0 "), plain("Agree ")
        ('4', 'Agree')
    """
    text = text.strip()
    if _is_number(text) and float(text).is_integer() and abs(float(text)) < 2**53:
        return str(int(float(text)))
    return text


def _is_number(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
