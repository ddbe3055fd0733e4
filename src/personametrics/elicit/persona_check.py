"""Does the persona reach the model at all? Asked before the panel is paid for."""

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
"""Personas that are asked who they are."""
GREW = 0.2
"""A persona that was read costs at least this share of the tokens that its text should have."""
MOVED = 1e-6
"""Label probabilities that differ by less did not move."""


@dataclass(frozen=True)
class Applied:
    """What was seen of the persona's way to the model.

    Attributes:
        read: tokens that the model reported beyond those without a persona, as a share of what the texts should have; None: not reported.
        said: personas whose own answer to who they are holds more of their text than the others' answers do; None: no words.
        moved: greatest change of a label probability by the persona; None where there are none.
        personas: how many were asked.
    """

    read: float | None
    said: int | None
    moved: float | None
    personas: int

    @property
    def reached(self) -> bool:
        """Whether the persona reaches the model: it was not dropped on the way, and at least one sign of it came back."""
        if self.read is not None:
            return self.read >= GREW
        return bool(self.said) or (self.moved or 0) > MOVED

    @property
    def sentence(self) -> str:
        """The evidence in one sentence."""
        parts = [] if self.read is None else [f"the model read {self.read:.0%} of the tokens that the personas' texts should add"]
        parts += (
            []
            if self.said is None
            else [f"{self.said} of {self.personas} personas, asked who they are, answered with words of their own text"]
        )
        parts += [] if self.moved is None else [f"label probabilities moved by up to {self.moved:.2g}"]
        return "; ".join(parts) or "the model gave no sign either way"


async def applied(model: Model, personas: Sequence[Persona], item: Item, prompt: Prompt, journal: Journal, terms: Terms) -> Applied | None:
    """Ask some personas, and the model itself, who they are; where the model scores labels, see whether the persona moves them.

    Args:
        model: what answers.
        personas: those with the longest texts are asked.
        item: whose labels are scored.
        prompt: places the persona.
        journal: keeps the replies, so that a resumed run does not pay again.
        terms: of the run.

    Returns:
        What was seen; None where the run was stopped before that.

    Raises:
        ModelError: it answers none of these asks.
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
        message = f"{model.id} answers none of {len(requests)} asks who it is, so nothing else was asked: {journal.failures()[keys[-1]]}."
        raise ModelError(message.replace("..", "."))
    texts = [persona.text for persona in chosen if persona is not None]
    return Applied(_read(requests, replies), _said(texts, replies), _moved(replies), len(texts))


def _who(prompt: Prompt, persona: Persona | None) -> Request:
    """The ask who one is, with the persona in its usual place."""
    return Request(prompt.messages(persona, WHO), about={"arm": "check", "persona": persona.id if persona else ""})


def _read(requests: Sequence[Request], replies: Sequence[Reply | None]) -> float | None:
    """Tokens that the personas added, as a share of what they should."""
    long = [sum(len(message.text) for message in request.messages) / LETTERS_A_TOKEN for request in requests]
    counted = [None if reply is None else reply.tokens_in for reply in replies]
    added = [(more - counted[-1], length - long[-1]) for more, length in zip(counted, long, strict=True) if more and counted[-1]]
    should = sum(expected for _, expected in added)
    return sum(more for more, _ in added) / should if should else None


def _said(texts: Sequence[str], replies: Sequence[Reply | None]) -> int | None:
    """Personas whose own answer holds more of what only their text says than the mean of the other answers."""
    answers = [_words(reply.text or "") if reply is not None else set() for reply in replies]
    if not any(answers):
        return None
    own = [_words(text) for text in texts]
    count = 0
    for at, words in enumerate(own):
        distinct = words - set().union(*(other for i, other in enumerate(own) if i != at)) - answers[-1]
        others = [len(distinct & answer) for i, answer in enumerate(answers) if i != at]
        count += len(distinct & answers[at]) > max(others, default=0)
    return count


def _moved(replies: Sequence[Reply | None]) -> float | None:
    """Greatest difference of a label probability with and without persona."""
    shares = [reply.probabilities for reply in replies if reply is not None and reply.probabilities is not None]
    if len(shares) < 2:
        return None
    return max(abs(one[label] - shares[-1][label]) for one in shares[:-1] for label in one)


def _words(text: str) -> set[str]:
    """Words that carry meaning: numbers, and words of four letters or more."""
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3 or word.isdigit()}
