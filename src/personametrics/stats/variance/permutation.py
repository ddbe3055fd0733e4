"""The permutation test of "no persona effect"."""

import numpy as np

from personametrics.stats.arrays import Floats, Ints

CHUNK = 2**22
"""Number of answers that are shuffled at a time."""


def permutation_p(block: Ints, persona: Ints, points: Floats, permutations: int = 999, seed: int = 0) -> float:
    """Test whether personas differ at all: shuffle answers between personas within each item and condition.

    The statistic is the rerun disagreement, the mean variance of one persona's answers to one item: if personas answer differently,
    shuffled answers disagree more. p = (1 + number of shuffles that disagree at most as much as the data) / (1 + permutations) is exact
    under exchangeability of the answers within a block, for any number of personas. Items and wordings are blocks, so that their effects
    are not mistaken for personas. p does not measure how much personas matter: with many answers a tiny effect has a small p. Sources:
    Phipson & Smyth (2010), doi:10.2202/1544-6115.1585; blocks of wordings: Helm & Priebe, arXiv:2605.27463.

    Args:
        block: (N,) item × condition of each answer, codes ≥ 0.
        persona: (N,) persona of each answer.
        points: (N,) scores or (N, K) points, such as one-hot labels.
        permutations: number of shuffles.
        seed: seed of the shuffles.

    Returns:
        p in [1/(permutations + 1), 1]; NaN if no persona answered one item twice, or no block holds two personas.

    Examples:
        >>> persona = np.repeat([0, 1], 4)
        >>> p = permutation_p(np.zeros(8, int), persona, persona * 1.0, permutations=9_999)
        >>> abs(p - 2 / 70) < 0.01  # 2 of the 70 ways to divide the answers disagree as little as the data
        True
    """
    points = points.reshape(len(points), -1)
    order = np.lexsort((persona, block))
    block, persona, points = block[order], persona[order], points[order]
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    rng = np.random.default_rng(seed)
    observed, shuffled, cells = 0.0, np.zeros(permutations), 0
    for first, last in zip(starts, [*starts[1:], len(block)], strict=True):
        edges = np.flatnonzero(np.diff(persona[first:last], prepend=-1))
        sizes = np.diff([*edges, last - first])
        if len(edges) > 1 and (sizes > 1).any():
            answers = points[first:last] - points[first:last].mean(0)
            observed += float(_disagreement(answers[None], edges, sizes)[0])
            shuffled += _shuffles(answers, edges, sizes, permutations, rng)
            cells += 1
    if not cells:
        return float("nan")
    slack = 1e-9 * abs(observed)  # sums of the same numbers in another order differ by rounding
    return float((1 + (shuffled <= observed + slack).sum()) / (1 + permutations))


def _shuffles(answers: Floats, edges: Ints, sizes: Ints, permutations: int, rng: np.random.Generator) -> Floats:
    """Return the summed disagreement of one block's cells after each shuffle of its answers, (permutations,)."""
    step = max(1, CHUNK // answers.size)
    totals = []
    for start in range(0, permutations, step):
        index = np.tile(np.arange(len(answers), dtype=np.int32), (min(step, permutations - start), 1))
        totals.append(_disagreement(answers[rng.permuted(index, axis=1)], edges, sizes))
    return np.concatenate(totals)


def _disagreement(answers: Floats, edges: Ints, sizes: Ints) -> Floats:
    """Sum the unbiased variance of (B, n, K) answers over cells, (B,); a cell is `sizes` consecutive answers from `edges`."""
    total = np.zeros(len(answers))
    n = sizes.astype(float)
    weight = np.divide(1, n - 1, out=np.zeros_like(n), where=n > 1)
    for k in range(answers.shape[2]):
        column = answers[..., k]
        sums, squares = np.add.reduceat(column, edges, axis=1), np.add.reduceat(column**2, edges, axis=1)
        total += (squares - sums**2 / n) @ weight
    return total
