"""A table with a row for each item: how panel and annotators agree on it."""

from collections.abc import Mapping

import polars as pl

from personametrics.data.finding import Rows
from personametrics.data.study import Responses
from personametrics.measures.annotators import annotation_table, column_of

MEANS: Mapping[str, tuple[str, str]] = {
    "agreement": ("share", "how often the panel's label (its most frequent answer) equals the label of a random annotator"),
    "ceiling": ("share", "how often the majority label of the other annotators equals the label of a random annotator"),
    "gap": ("difference", "agreement minus ceiling: the panel's majority compared with the annotators' majority"),
    "agreement.single": ("share", "how often one answer of one persona equals the label of a random annotator"),
    "ceiling.single": ("share", "how often two annotators give the same label"),
    "gap.single": ("difference", "agreement.single minus ceiling.single: one persona compared with one annotator"),
    "advantage": ("difference", "agreement minus ceiling.single: the panel's label compared with one annotator's label"),
    "excess.tv": ("share", "total variation distance between the labels of panel and annotators, minus the part due to sampling alone"),
    "sets.coverage": ("share", "how often the label of a random annotator is in the set of labels that remain possible"),
    "sets.size": ("labels", "number of labels that remain possible"),
}
SHOWN = 20
"""Items that the evidence shows."""


def item_rows(responses: Responses, people: Responses, group: str) -> tuple[pl.DataFrame, int]:
    """Return a row for each item, and the number of items left out for having one annotator where others have more."""
    rows = annotation_table(responses, people).with_columns(persona=pl.lit(""))
    groups = column_of(responses, group)
    rows = rows.with_columns(group=pl.Series([groups[item] for item in rows["item"]], dtype=pl.String))
    several = rows.filter(pl.col("annotators") > 1)
    return (several, len(rows) - len(several)) if several["labelled"].any() else (rows, 0)


def worst_rows(rows: pl.DataFrame) -> Rows:
    """Return the items on which the panel falls furthest below annotators."""
    shown = ["item", "panel", "people", "agreement", "ceiling", "gap", "certainty", "annotators"]
    table = rows.filter("labelled").select(*shown, *(name for name in ("sets.size",) if name in rows.columns))
    return table.sort("gap", "item", nulls_last=True).head(SHOWN).to_dicts()


def group_means(rows: pl.DataFrame) -> Rows:
    """Return the means of each group of items."""
    means = {name: pl.col(name).mean() for name in MEANS if name in rows.columns}
    table = rows.group_by("group").agg(items=pl.len(), coverage=pl.col("labelled").mean(), **means)
    return table.sort("group").to_dicts()
