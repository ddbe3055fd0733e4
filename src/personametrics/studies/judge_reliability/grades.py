"""Grades of a judge: how often they repeat, cross the threshold, and agree in another order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.finding import Estimate, EstimateStatus, Name, Rows
from personametrics.data.study import Numeric, Ordinal, Responses
from personametrics.measures.panel import Panel
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.agreement import Level, krippendorff_alpha
from personametrics.stats.variance.disagreement import Disagreements
from personametrics.stats.variance.reliability import spearman_brown

WORST = 20
"""Number of items and of judges in the evidence."""


def with_order_as_condition(responses: Responses) -> Responses:
    """Return the answers with the order of the options as a condition."""
    columns = responses.columns
    more = tuple(name for name in columns.more if name != "order")
    return replace(responses, columns=replace(columns, condition=tuple(dict.fromkeys((*columns.condition, "order"))), more=more))


def passing_grades(given: pl.DataFrame, responses: Responses, threshold: float) -> tuple[list[str], float]:
    """Return the grades that pass, and the threshold (NaN: the middle of the scale); no grades and NaN where labels have no order."""
    places = _places(given["answer"].unique().to_list(), responses)
    if not places:
        return [], math.nan
    least = sum(_scale_ends(responses, list(places.values()))) / 2 if math.isnan(threshold) else threshold
    return [label for label, place in places.items() if place >= least], least


def _places(labels: Sequence[str], responses: Responses) -> dict[str, float]:
    """Return the place of each label on the scale; none where labels have no order."""
    if isinstance(responses.scale, Numeric):
        return {label: float(label) for label in labels}
    if not isinstance(responses.labelled, Ordinal):
        return {}
    places = dict(zip(map(plain, responses.labelled.labels), responses.labelled.positions().tolist(), strict=True))
    return {label: places[plain(label)] for label in labels}


def _scale_ends(responses: Responses, places: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the scale; those of the answers where a scale of numbers has none."""
    scale = responses.scale
    if isinstance(scale, Numeric) and math.isfinite(scale.high - scale.low):
        return scale.low, scale.high
    if isinstance(responses.labelled, Ordinal):
        places = responses.labelled.positions().tolist()
    return min(places), max(places)


def least_stable(panel: Panel) -> Mapping[str, Rows]:
    """Return the items whose grades change most between runs, and the judges, with their mean grade on an ordered scale."""
    table: dict[str, Floats | list[str]] = {
        "item": [panel.responses.items.names[code] for code in panel.cells.codes[:, 1]],
        "persona": [panel.responses.personas.names[code] for code in panel.cells.codes[:, 0]],
        "noise": panel.cells.within,
    }
    if panel.cells.mean.shape[1] == 1:
        table["grade"] = panel.cells.mean[:, 0]
    rows, numbers = pl.DataFrame(table).fill_nan(None), [name for name in table if name in {"noise", "grade"}]
    evidence = {}
    for facet, name in (("item", "items"), ("persona", "judges")):
        means = rows.group_by(facet).agg(pl.col(numbers).mean()).sort("noise", facet, descending=[True, False], nulls_last=True)
        evidence[name] = means.head(WORST).to_dicts()
    return evidence


def agreements(shares: pl.DataFrame, by: str, *, exact: bool) -> pl.DataFrame:
    """Return how often two answers of one persona to one item are the same.

    With n answers of share s(l), two different runs agree with (n Σ s² − 1) / (n − 1), which is Σ s² where the shares are label
    probabilities; two answers under different orders with Σ s(l) s'(l).

    Columns: persona, item, rerun (agreement of two runs, mean over orders; null with fewer than two runs), across (agreement under two
    orders, mean over pairs of them; null with one order), both (rerun, where all orders have it).

    Examples:
        Two runs under each order: yes and no, then yes twice.

        >>> rows = pl.DataFrame({"persona": "p", "item": "i", "order": ["a", "a", "b"], "answer": ["yes", "no", "yes"]})
        >>> agreements(rows.with_columns(share=pl.Series([0.5, 0.5, 1.0]), n=2.0), "order", exact=False).row(0)[2:]
        (0.5, 0.5, 0.5)
    """
    n, same = pl.col("n").first(), (pl.col("share") ** 2).sum()
    again = same if exact else pl.when(n > 1).then((n * same - 1) / (n - 1))
    cell = shares.group_by("persona", "item", by, maintain_order=True).agg(same=same, rerun=again)
    complete, by_pair = pl.col("rerun").is_not_null().all(), cell.group_by("persona", "item", maintain_order=True)
    pair = by_pair.agg(pl.col("same").sum(), pl.col("rerun").mean(), complete=complete, orders=pl.len())
    joint = shares.group_by("persona", "item", "answer").agg(pl.col("share").sum()).group_by("persona", "item").agg(joint=same)
    across = (pl.col("joint") - pl.col("same")) / (pl.col("orders") * (pl.col("orders") - 1))
    across, both = pl.when(pl.col("orders") > 1).then(across), pl.when(pl.col("complete")).then(pl.col("rerun"))
    return pair.join(joint, ["persona", "item"], maintain_order="left").select("persona", "item", "rerun", across=across, both=both)


