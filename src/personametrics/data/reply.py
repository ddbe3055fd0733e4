"""What came back."""

from collections.abc import Mapping
from dataclasses import dataclass

from personametrics.data.outcome import ReplyOutcome


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from a model, before anything is read into it.

    Attributes:
        text: the words, as they came; None where none came.
        outcome: `answered` (words or probabilities came; whether they are an answer is for the parser), `refused` (the provider said so)
            or `failed`.
        probabilities: of each choice, where they were asked for; they may sum to less than 1, never to more.
        finish: why the model stopped, as it says: `stop`, `length`, `content_filter` …
        tokens_in: tokens read, as the model reports them; of several answers to one call, the first carries all.
        tokens_out: tokens written.
        calls: calls made for it, failed ones included; of several answers to one call, the first carries it.
        seconds: from sending to the last byte.
        fingerprint: what the server says it is.
        degraded: what was asked for and not done, such as `seed` or `n`.
        detail: why it failed or was refused, in one sentence.
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
