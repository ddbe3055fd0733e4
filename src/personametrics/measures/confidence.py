"""How sure a panel is of its answers, and answers that are taken back."""

from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import entr

from personametrics.data.errors import DesignError, options
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.entropy import miller_madow
from personametrics.stats.distributions.majority import pair_agreement

Doubt = Literal["agreement", "entropy", "certainty"]
Over = Literal["item", "cell"]
CERTAINTY = "certainty"
"""Column of how sure each answer was said to be, a number."""


def units(responses: Responses, over: Over) -> Ints:
    """(N,) the item of each row, or its persona and item: a number that, modulo the number of items, is the item's."""
    items = responses.items
    return items.codes if over == "item" else responses.personas.codes * len(items.names) + items.codes


def confidence(responses: Responses, by: Doubt, over: Over) -> tuple[Ints, Floats]:
    """How sure the panel is of each item, or each persona of its answers to each item.

    Args:
        responses: the answers.
        by: `agreement`: probability that two answers are the same; `entropy`: minus the bits of their distribution, with the correction of
            Miller (1955) for few draws; `certainty`: mean of that column.
        over: over all answers to an `item`, or over one persona's (a `cell`).

    Returns:
        (U,) numbers as `units` gives them, and (U,) how sure; NaN where fewer than two answers were drawn, or no certainty was stated.

    Raises:
        DesignError: answers are no labels; there is no column of certainty, or it holds something else than numbers.
    """
    if by == CERTAINTY:
        return _stated(responses, over)
    cells, labelled = responses.cells, responses.labelled
    if labelled is None or cells.counts is None:
        message = f"{responses.source}: {by} needs labels, of at most 64 kinds; name them with a scale."
        raise DesignError(message)
    where = cells.codes[:, 1] + (0 if over == "item" else cells.codes[:, 0] * len(responses.items.names))
    keys, at = np.unique(where, return_inverse=True)
    counts = np.zeros((len(keys), cells.counts.shape[1]))
    np.add.at(counts, at, cells.counts)
    if responses.exact is None:
        return keys, pair_agreement(counts) if by == "agreement" else -miller_madow(counts)
    share = counts / counts.sum(1, keepdims=True)
    return keys, (share**2).sum(1) if by == "agreement" else -entr(share).sum(1) / np.log(2)


def _stated(responses: Responses, over: Over) -> tuple[Ints, Floats]:
    """Mean certainty."""
    if CERTAINTY not in responses.frame.columns:
        message = (
            f'{responses.source} has no column "{CERTAINTY}" (how sure of each answer); {options(CERTAINTY, responses.frame.columns)}.'
        )
        raise DesignError(message)
    told = responses.frame[CERTAINTY].cast(pl.String)
    sure = told.cast(pl.Float64, strict=False)
    if strange := told.filter(told.is_not_null() & sure.is_null()).to_list():
        message = f'{responses.source}, column "{CERTAINTY}": "{strange[0]}" is no number.'
        raise DesignError(message)
    keys, at = np.unique(units(responses, over), return_inverse=True)
    value = sure.fill_null(np.nan).to_numpy()
    known = np.isfinite(value) & responses.answered
    number = np.bincount(at[known], minlength=len(keys))
    total = np.bincount(at[known], value[known], minlength=len(keys))
    return keys, np.where(number > 0, total, np.nan) / np.maximum(number, 1)


def taken_back(responses: Responses, kept: npt.NDArray[np.bool_]) -> Responses:
    """The same rows, some without an answer.

    Args:
        responses: the answers.
        kept: (N,) rows that keep theirs.

    Raises:
        DesignError: no answer is left.
    """
    if not (kept & responses.answered).any():
        message = (
            f"{responses.source}: every answer is in doubt, so that nothing is left to read; ask for less (a larger coverage or alpha)."
        )
        raise DesignError(message)
    c, keep = responses.columns, pl.Series(" kept", kept)
    gone = [pl.when(keep).then(pl.col(name)).alias(name) for name in c.probabilities or (c.answer,)]
    if c.outcome is not None:
        stated = pl.col(c.outcome).cast(pl.String)
        gone.append(pl.when(keep).then(stated).otherwise(pl.lit(str(ReplyOutcome.MISSING))).cast(pl.Categorical).alias(c.outcome))
    return replace(responses, frame=responses.frame.with_columns(gone))
