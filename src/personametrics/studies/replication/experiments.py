"""Published experiments as data: their results, and the cell of an experiment to which an item belongs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from personametrics.data.errors import AnswerError, DesignError, options
from personametrics.data.item import Item
from personametrics.data.reading import collect, column_names, require, scan

SIGNS: Mapping[str, Mapping[str, int]] = {
    "main": {"treatment": 1, "control": -1},
    "interaction": {"treatment yes": 1, "control yes": -1, "treatment no": -1, "control no": 1},
}
"""By kind of effect: the cells of an experiment (the arm; for an interaction also whether the moderator is present), and their signs."""
PUBLISHED = ("kind", "effect", "p", "n")
"""Attributes of a published experiment; n may be missing."""
Table = str | Sequence[Mapping[str, object]]
"""Experiments as a path or as rows, with the columns experiment and those of `PUBLISHED`."""


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
    """Read the published attributes of each experiment, as text by the name of the experiment.

    Args:
        table: a path or rows; empty: no experiments.

    Raises:
        ReadError: the file cannot be read.
        ColumnError: a column is missing.
    """
    if not table:
        return {}
    lazy, source = scan(table if isinstance(table, str) else pl.DataFrame(list(table)))
    require(["experiment", *PUBLISHED[:3]], column_names(lazy, source), source)
    kept = [name for name in PUBLISHED if name in column_names(lazy, source)]
    frame = collect(lazy.select(pl.col("experiment", *kept).cast(pl.String).fill_null("")), source)
    return {row.pop("experiment"): row for row in frame.to_dicts()}


def experiment_items(items: Sequence[Item], table: Table) -> list[tuple[Item, dict[str, str]]]:
    """Return items of experiments with all columns that their answers need.

    Args:
        items: items with the attributes experiment and arm (of interactions also moderator) are used; the published attributes of the
            experiment are further attributes of the item, or rows of the table.
        table: published experiments.

    Raises:
        DesignError: such items are missing, or an arm of an experiment is.
    """
    published, described = read_experiments(table), list[tuple[Item, dict[str, str]]]()
    for item in items:
        name = item.attributes.get("experiment", "")
        if name and "arm" in item.attributes:
            attributes = {part: item.attributes.get(part, "") for part in ("arm", "moderator", "counts", *PUBLISHED)}
            described.append((item, {"experiment": name, **attributes, **published.get(name, {})}))
    if not described:
        message = "replication needs items of experiments. Give them the attributes experiment and arm (treatment or control)."
        raise DesignError(message)
    cells: dict[str, set[str]] = {}
    for _, columns in described:
        cells.setdefault(columns["experiment"], set()).add(cell(columns))
    for _, columns in described:
        name = columns["experiment"]
        needed = set(SIGNS[checked_experiment(name, columns).kind])
        if cells[name] != needed:
            has, needs = (", ".join(sorted(names)) for names in (cells[name], needed))
            message = f'The experiment "{name}" has items for {has}, but needs them for {needs} (arm, and moderator of an interaction).'
            raise DesignError(message)
    return described


def cell(columns: Mapping[str, str]) -> str:
    """Return the cell of an experiment from its arm and moderator."""
    return f"{columns['arm']} {columns['moderator']}" if columns["kind"] == "interaction" else columns["arm"]


def checked_experiment(name: str, columns: Mapping[str, str]) -> Experiment:
    """Return an experiment from text.

    Raises:
        AnswerError: the kind is unknown, or effect, p or n is not a possible number.
    """
    kind = columns["kind"]
    if kind not in SIGNS:
        message = f'The experiment "{name}" has the unknown kind "{kind}". {options(kind, list(SIGNS))}.'
        raise AnswerError(message)
    texts = [columns["effect"], columns["p"], columns.get("n") or ""]
    try:
        effect, p, n = (float(text or default) for text, default in zip(texts, ("", "nan", "nan"), strict=True))
    except ValueError:
        message = f'The experiment "{name}" needs numbers for effect, p and n, not "{texts[0]}", "{texts[1]}" and "{texts[2]}".'
        raise AnswerError(message) from None
    if not math.isfinite(effect) or effect == 0 or p <= 0 or p > 1 or n <= 0:
        needed = "an effect other than 0, a p above 0 and up to 1, and an n above 0"
        message = f'The experiment "{name}" needs {needed}, not {effect:g}, {p:g} and {n:g}.'
        raise AnswerError(message)
    return Experiment(name, kind, effect, p, n)
