"""A function as a model: planted worlds, tests, and anything that answers without a network."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from personametrics.data.ask import Ask
from personametrics.data.model import Can
from personametrics.data.reply import Reply

Answer = Reply | str | Mapping[str, float]
"""A reply, its text, or the probabilities of the choices."""


@dataclass(frozen=True)
class Scripted:
    """A function as a model.

    Attributes:
        function: gives the answer to an ask: a reply, a text, or probabilities of the choices; it may be a coroutine function.
        id: whatever changes its answers must be in it.
        can: what it is able to do.

    Examples:
        >>> import asyncio
        >>> from personametrics.data.ask import Ask, Message
        >>> async def first(model):
        ...     return [reply.text async for _, reply in model.answer([Ask((Message("user", "Tea?"),))])]
        >>> asyncio.run(first(Scripted(lambda ask: "yes")))
        ['yes']
    """

    function: Callable[[Ask], Answer | Awaitable[Answer]]
    id: str = "scripted/function"
    can: frozenset[Can] = frozenset({Can.SAMPLE, Can.SCORE, Can.SYSTEM, Can.SEED})

    async def answer(self, asks: Iterable[Ask]) -> AsyncIterator[tuple[int, Reply]]:
        """Answer one after the other."""
        for index, ask in enumerate(asks):
            given = self.function(ask)
            answer = await given if inspect.isawaitable(given) else given
            if isinstance(answer, Mapping):
                answer = Reply(probabilities=answer)
            yield index, answer if isinstance(answer, Reply) else Reply(answer)
