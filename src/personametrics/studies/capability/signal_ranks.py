"""Ranks of models by their persona signals, and the agreement of their order with that of capability."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.finding import Estimate, EstimateStatus, Name, Rows
from personametrics.data.study import Responses
from personametrics.stats.intervals.ranks import concordance, ranks

SCORE = "capability"
"""Optional column with a number for each model, the higher the stronger."""
RANK = Name("rank", "models", "rank of {} by its persona signal (1 is the highest), with all ranks that the intervals allow")
TAU = Name("correlation", "models", "Kendall's τ of persona signal and capability; overlapping intervals count against it at the lower end")
RANKED, PAIRED = "ranks of simultaneous intervals", "pairs of models whose intervals lie apart"


def rank_estimate(index: int, name: str, signals: Sequence[Estimate], level: float) -> Estimate:
    """Return the rank of a model."""
    order = ranks(*_ends(signals))
    values = np.array([signal.value for signal in signals])
    means, n = Name(RANK.unit, RANK.counts, RANK.meaning.format(name)), len(signals)
    if np.isnan(values[index]):
        return Estimate(f"rank.{name}", np.nan, np.nan, np.nan, level, n, RANKED, signals[index].status, means)
    rank = float(1 + (values > values[index]).sum())
    low, high = min(float(order.low[index]), rank), max(float(order.high[index]), rank)
    return Estimate(f"rank.{name}", rank, low, high, level, n, RANKED, EstimateStatus.OK, means)


def rank_correlation(responses: Responses, signals: Mapping[str, Estimate], level: float) -> Estimate | None:
    """Return how the order of the signals agrees with that of capability; None where capability is not given."""
    if SCORE not in responses.frame.columns:
        return None
    model, score = pl.col("model").cast(pl.String), pl.col(SCORE).cast(pl.String).cast(pl.Float64, strict=False)
    given = responses.frame.select(model, score).drop_nulls().unique()
    if given["model"].is_duplicated().any():
        twice = min(given.filter(pl.col("model").is_duplicated())["model"])
        message = f'{responses.source}: the model "{twice}" has two values of "{SCORE}". Give it one.'
        raise DesignError(message)
    scores: dict[str, float] = dict(given.iter_rows())
    used = [(signal, scores[name]) for name, signal in signals.items() if name in scores and not np.isnan(signal.value)]
    if len(used) < 2 or len({score for _, score in used}) < 2:
        return Estimate("correlation", np.nan, np.nan, np.nan, level, len(used), PAIRED, EstimateStatus.UNDEFINED, TAU)
    values = np.array([signal.value for signal, _ in used])
    tau = concordance(values, *_ends([signal for signal, _ in used]), np.array([score for _, score in used]))
    return Estimate("correlation", *tau[:3], level, len(used), PAIRED, EstimateStatus.OK, TAU)


def model_rows(names: Sequence[str], signals: Sequence[Estimate]) -> Rows:
    """Return a row for each model, the highest signal first."""
    rows = [
        {"model": name, "signal": signal.value, "low": signal.low, "high": signal.high, "best rank": int(best), "worst rank": int(worst)}
        for name, signal, best, worst in zip(names, signals, *ranks(*_ends(signals)), strict=True)
    ]
    return sorted(rows, key=lambda row: -float(np.nan_to_num(row["signal"], nan=-np.inf)))  # type: ignore[arg-type]


def _ends(signals: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper ends of the intervals."""
    return np.array([signal.low for signal in signals]), np.array([signal.high for signal in signals])
