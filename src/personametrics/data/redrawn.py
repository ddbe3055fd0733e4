"""Runs that are really new personas."""

import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.notice import Notice
from personametrics.data.reading import collect

LOOKED_AT = 40
"""Personas whose other columns are looked at."""


def redrawn(table: pl.LazyFrame, columns: Columns, name: str) -> Notice | None:
    """Notice runs that are new personas: other columns change with the run within a persona, but not within one run of a persona.

    Args:
        table: all columns.
        columns: which holds what.
        name: of the table, for messages.
    """
    schema = table.collect_schema()
    known = {columns.persona, columns.item, columns.answer, columns.run, columns.outcome, *columns.condition, *columns.probabilities}
    others = [
        c for c, dtype in schema.items() if c not in known and (dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Categorical))
    ]
    if columns.run is None or not others:
        return None
    some = collect(table.select(pl.col(columns.persona).unique().sort().head(LOOKED_AT)), name)[:, 0]
    chosen = table.filter(pl.col(columns.persona).is_in(some.implode()))
    each = collect(
        chosen.group_by(columns.persona, columns.run).agg(
            pl.len().alias(" rows"), *(pl.col(c).n_unique().alias(f" n {c}") for c in others), *(pl.col(c).first() for c in others)
        ),
        name,
    )
    if not len(each) or each[" rows"].max() == 1:
        return None
    changing = []
    for column in others:
        by_persona, by_run = (each.group_by(key).agg(pl.col(column).n_unique())[column] for key in (columns.persona, columns.run))
        is_key = each[column].n_unique() > len(each) / 2
        if not is_key and (each[f" n {column}"] == 1).all() and (by_persona > 1).mean() > 0.5 and (by_run > 1).any():  # type: ignore[operator]
            changing.append(column)
    if not changing:
        return None
    text = (
        f"The same persona id has another {' and '.join(changing[:3])} in another run: its runs look like new personas, "
        "not like one persona asked again; run noise is then mixed with persona. Name the persona by id and run together."
    )
    return Notice("redrawn-personas", text)
