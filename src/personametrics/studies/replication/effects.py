"""Published experiments as a panel answers them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.data.finding import Rows
from personametrics.data.notice import Notice
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.measures.answers import answers
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.cluster import cluster_jackknife
from personametrics.stats.intervals.jackknife import Interval
from personametrics.studies.replication.experiments import SIGNS, Experiment, checked_experiment

PUBLISHED = ("experiment", "kind", "effect", "p", "n")
OPTIONAL = ("moderator", "counts", "n")
"""Columns that may be missing: yes or no, of an interaction; the answer that counts as 1; number of participants."""
MOST = 60
"""Experiments that the evidence shows."""


@dataclass(frozen=True)
class PanelEffect:
    """The effect of an experiment in a panel.

    Attributes:
        published: the experiment with people.
        difference: difference of the arms' means, in units of the answers, with the interval of its test.
        standardised: the same in standard deviations within cells; NaN where no answer varies.
        personas: number of personas that took part.
    """

    published: Experiment
    difference: Interval
    standardised: float
    personas: int

    @property
    def same_direction(self) -> bool:
        """True if the effect has the published direction."""
        return self.difference.value * self.published.effect > 0

    @property
    def replicated(self) -> bool:
        """True if the effect has the published direction and is significant."""
        return self.same_direction and self.difference.low * self.difference.high > 0


def panel_effects(responses: Responses, reads: Mapping[str, str], alpha: float) -> list[PanelEffect]:
    """Return the effect of every experiment with its test: a jackknife over personas, whose interval covers at 1 − alpha.

    Args:
        responses: answers that are numbers, labels of one ordered scale, or counted by the column counts.
        reads: columns that are needed.
        alpha: level of significance.

    Raises:
        AnswerError: an answer is not a number, or the columns of an experiment are not valid.
    """
    rows = _numbers(responses, reads)
    cell = pl.when(pl.col("kind") == "interaction").then(pl.concat_str("arm", pl.lit(" "), "moderator")).otherwise("arm").alias("cell")
    powers = [(pl.col("weight") * pl.col("number") ** power).sum().alias(str(power)) for power in range(3)]
    sums = rows.group_by(*PUBLISHED, cell, "persona", maintain_order=True).agg(powers)
    exact = bool(responses.columns.probabilities)
    return [_effect(part, alpha, exact=exact) for part in sums.partition_by("experiment", maintain_order=True)]


def _numbers(responses: Responses, reads: Mapping[str, str]) -> pl.DataFrame:
    """Return answers of personas with the column number."""
    optional = [name for name in OPTIONAL if name in responses.frame.columns]
    rows = answers(responses, {**reads, **dict.fromkeys(optional, "")}).filter(pl.col("persona") != NOBODY)
    rows = rows.with_columns(pl.lit("").alias(name) for name in OPTIONAL if name not in optional)
    rows = rows.with_columns(pl.col(*reads, *OPTIONAL).fill_null(""))
    scale = responses.labelled
    positions = dict(zip(scale.labels, scale.positions().tolist(), strict=True)) if isinstance(scale, Ordinal) else {}
    number = pl.col("answer").replace_strict(positions, default=None) if positions else pl.col("answer").cast(pl.Float64, strict=False)
    counted = (pl.col("answer") == pl.col("counts")).cast(pl.Float64)
    rows = rows.with_columns(number=pl.when(pl.col("counts") == "").then(number).otherwise(counted))
    unknown = rows.filter(pl.col("number").is_null())
    if len(unknown):
        problem = f'the answer "{unknown["answer"][0]}" is not a number'
        message = f"{responses.source}: {problem}. Give its item the attribute counts with the answer that counts as 1."
        raise AnswerError(message)
    return rows


def _effect(part: pl.DataFrame, alpha: float, *, exact: bool) -> PanelEffect:
    """Return the effect of one experiment from its sums by cell and persona."""
    published = part.select(PUBLISHED).unique()
    first = published.row(0, named=True)
    if len(published) > 1:
        problem = f'The experiment "{first["experiment"]}" has more than one kind, effect, p or n'
        message = f"{problem}. Write the same value in all of its rows."
        raise AnswerError(message)
    experiment = checked_experiment(first["experiment"], first)
    signs = SIGNS[experiment.kind]
    if unknown := set(part["cell"]) - set(signs):
        message = f'The experiment "{experiment.name}" has a cell "{min(unknown)}". Its cells are {", ".join(signs)}.'
        raise AnswerError(message)
    personas, persona = np.unique(part["persona"].to_numpy(), return_inverse=True)
    table = np.zeros((len(personas), len(signs), 3))
    table[persona, [list(signs).index(cell) for cell in part["cell"]]] = part.select("0", "1", "2").to_numpy()
    sign = np.array(list(signs.values()), dtype=float)

    def difference(sums: Floats) -> Floats:
        return np.asarray((sums[..., 1::3] / sums[..., 0::3]) @ sign)

    interval = cluster_jackknife(table.reshape(len(personas), -1), difference, [np.arange(len(personas))], 1 - alpha)
    return PanelEffect(experiment, interval, interval.value / _spread(table.sum(0), exact=exact), len(personas))


def _spread(sums: Floats, *, exact: bool) -> float:
    """Return the pooled standard deviation within cells from (cells, 3) sums of weights, numbers and squares; NaN without spread."""
    if not sums[:, 0].all():
        return math.nan
    squares = float((sums[:, 2] - sums[:, 1] ** 2 / sums[:, 0]).sum())
    degrees = float(sums[:, 0].sum()) - (0 if exact else len(sums))
    return math.sqrt(squares / degrees) if squares > 1e-9 and degrees > 0 else math.nan


def effect_table(effects: Sequence[PanelEffect]) -> Rows:
    """Return the experiments, failed replications and large published effects first."""
    order = sorted(effects, key=lambda effect: (effect.replicated, -abs(effect.published.effect), effect.published.name))
    return [
        {
            "experiment": effect.published.name,
            "kind": effect.published.kind,
            "published": effect.published.effect,
            "p": effect.published.p if math.isfinite(effect.published.p) else None,
            "standardised": effect.standardised if math.isfinite(effect.standardised) else None,
            "difference": effect.difference.value,
            "low": effect.difference.low,
            "high": effect.difference.high,
            "personas": effect.personas,
            "replicated": effect.replicated,
        }
        for effect in order
    ][:MOST]


def effect_notices(effects: Sequence[PanelEffect], left_out: Sequence[str], *, exact: bool) -> tuple[Notice, ...]:
    """Return what was left out, and where the panel's test differs from the published test.

    Args:
        effects: the effects that are counted.
        left_out: names of the other experiments.
        exact: True if the answers are label probabilities.
    """
    notices = []
    if left_out:
        text = f"Experiments with fewer than two personas in a cell are left out: {len(left_out)}, such as {left_out[0]}."
        notices.append(Notice("experiments-left-out", text))
    if constant := sum(math.isnan(effect.standardised) for effect in effects):
        text = f"In {constant} experiments, no answer varies within a cell. They have no standardised effect and are not in slope.effect."
        notices.append(Notice("no-spread", text))
    with_n = [effect for effect in effects if math.isfinite(effect.published.n)]
    if with_n:
        panel, people = median(effect.personas for effect in with_n), median(effect.published.n for effect in with_n)
        if panel < people:
            text = f"The median experiment has {panel:g} personas, but had {people:g} participants, so the power differs."
            notices.append(Notice("smaller-panel", text))
    if exact:
        text = "With label probabilities, only the choice of personas makes the test uncertain, so it is sharper than with people."
        notices.append(Notice("exact-answers", text))
    return tuple(notices)
