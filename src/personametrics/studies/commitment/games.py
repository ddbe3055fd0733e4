"""A table of games: how well the reveals of each agree, and which of them fit what was said before."""

import numpy as np
import polars as pl

from personametrics.data.finding import Rows
from personametrics.measures.answers import cells
from personametrics.stats.distributions.information import miller_madow

DRAWS = 1e12
"""Number of draws that label probabilities count as."""
WORST = 10
"""Games that the evidence shows."""


def game_rows(rows: pl.DataFrame, *, exact: bool) -> pl.DataFrame:
    """Return a row for each game and persona.

    Columns: persona, game, arm, fits, n, agreement and entropy (null with a single run), consistency, often and modal (the most frequent
    reveal and its share).
    """
    by = ["persona", "game", "arm", "fits"]
    counted = cells(rows, *by).sort(*by, "share", "answer", descending=[*[False] * 4, True, False])
    share, n = pl.col("share"), pl.col("n").first()
    alike = (share**2).sum()
    games = counted.group_by(by, maintain_order=True).agg(
        n=n,
        agreement=alike if exact else pl.when(n > 1).then((n * alike - 1) / (n - 1)),
        consistency=share.filter(pl.col("fits").str.split("|").list.contains(pl.col("answer"))).sum(),
        often=pl.col("answer").first(),
        modal=share.first(),
        shares=share,
    )
    draws = [DRAWS if exact else float(n) for n in games["n"]]
    bits = [float(miller_madow(np.asarray(shares) * n)) for shares, n in zip(games["shares"], draws, strict=True)]
    return games.drop("shares").with_columns(entropy=pl.Series(bits, dtype=pl.Float64).fill_nan(None))


def worst_games(games: pl.DataFrame) -> Rows:
    """Return the games whose reveals agree least."""
    shown = games.sort("agreement", "game", "arm", "persona", nulls_last=True).head(WORST)
    columns = ("game", "arm", "persona", "fits", pl.col("often").alias("revealed most"), pl.col("modal").alias("its share"), "agreement")
    return shown.select(*columns).to_dicts()
