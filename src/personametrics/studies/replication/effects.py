"""Published experiments as a panel answers them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.measures.answers import answers
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.cluster import clustered
from personametrics.stats.intervals.jackknife import Interval
from personametrics.studies.replication.experiments import SIGNS, Experiment, checked

TOLD = ("experiment", "kind", "effect", "p", "n")
MAY_READ = ("moderator", "counts", "n")
"""Columns that may be missing: yes or no, of an interaction; the answer that counts as 1; how many people took part."""


@dataclass(frozen=True)
class Simulated:
    """An experiment in a panel.

    Attributes:
        published: what was found with people.
        difference: of the arms' means, in units of the answers, with the interval of its test.
        standardised: the same in standard deviations within cells; NaN where no answer varies.
        personas: how many took part.
    """

    published: Experiment
    difference: Interval
    standardised: float
    personas: int

    @property
    def same(self) -> bool:
        """It has the published direction."""
        return self.difference.value * self.published.effect > 0

    @property
    def replicated(self) -> bool:
        """It has the published direction, and is significant."""
        return self.same and self.difference.low * self.difference.high > 0


def simulated(responses: Responses, reads: Mapping[str, str], alpha: float) -> list[Simulated]:
    """Every experiment with its test: a jackknife over personas, whose interval covers at 1 − alpha.

    Args:
        responses: answers that are numbers, labels of one ordered scale, or counted by the column counts.
        reads: columns that are needed.
        alpha: significance.

    Raises:
        AnswerError: an answer is no number, or what is said of an experiment cannot be.
    """
    rows = _numbers(responses, reads)
    place = pl.when(pl.col("kind") == "interaction").then(pl.concat_str("arm", pl.lit(" "), "moderator")).otherwise("arm").alias("cell")
    powers = [(pl.col("weight") * pl.col("number") ** power).sum().alias(str(power)) for power in range(3)]
    summed = rows.group_by(*TOLD, place, "persona", maintain_order=True).agg(powers)
    exact = bool(responses.columns.probabilities)
    return [_experiment(part, alpha, exact=exact) for part in summed.partition_by("experiment", maintain_order=True)]


def _numbers(responses: Responses, reads: Mapping[str, str]) -> pl.DataFrame:
    """Answers as numbers."""
    more = [name for name in MAY_READ if name in responses.frame.columns]
    rows = answers(responses, {**reads, **dict.fromkeys(more, "")}).filter(pl.col("persona") != NOBODY)
    rows = rows.with_columns(pl.lit("").alias(name) for name in MAY_READ if name not in more)
    rows = rows.with_columns(pl.col(*reads, *MAY_READ).fill_null(""))
    scale = responses.labelled
    places = dict(zip(scale.labels, scale.positions().tolist(), strict=True)) if isinstance(scale, Ordinal) else {}
    number = pl.col("answer").replace_strict(places, default=None) if places else pl.col("answer").cast(pl.Float64, strict=False)
    counted = (pl.col("answer") == pl.col("counts")).cast(pl.Float64)
    rows = rows.with_columns(number=pl.when(pl.col("counts") == "").then(number).otherwise(counted))
    if len(bad := rows.filter(pl.col("number").is_null())):
        message = (
            f'{responses.source}: the answer "{bad["answer"][0]}" is no number; give its item the attribute counts, the answer that is 1.'
        )
        raise AnswerError(message)
    return rows


def _experiment(part: pl.DataFrame, alpha: float, *, exact: bool) -> Simulated:
    """One experiment from its sums by cell and persona."""
    told = part.select(TOLD).unique()
    first = told.row(0, named=True)
    if len(told) > 1:
        message = f'The experiment "{first["experiment"]}" has more than one kind, effect, p or n; a value belongs to all of its rows.'
        raise AnswerError(message)
    experiment = checked(first["experiment"], first)
    signs = SIGNS[experiment.kind]
    if other := set(part["cell"]) - set(signs):
        message = f'The experiment "{experiment.name}" has a cell "{min(other)}": its cells are {", ".join(signs)}.'
        raise AnswerError(message)
    personas, who = np.unique(part["persona"].to_numpy(), return_inverse=True)
    table = np.zeros((len(personas), len(signs), 3))
    table[who, [list(signs).index(one) for one in part["cell"]]] = part.select("0", "1", "2").to_numpy()
    each = np.array(list(signs.values()), dtype=float)

    def difference(total: Floats) -> Floats:
        return np.asarray((total[..., 1::3] / total[..., 0::3]) @ each)

    found = clustered(table.reshape(len(personas), -1), difference, [np.arange(len(personas))], 1 - alpha)
    return Simulated(experiment, found, found.value / _spread(table.sum(0), exact=exact), len(personas))


def _spread(total: Floats, *, exact: bool) -> float:
    """Standard deviation within cells, pooled; from (cells, 3) sums of weights, numbers and squares; NaN for none."""
    if not total[:, 0].all():
        return math.nan
    squares = float((total[:, 2] - total[:, 1] ** 2 / total[:, 0]).sum())
    free = float(total[:, 0].sum()) - (0 if exact else len(total))
    return math.sqrt(squares / free) if squares > 1e-9 and free > 0 else math.nan
