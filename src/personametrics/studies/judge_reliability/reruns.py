"""Agreement of repeated answers to one item: by another run, and under another order of the options."""

import polars as pl


def agreements(shares: pl.DataFrame, by: str, *, exact: bool) -> pl.DataFrame:
    """Return how often two answers of one persona to one item are the same.

    With n answers of share s(l), two different runs agree with (n Σ s² − 1) / (n − 1), which is Σ s² where the shares are label
    probabilities; two answers under different orders with Σ s(l) s'(l).

    Args:
        shares: table of `measures.cells`, by persona, item and one more column.
        by: name of that column, such as `order`.
        exact: shares are label probabilities.

    Returns:
        Columns persona, item, rerun (agreement of two runs, mean over orders; null with fewer than two runs), across (agreement under two
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
    pair = cell.group_by("persona", "item", maintain_order=True).agg(
        pl.col("same").sum(), pl.col("rerun").mean(), complete=pl.col("rerun").is_not_null().all(), orders=pl.len()
    )
    joint = shares.group_by("persona", "item", "answer").agg(pl.col("share").sum()).group_by("persona", "item").agg(joint=same)
    across = (pl.col("joint") - pl.col("same")) / (pl.col("orders") * (pl.col("orders") - 1))
    return pair.join(joint, ["persona", "item"], maintain_order="left").select(
        "persona",
        "item",
        "rerun",
        across=pl.when(pl.col("orders") > 1).then(across),
        both=pl.when(pl.col("complete")).then(pl.col("rerun")),
    )


def crossings(rows: pl.DataFrame, passed: pl.Expr, *by: str, exact: bool) -> pl.DataFrame:
    """Return how often the runs of a cell fall on two sides.

    If a share s of n answers passes, two different runs differ with 2 s (1 − s) n / (n − 1), or 2 s (1 − s) where the share is
    a probability.

    Args:
        rows: table of `measures.answers`.
        passed: condition that is true on one side.
        by: columns that make a cell.
        exact: weights are label probabilities.

    Returns:
        Columns `by`, flip (two runs differ) and straddle (1 where not all runs are on one side, else 0); null with fewer than two runs,
        and straddle is null where probabilities stand for any number of runs.
    """
    weight, share, n = pl.col("weight"), pl.col("share"), pl.col("n")
    cell = rows.group_by(by, maintain_order=True).agg(n=weight.sum(), share=(weight * passed).sum() / weight.sum())
    apart = 2 * share * (1 - share)
    several = pl.lit(value=False) if exact else n > 1
    return cell.select(
        *by,
        flip=apart if exact else pl.when(several).then(apart * n / (n - 1)),
        straddle=pl.when(several).then(((share > 0) & (share < 1)).cast(pl.Float64)),
    )
