"""Something a reader must know before believing a number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """Something a reader must know before believing a number.

    Attributes:
        code: which trap, for programs: `missing`, `duplicates`, `redrawn-personas` …
        text: one sentence with the figures and what to do.
    """

    code: str
    text: str
