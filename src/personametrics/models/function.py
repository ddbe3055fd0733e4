"""A function as a model, for planted worlds, tests, and anything that answers without a network."""

import hashlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from personametrics.data.errors import ModelError
from personametrics.data.model import Can
from personametrics.data.reply import Reply
from personametrics.data.request import Request

Answer = Reply | str | Mapping[str, float]
"""A reply, its text, or the probabilities of the choices."""


@dataclass(frozen=True)
class Scripted:
    """A function as a model.

    Attributes:
        function: function from a request to a reply, a text, or probabilities of the choices; it may be a coroutine function.
        id: id with whatever changes the answers; by default the function's name and a hash of its code, which ignores values that the code
            takes from outside.
        can: its abilities.

    Examples:
        >>> import asyncio
        >>> from personametrics.data.request import Request, Message
        >>> async def first(model):
        ...     return [reply.text async for _, reply in model.answer([Request((Message("user", "Tea?"),))])]
        >>> asyncio.run(first(Scripted(lambda request: "yes")))
        ['yes']
    """

    function: Callable[[Request], Answer | Awaitable[Answer]]
    id: str = ""
    can: frozenset[Can] = frozenset({Can.SAMPLE, Can.SCORE, Can.SYSTEM, Can.SEED})

    def __post_init__(self) -> None:
        if not self.id:
            name = getattr(self.function, "__name__", type(self.function).__name__)
            object.__setattr__(self, "id", f"scripted/{name}@{_hash(self.function)}")

    async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Answer one request after the other.

        Raises:
            ModelError: the function returned something else.
        """
        for index, request in enumerate(requests):
            returned = self.function(request)
            answer = await returned if inspect.isawaitable(returned) else returned
            if not isinstance(answer, Reply | str | Mapping):
                message = f"{self.id} answered with {type(answer).__name__}. Return a text, a Reply, or probabilities of the choices."
                raise ModelError(message)
            if isinstance(answer, Mapping):
                answer = Reply(probabilities=answer)
            yield index, answer if isinstance(answer, Reply) else Reply(answer)


def _hash(function: Any) -> str:
    """Return a hash of the code of a function, so that another function gets another id and its answers are kept apart."""
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return hashlib.sha256(repr(_code(code)).encode()).hexdigest()[:8]


def _code(code: Any) -> Any:
    """Return the content of a code object without its place in a file."""
    if not isinstance(code, CodeType):
        return code
    return code.co_code, code.co_names, [_code(constant) for constant in code.co_consts]
