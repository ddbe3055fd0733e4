"""The long table of answers, one row per reply."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.data import duplicates as twice
from personametrics.data.coding import Coded, code
from personametrics.data.columns import Columns, Duplicates
from personametrics.data.errors import AnswerError, ColumnError, DesignError, InputError, options
from personametrics.data.levels import Levels, levels
from personametrics.data.notice import Notice
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.probabilities import label_names, label_probabilities
from personametrics.data.reading import collect, column_names, require, scan, where
from personametrics.data.redrawn import redrawn
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.data.writing import is_text, write
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.variance.cells import BLOCK, Cells, from_blocks, from_counts, from_label_blocks

UNIT = "\x1f"
"""Stands between the values of several condition columns, so that no two combinations become one."""


@dataclass(frozen=True, eq=False)
class Responses:
    """Answers of simulated (or real) people, with the scale that reads them.

    Attributes:
        frame: one row a reply, as given; no row is dropped but by `where` and by the choice about duplicates.
        columns: which column of the frame holds what.
        scale: how answers are read; its labels are filled in by `coded`.
        missing: answers that mean "none".
        source: what messages and provenance call the table.
        notices: what was noticed while reading.
    """

    frame: pl.DataFrame
    columns: Columns
    scale: Scale
    missing: tuple[str, ...] = ()
    source: str = "the frame"
    notices: tuple[Notice, ...] = field(default=())

    @classmethod
    def read(
        cls,
        source: Any,
        columns: Columns | None = None,
        scale: Scale | None = None,
        *,
        missing: Sequence[str] = (),
        keep: Sequence[str] = (),
        duplicates: Duplicates = "error",
    ) -> "Responses":
        """Read a table of answers.

        Args:
            source: a path (CSV, TSV, Parquet, NDJSON) or a Polars, pandas or Arrow table.
            columns: which column holds what.
            scale: how answers are read; by default ordinal, with the numbers that occur.
            missing: answers that mean "none", such as "-1".
            keep: conditions `column=value` or `column!=value` that rows must meet.
            duplicates: what to do with several rows of one persona, item, condition and run.

        Returns:
            The rows kept, only the columns named.

        Raises:
            ReadError: the file cannot be read.
            ColumnError: a column is missing or named for two purposes.
            AnswerError: duplicates, rows without persona or item.
            InputError: no row meets the conditions.
        """
        columns, scale = columns or Columns(), scale or Ordinal()
        table, name = scan(source)
        present = column_names(table, name)
        require(columns.used(), present, name)
        _check_roles(columns)
        if duplicates not in get_args(Duplicates):
            message = f'"{duplicates}" is no way to treat duplicates: {options(duplicates, get_args(Duplicates))}.'
            raise InputError(message)
        kept = where(table, keep, name)
        for column in columns.used():
            if kept.collect_schema()[column].is_nested():
                message = f'{name}, column "{column}" holds lists or objects; unpack them into a column of their own.'
                raise ColumnError(message)
        frame = collect(kept.select(_narrow(column, kept.collect_schema()[column]) for column in columns.used()), name)
        if frame.is_empty():
            message = f"{name} has no rows" + (f" that meet {' and '.join(keep)}." if keep else ".")
            raise InputError(message)
        _check_named(frame, columns, name)
        notices: list[Notice] = []
        if not columns.probabilities:
            frame, notices = twice.resolve(frame, columns, duplicates, (missing, _bounded(scale)), name)
        if duplicates == "mean" and notices:
            scale = _bounded(scale)
        if notice := redrawn(kept, columns, name):
            notices = [*notices, notice]
        return cls(frame, columns, scale, tuple(missing), name, tuple(notices))

    @cached_property
    def personas(self) -> Levels:
        """Persona of each row."""
        return levels(self.frame[self.columns.persona])

    @cached_property
    def items(self) -> Levels:
        """Item of each row."""
        return levels(self.frame[self.columns.item])

    @cached_property
    def conditions(self) -> Levels | None:
        """Condition of each row; None where no column is named, or only one condition occurs."""
        if not self.columns.condition:
            return None
        names = [pl.col(name).cast(pl.String).fill_null("") for name in self.columns.condition]
        found = levels(self.frame.select(pl.concat_str(names, separator=UNIT))[:, 0])
        found = replace(found, names=tuple(name.replace(UNIT, " / ") for name in found.names))
        return found if len(found.names) > 1 else None

    @cached_property
    def coded(self) -> Coded:
        """Every answer on the scale; rows whose outcome is not "answered" hold none.

        Raises:
            AnswerError: answers that the scale cannot read.
        """
        answers = self.frame[self.columns.answer]
        if self.columns.outcome is not None:
            answered = self.frame[self.columns.outcome].cast(pl.String) == ReplyOutcome.ANSWERED
            answers = answers.set(~answered.fill_null(value=False), None)
        try:
            return code(answers, self.scale, self.missing)
        except AnswerError as error:
            message = f'{self.source}, column "{self.columns.answer}": {error}'
            raise AnswerError(message) from error

    @cached_property
    def exact(self) -> Floats | None:
        """(N, L) label probabilities of each row, where columns of them are named."""
        return label_probabilities(self.frame, self.columns.probabilities, self.source) if self.columns.probabilities else None

    @cached_property
    def labelled(self) -> Nominal | Ordinal | None:
        """The scale with its labels; None for numbers and texts."""
        if self.exact is None:
            return self.coded.scale if isinstance(self.coded.scale, Nominal | Ordinal) else None
        labels = label_names(self.columns.probabilities)
        return Nominal(labels) if isinstance(self.scale, Nominal) else Ordinal(labels)

    @cached_property
    def answered(self) -> npt.NDArray[np.bool_]:
        """(N,) the row holds an answer on the scale."""
        return self.coded.answered if self.exact is None else np.asarray(np.isfinite(self.exact).all(1))

    @cached_property
    def outcomes(self) -> Mapping[ReplyOutcome, npt.NDArray[np.bool_]]:
        """Rows by what became of the ask, for every outcome that occurs; answers off the scale are unparsable."""
        found = {ReplyOutcome.ANSWERED: self.answered}
        rest = ~self.answered
        if self.exact is None and not rest.any():
            return found
        if self.columns.outcome is not None:
            stated = self.frame[self.columns.outcome].cast(pl.String).fill_null(ReplyOutcome.MISSING)
            for outcome in (ReplyOutcome.REFUSED, ReplyOutcome.FAILED, ReplyOutcome.UNPARSABLE):
                found[outcome] = (stated == outcome).to_numpy() & rest
                rest = rest & ~found[outcome]
        missing = self.coded.missing if self.exact is None else rest
        found[ReplyOutcome.UNPARSABLE] = (rest & ~missing) | found.get(ReplyOutcome.UNPARSABLE, np.zeros_like(rest))
        found[ReplyOutcome.MISSING] = rest & missing
        return {outcome: rows for outcome, rows in found.items() if rows.any()}

    @cached_property
    def facets(self) -> dict[str, Ints]:
        """The crossed facets with the code of each answered row."""
        keep = slice(None) if self.answered.all() else self.answered
        return {name: facet.codes[keep] for name, facet in self._crossed.items()}

    @property
    def _crossed(self) -> dict[str, Levels]:
        """Levels of each crossed facet."""
        found = {"persona": self.personas, "item": self.items}
        return found if self.conditions is None else found | {"condition": self.conditions}

    @cached_property
    def cells(self) -> Cells:
        """The sufficient statistics of all answers.

        Raises:
            AnswerError: answers that the scale cannot read.
            DesignError: label probabilities given twice for one cell.
        """
        names, sizes = list(self._crossed), [len(facet.names) for facet in self._crossed.values()]
        if self.exact is not None and self.labelled is not None:
            at = np.stack(list(self.facets.values()), -1)
            if len(np.unique(at, axis=0)) < len(at):
                message = (
                    f"{self.source} gives the label probabilities of one persona, item and condition in several rows; name a --condition."
                )
                raise DesignError(message)
            return from_counts(names, at, self.exact[self.answered], self.labelled.points(), exact=True)
        answers = int(self.answered.sum())
        if self.coded.points is None:
            return from_blocks(names, sizes, ((codes, values[:, None].astype(float)) for codes, values in self._blocks()), answers)
        return from_label_blocks(
            names, sizes, ((codes, values.astype(np.int64)) for codes, values in self._blocks()), answers, self.coded.points
        )

    def _blocks(self) -> Iterator[tuple[list[Ints], Ints | Floats]]:
        """Levels and label or number of the answered rows, some rows at a time."""
        everything = bool(self.answered.all())
        for start in range(0, len(self.frame), BLOCK):
            keep = slice(None) if everything else self.answered[start : start + BLOCK]
            codes = [facet.part(start, BLOCK)[keep] for facet in self._crossed.values()]
            yield codes, self.coded.part(start, BLOCK)[keep]

    def attribute(self, name: str) -> dict[str, str]:
        """One attribute by persona.

        Raises:
            DesignError: a persona has two values.
        """
        if name == self.columns.persona:
            return {persona: persona for persona in self.personas.names}
        require([name], self.frame.columns, f"{self.source} (among the columns named)")
        pairs = self.frame.select(pl.col(self.columns.persona).cast(pl.String), pl.col(name).cast(pl.String).alias(" value")).unique()
        two = pairs.filter(pl.col(self.columns.persona).is_duplicated()).sort(self.columns.persona, " value")
        if len(two):
            persona, one, other = two[0, 0], two[0, 1], two[1, 1]
            message = (
                f'{self.source}: "{persona}" has two values of "{name}", {one} and {other}; an attribute must not vary within a persona.'
            )
            raise DesignError(message)
        return dict(pairs.drop_nulls().iter_rows())

    def only(self, rows: pl.Expr) -> "Responses":
        """The rows that meet a condition.

        Raises:
            DesignError: none does.
        """
        kept = self.frame.filter(rows)
        if kept.is_empty():
            message = f"{self.source} has no rows that meet {rows}."
            raise DesignError(message)
        return replace(self, frame=kept)

    def write(self, path: str | Path) -> None:
        """Write the rows as CSV, Parquet or NDJSON, by the ending of the path.

        In CSV, text that a spreadsheet would run as a formula is given a leading apostrophe.

        Raises:
            InputError: an ending that is none of these.
        """
        write(self.frame, path)


def _bounded(scale: Scale) -> Numeric:
    """The numeric scale on which averages of a scale's answers lie."""
    if isinstance(scale, Ordinal) and scale.labels:
        return Numeric(float(scale.positions().min()), float(scale.positions().max()))
    return scale if isinstance(scale, Numeric) else Numeric()


