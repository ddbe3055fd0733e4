"""The reply to a request, before anything is read into it."""

from collections.abc import Mapping
from dataclasses import dataclass

from personametrics.data.outcome import ReplyOutcome

MOST_TOKENS = 1_000_000_000
"""A count of tokens above this is not believed: no prompt and no answer is so long."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply of a model to one request. It is not an answer yet: the parser decides whether one stands in it.

    Attributes:
        text: the words, as they came; None where none came.
        outcome: `answered` (words or probabilities came), `refused` (the provider said so) or `failed`.
        probabilities: of each choice, where they were asked for; they may sum to less than 1, never to more.
        finish: why the model stopped, as it says: `stop`, `length`, `content_filter` …
        tokens_in: tokens read, as the model reports them; of several answers to one call, the first carries all. None: not reported, or
            not a count from 0 to 1e9.
        tokens_out: tokens written; None as above.
        calls: calls made for it, failed ones included; of several answers to one call, the first carries it.
        seconds: from sending to the last byte.
        fingerprint: system fingerprint of the server.
        degraded: parameters that were asked for and not applied, such as `seed` or `n`.
        detail: why it failed or was refused, in one sentence.
        model: name of the model, as the server gives it; empty: it gives none.
        tokens_thought: tokens of `tokens_out` that were written while thinking; None as above.
        unread_in: tokens read for earlier answers to this request that arrived but were unreadable; they are billed all the same.
        unread_out: tokens written in those answers.
    """

    text: str | None = None
    outcome: ReplyOutcome = ReplyOutcome.ANSWERED
    probabilities: Mapping[str, float] | None = None
    finish: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    calls: int = 1
    seconds: float = 0.0
    fingerprint: str = ""
    degraded: tuple[str, ...] = ()
    detail: str = ""
    model: str = ""
    tokens_thought: int | None = None
    unread_in: int = 0
    unread_out: int = 0

    def __post_init__(self) -> None:
        for name in ("tokens_in", "tokens_out", "tokens_thought"):
            count = getattr(self, name)
            if count is not None and not 0 <= count <= MOST_TOKENS:
                object.__setattr__(self, name, None)

    @property
    def mass(self) -> float | None:
        """The probability that all choices have together; None where probabilities were not asked for."""
        return None if self.probabilities is None else float(sum(self.probabilities.values()))
