"""Published experiments, and their effects in a panel of personas."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, DesignError, ensure, options
from personametrics.data.finding import Cell, Notice, Rows, number_or_none
from personametrics.data.reading import collect, column_names, require, scan
from personametrics.data.study import NOBODY, Item, Ordinal, Responses
from personametrics.measures.answers import answers
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.cluster import cluster_jackknife
from personametrics.stats.intervals.jackknife import Interval

SIGNS: Mapping[str, Mapping[str, int]] = {
    "main": {"treatment": 1, "control": -1},
    "interaction": {"treatment yes": 1, "control yes": -1, "treatment no": -1, "control no": 1},
}
"""By kind of effect: the cells of an experiment (the arm; for an interaction also whether the moderator is present), and their signs."""
PUBLISHED = ("kind", "effect", "p", "n")
"""Attributes of a published experiment; n may be missing."""
Table = str | Sequence[Mapping[str, object]]
"""Experiments as a path or as rows, with the columns experiment and those of `PUBLISHED`."""
KEYS = ("experiment", *PUBLISHED)
OPTIONAL = ("moderator", "counts", "n")
"""Columns that may be missing: yes or no, of an interaction; the answer that counts as 1; number of participants."""
MOST = 60
"""Experiments that the evidence shows."""


@dataclass(frozen=True)
class Experiment:
    """A published experiment.

    Attributes:
        name: unique name.
        kind: `main` or `interaction`.
        effect: difference of the arms (for an interaction: difference of differences), standardised or not.
        p: p value of the published test.
        n: number of participants; NaN where it is not known.
    """

    name: str
    kind: str
    effect: float
    p: float
    n: float = math.nan

    @property
    def noise(self) -> float:
        """The sampling variance of a standardised effect with c cells of equal size, (c² + d² / 2) / n; 0 where n is not known."""
        return 0.0 if math.isnan(self.n) else (len(SIGNS[self.kind]) ** 2 + self.effect**2 / 2) / self.n


def read_experiments(table: Table) -> dict[str, dict[str, str]]:
    """Read the published attributes of each experiment, as text by the name of the experiment."""
    if not table:
        return {}
    lazy, source = scan(table if isinstance(table, str) else pl.DataFrame(list(table)))
    require(["experiment", *PUBLISHED[:3]], column_names(lazy, source), source)
    kept = [name for name in PUBLISHED if name in column_names(lazy, source)]
    frame = collect(lazy.select(pl.col("experiment", *kept).cast(pl.String).fill_null("")), source)
    return {row.pop("experiment"): row for row in frame.to_dicts()}


def experiment_items(items: Sequence[Item], table: Table) -> list[tuple[Item, dict[str, str]]]:
    """Return items with the attributes experiment and arm, with all columns that their answers need (their own, or those of the table)."""
    published, described = read_experiments(table), list[tuple[Item, dict[str, str]]]()
    for item in items:
        name = item.attributes.get("experiment", "")
        if name and "arm" in item.attributes:
            attributes = {part: item.attributes.get(part, "") for part in ("arm", "moderator", "counts", *PUBLISHED)}
            described.append((item, {"experiment": name, **attributes, **published.get(name, {})}))
    ensure(described, "replication needs items of experiments. Give them the attributes experiment and arm (treatment or control).")
    cells: dict[str, set[str]] = {}
    for _, columns in described:
        cells.setdefault(columns["experiment"], set()).add(cell(columns))
    for _, columns in described:
        name = columns["experiment"]
        needed = set(SIGNS[checked_experiment(name, columns).kind])
        if cells[name] != needed:
            has, needs = (", ".join(sorted(names)) for names in (cells[name], needed))
            message = f'The experiment "{name}" has items for {has}, but needs {needs}. Set arm, and moderator for an interaction.'
            raise DesignError(message)
    return described


def cell(columns: Mapping[str, str]) -> str:
    """Return the cell of an experiment from its arm and moderator."""
    return f"{columns['arm']} {columns['moderator']}" if columns["kind"] == "interaction" else columns["arm"]


def checked_experiment(name: str, columns: Mapping[str, str]) -> Experiment:
    """Return an experiment from text."""
    kind = columns["kind"]
    ensure(kind in SIGNS, f'The experiment "{name}" has the unknown kind "{kind}". {options(kind, list(SIGNS))}.', AnswerError)
    texts = [columns["effect"], columns["p"], columns.get("n") or ""]
    try:
        effect, p, n = (float(text or default) for text, default in zip(texts, ("", "nan", "nan"), strict=True))
    except ValueError:
        message = f'The experiment "{name}" needs numbers for effect, p and n, not "{texts[0]}", "{texts[1]}" and "{texts[2]}".'
        raise AnswerError(message) from None
    valid = math.isfinite(effect) and effect != 0 and not (p <= 0 or p > 1 or n <= 0)  # p and n may be NaN
    needed = "an effect other than 0, a p above 0 and up to 1, and an n above 0"
    ensure(valid, f'The experiment "{name}" needs {needed}, not {effect:g}, {p:g} and {n:g}.', AnswerError)
    return Experiment(name, kind, effect, p, n)


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
    """Return the effect of every experiment with its test: a jackknife over personas, whose interval covers at 1 − alpha."""
    rows = _numbers(responses, reads)
    cell = pl.when(pl.col("kind") == "interaction").then(pl.concat_str("arm", pl.lit(" "), "moderator")).otherwise("arm").alias("cell")
    powers = [(pl.col("weight") * pl.col("number") ** power).sum().alias(str(power)) for power in range(3)]
    sums = rows.group_by(*KEYS, cell, "persona", maintain_order=True).agg(powers)
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
        message = f'{responses.source}: the answer "{unknown["answer"][0]}" is not a number. Write the answer that counts as 1 in counts.'
        raise AnswerError(message)
    return rows


def _effect(part: pl.DataFrame, alpha: float, *, exact: bool) -> PanelEffect:
    """Return the effect of one experiment from its sums by cell and persona."""
    published = part.select(KEYS).unique()
    first = published.row(0, named=True)
    message = f'The rows of the experiment "{first["experiment"]}" disagree about its kind, effect, p or n. Write the same in all rows.'
    ensure(len(published) == 1, message, AnswerError)
    experiment = checked_experiment(first["experiment"], first)
    signs = SIGNS[experiment.kind]
    if unknown := set(part["cell"]) - set(signs):
        message = f'The experiment "{experiment.name}" has the unknown cell "{min(unknown)}". Its cells are {", ".join(signs)}.'
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
    rows: list[dict[str, Cell]] = []
    for effect in order[:MOST]:
        published, (difference, low, high, *_) = effect.published, effect.difference
        row: dict[str, Cell] = {"experiment": published.name, "kind": published.kind, "published": published.effect}
        row |= {"p": number_or_none(published.p), "standardised": number_or_none(effect.standardised), "difference": difference}
        rows.append(row | {"low": low, "high": high, "personas": effect.personas, "replicated": effect.replicated})
    return rows


def effect_notices(effects: Sequence[PanelEffect], left_out: Sequence[str], *, exact: bool) -> tuple[Notice, ...]:
    """Return what was left out, and where the panel's test differs from the published test."""
    notices = []
    if left_out:
        text = f"Experiments with fewer than two personas in a cell are left out: {len(left_out)}, such as {left_out[0]}."
        notices.append(Notice("experiments-left-out", text))
    if constant := sum(math.isnan(effect.standardised) for effect in effects):
        text = f"In {constant} experiments, no answer varies within a cell. They have no standardised effect and are not in slope.effect."
        notices.append(Notice("no-spread", text))
    if with_n := [effect for effect in effects if math.isfinite(effect.published.n)]:
        panel, people = median(effect.personas for effect in with_n), median(effect.published.n for effect in with_n)
        if panel < people:
            text = f"The median experiment has {panel:g} personas here, but had {people:g} participants, so the panel has less power."
            notices.append(Notice("smaller-panel", text))
    if exact:
        text = "With label probabilities, only the choice of personas is uncertain, so the test has more power than with people."
        notices.append(Notice("exact-answers", text))
    return tuple(notices)
