"""Comparisons of texts by their wording."""

import re
from collections.abc import Sequence

import numpy as np

from personametrics.data.scale import character_ngrams
from personametrics.remedies.adapt.interactions import Interaction
from personametrics.stats.arrays import Floats
from personametrics.stats.people.clustering import silhouette

GRAM = 4
"""Number of consecutive words in a quotation."""


def distances(texts: Sequence[str]) -> Floats:
    """Return one minus the cosine (N, N) of all pairs of texts by character n-grams: 0 for the same wording, 1 for nothing in common."""
    points = character_ngrams(texts)
    apart = np.maximum(1 - points @ points.T, 0.0)
    np.fill_diagonal(apart, 0.0)
    return apart


def cards_apart(texts: Sequence[str]) -> float:
    """Return the mean distance of two cards; NaN for fewer than two.

    Examples:
        >>> round(cards_apart(["You like tea.", "You like tea."]), 9), cards_apart(["aaa", "bbb"])
        (0.0, 1.0)
    """
    count = len(texts)
    return float(distances(texts).sum() / (count * (count - 1))) if count > 1 else float("nan")


def groups_apart(texts: Sequence[str], groups: Sequence[str]) -> float:
    """Return the mean silhouette of cards in groups: closeness to the own group relative to the nearest other group (Rousseeuw 1987).

    It lies between −1 and 1: 0 where groups say nothing about the wording, NaN where there is one group only.
    """
    _, codes = np.unique(np.array(groups), return_inverse=True)
    return float(silhouette(distances(texts), codes).mean())


def describe_distances(before: Sequence[str], after: Sequence[str], groups: Sequence[str], name: str) -> str:
    """Return a sentence on the distances of cards before and after, and on the silhouettes of groups with a name, if there are several."""
    text = f"The mean distance of two personas' texts is {cards_apart(before):.2f} before and {cards_apart(after):.2f} after"
    if len(set(groups)) > 1:
        silhouettes = f"{groups_apart(before, groups):.2f} before and {groups_apart(after, groups):.2f} after"
        text += f"; the mean silhouette of {name} is {silhouettes}"
    return f"{text} (by wording: one minus the cosine of character n-grams)."


def most_alike(memory: Sequence[Interaction], question: str, most: int) -> list[Interaction]:
    """Return the earlier questions with the most similar wording, at most some, the oldest first; of equally similar ones, the later."""
    points = character_ngrams([question, *(interaction.item.text for interaction in memory)])
    likeness = points[1:] @ points[0]
    best = sorted(range(len(memory)), key=lambda index: (-likeness[index], -index))[:most]
    return [memory[index] for index in sorted(best)]


def quoted_share(text: str, source: str, before: str = "") -> float:
    """Return the share (0 to 1) of the sequences of four words of a source that stand in a text, and did not stand in an earlier text.

    A source of fewer than four words is one sequence.

    Examples:
        >>> quoted_share("You said yes to tea with milk.", "Do you like tea? Yes")
        0.0
        >>> quoted_share("Do you like tea? Yes!", "Do you like tea? Yes")
        1.0
    """
    size = min(GRAM, len(_words(source)))
    sequences = _sequences(source, size)
    return len(sequences & (_sequences(text, size) - _sequences(before, size))) / len(sequences) if size else 0.0


def _words(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return re.findall(r"\w+", text.casefold())


def _sequences(text: str, size: int) -> set[tuple[str, ...]]:
    """Return all sequences of consecutive words of a size."""
    words = _words(text)
    return {tuple(words[start : start + size]) for start in range(len(words) - size + 1)}
