"""One prompt with everything that may change its answer, and nothing else."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from personametrics.data.errors import StudyError

Role = Literal["system", "user", "assistant"]

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

SLOT = re.compile("\ue000(\\d+)\ue001")
"""Signs of the private use area, which stand in no text."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says.

    Attributes:
        role: `system`, `user` or `assistant`.
        text: the words; where `said` holds anything, with a `slot` for each of its replies.
        said: asks whose replies are among the words; compared only once they stand there.
        told: the persona's own text, where it is told in these words; so that it can be told again.
    """

    role: Role
    text: str
    said: tuple["Request", ...] = field(default=(), compare=False)
    told: str = field(default="", compare=False, repr=False)

    def spoken(self, replies: Sequence[str]) -> "Message":
        """With the replies in their slots; nothing within a reply is taken for a slot.

        Examples:
            >>> Message("user", f"She said: {slot(0)}", (Request(()),)).spoken([f"{slot(0)}!"]).text == f"She said: {slot(0)}!"
            True
        """
        return Message(self.role, SLOT.sub(lambda found: replies[int(found[1])], self.text), told=self.told) if self.said else self


def slot(at: int) -> str:
    """What stands in a text for a reply that is not there yet."""
    return f"\ue000{at}\ue001"


@dataclass(frozen=True, slots=True)
class Sampling:
    """How answers are drawn; None leaves a setting to the model and sends nothing.

    Attributes:
        temperature: 0 for the likeliest answer, 1 for the model's own probabilities.
        top_p: share of the likeliest tokens to draw from.
        max_tokens: longest answer.
        seed: with it, a backend that can draws the same answer again; every run of a prompt gets a seed of its own from it.
    """

    temperature: float | None = 1.0
    top_p: float | None = None
    max_tokens: int = 128
    seed: int | None = None


Heard = Callable[["Request"], str | None]
"""From a request to the text of its reply (for a verdict, its meaning); None where it has no reply."""
Compiler = Callable[["Request", Heard], "Compiled"]
"""From a compiled request and the replies so far to its own reply."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The reply to a request that no model answers.

    Attributes:
        text: the reply; None where a reply that it needs is missing.
        source: the request whose reply it repeats; None where it is a text of its own.
    """

    text: str | None
    source: "Request | None" = None


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt with everything that may change its answer; equal asks to one model have one reply.

    Attributes:
        messages: what the model reads, in order.
        run: which re-asking of the very same prompt, from 0.
        choices: what may be answered, as it stands in the prompt, in the order shown; empty: anything.
        sampling: how the answer is drawn.
        score: ask for the probabilities of the choices instead of an answer.
        labels: what each choice means on the item's scale; empty: itself.
        about: what the answer is called in the table: arm, persona, item, conditions. It cannot change the answer and is not in the key.
        to: the role that answers: "" for the model, or a role that another model may take, such as `judge` or `partner`. The id of the
            model that answers is in the key.
        compiled: for a request that no model answers: the function that computes its reply from the replies it waits for.
    """

    messages: tuple[Message, ...]
    run: int = 0
    choices: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    score: bool = False
    labels: tuple[str, ...] = field(default=(), compare=False)
    about: Mapping[str, str] = field(default_factory=dict, compare=False)
    to: str = ""
    compiled: "Compiler | None" = field(default=None, compare=False, repr=False)

    @property
    def waits(self) -> bool:
        """Whether it can be asked only once others are answered."""
        return any(message.said for message in self.messages)

    def key(self, model: str) -> bytes:
        """(32 bytes) SHA-256 of the canonical JSON of the ask and the model's id.

        Raises:
            StudyError: a text holds half a character (a lone surrogate), or the sampling a number that is none.

        Examples:
            >>> request = Request((Message("user", "Tea?"),))
            >>> request.key("m") == Request((Message("user", "Tea?"),), about={"item": "tea"}).key("m")
            True
            >>> request.key("m") == Request((Message("user", "Tea?"),), run=1).key("m")
            False
        """
        try:
            return hashlib.sha256(self.canonical(model).encode()).digest()
        except UnicodeEncodeError as error:
            message = f"A prompt holds {error.object[error.start]!a}, which is half a character; clean the texts of personas and items."
            raise StudyError(message) from None
        except ValueError as error:
            message = f"sampling: NaN and infinity cannot be sent to a model ({error})."
            raise StudyError(message) from None

    def canonical(self, model: str) -> str:
        """Canonical JSON: sorted keys, no spaces, no number that JSON lacks.

        Raises:
            StudyError: replies are missing in its messages.
        """
        if self.waits:
            message = "A prompt waits for replies of other asks; ask those first (personametrics.elicit.conversation)."
            raise StudyError(message)
        sampling = self.sampling
        temperature, top_p = (None if one is None else one + 0.0 for one in (sampling.temperature, sampling.top_p))  # 1, 1.0: one key
        content = {
            "choices": self.choices,
            "messages": [(message.role, message.text) for message in self.messages],
            "model": model,
            "run": self.run,
            "sampling": (temperature, top_p, sampling.max_tokens, sampling.seed),
            "score": self.score,
        }
        return CANONICAL.encode(content)

    def seed(self, model: str) -> int:
        """(0 to 2³¹ − 1) the seed of this run, from its key."""
        return int.from_bytes(self.key(model)[:4]) >> 1

    def same_prompt(self, other: "Request") -> bool:
        """Whether two asks are runs of one prompt, so that one call may answer both."""
        return (self.to, self.messages, self.choices, self.sampling, self.score) == (
            other.to,
            other.messages,
            other.choices,
            other.sampling,
            other.score,
        )
