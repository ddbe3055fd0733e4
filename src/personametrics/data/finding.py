"""What a study returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from personametrics.data.errors import InputError, options
from personametrics.data.estimate import Estimate
from personametrics.data.notice import Notice

Cell = str | float | int | bool | None
Rows = Sequence[Mapping[str, Cell]]
"""A table: one mapping a row, the same keys in each."""


@dataclass(frozen=True)
class Verdict:
    """What the intervals say, in words.

    Attributes:
        label: short and fixed, for programs and tables.
        sentence: the verdict with its figures.
        fit: what the panel may be used for.
        unfit: what it may not be used for.
        open: what the intervals leave undecided.
    """

    label: str
    sentence: str
    fit: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What a study returns.

    Attributes:
        study: its name.
        question: what it asks, in one sentence.
        verdict: the answer.
        estimates: the numbers.
        notices: traps that were noticed.
        evidence: tables behind the numbers, by name.
        cite: keys in references.bib of what was used.
    """

    study: str
    question: str
    verdict: Verdict
    estimates: tuple[Estimate, ...]
    notices: tuple[Notice, ...] = ()
    evidence: Mapping[str, Rows] = field(default_factory=dict)
    cite: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Estimate:
        """The estimate of that name.

        Raises:
            InputError: there is none.
        """
        for estimate in self.estimates:
            if estimate.name == name:
                return estimate
        message = f'The finding "{self.study}" has no estimate "{name}": {options(name, [one.name for one in self.estimates], 40)}.'
        raise InputError(message)
