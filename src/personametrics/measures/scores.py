"""Scores of answers, from 0 at the low end of their scale to 1 at its high end."""

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import DesignError
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal, Scale


def score_answers(responses: Responses, rows: pl.DataFrame) -> pl.DataFrame:
    """Return answers with their scores.

    Args:
        responses: table whose scale reads the answers.
        rows: its answers, as rows of `answers`.

    Returns:
        The rows with a column score, from 0 to 1.

    Raises:
        DesignError: the answers have no order, no two ends, or several scales.
    """
    scale: Scale | None = responses.scale if isinstance(responses.scale, Numeric) else responses.labelled
    if isinstance(scale, Numeric) and np.isfinite([scale.low, scale.high]).all():
        number = pl.col("answer").str.strip_chars().cast(pl.Float64)
        return rows.with_columns(score=(number - scale.low) / (scale.high - scale.low))
    if not isinstance(scale, Ordinal) or len(scale.labels) < 2:
        message = f"{responses.source} needs answers on one ordered scale with two ends. Name it with --scale, such as 1|2|3|4|5 or 0..10."
        raise DesignError(message)
    places = scale.positions()
    score = dict(zip(scale.labels, (places - places.min()) / np.ptp(places), strict=True))
    scores = {answer: float(score[plain(answer)]) for answer in rows["answer"].unique()}
    return rows.with_columns(score=pl.col("answer").replace_strict(scores, return_dtype=pl.Float64))
