"""The finding of a study: its verdict, estimates, notices and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from personametrics.data.errors import InputError, options
from personametrics.data.estimate import Estimate
from personametrics.data.notice import Notice

Cell = str | float | int | bool | None
Rows = Sequence[Mapping[str, Cell]]
"""A table: one mapping for each row, all with the same keys."""


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
        """Return the estimate of a name.

        Raises:
            InputError: the finding has no estimate of this name.
        """
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        message = (
            f'The finding "{self.study}" has no estimate "{name}". {options(name, [estimate.name for estimate in self.estimates], 40)}.'
        )
        raise InputError(message)
