"""Krippendorff's alpha: how far answers about the same unit agree, beyond what answers about any two units do."""

from typing import Literal, get_args

import numpy as np

from personametrics.stats.arrays import Floats, Ints

Level = Literal["nominal", "ordinal", "interval"]
"""How far two labels are apart: different or not, by rank, or by value."""


def krippendorff_alpha(counts: Floats | Ints, level: Level = "nominal", values: Floats | Ints | None = None) -> Floats:
    """Krippendorff's alpha of labelled answers, from the counts of every unit.

    With n_uc answers of label c to unit u, n_u = Σ_c n_uc ≥ 2, n_c = Σ_u n_uc and n = Σ_u n_u:

        α = 1 − D_o / D_e,  D_o = Σ_u Σ_ck n_uc n_uk δ_ck / (n_u − 1) / n,  D_e = Σ_ck n_c n_k δ_ck / (n (n − 1))

    δ is 1 for different labels (nominal), the squared difference of values (interval), or the squared number of
    answers ranked between the two labels, each end counted half (ordinal). A unit with fewer than two answers
    cannot be paired and drops out.

    It is not an intraclass correlation: all answers to a unit are exchangeable, so a judge who is always one point
    higher lowers alpha, and alpha falls when the units are all alike, however steady the judges are.

    Args:
        counts: Answers per unit and label, (..., units, labels). Ordinal labels in their order.
        level: `"nominal"`, `"ordinal"` or `"interval"`.
        values: Positions of the labels for `"interval"`, (labels,); 0, 1, 2, … unless given.

    Returns:
        Alpha, (...): 1 perfect, 0 chance, negative for systematic disagreement. NaN where no unit has two answers,
        or all answers that can be paired have the same label (nothing to disagree about).

    References:
        Hayes & Krippendorff 2007, doi:10.1080/19312450709336664; Krippendorff 2011, Computing Krippendorff's
        alpha-reliability, University of Pennsylvania.

    Examples:
        Two judges and five units: (a, a), (a, a), (a, b), (b, b), and one that only one of them saw. By hand: of
        n = 8 answers 5 are a and 3 are b, D_o = 2/8, D_e = 2·5·3/(8·7), so α = 1 − 7/15.

        >>> import numpy as np
        >>> krippendorff_alpha(np.array([[2, 0], [2, 0], [1, 1], [0, 2], [1, 0]])).round(4)
        np.float64(0.5333)
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim < 2:
        message = f"counts must be shaped (..., units, labels), not {table.shape}."
        raise ValueError(message)
    if not np.all(np.isfinite(table) & (table >= 0)):
        message = "counts must be finite and not negative."
        raise ValueError(message)
    size = table.sum(axis=-1, keepdims=True)
    table = np.where(size >= 2, table, 0.0)
    # Counts enter twice, once divided by their unit's n − 1: the coincidence matrix.
    coincidences = np.swapaxes(table, -1, -2) @ (table / np.maximum(size - 1, 1))
    margin = table.sum(axis=-2)
    squared = _squared_distances(margin, level, values)
    n = margin.sum(axis=-1)
    observed = (coincidences * squared).sum(axis=(-1, -2))
    expected = np.einsum("...c,...ck,...k->...", margin, squared, margin)
    return _one_minus_ratio(observed * (n - 1), expected)


def krippendorff_alpha_interval(units: Ints, values: Floats) -> np.float64:
    """Krippendorff's alpha of scores on a continuous scale, from one row per answer.

    The interval alpha needs no table of values against values: pairs within a unit sum to its squared deviations, so

        α = 1 − (N − 1) / N · Σ_u n_u / (n_u − 1) · SS_u / SS

    with SS_u the squared deviations from the unit's mean and SS those of all N answers that can be paired from
    their mean. Time and memory are linear in the number of answers.

    It is not the alpha of ranks: one far answer moves it as it moves a variance.

    Args:
        units: What each answer is about, codes 0, 1, 2, …, (answers,).
        values: The scores, (answers,); NaN is a missing answer and is left out.

    Returns:
        Alpha, a number of at most 1; NaN where no unit has two answers, or all scores are the same.

    References:
        Hayes & Krippendorff 2007, doi:10.1080/19312450709336664.

    Examples:
        Scores (1, 2), (4, 5), (8, 6). By hand: Σ n_u / (n_u − 1) SS_u = 2 (.5 + .5 + 2) = 6, SS = 146 − 26²/6
        = 33.33, so α = 1 − 5/6 · 6/33.33.

        >>> import numpy as np
        >>> krippendorff_alpha_interval(np.array([0, 0, 1, 1, 2, 2]), np.array([1.0, 2, 4, 5, 8, 6])).round(4)
        np.float64(0.85)
    """
    code, score = np.asarray(units), np.asarray(values, dtype=np.float64)
    if code.ndim != 1 or code.shape != score.shape:
        message = f"units and values must be two rows of the same length, not {code.shape} and {score.shape}."
        raise ValueError(message)
    if not np.issubdtype(code.dtype, np.integer) or np.any(code < 0):
        message = "units must be whole codes of 0 and up."
        raise ValueError(message)
    if np.any(np.isinf(score)):
        message = "values must be finite, or NaN for a missing answer."
        raise ValueError(message)
    code, score = code[~np.isnan(score)], score[~np.isnan(score)]
    paired = np.bincount(code)[code] >= 2 if code.size else np.zeros(0, dtype=bool)
    code, score = code[paired], score[paired]
    if not score.size:
        return np.float64(np.nan)
    score = score - score[0]  # a constant becomes exactly 0, and large offsets cost no digits
    n = np.bincount(code)
    mean = np.bincount(code, weights=score) / np.maximum(n, 1)
    within = np.bincount(code, weights=(score - mean[code]) ** 2) * n / np.maximum(n - 1, 1)
    overall = score.size * ((score - score.mean()) ** 2).sum()
    return np.float64(_one_minus_ratio((score.size - 1) * within.sum(), overall))


def _squared_distances(margin: Floats, level: Level, values: Floats | Ints | None) -> Floats:
    """Squared distances of every two labels, (..., labels, labels)."""
    labels = margin.shape[-1]
    if values is not None and level != "interval":
        message = "values are positions of labels and go with level='interval' only."
        raise ValueError(message)
    if level == "nominal":
        return 1.0 - np.eye(labels)
    if level == "ordinal":
        # The mean rank of a label: the answers below it and half of its own.
        position = np.cumsum(margin, axis=-1) - margin / 2
    elif level == "interval":
        position = np.arange(labels, dtype=np.float64) if values is None else np.asarray(values, dtype=np.float64)
    else:
        message = f"level must be one of {', '.join(get_args(Level))}, not {level!r}."
        raise ValueError(message)
    if position.shape[-1:] != (labels,) or not np.all(np.isfinite(position)):
        message = f"values must hold one finite position for each of the {labels} labels."
        raise ValueError(message)
    squared: Floats = (position[..., :, None] - position[..., None, :]) ** 2
    return squared


def _one_minus_ratio(observed: Floats | np.float64, expected: Floats | np.float64) -> Floats:
    """One minus observed over expected, NaN where nothing is expected."""
    defined = np.asarray(expected) > 0
    ratio: Floats = 1.0 - np.where(defined, observed, np.nan) / np.where(defined, expected, 1.0)
    return ratio
