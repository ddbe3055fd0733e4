"""The long table of answers, with one row for each reply."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.data.coding import Coded, code
from personametrics.data.columns import Columns, Duplicates
from personametrics.data.errors import AnswerError, ColumnError, DesignError, InputError, ensure, options
from personametrics.data.levels import Levels, levels
from personametrics.data.notice import Notice
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.probabilities import label_names, label_probabilities
from personametrics.data.reading import collect, column_names, require, scan, where
from personametrics.data.runs import redrawn_notice, resolve_duplicates
from personametrics.data.scale import Nominal, Numeric, Ordinal, Scale
from personametrics.data.writing import is_text, write
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.variance.cells import BLOCK, Cells, from_blocks, from_counts, from_label_blocks

UNIT = "\x1f"
"""The separator between the values of several condition columns; it keeps different combinations different."""


@dataclass(frozen=True, eq=False)
class Responses:
    """The answers of simulated or real people, with the scale that reads them.

    Attributes:
        frame: one row for each reply, as given; rows are dropped only by conditions on rows and by the treatment of duplicates.
        columns: roles of the columns of the frame.
        scale: scale that reads the answers; `coded` fills in its labels.
        missing: answers that mean "missing".
        source: name of the table in messages and provenance; a filtered table says there to which rows it was filtered.
        notices: warnings from the reading of the table.
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
        """Read a table of answers: the rows that meet the conditions, with the named columns only.

        Args:
            source: a path (CSV, TSV, Parquet, NDJSON) or a Polars, pandas or Arrow table.
            columns: roles of the columns.
            scale: scale that reads the answers; by default ordinal, with the numbers that occur.
            missing: answers that mean "missing", such as "-1".
            keep: conditions `column=value` or `column!=value` that rows must meet.
            duplicates: treatment of several rows of one persona, item, condition and run.

        Raises:
            ReadError: the file cannot be read.
            ColumnError: a column is missing, is named for two roles, or holds lists.
            AnswerError: rows repeat a run, or lack a persona or an item.
            InputError: no row meets the conditions.
        """
        columns, scale = columns or Columns(), scale or Ordinal()
        table, name = scan(source)
        present = column_names(table, name)
        require(columns.used(), present, name)
        _check_roles(columns)
        if duplicates not in get_args(Duplicates):
            message = f'duplicates: unknown value "{duplicates}". {options(duplicates, get_args(Duplicates))}.'
            raise InputError(message)
        kept = where(table, keep, name)
        for column in columns.used():
            if kept.collect_schema()[column].is_nested():
                message = f'{name}, column "{column}" contains lists or objects. Split it into several columns.'
                raise ColumnError(message)
        frame = collect(kept.select(_narrow(column, kept.collect_schema()[column]) for column in columns.used()), name)
        if frame.is_empty():
            message = f"{name} has no rows" + (f" that meet {' and '.join(keep)}." if keep else ".")
            raise InputError(message)
        _check_named(frame, columns, name)
        notices: list[Notice] = []
        if not columns.probabilities:
            frame, notices = resolve_duplicates(frame, columns, duplicates, (missing, _bounded(scale)), name)
        if duplicates == "mean" and notices:
            scale = _bounded(scale)
        if notice := redrawn_notice(kept, columns, name):
            notices = [*notices, notice]
        return cls(frame, columns, scale, tuple(missing), name, tuple(notices))

    @cached_property
    def personas(self) -> Levels:
        """The persona of each row."""
        return levels(self.frame[self.columns.persona])

    @cached_property
    def items(self) -> Levels:
        """The item of each row."""
        return levels(self.frame[self.columns.item])

    @cached_property
    def conditions(self) -> Levels | None:
        """The condition of each row; None if no column is named, or only one condition occurs."""
        if not self.columns.condition:
            return None
        names = [pl.col(name).cast(pl.String).fill_null("") for name in self.columns.condition]
        combinations = levels(self.frame.select(pl.concat_str(names, separator=UNIT))[:, 0])
        if len(combinations.names) < 2:
            return None
        return replace(combinations, names=tuple(name.replace(UNIT, " / ") for name in combinations.names))

    @cached_property
    def coded(self) -> Coded:
        """The answers on the scale, none where the outcome is not "answered"; raises AnswerError if the scale cannot read them."""
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
        """The label probabilities of each row (N, L); None if no columns of probabilities are named."""
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
        """True (N,) where the row holds an answer on the scale."""
        return self.coded.answered if self.exact is None else np.asarray(np.isfinite(self.exact).all(1))

    @cached_property
    def outcomes(self) -> Mapping[ReplyOutcome, npt.NDArray[np.bool_]]:
        """True (N,) for the rows of an outcome, by each outcome that occurs; answers that are not on the scale are unparsable."""
        rows = {ReplyOutcome.ANSWERED: self.answered}
        rest = ~self.answered
        if self.exact is None and not rest.any():
            return rows
        if self.columns.outcome is not None:
            stated = self.frame[self.columns.outcome].cast(pl.String).fill_null(ReplyOutcome.MISSING)
            for outcome in (ReplyOutcome.REFUSED, ReplyOutcome.FAILED, ReplyOutcome.UNPARSABLE):
                rows[outcome] = (stated == outcome).to_numpy() & rest
                rest = rest & ~rows[outcome]
        missing = self.coded.missing if self.exact is None else rest
        rows[ReplyOutcome.UNPARSABLE] = (rest & ~missing) | rows.get(ReplyOutcome.UNPARSABLE, np.zeros_like(rest))
        rows[ReplyOutcome.MISSING] = rest & missing
        return {outcome: mask for outcome, mask in rows.items() if mask.any()}

    @cached_property
    def facets(self) -> dict[str, Ints]:
        """The codes of the answered rows, by crossed facet."""
        keep = slice(None) if self.answered.all() else self.answered
        return {name: facet.codes[keep] for name, facet in self._crossed.items()}

    @property
    def _crossed(self) -> dict[str, Levels]:
        """The levels of each crossed facet."""
        facets = {"persona": self.personas, "item": self.items}
        return facets if self.conditions is None else facets | {"condition": self.conditions}

    @cached_property
    def cells(self) -> Cells:
        """The sufficient statistics of all answers.

        Raises:
            AnswerError: the scale cannot read the answers.
            DesignError: label probabilities are given twice for one cell.
        """
        names, sizes = list(self._crossed), [len(facet.names) for facet in self._crossed.values()]
        if self.exact is not None and self.labelled is not None:
            codes = np.stack(list(self.facets.values()), -1)
            if len(np.unique(codes, axis=0)) < len(codes):
                message = (
                    f"{self.source} gives the label probabilities of one persona, item and condition in several rows. "
                    "Give the column that distinguishes these rows with --condition."
                )
                raise DesignError(message)
            return from_counts(names, codes, self.exact[self.answered], self.labelled.points(), exact=True)
        answers = int(self.answered.sum())
        if self.coded.points is None:
            return from_blocks(names, sizes, ((codes, values[:, None].astype(float)) for codes, values in self._blocks()), answers)
        return from_label_blocks(
            names, sizes, ((codes, values.astype(np.int64)) for codes, values in self._blocks()), answers, self.coded.points
        )

    def _blocks(self) -> Iterator[tuple[list[Ints], Ints | Floats]]:
        """Yield codes and labels (or numbers) of the answered rows, one block of rows at a time."""
        everything = bool(self.answered.all())
        for start in range(0, len(self.frame), BLOCK):
            keep = slice(None) if everything else self.answered[start : start + BLOCK]
            codes = [facet.part(start, BLOCK)[keep] for facet in self._crossed.values()]
            yield codes, self.coded.part(start, BLOCK)[keep]

    def attribute(self, name: str) -> dict[str, str]:
        """Return an attribute of each persona, by name of the persona.

        Raises:
            ColumnError: the column does not exist.
            DesignError: a persona has two values.
        """
        if name == self.columns.persona:
            return {persona: persona for persona in self.personas.names}
        require([name], self.frame.columns, f"{self.source}, of which only the named columns were read,")
        pairs = self.frame.select(pl.col(self.columns.persona).cast(pl.String), pl.col(name).cast(pl.String).alias(" value")).unique()
        two = pairs.filter(pl.col(self.columns.persona).is_duplicated()).sort(self.columns.persona, " value")
        if len(two):
            persona, first, second = two[0, 0], two[0, 1], two[1, 1]
            message = f'{self.source}: "{persona}" has two values of "{name}", {first} and {second}. Give the same value in all its rows.'
            raise DesignError(message)
        return dict(pairs.drop_nulls().iter_rows())

    def only(self, rows: pl.Expr, what: str = "a part of the rows") -> "Responses":
        """Return the rows that meet a condition, such as "model gpt" in the words of `what`, which `source` and so messages carry.

        Raises:
            DesignError: no row meets the condition.
        """
        kept = self.frame.filter(rows)
        ensure(not kept.is_empty(), f"{self.source} has no rows of {what}.")
        return replace(self, frame=kept, source=f"{self.source}, {what}")

    def keep(self, rows: npt.NDArray[np.bool_], what: str = "a part of the rows") -> "Responses":
        """Return the rows (N,) that are True, as `only`; what has been read from the whole table is not read again.

        Raises:
            DesignError: no row is kept.
        """
        part = self.only(pl.lit(pl.Series(rows)), what)
        vars(part).update(personas=self.personas.keep(rows), items=self.items.keep(rows))
        coded = None if self.columns.probabilities else self.coded
        if coded and coded.scale == self.scale and not coded.outside and coded.answered[rows].any():
            vars(part)["coded"] = coded.keep(rows)
        return part

    def write(self, path: str | Path) -> None:
        """Write the rows as CSV, Parquet or NDJSON, by the suffix of the path.

        In CSV, text that a spreadsheet would run as a formula gets a leading apostrophe.

        Raises:
            InputError: the path has another suffix, or cannot be written.
        """
        write(self.frame, path)


