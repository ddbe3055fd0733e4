"""Models: who answers requests, and what each is able to do."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from personametrics.data.errors import StudyError
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request

if TYPE_CHECKING:  # numpy is slow to load
    from personametrics.stats.arrays import Floats

TOY = "embedded/"
"""Beginning of the ids of the embedded toy model, so that its answers are never taken for those of another."""
VARIABLE = re.compile("[A-Z_][A-Z0-9_]*")
"""Name of an environment variable; no key of a provider looks like one."""


def key_variable(name: str) -> str:
    """Return the name of the environment variable that holds a key ("": none), or refuse it without repeating it: it may be the key itself.

    Raises:
        StudyError: it has other characters than capital letters, digits and underscores.
    """
    if name and not VARIABLE.fullmatch(name):
        message = "key_variable must be the name of an environment variable. Give a name such as OPENAI_API_KEY, never the key itself."
        raise StudyError(message)
    return name


class Can(StrEnum):
    """An ability of a model; `doctor` measures it instead of trusting the claim."""

    SAMPLE = "sample"
    """Can draw an answer in words."""
    SCORE = "score"
    """Can give the probabilities of the choices."""
    SEED = "seed"
    """Can draw the same answer again with the same seed."""
    MANY = "many"
    """Can draw several answers in one call."""
    SYSTEM = "system"
    """Can read a system message."""
    HIDDEN = "hidden"
    """Can show its activations."""


class Model(Protocol):
    """A model, local or behind a server. It is not a conversation: every request stands alone.

    Attributes:
        id: provider/name@revision and whatever else changes answers; it is in the key of every request.
        can: its abilities.
    """

    @property
    def id(self) -> str:
        """The id: provider/name@revision and whatever else changes answers."""

    @property
    def can(self) -> frozenset[Can]:
        """The abilities."""

    def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Answer every request once, in any order.

        Requests are pulled when there is room for them, so the caller can make them lazily, stop early or choose the next by the replies.
        The backend owns batching, retries and concurrency. A failed request gets a reply whose outcome is `failed`.

        Args:
            requests: pulled one by one; runs of one prompt come one after the other.

        Yields:
            The position of the request, from 0, and its reply.

        Raises:
            ModelError: no request can be answered: wrong key, unknown model, no server.
        """


@runtime_checkable
class Counts(Protocol):
    """A model that can count the tokens of a prompt."""

    def tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of a prompt."""


Blend = Callable[["Floats", int | None], "Floats"]
"""A function from (I, V) log-probabilities of the next token after I prompts, and the token before it (None: it is the first), to the (V,)
log-probabilities that the next token is drawn from. It is made anew for every answer, so that it may keep a state."""


@runtime_checkable
class Blends(Model, Protocol):
    """A model that can write one answer to several prompts at once."""

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Return an answer in words whose every token is drawn from a blend of the distributions that follow each prompt.

        Args:
            request: the first prompt and the sampling: its temperature and top_p apply to the blend.
            others: further prompts.
            blend: function that blends log-probabilities at temperature 1.
            seed: seed of the draws.

        Returns:
            A reply that counts the tokens of all prompts; it is `failed` if one of them cannot be read.

        Raises:
            ModelError: the model cannot be loaded.
        """
