"""The distances of a panel's cards, as texts."""

from collections.abc import Callable, Sequence

import numpy as np

from personametrics.data.scale import character_ngrams
from personametrics.stats.arrays import Floats
from personametrics.stats.people.silhouette import silhouette

Embed = Callable[[Sequence[str]], Floats]


def distances(texts: Sequence[str], embed: Embed = character_ngrams) -> Floats:
    """Return one minus the cosine (N, N) of all pairs of texts: 0 for the same wording, 1 for nothing in common, 2 for the opposite.

    Args:
        texts: N cards.
        embed: function from texts to points (N, K); character n-grams compare wording, not meaning.
    """
    points = embed(texts)
    length = np.linalg.norm(points, axis=1, keepdims=True)
    unit = points / np.where(length > 0, length, 1.0)
    apart = np.maximum(1 - unit @ unit.T, 0.0)
    np.fill_diagonal(apart, 0.0)
    return apart


def cards_apart(texts: Sequence[str], embed: Embed = character_ngrams) -> float:
    """Return the mean distance of two cards; NaN for fewer than two.

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
    """Return the mean silhouette of the cards: closeness to the own group relative to the nearest other group (Rousseeuw 1987).

    Args:
        texts: N cards.
        groups: group of each card.
        embed: as for `distances`.

    Returns:
        −1 to 1; 0 where groups say nothing about the wording; NaN where there is one group only.
    """
    _, codes = np.unique(np.array(groups), return_inverse=True)
    return float(silhouette(distances(texts, embed), codes).mean())
