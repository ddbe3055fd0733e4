"""What became of an ask."""

from enum import StrEnum


class ReplyOutcome(StrEnum):
    """What became of an ask; only `ANSWERED` is ever an answer."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNPARSABLE = "unparsable"
    FAILED = "failed"
    MISSING = "missing"