def _bounded(scale: Scale) -> Numeric:
    """Return the numeric scale on which averages of answers lie."""
    if isinstance(scale, Ordinal) and scale.labels:
        return Numeric(float(scale.positions().min()), float(scale.positions().max()))
    return scale if isinstance(scale, Numeric) else Numeric()


def _narrow(column: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as it is kept: repeated text as codes, so that ten million rows fit into memory."""
    return pl.col(column).cast(pl.Categorical) if dtype == pl.String else pl.col(column)


def _check_roles(columns: Columns) -> None:
    """Check that no column has two roles."""
    named: dict[str, str] = {}
    roles = {"persona": columns.persona, "item": columns.item, "run": columns.run}
    roles |= {"answer": None if columns.probabilities else columns.answer, "outcome": columns.outcome}
    for role, column in roles.items():
        if column in named:
            message = f'The column "{column}" has two roles, {named[column]} and {role}. Name another column for one of these roles.'
            raise ColumnError(message)
        if column is not None:
            named[column] = role


def _check_named(frame: pl.DataFrame, columns: Columns, name: str) -> None:
    """Check that every row names a persona and an item, and a known outcome."""
    for role, column in (("persona", columns.persona), ("item", columns.item)):
        named = frame[column]
        nameless = (
            named.is_null() | (named.cast(pl.String).str.strip_chars() == "") if is_text(named.dtype) else named.is_null()
        ).arg_true()
        if len(nameless):
            message = f'{name}, row {nameless[0] + 1}: the {role} is missing ({len(nameless)} such rows). Fill the column "{column}".'
            raise AnswerError(message)
    if columns.outcome is not None:
        stated = frame[columns.outcome].cast(pl.String).drop_nulls().unique().sort().to_list()
        for outcome in stated:
            if outcome not in set(ReplyOutcome):
                message = f'{name}, column "{columns.outcome}": unknown outcome "{outcome}". {options(outcome, list(ReplyOutcome))}.'
                raise AnswerError(message)
