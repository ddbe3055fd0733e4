"""Published experiments as data: what was found, and which of their cells an item belongs to."""

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
"""By kind of effect: the cells of an experiment (arm; for an interaction also whether the moderator is there), and their signs."""
PUBLISHED = ("kind", "effect", "p", "n")
"""What is known of an experiment."""
Table = str | Sequence[Mapping[str, object]]
"""Experiments as a path or as rows, with the columns experiment and those of `PUBLISHED`."""


@dataclass(frozen=True)
class Experiment:
    """What was published.

    Attributes:
        name: unique.
        kind: `main` or `interaction`.
        effect: difference of the arms (of an interaction: difference of differences), standardised or not.
        p: of the published test.
        n: how many people took part; NaN where it is not known.
    """

    name: str
    kind: str
    effect: float
    p: float
    n: float = math.nan

    @property
    def noise(self) -> float:
        """Sampling variance of a standardised effect with cells of equal size, (c² + d² / 2) / n with c cells; 0 where n is not known."""
        return 0.0 if math.isnan(self.n) else (len(SIGNS[self.kind]) ** 2 + self.effect**2 / 2) / self.n


def published(table: Table) -> dict[str, dict[str, str]]:
    """What a table says of each experiment, as text; empty for no table.

    Raises:
        ReadError: the file cannot be read.
        ColumnError: a column is missing.
    """
    if not table:
        return {}
    lazy, name = scan(table if isinstance(table, str) else pl.DataFrame(list(table)))
    require(["experiment", *PUBLISHED[:3]], column_names(lazy, name), name)
    kept = [one for one in PUBLISHED if one in column_names(lazy, name)]
    frame = collect(lazy.select(pl.col("experiment", *kept).cast(pl.String).fill_null("")), name)
    return {row.pop("experiment"): row for row in frame.to_dicts()}


def described(items: Sequence[Item], table: Table) -> list[tuple[Item, dict[str, str]]]:
    """Items of experiments with everything the answers have to carry.

    Args:
        items: those with the attributes experiment and arm (of interactions also moderator) are used; what was published of the
            experiment stands in further attributes, or in the table.
        table: of experiments.

    Raises:
        DesignError: there are none, or an arm of one is missing.
    """
    known, found = published(table), list[tuple[Item, dict[str, str]]]()
    for item in items:
        name = item.attributes.get("experiment", "")
        if name and "arm" in item.attributes:
            told = {part: item.attributes.get(part, "") for part in ("arm", "moderator", "counts", *PUBLISHED)}
            found.append((item, {"experiment": name, **told, **known.get(name, {})}))
    if not found:
        message = "replication needs items with the attributes experiment and arm (treatment or control)."
        raise DesignError(message)
    cells: dict[str, set[str]] = {}
    for _, told in found:
        cells.setdefault(told["experiment"], set()).add(cell(told))
    for _, told in found:
        name = told["experiment"]
        if cells[name] != set(SIGNS[checked(name, told).kind]):
            have, wanted = (", ".join(sorted(one)) for one in (cells[name], set(SIGNS[told["kind"]])))
            message = f'The experiment "{name}" has items for {have}, and needs them for {wanted} (arm, and moderator of an interaction).'
            raise DesignError(message)
    return found


def cell(told: Mapping[str, str]) -> str:
    """The cell of an experiment, from arm and moderator."""
    return f"{told['arm']} {told['moderator']}" if told["kind"] == "interaction" else told["arm"]


def checked(name: str, told: Mapping[str, str]) -> Experiment:
    """An experiment from text.

    Raises:
        AnswerError: a kind, effect, p or n that cannot be.
    """
    if told["kind"] not in SIGNS:
        message = f'The experiment "{name}" is of the kind "{told["kind"]}": {options(told["kind"], list(SIGNS))}.'
        raise AnswerError(message)
    try:
        effect, p, n = float(told["effect"]), float(told["p"] or "nan"), float(told.get("n") or "nan")
    except ValueError:
        message = (
            f'The experiment "{name}" needs numbers for effect, p and n, not "{told["effect"]}", "{told["p"]}", "{told.get("n", "")}".'
        )
        raise AnswerError(message) from None
    if not math.isfinite(effect) or effect == 0 or p <= 0 or p > 1 or n <= 0:
        message = f'The experiment "{name}" needs an effect other than 0, a p above 0 and up to 1 and an n above 0: {effect}, {p}, {n}.'
        raise AnswerError(message)
    return Experiment(name, told["kind"], effect, p, n)
