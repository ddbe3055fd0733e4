"""Labels of a panel beside those of several people, item by item."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, options
from personametrics.data.responses import Responses
from personametrics.measures.people import Side, pair_up
from personametrics.stats.arrays import Floats
from personametrics.stats.distributions.distances import total_variation
from personametrics.stats.distributions.floors import exchanged
from personametrics.stats.distributions.majority import majority, others_agreement, pair_agreement

SET = "set"
"""Column with the labels that may be right, `|` between them, where a remedy says so."""
SPLITS = 50
"""Deals by which it is found what sampling alone makes of the distance on one item; the mean over items needs few."""


class Pooled(NamedTuple):
    """Answers (or probabilities summed over personas) per item and label (I, L), of the items that have any."""

    items: Sequence[str]
    labels: Sequence[str]
    counts: Floats


def pooled(responses: Responses, labels: Sequence[str] = ()) -> Pooled:
    """All answers to an item together.

    Args:
        responses: with labels.
        labels: further ones, that others gave.

    Raises:
        DesignError: answers are no labels, or too many different ones.
    """
    cells, labelled = responses.cells, responses.labelled
    if labelled is None or cells.counts is None:
        message = f"{responses.source}: labels are needed, of at most 64 kinds; name them with a scale."
        raise DesignError(message)
    every = labelled.labels if set(labels) <= set(labelled.labels) else tuple(dict.fromkeys((*labels, *labelled.labels)))
    counts = np.zeros((len(responses.items.names), len(every)))
    np.add.at(counts, (cells.codes[:, 1, None], np.array([every.index(label) for label in labelled.labels])), cells.counts)
    there = np.flatnonzero(counts.sum(1))
    return Pooled([responses.items.names[at] for at in there], every, counts[there])


def column_of(responses: Responses, name: str) -> dict[str, str]:
    """Value of a column of each item, in the order of their names; "" for no column, or where it is empty.

    Raises:
        DesignError: there is no such column, or an item has two values of it.
    """
    if not name:
        return dict.fromkeys(responses.items.names, "")
    if name not in responses.frame.columns:
        message = f'{responses.source} has no column "{name}", by which items would be grouped; {options(name, responses.frame.columns)}.'
        raise DesignError(message)
    item, value = pl.col(responses.columns.item).cast(pl.String).alias(" item"), pl.col(name).cast(pl.String).fill_null("").alias(" value")
    pairs = responses.frame.select(item, value).unique().sort(" item", " value")
    if len(two := pairs.filter(pl.col(" item").is_duplicated())):
        message = f'{responses.source}: the item "{two[0, 0]}" has two values of "{name}"; it must not vary within an item.'
        raise DesignError(message)
    told = dict(pairs.iter_rows())
    return {item: told[item] for item in responses.items.names}


def annotated(responses: Responses, people: Responses) -> pl.DataFrame:
    """A row for each item that the panel was asked and people labelled.

    Returns:
        Columns item, annotators, labelled (whether the panel gave an answer), and numbers that are null where there is none: agreement,
        ceiling and their differences (see `studies.annotation`), certainty (share of the panel's most frequent label), the labels panel
        and people; with a column `set` of the answers also sets.coverage and sets.size, of items without an answer of the panel too.

    Raises:
        DesignError: fewer than two items in common, or answers that are no labels.
    """
    theirs = pooled(people)
    table = _numbers(*pair_up(responses, people, {}))
    told = pl.DataFrame({"item": list(theirs.items), "annotators": theirs.counts.sum(1), **_sets(responses, theirs)})
    asked = told.filter(pl.col("item").is_in(responses.items.names))
    return asked.join(table, "item", "left", maintain_order="left").with_columns(pl.col("labelled").fill_null(value=False))


def _numbers(panel: Side, human: Side) -> pl.DataFrame:
    """Numbers of the items that both sides labelled."""
    if not panel.labels:
        message = "Labels of the panel are needed, of at most 64 kinds; name them with a scale."
        raise DesignError(message)
    mine, theirs = panel.counts, human.counts
    share, chance, label = mine / mine.sum(1, keepdims=True), theirs / theirs.sum(1, keepdims=True), majority(mine)
    found = {"agreement": (label * chance).sum(1), "agreement.single": (share * chance).sum(1)}
    found |= {"ceiling": others_agreement(theirs), "ceiling.single": pair_agreement(theirs)}
    found["gap"] = found["agreement"] - found["ceiling"]
    found["gap.single"] = found["agreement.single"] - found["ceiling.single"]
    found["advantage"] = found["agreement"] - found["ceiling.single"]
    found["excess.tv"] = total_variation(share, chance) - exchanged(panel.effective_counts(), theirs, splits=SPLITS)
    names = np.array(panel.labels)
    said = {"item": list(panel.items), "panel": names[label.argmax(1)].tolist(), "people": names[theirs.argmax(1)].tolist()}
    numbers = {name: pl.Series(one).fill_nan(None) for name, one in found.items()}
    return pl.DataFrame({**said, "labelled": [True] * len(share), "certainty": share.max(1), **numbers})


def _sets(responses: Responses, theirs: Pooled) -> Mapping[str, Sequence[float | None]]:
    """Whether the labels left possible hold an annotator's, and how many they are; nothing where no remedy says."""
    if SET not in responses.frame.columns:
        return {}
    item, labels = pl.col(responses.columns.item).cast(pl.String), pl.col(SET).cast(pl.String)
    rows = responses.frame.select(item, labels.alias(" set")).drop_nulls().unique()
    left = {name: set(filter(None, said.split("|"))) for name, said in rows.iter_rows()}
    found: dict[str, list[float | None]] = {"sets.coverage": [], "sets.size": []}
    for name, counts in zip(theirs.items, theirs.counts, strict=True):
        inside = np.array([label in left.get(name, ()) for label in theirs.labels])
        found["sets.coverage"].append(float(counts @ inside / counts.sum()) if name in left else None)
        found["sets.size"].append(len(left[name]) if name in left else None)
    return found
