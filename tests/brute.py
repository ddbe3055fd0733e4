"""The definitions, taken literally: every pair of answers is looked at. Slow, and shares no code with the library."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np

Answer = tuple[tuple[int, ...], np.ndarray[Any, np.dtype[np.float64]]]
"""Levels of the facets, and the point."""


def powerset(facets: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(some) for some in chain.from_iterable(combinations(facets, k) for k in range(len(facets) + 1))]


def half_squared(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    return float(((a - b) ** 2).sum() / 2)


def disagreement(
    answers: Sequence[Answer], facets: Sequence[str], shared: frozenset[str], weights: Mapping[str, Sequence[float]] | None = None
) -> float:
    """Mean over pairs of cells that share exactly `shared` of the mean disagreement of their answers; within cells for all facets."""
    cells: dict[tuple[int, ...], list[np.ndarray[Any, Any]]] = {}
    for code, point in answers:
        cells.setdefault(code, []).append(point)
    weights = weights or {}

    def weight(facet: str, level: int) -> float:
        return weights[facet][level] if facet in weights else 1.0

    total = count = 0.0
    if shared == frozenset(facets):
        for code, points in cells.items():
            pairs = list(combinations(points, 2))
            if pairs:
                w = float(np.prod([weight(facet, level) for facet, level in zip(facets, code, strict=True)]))
                total += w * float(np.mean([half_squared(a, b) for a, b in pairs]))
                count += w
        return total / count if count else float("nan")
    for first, second in combinations(cells, 2):
        if frozenset(facet for facet, a, b in zip(facets, first, second, strict=True) if a == b) != shared:
            continue
        w = 1.0
        for facet, a, b in zip(facets, first, second, strict=True):
            w *= weight(facet, a) if a == b else weight(facet, a) * weight(facet, b)
        total += w * float(np.mean([half_squared(a, b) for a in cells[first] for b in cells[second]]))
        count += w
    return total / count if count else float("nan")


def all_disagreements(answers: Sequence[Answer], facets: Sequence[str]) -> dict[frozenset[str], float]:
    return {shared: disagreement(answers, facets, shared) for shared in powerset(facets)}


def as_answers(codes: Iterable[Sequence[int]], points: np.ndarray[Any, Any]) -> list[Answer]:
    table = np.asarray(points, float).reshape(len(points), -1)
    return [(tuple(int(level) for level in code), point) for code, point in zip(codes, table, strict=True)]
