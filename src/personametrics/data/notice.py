"""A notice: a warning that a reader needs before believing a number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """A warning that a reader needs before believing a number.

    Attributes:
        code: a fixed name for programs, such as `missing`, `duplicates` or `redrawn-personas`.
        text: one or two sentences with the numbers and the fix.
    """

    code: str
    text: str
