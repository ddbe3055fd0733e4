"""A model that writes as one persona and minds what others would write instead."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from personametrics.data.errors import ModelError
from personametrics.data.model import Blend, Blends, Can
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.stats.people.comparators import rivals

TOGETHER = 64
"""Asks that are pulled at a time."""


@dataclass(frozen=True)
class Aware:
    """A model that answers in words, token by token as a blend of what the persona and others would say.

    Whose ask it is, is told by the text of a persona in its first message; the longest counts where one holds another. In the prompts of
    the others their texts stand in its place. An ask of nobody in the panel is answered by the model itself.

    Attributes:
        base: the model.
        texts: of the panel, each with its group.
        others: how many of its group each minds; 0: all.
        blend: makes what blends the tokens of one answer.
        name: says how, for the id.
    """

    base: Blends
    texts: Mapping[str, str]
    others: int
    blend: Callable[[], Blend]
    name: str

    @cached_property
    def id(self) -> str:
        """That of the model, and how and with whom it is blended."""
        panel = json.dumps([*self.texts.items(), self.others]).encode()
        return f"{self.base.id}+{self.name}@{hashlib.sha256(panel).hexdigest()[:12]}"

    @property
    def can(self) -> frozenset[Can]:
        """What the model can do, but no label probabilities and no activations."""
        return self.base.can - {Can.SCORE, Can.HIDDEN}

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer asks some at a time, those of nobody first.

        Raises:
            ModelError: an ask wants label probabilities.
        """
        source = enumerate(requests)
        while some := list(islice(source, TOGETHER)):
            if any(request.score for _, request in some):
                message = f"{self.id} answers in words: ask without label probabilities, for which the remedy needs no other model."
                raise ModelError(message)
            told = {index: prompts for index, request in some if (prompts := self.prompts(request.messages))}
            plain = [(index, request) for index, request in some if index not in told]
            async for at, reply in self.base.answer([request for _, request in plain]):
                yield plain[at][0], reply
            for index, request in some:
                if index in told:
                    yield index, await asyncio.to_thread(self.base.blended, request, told[index], self.blend(), request.seed(self.id))

    def prompts(self, messages: Sequence[Message]) -> list[tuple[Message, ...]]:
        """What the others would be told; nothing, where nobody of the panel is."""
        if not messages:
            return []
        first, *rest = messages
        own = max((text for text in self.texts if text in first.text), key=len, default=None)
        if own is None:
            return []
        group = [text for text, name in self.texts.items() if name == self.texts[own]]
        minded = rivals(len(group), self.others)[group.index(own), 1:]
        return [(replace(first, text=first.text.replace(own, group[other], 1)), *rest) for other in minded]
