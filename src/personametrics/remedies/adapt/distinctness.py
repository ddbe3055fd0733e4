"""How far the cards of a panel lie apart, as texts."""

from collections.abc import Callable, Sequence

import numpy as np

from personametrics.data.scale import character_ngrams
from personametrics.stats.arrays import Floats
from personametrics.stats.people.silhouette import silhouette

Embed = Callable[[Sequence[str]], Floats]


def distances(texts: Sequence[str], embed: Embed = character_ngrams) -> Floats:
    """(N, N) One minus the cosine of every two texts: 0 alike to 1 nothing in common (2 opposite).

    Args:
        texts: N cards.
        embed: texts -> (N, K) points; character n-grams compare wording, not meaning.
    """
    points = embed(texts)
    length = np.linalg.norm(points, axis=1, keepdims=True)
    unit = points / np.where(length > 0, length, 1.0)
    apart = np.maximum(1 - unit @ unit.T, 0.0)
    np.fill_diagonal(apart, 0.0)
    return apart


def cards_apart(texts: Sequence[str], embed: Embed = character_ngrams) -> float:
    """Mean distance of two cards; NaN for fewer than two.

    Args:
        texts: N cards.
        embed: as for `distances`.

    Examples:
        >>> cards_apart(["You like tea.", "You like tea."]), cards_apart(["aaa", "bbb"])
        (0.0, 1.0)
    """
    count = len(texts)
    return float(distances(texts, embed).sum() / (count * (count - 1))) if count > 1 else float("nan")


def groups_apart(texts: Sequence[str], groups: Sequence[str], embed: Embed = character_ngrams) -> float:
    """Mean silhouette of the cards: how much nearer each lies to those of its group than to those of the nearest other group.

    Args:
        texts: N cards.
        groups: of whom each is.
        embed: as for `distances`.

    Returns:
        −1 to 1; 0 where groups say nothing about the wording; NaN where there is one group only.
    """
    _, codes = np.unique(np.array(groups), return_inverse=True)
    return float(silhouette(distances(texts, embed), codes).mean())
