"""The confidence of a panel in its answers, and the withdrawal of answers in doubt."""

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import entr

from personametrics.data.errors import DesignError, ensure, options
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.agreement import pair_agreement
from personametrics.stats.distributions.information import miller_madow

Doubt = Literal["agreement", "entropy", "certainty"]
Over = Literal["item", "cell"]
CERTAINTY = "certainty"
"""The column with the stated certainty of each answer, a number."""


def units(responses: Responses, over: Over) -> Ints:
    """Return a number for each row (N,), of its item or of its persona and item; modulo the number of items it is the code of the item."""
    items = responses.items
    return items.codes if over == "item" else responses.personas.codes * len(items.names) + items.codes


def confidence(responses: Responses, by: Doubt, over: Over) -> tuple[Ints, Floats]:
    """Return the confidence of the panel in each item, or of each persona in its answers to each item.

    Args:
        responses: the answers.
        by: `agreement`: probability that two answers are the same. `entropy`: negative entropy of the answers in bits, with the correction
            of Miller (1955) for few draws. `certainty`: mean of the column of this name.
        over: `item`: over all answers to an item. `cell`: over the answers of one persona to it.

    Returns:
        The numbers of `units` (U,), and their confidence (U,); NaN where fewer than two answers were drawn, or no certainty was stated.

    Raises:
        DesignError: the answers are not labels, or the column of certainty is missing or does not hold numbers.
    """
    if by == CERTAINTY:
        return _stated(responses, over)
    cells, labelled = responses.cells, responses.labelled
    if labelled is None or cells.counts is None:
        message = f"{responses.source}: {by} needs answers with at most 64 different labels. Name the labels with --scale."
        raise DesignError(message)
    where = cells.codes[:, 1] + (0 if over == "item" else cells.codes[:, 0] * len(responses.items.names))
    keys, place = np.unique(where, return_inverse=True)
    counts = np.zeros((len(keys), cells.counts.shape[1]))
    np.add.at(counts, place, cells.counts)
    if responses.exact is None:
        return keys, pair_agreement(counts) if by == "agreement" else -miller_madow(counts)
    share = counts / counts.sum(1, keepdims=True)
    return keys, (share**2).sum(1) if by == "agreement" else -entr(share).sum(1) / np.log(2)


def _stated(responses: Responses, over: Over) -> tuple[Ints, Floats]:
    """Return the mean certainty of each unit."""
    if CERTAINTY not in responses.frame.columns:
        message = (
            f'{responses.source} has no column "{CERTAINTY}" (the certainty of each answer). {options(CERTAINTY, responses.frame.columns)}.'
        )
        raise DesignError(message)
    stated = responses.frame[CERTAINTY].cast(pl.String)
    numbers = stated.cast(pl.Float64, strict=False)
    if wrong := stated.filter(stated.is_not_null() & numbers.is_null()).to_list():
        message = f'{responses.source}, column "{CERTAINTY}": "{wrong[0]}" is not a number. Correct it, or leave the cell empty.'
        raise DesignError(message)
    keys, place = np.unique(units(responses, over), return_inverse=True)
    value = numbers.fill_null(np.nan).to_numpy()
    finite = np.isfinite(value) & responses.answered
    number = np.bincount(place[finite], minlength=len(keys))
    total = np.bincount(place[finite], value[finite], minlength=len(keys))
    return keys, np.where(number > 0, total, np.nan) / np.maximum(number, 1)


def withdraw(responses: Responses, kept: npt.NDArray[np.bool_]) -> Responses:
    """Return the same rows, with the answer withdrawn where `kept` (N,) is False; raises DesignError if no answer remains."""
    ensure(
        (kept & responses.answered).any(),
        f"{responses.source}: all answers are too uncertain, and none remains. Set a larger coverage or alpha.",
    )
    c, keep = responses.columns, pl.Series(" kept", kept)
    gone = [pl.when(keep).then(pl.col(name)).alias(name) for name in c.probabilities or (c.answer,)]
    if c.outcome is not None:
        stated = pl.col(c.outcome).cast(pl.String)
        gone.append(pl.when(keep).then(stated).otherwise(pl.lit(str(ReplyOutcome.MISSING))).cast(pl.Categorical).alias(c.outcome))
    return replace(responses, frame=responses.frame.with_columns(gone))