def _narrow(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column as it is kept: repeated text once, as a code, so that ten million rows fit."""
    return pl.col(column).cast(pl.Categorical) if dtype == pl.String else pl.col(column)


def _check_roles(columns: Columns) -> None:
    """No column may be persona, item, answer and run at once."""
    named: dict[str, str] = {}
    roles = {"persona": columns.persona, "item": columns.item, "run": columns.run}
    roles |= {"answer": None if columns.probabilities else columns.answer, "outcome": columns.outcome}
    for role, column in roles.items():
        if column in named:
            message = f'The column "{column}" is named both as {named[column]} and as {role}; name another for one of them.'
            raise ColumnError(message)
        if column is not None:
            named[column] = role


def _check_named(frame: pl.DataFrame, columns: Columns, name: str) -> None:
    """Every row must say whose answer to what it is."""
    for role, column in (("persona", columns.persona), ("item", columns.item)):
        named = frame[column]
        nameless = (
            named.is_null() | (named.cast(pl.String).str.strip_chars() == "") if is_text(named.dtype) else named.is_null()
        ).arg_true()
        if len(nameless):
            message = f'{name}, row {nameless[0] + 1}: no {role} ({len(nameless)} such rows); fill the column "{column}".'
            raise AnswerError(message)
    if columns.outcome is not None:
        stated = frame[columns.outcome].cast(pl.String).drop_nulls().unique().sort().to_list()
        for outcome in stated:
            if outcome not in set(ReplyOutcome):
                message = f'{name}, column "{columns.outcome}": "{outcome}" is no outcome: {options(outcome, list(ReplyOutcome))}.'
                raise AnswerError(message)
