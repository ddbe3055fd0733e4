"""Comparison of the labels of a panel with those of several annotators, item by item."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, ensure, options
from personametrics.data.responses import Responses
from personametrics.measures.people import Side, pair_up
from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.agreement import majority, others_agreement, pair_agreement
from personametrics.stats.distributions.distances import total_variation
from personametrics.stats.distributions.floors import permutation_floor

SET = "set"
"""The column of a remedy that gives sets of labels, separated by `|`."""
SPLITS = 50
"""Number of random splits for the part of a distance on one item that is due to sampling; the mean over items needs few."""


class LabelCounts(NamedTuple):
    """The answers (or probabilities summed over personas) per item and label (I, L), of the items with answers."""

    items: Sequence[str]
    labels: Sequence[str]
    counts: Floats


def pool_labels(responses: Responses, labels: Sequence[str] = ()) -> LabelCounts:
    """Return the counts of labels per item, over all personas; `labels` are further labels, given by others.

    Raises:
        DesignError: the answers are not labels, or there are too many different ones.
    """
    cells, labelled = responses.cells, responses.labelled
    if labelled is None or cells.counts is None:
        message = f"{responses.source} needs answers with at most 64 different labels. Name the labels with --scale."
        raise DesignError(message)
    joint = labelled.labels if set(labels) <= set(labelled.labels) else tuple(dict.fromkeys((*labels, *labelled.labels)))
    counts = np.zeros((len(responses.items.names), len(joint)))
    np.add.at(counts, (cells.codes[:, 1, None], np.array([joint.index(label) for label in labelled.labels])), cells.counts)
    answered = np.flatnonzero(counts.sum(1))
    return LabelCounts([responses.items.names[item] for item in answered], joint, counts[answered])


def column_of(responses: Responses, name: str) -> dict[str, str]:
    """Return the value of a column for each item, in the order of the items; "" without a column, or where it is empty.

    Raises:
        DesignError: the column does not exist, or an item has two values of it.
    """
    if not name:
        return dict.fromkeys(responses.items.names, "")
    if name not in responses.frame.columns:
        message = f'{responses.source} has no column "{name}", which should group the items. {options(name, responses.frame.columns)}.'
        raise DesignError(message)
    item, value = pl.col(responses.columns.item).cast(pl.String).alias(" item"), pl.col(name).cast(pl.String).fill_null("").alias(" value")
    pairs = responses.frame.select(item, value).unique().sort(" item", " value")
    if len(two := pairs.filter(pl.col(" item").is_duplicated())):
        message = f'{responses.source}: the item "{two[0, 0]}" has two values of "{name}". Give the same value in all its rows.'
        raise DesignError(message)
    values = dict(pairs.iter_rows())
    return {item: values[item] for item in responses.items.names}


def annotation_table(responses: Responses, people: Responses) -> pl.DataFrame:
    """Return a row for each item that the panel was asked and people labelled.

    The columns are item, annotators, labelled (True if the panel gave an answer), and columns that are null without an answer: agreement,
    ceiling and their differences (see `studies.annotation`), certainty (share of the panel's most frequent label), and the labels of panel
    and people. If the answers have a column `set`, also sets.coverage and sets.size, for all items.

    Raises:
        DesignError: fewer than two items are common to both, or answers are not labels.
    """
    theirs = pool_labels(people)
    table = _numbers(*pair_up(responses, people, {}))
    items = pl.DataFrame({"item": list(theirs.items), "annotators": theirs.counts.sum(1), **_sets(responses, theirs)})
    common = items.filter(pl.col("item").is_in(responses.items.names))
    return common.join(table, "item", "left", maintain_order="left").with_columns(pl.col("labelled").fill_null(value=False))


def _numbers(panel: Side, human: Side) -> pl.DataFrame:
    """Return the comparison for the items that both sides labelled."""
    ensure(panel.labels, "The panel needs answers with at most 64 different labels. Name the labels with --scale.")
    mine, theirs = panel.counts, human.counts
    share, chance, label = mine / mine.sum(1, keepdims=True), theirs / theirs.sum(1, keepdims=True), majority(mine)
    columns = {"agreement": (label * chance).sum(1), "agreement.single": (share * chance).sum(1)}
    columns |= {"ceiling": others_agreement(theirs), "ceiling.single": pair_agreement(theirs)}
    columns["gap"] = columns["agreement"] - columns["ceiling"]
    columns["gap.single"] = columns["agreement.single"] - columns["ceiling.single"]
    columns["advantage"] = columns["agreement"] - columns["ceiling.single"]
    columns["excess.tv"] = total_variation(share, chance) - permutation_floor(panel.effective_counts(), theirs, splits=SPLITS)
    names = np.array(panel.labels)
    labels = {"item": list(panel.items), "panel": names[label.argmax(1)].tolist(), "people": names[theirs.argmax(1)].tolist()}
    numbers = {name: pl.Series(column).fill_nan(None) for name, column in columns.items()}
    return pl.DataFrame({**labels, "labelled": [True] * len(share), "certainty": share.max(1), **numbers})


def _sets(responses: Responses, theirs: LabelCounts) -> Mapping[str, Sequence[float | None]]:
    """Return coverage (share of annotators whose label is in the set) and size of the sets; no columns without a column `set`."""
    if SET not in responses.frame.columns:
        return {}
    item, labels = pl.col(responses.columns.item).cast(pl.String), pl.col(SET).cast(pl.String)
    rows = responses.frame.select(item, labels.alias(" set")).drop_nulls().unique()
    sets = {name: set(filter(None, text.split("|"))) for name, text in rows.iter_rows()}
    columns: dict[str, list[float | None]] = {"sets.coverage": [], "sets.size": []}
    for name, counts in zip(theirs.items, theirs.counts, strict=True):
        inside = np.array([label in sets.get(name, ()) for label in theirs.labels])
        columns["sets.coverage"].append(float(counts @ inside / counts.sum()) if name in sets else None)
        columns["sets.size"].append(len(sets[name]) if name in sets else None)
    return columns
