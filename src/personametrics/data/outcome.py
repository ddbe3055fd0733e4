"""The outcome of a request."""

from enum import StrEnum


class ReplyOutcome(StrEnum):
    """The outcome of a request; only a reply that is `ANSWERED` is an answer."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNPARSABLE = "unparsable"
    FAILED = "failed"
    MISSING = "missing"
