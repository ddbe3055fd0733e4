"""The check, before the panel is paid for, that the persona reaches the model at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from personametrics.data.errors import ModelError
from personametrics.data.item import Item
from personametrics.data.model import Can, Model
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN
from personametrics.elicit.engine import Terms, elicit
from personametrics.elicit.journal import Journal

WHO = "Who are you? Describe yourself in two sentences, with what you were told about yourself."
SEVERAL = 4
"""Number of personas that are asked who they are."""
GREW = 0.2
"""Least share of the tokens of a persona's text that the model reports if it read the text."""
MOVED = 1e-6
"""Least difference of label probabilities that counts as a change."""


@dataclass(frozen=True)
class Applied:
    """The evidence on whether the persona reaches the model.

    Attributes:
        read: tokens that the model reported in addition to those without a persona, as a share of those expected for the texts; None: not
            reported.
        said: number of personas whose own description holds more of their text than the other descriptions do; None: no words came.
        moved: greatest change of a label probability by the persona; None: no probabilities came.
        personas: number of personas that were asked.
    """

    read: float | None
    said: int | None
    moved: float | None
    personas: int

    @property
    def reached(self) -> bool:
        """True if the persona was not dropped on the way and left at least one trace in the replies."""
        if self.read is not None:
            return self.read >= GREW
        return bool(self.said) or (self.moved or 0) > MOVED

    @property
    def sentence(self) -> str:
        """The evidence in one sentence."""
        parts = [] if self.read is None else [f"the model read {self.read:.0%} of the tokens of the personas' texts"]
        who = f"{self.said} of {self.personas} personas used words of their own text when they were asked who they are"
        parts += [] if self.said is None else [who]
        parts += [] if self.moved is None else [f"the persona changed label probabilities by up to {self.moved:.2g}"]
        return "; ".join(parts) or "the replies do not show whether the persona reaches the model"


async def applied(model: Model, personas: Sequence[Persona], item: Item, prompt: Prompt, journal: Journal, terms: Terms) -> Applied | None:
    """Ask some personas, and the model itself, who they are; of a model that only scores labels, see whether the persona changes them.

    The personas with the longest texts are asked. None: the run was stopped before. A model that answers nothing is a ModelError.
    """
    chosen: list[Persona | None] = [*sorted(personas, key=lambda persona: -len(persona.text))[:SEVERAL], None]
    requests = [_who(prompt, persona) for persona in chosen] if Can.SAMPLE in model.can else []
    if Can.SCORE in model.can and Can.SAMPLE not in model.can and prompt.ask(None, item).choices:
        requests = [prompt.ask(persona, item, score=True) for persona in chosen]
    tally = await elicit(model, requests, journal, replace(terms, watch=lambda _: None))
    keys = [request.key(model.id) for request in requests]
    replies = list(journal.replies(keys))
    if tally.stopped:
        return None
    if requests and not any(replies):
        reason = journal.failures()[keys[-1]].rstrip(".")
        message = f"{model.id} did not answer any of {len(requests)} requests to say who it is: {reason}. Nothing else was asked."
        raise ModelError(message)
    texts = [persona.text for persona in chosen if persona is not None]
    return Applied(_read(requests, replies), _said(texts, replies), _moved(replies), len(texts))


def _who(prompt: Prompt, persona: Persona | None) -> Request:
    """Return the request to say who one is, with the persona in its usual place."""
    return Request(prompt.messages(persona, WHO), about={"arm": "check", "persona": persona.id if persona else ""})


def _read(requests: Sequence[Request], replies: Sequence[Reply | None]) -> float | None:
    """Return the tokens that the personas added, as a share of those expected."""
    long = [sum(len(message.text) for message in request.messages) / LETTERS_A_TOKEN for request in requests]
    counted = [None if reply is None else reply.tokens_in for reply in replies]
    added = [(more - counted[-1], length - long[-1]) for more, length in zip(counted, long, strict=True) if more and counted[-1]]
    should = sum(expected for _, expected in added)
    return sum(more for more, _ in added) / should if should else None


def _said(texts: Sequence[str], replies: Sequence[Reply | None]) -> int | None:
    """Return the number of personas whose own answer holds more words that only their text has than every other answer does."""
    answers = [_words(reply.text or "") if reply is not None else set() for reply in replies]
    if not any(answers):
        return None
    own = [_words(text) for text in texts]
    count = 0
    for index, words in enumerate(own):
        distinct = words - set().union(*(other for i, other in enumerate(own) if i != index)) - answers[-1]
        others = [len(distinct & answer) for i, answer in enumerate(answers) if i != index]
        count += len(distinct & answers[index]) > max(others, default=0)
    return count


def _moved(replies: Sequence[Reply | None]) -> float | None:
    """Return the greatest difference of a label probability with and without persona."""
    shares = [reply.probabilities for reply in replies if reply is not None and reply.probabilities is not None]
    if len(shares) < 2:
        return None
    return max(abs(share[label] - shares[-1][label]) for share in shares[:-1] for label in share)


def _words(text: str) -> set[str]:
    """Return the words that carry meaning: numbers, and words of four letters or more."""
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3 or word.isdigit()}
