"""A small panel, and a world that answers it as a function of the ask, with variance components that are known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from faults import draw

from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.data.scale import parse_scale
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.plan.file import checked
from personametrics.elicit.plan.study import CapsPart, Plan
from personametrics.lab.audit import Audit
from personametrics.lab.session import Recorded, Session
from personametrics.models.function import Scripted

LIKERT = "1|2|3|4|5"
NAMES = ("Ada", "Bela", "Cleo", "Dora", "Emil", "Fritz", "Gerda", "Hugo", "Ines", "Jonas", "Klara", "Ludwig")
PEOPLE = tuple(
    Persona(name, f"You are {name}, aged {20 + 3 * index}, and live in {name}ville.", {"party": "left" if index % 2 else "right"})
    for index, name in enumerate(NAMES[:6])
)


def items(number: int, scale: str = LIKERT, name: str = "i", **attributes: str) -> tuple[Item, ...]:
    """Items on one scale."""
    return tuple(Item(f"{name}{index}", f"Is statement {name}{index} right?", parse_scale(scale), attributes) for index in range(number))


ITEMS = items(5)


def mind(request: Request) -> Reply:
    """Says its own words when asked who it is; else two personas differ in what they think two times in three, runs else."""
    prompt = [(message.role, message.text) for message in request.messages]
    read = sum(len(message.text) for message in request.messages) // 4
    if request.score:
        weights = [draw("share", prompt, choice) for choice in request.choices]
        shares = {choice: weight / sum(weights) for choice, weight in zip(request.choices, weights, strict=True)}
        return Reply(probabilities=shares, tokens_in=read, tokens_out=1)
    if not request.choices:
        return Reply(f"7 {request.messages[0].text}", tokens_in=read, tokens_out=20)
    place = draw("noise", prompt, request.run) if draw("luck", prompt, request.run) < 1 / 3 else draw("mind", prompt)
    return Reply(request.choices[int(place * len(request.choices))], tokens_in=read, tokens_out=1)


@dataclass(frozen=True)
class World(Scripted):
    """A function as a model that remembers what it was asked, and counts tokens as its replies report them."""

    function: Any = mind
    id: str = "scripted/function"
    asked: list[Request] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        inner = self.function

        def remember(request: Request) -> Any:
            self.asked.append(request)
            return inner(request)

        object.__setattr__(self, "function", remember)

    def tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text) for message in messages) // 4


def planned(out: Path, personas: Sequence[Persona] = PEOPLE, questions: Sequence[Item] = ITEMS, **study: Any) -> Audit:
    """Return the audit of a study; without the check and with two runs, unless it says otherwise."""
    plan: Plan = checked({"model": World().id, "out": str(out), "check": False, "runs": 2} | study)
    return Audit(Session.planned(plan, {"": Recorded(plan.model)}, personas, questions))


def with_model(audit: Audit, model: Model) -> Audit:
    """Return an audit with another model that answers."""
    return replace(audit, session=replace(audit.session, models={"": model}))


def request(audit: Audit, model: World | None = None, terms: Terms | None = None, *, extend: bool = False) -> Tally:
    """Ask what is missing, under the caps of the terms."""
    terms = terms or Terms()
    plan = audit.session.plan
    if terms.caps != Caps():
        plan = plan.model_copy(update={"caps": CapsPart(**vars(terms.caps))})
    job = with_model(replace(audit, session=replace(audit.session, plan=plan)), model or World())
    return asyncio.run(job.ask(terms, extend=extend))


def requests_of(audit: Audit) -> list[Request]:
    """Return every request of a panel and its controls."""
    return [request for task in audit.panels.values() for request in task.requests]
