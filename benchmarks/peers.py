"""Other ways to the same numbers: the loop everybody writes, and three packages."""

import contextlib
import io
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from recorded import Recorded

from personametrics.stats import components, from_answers, from_labels, pairs
from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.agreement import krippendorff_alpha

LIMIT = 60.0
"""Seconds; a peer that would take longer is left out."""
REPLICATES = 1000
LOOPED = 10_000_000
"""The naive loop draws as many replicates as make about this many answers, and at least 3."""


class Compared(NamedTuple):
    """What a peer took.

    Attributes:
        seconds: of the peer.
        ours: of this library for the same; NaN where a task from the file is the counterpart.
        apart: largest difference of the two results; NaN where they answer different questions.
    """

    seconds: float
    ours: float = np.nan
    apart: float = np.nan


class Peer(NamedTuple):
    """Another way.

    Attributes:
        name: what the table calls it.
        needs: package to import.
        counterpart: which of our tasks, reading the file included, it is compared with; "" where it is compared in memory.
        run: does it on a panel in memory.
    """

    name: str
    needs: str
    counterpart: str
    run: Callable[[Recorded], Compared]


def naive(panel: Recorded) -> Compared:
    """Two-way bootstrap that draws rows and columns of the dense array and recomputes every component; scaled to 1,000 replicates."""
    personas, items, _ = panel.scores.shape
    rng, number = np.random.default_rng(0), max(3, min(100, LOOPED // panel.scores.size))
    start = time.perf_counter()
    for _ in range(number):
        drawn = np.ix_(rng.integers(0, personas, personas), rng.integers(0, items, items))
        closed_form(panel.scores[drawn])
    return Compared((time.perf_counter() - start) / number * REPLICATES, apart=_apart(closed_form(panel.scores), panel))


def closed_form(scores: Floats) -> Floats:
    """Components of a balanced array by its mean squares: persona, item, persona:item, run."""
    personas, items, runs = scores.shape
    mean = scores.mean(2)
    run = ((scores - mean[..., None]) ** 2).sum() / (personas * items * (runs - 1))
    persona, item, grand = mean.mean(1), mean.mean(0), mean.mean()
    square_both = runs * ((mean - persona[:, None] - item + grand) ** 2).sum() / ((personas - 1) * (items - 1))
    square_persona = runs * items * ((persona - grand) ** 2).sum() / (personas - 1)
    square_item = runs * personas * ((item - grand) ** 2).sum() / (items - 1)
    both = (square_both - run) / runs
    return np.array([(square_persona - square_both) / (runs * items), (square_item - square_both) / (runs * personas), both, run])


def generalizit(panel: Recorded) -> Compared:
    """GeneralizIT: analogous ANOVA of runs within persona × item, and its G coefficients; the table is made outside the clock."""
    import pandas as pd  # noqa: PLC0415
    from generalizit import GeneralizIT  # noqa: PLC0415

    persona, item, _ = panel.codes
    table = pd.DataFrame({"persona": persona, "item": item, "run": np.arange(len(item)), "answer": panel.scores.ravel()})
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        study = GeneralizIT(data=table, design_str="run:(persona x item)", response="answer")
        study.calculate_anova()
        study.calculate_g_coefficients()
        seconds = time.perf_counter() - start
    return Compared(seconds, apart=_apart(study.design.anova_table["Variance"].to_numpy()[:4], panel))


def pingouin(panel: Recorded) -> Compared:
    """pingouin: intraclass correlations of cells (as targets) over runs (as raters); the table is made outside the clock."""
    import pandas as pd  # noqa: PLC0415
    from pingouin import intraclass_corr  # noqa: PLC0415

    cell, run = np.indices((panel.scores.size // panel.scores.shape[2], panel.scores.shape[2])).reshape(2, -1)
    table = pd.DataFrame({"cell": cell, "run": run, "answer": panel.scores.ravel()})
    start = time.perf_counter()
    intraclass_corr(table, targets="cell", raters="run", ratings="answer")
    return Compared(time.perf_counter() - start)


def krippendorff(panel: Recorded) -> Compared:
    """Package krippendorff: nominal alpha of the ordinal answers, both sides from the counts of every cell."""
    from krippendorff import alpha  # noqa: PLC0415

    persona, item, _ = panel.codes
    counts = from_labels(["persona", "item"], [persona, item], panel.labels.ravel() - 1, np.eye(5)).counts
    assert counts is not None
    start = time.perf_counter()
    theirs = alpha(value_counts=counts, level_of_measurement="nominal")
    between = time.perf_counter()
    ours = krippendorff_alpha(counts)
    return Compared(between - start, time.perf_counter() - between, abs(float(theirs) - float(ours)))


PEERS = (
    Peer("naive bootstrap loop, numpy", "numpy", "bootstrap", naive),
    Peer("GeneralizIT", "generalizit", "components", generalizit),
    Peer("pingouin intraclass_corr", "pingouin", "components", pingouin),
    Peer("krippendorff nominal alpha", "krippendorff", "", krippendorff),
)


def compare(peer: Peer, panels: dict[int, Recorded]) -> dict[int, Compared | str]:
    """Run a peer on panels of growing size, the smallest as a warm-up.

    Args:
        peer: the other way.
        panels: by number of answers.

    Returns:
        What it took, or why it was left out, for all but the smallest.
    """
    if find_spec(peer.needs) is None:
        return dict.fromkeys(sorted(panels)[1:], "not installed")
    found: dict[int, Compared | str] = {}
    last = 0.0, 1
    for size in sorted(panels):
        expected = last[0] * size / last[1]
        if expected > LIMIT and peer.run is not naive:
            found[size] = f"left out: about {expected:.0f} s expected"
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one = peer.run(panels[size])
        found[size], last = one, (one.seconds, size)
    return {size: found[size] for size in sorted(panels)[1:]}


def _apart(theirs: Floats, panel: Recorded) -> float:
    """Largest difference of a peer's components to ours."""
    persona, item, _ = panel.codes
    ours = components(pairs(from_answers(["persona", "item"], [persona, item], panel.scores.ravel())).whole(), ["persona", "item"])
    return float(np.abs(theirs - np.array(list(ours.values()), float)).max())
