"""Reliability of single and averaged grades: McDonald's ω and Krippendorff's α of the runs of a judge."""

import math
from dataclasses import replace

import numpy as np
import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.scale import Ordinal
from personametrics.measures.panel import Panel
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.agreement import Level, krippendorff_alpha
from personametrics.stats.variance.disagreement import Disagreements
from personametrics.stats.variance.reliability import spearman_brown
from personametrics.studies.judge_reliability.grades import runs_of_judges


def single_grade(panel: Panel) -> Estimate:
    """Return ω of one run, up to 1. Reruns of a judge are exchangeable, so all have one loading and error: ω₁ = λ² / (λ² + ψ)."""
    interval = panel.interval(_item_signal, "share")
    if interval.value >= 1:
        low = 1.0 if np.isinf(panel.cells.n).all() else panel.never_varying("item")
        interval = interval._replace(low=low, high=1.0)
    means = Name("share", "answers", "McDonald's ω of a single run: reliability with which one grade of a judge separates items")
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
    level: Level = "ordinal" if isinstance(panel.responses.labelled, Ordinal) else "nominal"
    alphas = {judge: float(krippendorff_alpha(counts, level)) for judge, counts in runs_of_judges(panel)}
    if not alphas:
        return []
    table = pl.DataFrame({"persona": list(alphas), "item": "", "alpha": list(alphas.values())})
    means = Name("alpha", "judges", f"Krippendorff's α ({level}) of a judge's runs on the same item, mean over judges")
    return [RowSums(table, panel.level, ("persona",)).mean("alpha", means, pl.col("alpha").fill_nan(None))]
