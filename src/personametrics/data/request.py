"""Requests: prompts with everything that may change their answers."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal

from personametrics.data.errors import StudyError

Role = Literal["system", "user", "assistant"]

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

PROMPT = attrgetter("to", "messages", "choices", "sampling", "score")
"""The part of a request that its runs share."""
SLOT = re.compile("\ue000(\\d+)\ue001")
"""A slot, written with characters of the private use area, which occur in no text."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt.

    Attributes:
        role: `system`, `user` or `assistant`.
        text: the words, with a `slot` for the reply to each of `requests`.
        requests: requests whose replies are part of the words; messages are compared only after the replies are filled in.
        persona: the persona's own text, if it is part of the words; with it the text can be repeated later.
    """

    role: Role
    text: str
    requests: tuple["Request", ...] = field(default=(), compare=False)
    persona: str = field(default="", compare=False, repr=False)

    def filled(self, replies: Sequence[str]) -> "Message":
        """Return the message with the replies in their slots; a slot within a reply stays as it is.

        Examples:
            >>> Message("user", f"She said: {slot(0)}", (Request(()),)).filled([f"{slot(0)}!"]).text == f"She said: {slot(0)}!"
            True
        """
        if not self.requests:
            return self
        return Message(self.role, SLOT.sub(lambda match: replies[int(match[1])], self.text), persona=self.persona)


def slot(index: int) -> str:
    """Return the text that stands for a reply until it arrives."""
    return f"\ue000{index}\ue001"


@dataclass(frozen=True, slots=True)
class Sampling:
    """The settings of the draw of answers; None leaves a setting to the model and sends nothing.

    Attributes:
        temperature: 0 for the likeliest answer, 1 for the model's own probabilities.
        top_p: probability mass of the likeliest tokens to draw from, 0 to 1.
        max_tokens: length limit of an answer.
        seed: seed with which a model that `Can.SEED` draws the same answer again; every run of a prompt gets its own seed from it.
    """

    temperature: float | None = 1.0
    top_p: float | None = None
    max_tokens: int = 128
    seed: int | None = None


Replies = Callable[["Request"], str | None]
"""A function from a request to the text of its reply (for a verdict, its meaning); None without a reply."""
Compiler = Callable[["Request", Replies], "Compiled"]
"""A function from a compiled request and the replies so far to the reply of the request."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The reply to a request that no model answers.

    Attributes:
        text: the reply; None if a reply that it needs is missing.
        source: the request whose reply it repeats; None for a text of its own.
    """

    text: str | None
    source: "Request | None" = None


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt with everything that may change its answer; equal requests to one model have one reply.

    Attributes:
        messages: messages that the model reads, in order.
        run: number of the retest of the same prompt, from 0.
        choices: allowed answers as they stand in the prompt, in the order shown; empty: any answer.
        sampling: settings of the draw.
        score: True to request the probabilities of the choices in place of an answer.
        labels: label on the item's scale for each choice; empty: the choice itself.
        about: columns of the answer in the table, such as arm, persona, item and conditions; they cannot change the answer and are not part
            of the key.
        to: role that answers: "" for the model, or a role that another model may take, such as `judge` or `partner`. The id of the
            model that answers is part of the key.
        compiled: function that computes the reply from the replies in the messages, for a request that no model answers; None otherwise.
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
        """True if the request needs replies to other requests first."""
        return any(message.requests for message in self.messages)

    def key(self, model: str) -> bytes:
        """Return the SHA-256 (32 bytes) of the canonical JSON of the request and the model's id.

        Raises:
            StudyError: a text holds half a character (a lone surrogate), or the sampling holds NaN or infinity.

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
            message = (
                f"A prompt contains {error.object[error.start]!a}, which is not a complete character and cannot be sent. "
                "Remove it from the texts of personas and items."
            )
            raise StudyError(message) from None
        except ValueError as error:
            message = f"A sampling setting is NaN or infinite and cannot be sent to a model ({error}). Give finite numbers."
            raise StudyError(message) from None

    def canonical(self, model: str) -> str:
        """Return the canonical JSON: with sorted keys, and without spaces, NaN and infinity; raises StudyError if replies are missing."""
        if self.waits:
            message = "A prompt needs replies to other requests. Ask these requests first, with personametrics.elicit.conversation."
            raise StudyError(message)
        sampling = self.sampling
        temperature, top_p = (None if value is None else value + 0.0 for value in (sampling.temperature, sampling.top_p))  # 1, 1.0: one key
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
        """Return the seed of this run (0 to 2³¹ − 1), computed from the key."""
        return int.from_bytes(self.key(model)[:4]) >> 1

    def same_prompt(self, other: "Request") -> bool:
        """Return True if two requests are runs of one prompt, so that one call may answer both."""
        return bool(PROMPT(self) == PROMPT(other))
