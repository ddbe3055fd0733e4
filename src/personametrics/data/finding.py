"""The finding of a study: its verdict, estimates, notices and evidence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from personametrics.data.errors import InputError, options
from personametrics.data.estimate import Estimate, EstimateStatus, Name, Side
from personametrics.data.notice import Notice

__all__ = ["Cell", "Estimate", "EstimateStatus", "Finding", "Name", "Notice", "Rows", "Side", "Verdict", "number_or_none"]

Cell = str | float | int | bool | None
Rows = Sequence[Mapping[str, Cell]]
"""A table: one mapping for each row, all with the same keys."""


def number_or_none(value: float) -> float | None:
    """Return a number as a cell of a table, None where it is undefined."""
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True)
class Verdict:
    """A statement about intervals, in words; never about the values alone.

    Attributes:
        label: a short fixed text, for programs and tables.
        sentence: the verdict with its numbers.
        fit: uses for which the panel is fit.
        unfit: uses for which the panel is not fit.
        open: uses that the intervals leave undecided.
    """

    label: str
    sentence: str
    fit: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """The result of a study.

    Attributes:
        study: name of the study.
        question: question of the study, in one sentence.
        verdict: the answer.
        estimates: the numbers.
        notices: warnings that a reader needs.
        evidence: tables behind the numbers, by name.
        cite: keys in references.bib of the methods used.
    """

    study: str
    question: str
    verdict: Verdict
    estimates: tuple[Estimate, ...]
    notices: tuple[Notice, ...] = ()
    evidence: Mapping[str, Rows] = field(default_factory=dict)
    cite: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of a name; raises InputError without one."""
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        message = (
            f'The finding "{self.study}" has no estimate "{name}". {options(name, [estimate.name for estimate in self.estimates], 40)}.'
        )
        raise InputError(message)
