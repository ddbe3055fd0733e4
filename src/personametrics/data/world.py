"""Simulated panels whose variance components are known."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric

SIZES = {"persona": 20, "item": 20, "run": 5}
"""The default number of levels of each facet of a simulated panel."""


def simulate(components: Mapping[str, float], sizes: Mapping[str, int] | None = None, seed: int = 0) -> Responses:
    """Return answers with run ids, drawn from known variance components: normal effects, crossed facets, and runs nested in cells.

    Args:
        components: variances by effect, such as "persona", "item", "persona:item", "run" (and "condition", "persona:condition").
        sizes: number of levels of "persona", "item", "run" (and "condition").
        seed: seed of the draw; the same seed gives the same answers.

    Examples:
        >>> answers = simulate({"persona": 1.0, "run": 1.0}, {"persona": 3, "item": 2, "run": 2})
        >>> len(answers.frame), answers.cells.levels
        (12, (3, 2))
    """
    sizes = SIZES | dict(sizes or {})
    facets = [facet for facet in ("persona", "item", "condition") if facet in sizes]
    codes = dict(zip([*facets, "run"], _grid([sizes[facet] for facet in [*facets, "run"]]), strict=True))
    rng = np.random.default_rng(seed)
    answer = np.zeros(len(codes["run"]))
    for effect, variance in components.items():
        if effect == "run":
            answer += np.sqrt(variance) * rng.standard_normal(len(answer))
            continue
        crossed = effect.split(":")
        drawn = rng.standard_normal([sizes[facet] for facet in crossed])
        answer += np.sqrt(variance) * drawn[tuple(codes[facet] for facet in crossed)]
    frame = pl.DataFrame(codes | {"answer": answer})
    columns = Columns(run="run", condition=("condition",) if "condition" in facets else ())
    return Responses.read(frame, columns, Numeric())


def truth(components: Mapping[str, float]) -> float:
    """Return the persona signal of a world: the share of persona effects in the variance between answers to one item and condition.

    Examples:
        >>> truth({"persona": 1.0, "item": 5.0, "persona:item": 1.0, "run": 2.0})
        0.5
    """
    persona = sum(value for effect, value in components.items() if "persona" in effect.split(":"))
    return persona / (persona + components["run"])


def camp_signal(follows: float, camps_differ: float = 6 / 11) -> float:
    """Return the persona signal where a persona's yes or no follows its camp with a probability, and a share of pairs differ in camp."""
    rerun = 2 * follows * (1 - follows)
    return 1 - rerun / ((1 - camps_differ) * rerun + camps_differ * (1 - rerun))


def _grid(sizes: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return all combinations of levels (facets, rows)."""
    return np.array(list(product(*map(range, sizes))), np.int64).T
