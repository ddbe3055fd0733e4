"""A model that writes as one persona, compared with what other personas would write."""

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
from personametrics.stats.people.comparators import comparators

TOGETHER = 64
"""Requests that are taken at a time."""


@dataclass(frozen=True)
class Aware:
    """A model that answers in words, token by token as a blend of what the persona and others would say.

    The persona of a request is recognised by its text in the first message; if one text contains another, the longer one counts. In the
    prompts of the other personas, their texts stand in its place. The model itself answers requests without a persona of the panel.

    Attributes:
        base: the model.
        texts: texts of the panel, each with its group.
        others: number of personas of its group with which each persona is compared; 0: all.
        blend: function that makes the blend of the tokens of one answer.
        name: name of the blend, for the id.
    """

    base: Blends
    texts: Mapping[str, str]
    others: int
    blend: Callable[[], Blend]
    name: str

    @cached_property
    def id(self) -> str:
        """The model id plus the blending settings."""
        panel = json.dumps([*self.texts.items(), self.others]).encode()
        return f"{self.base.id}+{self.name}@{hashlib.sha256(panel).hexdigest()[:12]}"

    @property
    def can(self) -> frozenset[Can]:
        """The abilities of the model, without label probabilities and activations."""
        return self.base.can - {Can.SCORE, Can.HIDDEN}

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer requests, some at a time; requests without a persona of the panel first.

        Raises:
            ModelError: a request asks for label probabilities.
        """
        source = enumerate(requests)
        while some := list(islice(source, TOGETHER)):
            if any(request.score for _, request in some):
                message = f"{self.id} answers in words. Ask without label probabilities, or write listener:on=labels."
                raise ModelError(message)
            blended = {index: prompts for index, request in some if (prompts := self.prompts(request.messages))}
            plain = [(index, request) for index, request in some if index not in blended]
            async for place, reply in self.base.answer([request for _, request in plain]):
                yield plain[place][0], reply
            for index, request in some:
                if index in blended:
                    seed = request.seed(self.id)
                    yield index, await asyncio.to_thread(self.base.blended, request, blended[index], self.blend(), seed)

    def prompts(self, messages: Sequence[Message]) -> list[tuple[Message, ...]]:
        """Return the prompts of the other personas; an empty list without a persona of the panel."""
        if not messages:
            return []
        first, *rest = messages
        own = max((text for text in self.texts if text in first.text), key=len, default=None)
        if own is None:
            return []
        group = [text for text, name in self.texts.items() if name == self.texts[own]]
        compared = comparators(len(group), self.others)[group.index(own), 1:]
        return [(replace(first, text=first.text.replace(own, group[other], 1)), *rest) for other in compared]
