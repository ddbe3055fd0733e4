"""The personas that a persona is compared with: their rows for the same question, and their prompts for the same answer."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt
import polars as pl

from personametrics.data.errors import DesignError, ModelError, options
from personametrics.data.model import Blend, Blends, Can
from personametrics.data.prompt import NOBODY
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.stats.arrays import Ints
from personametrics.stats.people.listener import comparators

TOGETHER = 64
"""Requests that are taken at a time."""


def question_rows(responses: Responses, given: npt.NDArray[np.bool_], among: str = "") -> list[Ints]:
    """Return the rows of personas that were asked the same question in the same way; rows without a persona are left out.

    The way of asking is given by the item, the conditions, and those columns that differ within one persona and item; other columns, such
    as the target of a persona, belong to the persona. `given` (N,) marks rows with an answer; `among` is an attribute that must be the same
    as well.
    """
    c, frame = responses.columns, responses.frame
    if among and among not in frame.columns:
        message = f'{responses.source} has no column "{among}" of the personas. {options(among, frame.columns, 30)}.'
        raise DesignError(message)
    rows = frame.with_row_index(" row").filter(pl.Series(given) & (pl.col(c.persona).cast(pl.String) != NOBODY))
    more = [name for name in dict.fromkeys((c.run, *c.more)) if name and name not in {c.persona, c.item, *c.condition, among}]
    differs = rows.group_by(c.persona, c.item).agg(pl.col(more).n_unique() > 1).select(pl.col(more).any())
    by = [c.item, *c.condition, *filter(None, [among]), *(name for name in more if differs[name].any())]
    questions = rows.group_by(by, maintain_order=True).agg(pl.col(" row"), personas=pl.col(c.persona).n_unique())
    if len(repeated := questions.filter(pl.col(" row").list.len() > pl.col("personas"))):
        problem = f'one persona has several rows for the question "{repeated[c.item][0]}"'
        message = f"{responses.source}: {problem}. Name the column of the condition or of the run."
        raise DesignError(message)
    return [np.array(rows) for rows in questions[" row"].to_list()]


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
        """Answer requests, some at a time; requests without a persona of the panel first."""
        source = enumerate(requests)
        while some := list(islice(source, TOGETHER)):
            if any(request.score for _, request in some):
                message = f"{self.id} answers in words only. Set score to false, or write listener:on=labels."
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
        persona = max((text for text in self.texts if messages and text in messages[0].text), key=len, default=None)
        if persona is None:
            return []
        first, *rest = messages
        group = [text for text, name in self.texts.items() if name == self.texts[persona]]
        compared = comparators(len(group), self.others)[group.index(persona), 1:]
        return [(replace(first, text=first.text.replace(persona, group[other], 1)), *rest) for other in compared]
