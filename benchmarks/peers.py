"""Other ways to the same numbers: a naive loop, and three packages."""

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
"""The seconds above which a peer is left out."""
REPLICATES = 1000
LOOPED = 10_000_000
"""The number of answers that the replicates of the naive loop add up to, with at least 3 replicates."""


class Compared(NamedTuple):
    """The time of a peer.

    Attributes:
        seconds: time of the peer.
        ours: time of this library for the same; NaN if the counterpart is a task that reads the file.
        apart: largest difference of the two results; NaN if they answer different questions.
    """

    seconds: float
    ours: float = np.nan
    apart: float = np.nan


class Peer(NamedTuple):
    """A different way to the same numbers.

    Attributes:
        name: name in the table.
        needs: package to import.
        counterpart: task of this library, including reading the file, for the comparison; "": it is compared in memory.
        run: function that does it on a panel in memory.
    """

    name: str
    needs: str
    counterpart: str
    run: Callable[[Recorded], Compared]


def naive(panel: Recorded) -> Compared:
    """Bootstrap rows and columns of the dense array and recompute every component; time scaled to 1,000 replicates."""
    personas, items, _ = panel.scores.shape
    rng, number = np.random.default_rng(0), max(3, min(100, LOOPED // panel.scores.size))
    start = time.perf_counter()
    for _ in range(number):
        drawn = np.ix_(rng.integers(0, personas, personas), rng.integers(0, items, items))
        closed_form(panel.scores[drawn])
    return Compared((time.perf_counter() - start) / number * REPLICATES, apart=_apart(closed_form(panel.scores), panel))


def closed_form(scores: Floats) -> Floats:
    """Return the components of a balanced array from its mean squares: persona, item, persona:item, run."""
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
    """Run GeneralizIT: ANOVA of runs within persona × item, and its G coefficients; making the table is not timed."""
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
    """Run pingouin: intraclass correlations of cells (as targets) over runs (as raters); making the table is not timed."""
    import pandas as pd  # noqa: PLC0415
    from pingouin import intraclass_corr  # noqa: PLC0415

    cell, run = np.indices((panel.scores.size // panel.scores.shape[2], panel.scores.shape[2])).reshape(2, -1)
    table = pd.DataFrame({"cell": cell, "run": run, "answer": panel.scores.ravel()})
    start = time.perf_counter()
    intraclass_corr(table, targets="cell", raters="run", ratings="answer")
    return Compared(time.perf_counter() - start)


def krippendorff(panel: Recorded) -> Compared:
    """Run the package krippendorff: nominal alpha of the ordinal answers; both sides start from the counts of every cell."""
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
        peer: peer to run.
        panels: panels by number of answers.

    Returns:
        The time, or the reason why the peer was left out, for all panels but the smallest.
    """
    if find_spec(peer.needs) is None:
        return dict.fromkeys(sorted(panels)[1:], "not installed")
    results: dict[int, Compared | str] = {}
    last = 0.0, 1
    for size in sorted(panels):
        expected = last[0] * size / last[1]
        if expected > LIMIT and peer.run is not naive:
            results[size] = f"left out: about {expected:.0f} s expected"
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compared = peer.run(panels[size])
        results[size], last = compared, (compared.seconds, size)
    return {size: results[size] for size in sorted(panels)[1:]}


def _apart(theirs: Floats, panel: Recorded) -> float:
    """Return the largest difference between a peer's components and this library's."""
    persona, item, _ = panel.codes
    ours = components(pairs(from_answers(["persona", "item"], [persona, item], panel.scores.ravel())).whole(), ["persona", "item"])
    return float(np.abs(theirs - np.array(list(ours.values()), float)).max())
