"""The agreement of answers about the same unit: Krippendorff's alpha, and the majority label of several people."""

from typing import Literal, get_args

import numpy as np

from personametrics.stats.arrays import Floats, Ints, ratio

Level = Literal["nominal", "ordinal", "interval"]
"""The distance of two labels: equal or different, by rank, or by value."""


def krippendorff_alpha(counts: Floats | Ints, level: Level = "nominal", values: Floats | Ints | None = None) -> Floats:
    """Compute Krippendorff's alpha of labelled answers from the counts of every unit.

    With n_uc answers of label c to unit u, n_u = Σ_c n_uc ≥ 2, n_c = Σ_u n_uc and n = Σ_u n_u:

        α = 1 − D_o / D_e,  D_o = Σ_u Σ_ck n_uc n_uk δ_ck / (n_u − 1) / n,  D_e = Σ_ck n_c n_k δ_ck / (n (n − 1))

    δ is 1 for different labels (nominal), the squared difference of values (interval), or the squared number of answers ranked between the
    two labels, each end counted half (ordinal). A unit with fewer than two answers is left out. It is not an intraclass correlation: all
    answers to a unit are exchangeable, so that a judge who is always one point higher lowers alpha. Alpha is also low if all units are
    similar, however reliable the judges are. Sources: Hayes & Krippendorff (2007), doi:10.1080/19312450709336664; Krippendorff (2011),
    Computing Krippendorff's alpha-reliability, University of Pennsylvania.

    Args:
        counts: answers per unit and label, (..., units, labels); ordinal labels in their order.
        level: "nominal", "ordinal" or "interval".
        values: positions of the labels for "interval", (labels,); None: 0, 1, 2, ….

    Returns:
        Alpha, (...): 1 perfect, 0 chance, negative for systematic disagreement. NaN if no unit has two answers, or all paired answers have
        the same label.

    Raises:
        ValueError: counts are not finite, are negative or are not shaped (..., units, labels); an unknown level; or unsuitable values.

    Examples:
        Two judges and five units: (a, a), (a, a), (a, b), (b, b), and one with a single answer. By hand: of n = 8 answers 5 are a and 3
        are b, D_o = 2/8, D_e = 2·5·3/(8·7), so α = 1 − 7/15.

        >>> krippendorff_alpha(np.array([[2, 0], [2, 0], [1, 1], [0, 2], [1, 0]])).round(4)
        np.float64(0.5333)
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim < 2:
        message = f"The counts have the shape {table.shape}. Give them the shape (..., units, labels)."
        raise ValueError(message)
    if not np.all(np.isfinite(table) & (table >= 0)):
        message = "The counts must be finite and not negative."
        raise ValueError(message)
    size = table.sum(axis=-1, keepdims=True)
    table = np.where(size >= 2, table, 0.0)
    # The coincidence matrix: counts of pairs, each divided by its unit's n − 1.
    coincidences = np.swapaxes(table, -1, -2) @ (table / np.maximum(size - 1, 1))
    margin = table.sum(axis=-2)
    squared = _squared_distances(margin, level, values)
    n = margin.sum(axis=-1)
    observed = (coincidences * squared).sum(axis=(-1, -2))
    expected = np.einsum("...c,...ck,...k->...", margin, squared, margin)
    return (1 - ratio(observed * (n - 1), expected))[()]


def krippendorff_alpha_of_scores(units: Ints, values: Floats) -> np.float64:
    """Compute Krippendorff's alpha of scores on a continuous scale, from one row per answer.

    The pairs within a unit sum to its squared deviations, so that the interval alpha does not need a table of coincidences, and time and
    memory are linear in the number of answers:

        α = 1 − (N − 1) / N · Σ_u n_u / (n_u − 1) · SS_u / SS

    with SS_u the squared deviations from the unit's mean, and SS those of all N paired answers from their mean. It is not the alpha of
    ranks: outliers influence it as they influence a variance. Source: Hayes & Krippendorff (2007), doi:10.1080/19312450709336664.

    Args:
        units: unit of each answer, codes 0, 1, 2, …, (answers,).
        values: scores, (answers,); NaN for a missing answer, which is left out.

    Returns:
        Alpha, at most 1; NaN if no unit has two answers, or all scores are the same.

    Raises:
        ValueError: units and values differ in length, units are not codes, or a value is infinite.

    Examples:
        By hand: Σ n_u / (n_u − 1) SS_u = 2 (.5 + .5 + 2) = 6, SS = 146 − 26²/6 = 33.33, so α = 1 − 5/6 · 6/33.33.

        >>> krippendorff_alpha_of_scores(np.array([0, 0, 1, 1, 2, 2]), np.array([1.0, 2, 4, 5, 8, 6])).round(4)
        np.float64(0.85)
    """
    code, score = np.asarray(units), np.asarray(values, dtype=np.float64)
    if code.ndim != 1 or code.shape != score.shape:
        message = f"The shapes of units and values are {code.shape} and {score.shape}. Pass two one-dimensional arrays of the same length."
        raise ValueError(message)
    if not np.issubdtype(code.dtype, np.integer) or np.any(code < 0):
        message = "The units must be integer codes of at least 0."
        raise ValueError(message)
    if np.any(np.isinf(score)):
        message = "The values must be finite, or NaN for a missing answer."
        raise ValueError(message)
    code, score = code[~np.isnan(score)], score[~np.isnan(score)]
    paired = np.bincount(code)[code] >= 2 if code.size else np.zeros(0, dtype=bool)
    code, score = code[paired], score[paired]
    if not score.size:
        return np.float64(np.nan)
    score = score - score[0]  # a constant becomes exactly 0, and large offsets do not cost digits
    n = np.bincount(code)
    mean = np.bincount(code, weights=score) / np.maximum(n, 1)
    within = np.bincount(code, weights=(score - mean[code]) ** 2) * n / np.maximum(n - 1, 1)
    overall = score.size * ((score - score.mean()) ** 2).sum()
    return np.float64(1 - ratio((score.size - 1) * within.sum(), overall))


def _squared_distances(margin: Floats, level: Level, values: Floats | Ints | None) -> Floats:
    """Compute the squared distances of all pairs of labels, (..., labels, labels)."""
    labels = margin.shape[-1]
    if values is not None and level != "interval":
        message = 'Only level="interval" uses the argument `values` (the positions of the labels). Leave it out for other levels.'
        raise ValueError(message)
    if level == "nominal":
        return 1.0 - np.eye(labels)
    if level == "ordinal":
        # The mean rank of a label: the number of answers below it, plus half of its own.
        position = np.cumsum(margin, axis=-1) - margin / 2
    elif level == "interval":
        position = np.arange(labels, dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    else:
        message = f'Unknown level "{level}". Available: {", ".join(get_args(Level))}.'
        raise ValueError(message)
    if position.shape[-1:] != (labels,) or not np.all(np.isfinite(position)):
        message = f"The argument `values` must have one finite position for each of the {labels} labels."
        raise ValueError(message)
    squared: Floats = (position[..., :, None] - position[..., None, :]) ** 2
    return squared


SLACK = 1e-9
"""Shares that differ by less than this are tied."""


def majority(counts: Floats) -> Floats:
    """Return the majority label of counts or probabilities (..., L) as shares that sum to 1; NaN without answers.

    Tied labels share it equally, the average over a random choice among them.

    Examples:
        >>> majority(np.array([[3.0, 1, 0], [2, 0, 2]])).tolist()
        [[1.0, 0.0, 0.0], [0.5, 0.0, 0.5]]
    """
    table = np.asarray(counts, float)
    top = table.max(-1, keepdims=True)
    won = (table >= top - SLACK * np.maximum(top, 1.0)).astype(float)
    return np.where(table.sum(-1, keepdims=True) > 0, won / won.sum(-1, keepdims=True), np.nan)


def pair_agreement(counts: Floats) -> Floats:
    """Compute the probability that two of n people, n_l (..., L) per label, give the same label: Σ n_l (n_l − 1) / (n (n − 1)).

    It is NaN for fewer than two people.

    Examples:
        >>> pair_agreement(np.array([3.0, 1, 0]))  # three of the six pairs of four people agree
        np.float64(0.5)
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    return ratio((table * (table - 1)).sum(-1), n * (n - 1) * (n >= 2))[()]


def others_agreement(counts: Floats) -> Floats:
    """Compute the probability that a person gives the majority label of all others, mean over the people, counted (..., L) per label.

    The majority never includes the person who is compared with it. For two people it equals `pair_agreement`; for fewer it is NaN. Source:
    Calderon, Reichart & Dror (2025), arXiv:2501.10970 (each annotator against the others).

    Examples:
        Three of four people agree with the majority of the others, the fourth does not; with two against two, all disagree:

        >>> others_agreement(np.array([[3.0, 1, 0], [2, 2, 0]])).tolist()
        [0.75, 0.0]
    """
    table = np.asarray(counts, float)
    n = table.sum(-1)
    others = table[..., None, :] - np.eye(table.shape[-1])  # (..., label of the person, label): counts without that person
    agreed = np.einsum("...ll->...l", majority(np.maximum(others, 0.0)))
    total = (np.where(table > 0, np.nan_to_num(agreed), 0.0) * table).sum(-1)
    return np.asarray(total / np.where(n >= 2, n, np.nan))[()]