def crossings(rows: pl.DataFrame, passed: pl.Expr, *by: str, exact: bool) -> pl.DataFrame:
    """Return how often the runs of a cell fall on two sides.

    If a share s of n answers passes, two different runs differ with 2 s (1 − s) n / (n − 1), or 2 s (1 − s) where the share is
    a probability.

    Columns: `by`, flip (two runs differ) and straddle (1 where not all runs are on one side, else 0); null with fewer than two runs, and
    straddle is null where probabilities stand for any number of runs.
    """
    weight, share, n = pl.col("weight"), pl.col("share"), pl.col("n")
    cell = rows.group_by(by, maintain_order=True).agg(n=weight.sum(), share=(weight * passed).sum() / weight.sum())
    apart = 2 * share * (1 - share)
    several = pl.lit(value=False) if exact else n > 1
    straddle = pl.when(several).then(((share > 0) & (share < 1)).cast(pl.Float64))
    return cell.select(*by, flip=apart if exact else pl.when(several).then(apart * n / (n - 1)), straddle=straddle)


def single_grade(panel: Panel) -> Estimate:
    """Return ω of one run, up to 1. Reruns of a judge are exchangeable, so all have one loading and error: ω₁ = λ² / (λ² + ψ)."""
    interval = panel.interval(_item_signal, "share")
    if interval.value >= 1:
        low = 1.0 if np.isinf(panel.cells.n).all() else panel.never_varying("item")
        interval = interval._replace(low=low, high=1.0)
    means = Name("share", "answers", "McDonald's ω of a single run: how reliably one grade of a judge separates items")
    return replace(panel.named("signal", interval, panel.answers), name="omega.single", means=means)


def _item_signal(disagreements: Disagreements) -> Floats:
    """Return 1 − D[all] / D[all but the item]: the share of a judge's disagreement on different items that is not noise."""
    everything = max(disagreements, key=len)
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - disagreements[everything] / disagreements[everything - {"item"}]


def averaged_grades(single: Estimate, runs: float) -> Estimate:
    """Return ω of the mean of some runs, by Spearman–Brown from ω of one."""
    value, low, high = (float(spearman_brown(end, runs)) for end in single.interval[:3])
    means = Name("share", "answers", f"McDonald's ω of the mean of {runs:.3g} runs")
    status = EstimateStatus.UNDEFINED if math.isnan(value) and single.status == EstimateStatus.OK else single.status
    return Estimate("omega.mean", value, low, high, single.level, single.n, "Spearman–Brown of omega.single", status, means)


def mean_alpha(panel: Panel) -> list[Estimate]:
    """Return Krippendorff's α of the runs of each judge, mean over judges; nothing for numbers and texts."""
    counts, judges, names = panel.cells.counts, panel.cells.codes[:, 0], panel.responses.personas.names
    if counts is None or panel.responses.labelled is None:
        return []
    level: Level = "ordinal" if isinstance(panel.responses.labelled, Ordinal) else "nominal"
    alphas = {names[judge]: float(krippendorff_alpha(counts[judges == judge], level)) for judge in np.unique(judges)}
    table = pl.DataFrame({"persona": list(alphas), "item": "", "alpha": list(alphas.values())})
    means = Name("alpha", "judges", f"Krippendorff's α ({level}) of a judge's runs on the same item, mean over judges")
    return [RowSums(table, panel.level, ("persona",)).mean("alpha", means, pl.col("alpha").fill_nan(None))]
