"""The four scales, which read answers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from personametrics.data.errors import AnswerError
from personametrics.stats.arrays import Floats


@dataclass(frozen=True)
class Nominal:
    """A scale of labels without order, by default those that occur; two answers agree or they do not."""

    labels: tuple[str, ...] = ()

    def points(self) -> Floats:
        """Return the points (L, L) of the labels, each a corner: half the squared distance of two answers is 1 if they differ."""
        return np.eye(len(self.labels))


@dataclass(frozen=True)
class Ordinal:
    """A scale of ordered labels: numbers lie at their value, words at 0, 1, 2 and so on; by default the answers that occur, all numbers."""

    labels: tuple[str, ...] = ()

    def positions(self) -> Floats:
        """Return the positions of the labels (L,), in scale units."""
        try:
            return np.array([float(label) for label in self.labels])
        except ValueError:
            return np.arange(len(self.labels), dtype=float)

    def points(self) -> Floats:
        """Return the positions as points (L, 1)."""
        return self.positions()[:, None]


@dataclass(frozen=True)
class Numeric:
    """A scale of numbers from `low` to `high`."""

    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class FreeText:
    """A scale of free texts, compared by `embed`: a function from N texts to finite points (N, K), always the same for the same text."""

    embed: Callable[[Sequence[str]], Floats]


Scale = Nominal | Ordinal | Numeric | FreeText


def parse_scale(text: str) -> Scale:
    """Read a scale from a word or from its labels, which are empty if the text names none.

    Args:
        text: `nominal`, `ordinal`, `numeric` or `text`; `1|2|3` (ordered labels), `nominal:yes|no` (labels without order), `0..10`.

    Raises:
        AnswerError: the text does not name a scale, or names a label twice.

    Examples:
        >>> parse_scale("disagree|neutral|agree")
        Ordinal(labels=('disagree', 'neutral', 'agree'))
        >>> parse_scale("0..10")
        Numeric(low=0.0, high=10.0)
    """
    kind, _, labels = text.strip().rpartition(":")
    number = r"-?\d+(?:\.\d+)?"
    if between := re.fullmatch(rf"({number})\.\.({number})", labels):
        low, high = float(between[1]), float(between[2])
        if kind in {"", "numeric"} and low < high:
            return Numeric(low, high)
    if "|" in labels and kind in {"", "ordinal", "nominal"}:
        names = tuple(label.strip() for label in labels.split("|"))
        if len(set(names)) == len(names) and all(names):
            return Nominal(names) if kind == "nominal" else Ordinal(names)
    if not kind and labels in PLAIN:
        return PLAIN[labels]
    message = (
        f'"{text}" is not a scale. Write ordinal, nominal, numeric or text, or list the answers, as in 1|2|3|4|5, nominal:yes|no or 0..10.'
    )
    raise AnswerError(message)


def spell_scale(scale: Scale) -> str:
    """Return a scale as text, as `parse_scale` reads it.

    Examples:
        >>> spell_scale(Numeric(0, 10)), spell_scale(Nominal(("no", "yes"))), spell_scale(Ordinal(("1", "2")))
        ('0..10', 'nominal:no|yes', '1|2')
        >>> spell_scale(Numeric(0, 2_500_000)), spell_scale(Numeric())
        ('0..2500000', 'numeric')
    """
    if isinstance(scale, FreeText):
        return "text"
    if isinstance(scale, Numeric):
        return "numeric" if scale == Numeric() else f"{spell_number(scale.low)}..{spell_number(scale.high)}"
    return ("nominal:" if isinstance(scale, Nominal) else "") + "|".join(scale.labels)


def spell_number(value: float) -> str:
    """Return a number with all of its digits.

    Examples:
        >>> spell_number(2_500_000.0), spell_number(0.1)
        ('2500000', '0.1')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def character_ngrams(texts: Sequence[str], size: int = 3, width: int = 512) -> Floats:
    """Return points (N, K) of texts: counts of their character n-grams, hashed into K = `width` columns and scaled to length 1.

    The points compare wording, not meaning; to compare meaning, give `FreeText` the function of an embedding model. An empty text lies at
    0.

    Examples:
        >>> points = character_ngrams(["Yes, always.", "yes, always", "Never"])
        >>> float(points[0] @ points[1]) > 0.9 > 0.5 > float(points[0] @ points[2])
        True
    """
    points = np.zeros((len(texts), width))
    for row, text in zip(points, texts, strict=True):
        words = " ".join(re.findall(r"\w+", text.casefold()))
        padded = f"  {words} " if words else ""
        for start in range(len(padded) - size + 1):
            row[_fnv(padded[start : start + size]) % width] += 1
    length = np.linalg.norm(points, axis=1, keepdims=True)
    return points / np.where(length > 0, length, 1.0)


def _fnv(text: str) -> int:
    """Return the FNV-1a hash of a text, which is the same on every machine and in every process."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


PLAIN: dict[str, Scale] = {"nominal": Nominal(), "ordinal": Ordinal(), "numeric": Numeric(), "text": FreeText(character_ngrams)}
"""The scales that a single word names."""
