"""Panels for property tests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from personametrics.stats import Cells, from_answers, from_labels

NAMES = ("persona", "item", "condition", "turn")


@dataclass
class Panel:
    """Answers of a sparse panel: `codes[f][n]` is the level of facet f of answer n."""

    facets: tuple[str, ...]
    codes: list[np.ndarray[Any, np.dtype[np.int64]]]
    labels: np.ndarray[Any, np.dtype[np.int64]]
    points: np.ndarray[Any, np.dtype[np.float64]]

    def cells(self) -> Cells:
        return from_labels(self.facets, self.codes, self.labels, self.points)

    def scored(self, shift: float = 0.0) -> Cells:
        return from_answers(self.facets, self.codes, self.points[self.labels] + shift)


@st.composite
def panels(draw: st.DrawFn, facets: int | None = None, labels: int = 3) -> Panel:
    """Sparse, unbalanced panels with 2 to 4 facets (or as many as said) on an ordinal or nominal scale."""
    number = facets or draw(st.integers(2, 4))
    size = draw(st.integers(4, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    codes = [np.unique(rng.integers(0, draw(st.integers(2, 4)), size), return_inverse=True)[1].astype(np.int64) for _ in range(number)]
    points = np.eye(labels) if draw(st.booleans()) else np.arange(float(labels))[:, None]
    return Panel(NAMES[:number], codes, rng.integers(0, labels, size), points)
