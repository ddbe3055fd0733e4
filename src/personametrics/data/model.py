"""What answers."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request

if TYPE_CHECKING:  # numpy is slow to load
    from personametrics.stats.arrays import Floats

TOY = "embedded/"
"""How the ids of the embedded toy model begin, so that what it answered is never taken for anything else."""


class Can(StrEnum):
    """What a model is able to do; measured by `doctor`, not trusted."""

    SAMPLE = "sample"
    """Draws an answer in words."""
    SCORE = "score"
    """Gives the probabilities of the choices."""
    SEED = "seed"
    """Draws the same answer again for the same seed."""
    MANY = "many"
    """Draws several answers in one call."""
    SYSTEM = "system"
    """Reads a system message."""
    HIDDEN = "hidden"
    """Shows its activations."""


class Model(Protocol):
    """What answers.

    Attributes:
        id: provider/name@revision and whatever else changes answers; it is in the key of every ask.
        can: what it is able to do.
    """

    @property
    def id(self) -> str:
        """Provider/name@revision and whatever else changes answers."""

    @property
    def can(self) -> frozenset[Can]:
        """What it is able to do."""

    def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Answer every ask once, in any order.

        Asks are pulled when there is room for them, so whoever gives them can be lazy, stop early or choose the next by what came back.
        The backend owns batching, retries and concurrency. A failed ask is a reply whose outcome is `failed`.

        Args:
            requests: pulled one by one; runs of one prompt come one after the other.

        Yields:
            The position of the ask, from 0, and its reply.

        Raises:
            ModelError: no ask can be answered: wrong key, no such model, no server.
        """


@runtime_checkable
class Counts(Protocol):
    """A model that knows its tokens."""

    def tokens(self, messages: Sequence[Message]) -> int:
        """How many tokens a prompt has."""


Blend = Callable[["Floats", int | None], "Floats"]
"""From (I, V) log-probabilities of the next token after I prompts, and the token written before (None: there is none), to (V,) those that
it is drawn from; made anew for every answer, so that it may remember."""


@runtime_checkable
class Blends(Model, Protocol):
    """A model that writes one answer to several prompts at once."""

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """An answer in words whose every token is drawn from a blend of what would follow each prompt, after what was written so far.

        Args:
            request: the first prompt, and how the answer is drawn: its temperature and top_p hold for the blend.
            others: further prompts.
            blend: of log-probabilities at temperature 1.
            seed: of the draws.

        Returns:
            A reply that counts the tokens of all prompts; failed, where one of them cannot be read.

        Raises:
            ModelError: the model cannot be loaded.
        """
