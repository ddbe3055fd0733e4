"""One run directory: the plan, the models by role, whom they are asked as, and the journal of their replies."""

import asyncio
import platform
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import polars as pl

from personametrics.data.card import Card
from personametrics.data.errors import ModelError, StudyError, ensure
from personametrics.data.model import TOY, Blend, Can, Model
from personametrics.data.prompt import GIVEN, conditions
from personametrics.data.reply import Reply
from personametrics.data.role import JUDGE
from personametrics.data.roster import read_items, read_personas
from personametrics.data.scale import spell_scale
from personametrics.data.study import Elicitation, Item, Message, Persona, Request, Room, Sampling, Study
from personametrics.dialogues.rewriting import rewrite
from personametrics.elicit.costs.prices import Caps, Prices, listed
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.elicit.persona_check import applied
from personametrics.elicit.plan.study import Plan
from personametrics.lab import examples, members
from personametrics.models.registry import open_model
from personametrics.models.traffic import Limits
from personametrics.version import __version__

ANSWERS = "answers.parquet"
"""The table of all answers that a command writes into its run directory; `personametrics replay` reads it."""
Result = TypeVar("Result")


def wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of a coroutine, also where an event loop runs already, as in a notebook: there it runs in a thread of its own."""
    if asyncio._get_running_loop() is None:  # noqa: SLF001 (the public one raises, and would stand in every error's history)
        return asyncio.run(work)
    outcome: dict[str, Any] = {}

    def carry_out() -> None:
        try:
            outcome["result"] = asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 (raised again where the caller waits)
            outcome["error"] = error

    thread = threading.Thread(target=carry_out, daemon=True)
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    result: Result = outcome["result"]
    return result


@dataclass(frozen=True)
class Recorded:
    """A stand-in for a model of this id whose replies are all in the journal; nothing can be asked of it."""

    id: str
    can: frozenset[Can] = frozenset(Can)

    def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Refuse: nothing is asked."""
        raise NotImplementedError

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Refuse: nothing is asked, but replies of a model that blends prompts are found."""
        raise NotImplementedError


@dataclass(frozen=True)
class Session:
    """The plan, the personas, the items and the models of one run directory; every verb that asks has one.

    Attributes:
        models: the model of each role; "" answers, and takes every role that is not named.
        bundled: whether the items are bundled ones, which nobody has validated.
    """

    plan: Plan
    personas: tuple[Persona, ...]
    items: tuple[Item, ...]
    models: Mapping[str, Model]
    bundled: bool = False

    @classmethod
    def planned(
        cls, plan: Plan, models: Mapping[str, Model] | None = None, personas: Any = None, items: Any = None, population: str = "strong"
    ) -> "Session":
        """Return the session of a plan, with its models opened.

        Models, personas and items that are given take the place of those of the plan; without any personas or items, bundled ones are
        asked: `population` names the personas of the embedded model.
        """
        models = opened(plan, models or {})
        toy = models[""].id
        who = plan.personas if personas is None else personas
        what = plan.items if items is None else items
        people = examples.personas(toy, population) if who is None else read_personas(who)
        return cls(plan, people, examples.items(toy) if what is None else read_items(what), models, what is None)

    @property
    def folder(self) -> Path:
        """The run directory."""
        return Path(self.plan.out)

    @property
    def model(self) -> Model:
        """The model that answers."""
        return self.models[""]

    @property
    def ids(self) -> dict[str, str]:
        """The id of the model of each role."""
        return {role: model.id for role, model in self.models.items()}

    @property
    def prices(self) -> Prices | None:
        """Prices of the plan, or the listed ones of the model; None where none are known."""
        return self._prices_of("")

    @property
    def price_list(self) -> dict[str, Prices]:
        """The prices of every model whose prices are known, by its id."""
        return {model.id: prices for role, model in self.models.items() if (prices := self._prices_of(role)) is not None}

    def _prices_of(self, role: str) -> Prices | None:
        """Return the prices that the plan gives for a role, or the listed ones of its model."""
        part = self.plan.role_parts.get(role) if role else self.plan
        given = part.prices if part else None
        return listed(self.models[role].id) if given is None else Prices(**given.model_dump())

    @cached_property
    def elicitation(self) -> Elicitation:
        """The way in which every question is put."""
        plan = self.plan
        room = Room(plan.room.tokens, plan.room.overflow)
        return Elicitation(plan.runs, plan.score, plan.prompt.prompt(), plan.sampling.sampling(), room, conditions(plan.conditions))

    def with_role_settings(self, requests: Sequence[Request]) -> Sequence[Request]:
        """Return requests with the settings that the plan gives to other roles."""
        settings = {role: part for role, part in self.plan.role_parts.items() if part.sampling(Sampling()) != Sampling()}

        def change(request: Request) -> Request:
            part = settings.get(request.to)
            return request if part is None else replace(request, sampling=part.sampling(request.sampling))

        return rewrite(requests, change) if settings else requests

    def with_people(self, study: Study) -> Study:
        """Return a study with the people's answers of the plan; as it is if the plan has none."""
        human = self.plan.human
        if human is None:
            return study
        return members.with_people(study.set(match=human.match) if human.match else study, human.answers)

    def terms(self, terms: Terms) -> Terms:
        """Return who watches and who may stop, with the caps and prices of the plan."""
        return replace(terms, caps=Caps(**self.plan.caps.model_dump()), prices=self.price_list)

    @property
    def persona_in_system(self) -> bool:
        """True if the persona stands in a system message, be it in one condition."""
        own = self.plan.prompt.place
        return "system" in {own if place == GIVEN else place for place in self.plan.conditions.get("place", [GIVEN])}

    def require(self) -> None:
        """Stop before anything is paid if the model lacks what the plan needs; the StudyError says what to change."""
        lacks = {
            "label probabilities. Set score to false": self.plan.score and Can.SCORE not in self.model.can,
            "answers in words. Set score to true": not self.plan.score and Can.SAMPLE not in self.model.can,
            "a system message. Set prompt.place to user": self.persona_in_system and Can.SYSTEM not in self.model.can,
        }
        lacking = next((name for name, missing in lacks.items() if missing), "")
        ensure(not lacking, f"{self.model.id} does not offer {lacking}.", StudyError)
        unpriced = [role for role, model in self.models.items() if model.id not in self.price_list]
        if self.plan.caps.money is not None and unpriced:
            key = f"{unpriced[0]}.prices" if unpriced[0] else "prices"
            message = (
                f"caps.money needs prices, but the prices of {self.models[unpriced[0]].id} are unknown. "
                f"Add {key}: {{tokens_in: …, tokens_out: …}} (per million)."
            )
            raise StudyError(message)

    def remembered(self) -> dict[str, Any]:
        """Return what a run directory has to remember so that its command can be resumed, as JSON values."""
        items = [{**vars(item), "scale": spell_scale(item.scale)} for item in self.items]
        kept = {"plan": self.plan.model_dump(by_alias=True), "personas": [vars(persona) for persona in self.personas]}
        return {**kept, "items": items, "roles": self.ids, "bundled": self.bundled}

    async def check(self, journal: Journal, terms: Terms) -> None:
        """Stop with the evidence in a ModelError if the persona does not reach the model."""
        prompt = replace(self.elicitation.prompt, place="system" if self.persona_in_system else "user")  # system messages get lost
        seen = await applied(self.model, self.personas, self.items[0], prompt, journal, terms)
        if seen is None:
            return
        journal.note("applied", {**vars(seen), "evidence": seen.sentence})
        if not seen.reached:
            message = (
                f"The persona does not seem to reach {self.model.id}: {seen.sentence}. Put it in the user turn (prompt.place: user), "
                "or set check: false to skip this check."
            )
            raise ModelError(message)


def opened(plan: Plan, models: Mapping[str, Model]) -> dict[str, Model]:
    """Return the model of each role of a plan; models that are open already take the place of those of the plan.

    The embedded toy model knows too little to judge, so that its judge is the oracle of its world.

    Raises:
        StudyError: a model does not exist.
        ModelError: a model cannot be opened.
    """
    limits = Limits(**plan.limits.model_dump())
    options = {"structured": plan.structured, "scoring": plan.scoring, "key_variable": plan.key_variable}
    result = {"": models.get("") or open_model(plan.model, limits, **options)}
    parts = {role: part for role, part in plan.role_parts.items() if role not in models}
    result |= {role: open_model(part.model, limits, key_variable=part.key_variable) for role, part in parts.items()} | {**models}
    if JUDGE not in result and result[""].id.startswith(TOY):
        result[JUDGE] = open_model("oracle")
    return result


@dataclass(frozen=True)
class Job:
    """The work of one command in one run directory: the base of audit, run, compare and talk.

    Attributes:
        kind: what a run directory remembers it as.
        checks: whether it checks by default that the persona reaches the model.
        partial: whether a card can be made before everything is answered.
    """

    kind: ClassVar[str]
    checks: ClassVar[bool] = False
    partial: ClassVar[bool] = True
    session: Session

    @property
    def folder(self) -> Path:
        """The run directory."""
        return self.session.folder

    @property
    def manifest(self) -> dict[str, Any]:
        """The settings that a run directory refuses to change, as JSON values."""
        return {"model": self.session.model.id, "kind": self.kind}

    @property
    def command(self) -> dict[str, Any]:
        """The command that makes the job again, together with the session, as JSON values."""
        return {"verb": self.kind}

    @property
    def forecast(self) -> str:
        """The requests to come and their price, in words."""
        raise NotImplementedError

    @property
    def card(self) -> Card:
        """The card, as far as the replies go."""
        raise NotImplementedError

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """The tables of all replies, by the name of their file."""
        raise NotImplementedError

    @property
    def settings(self) -> Mapping[str, Any]:
        """The model and its sampling, as JSON values."""
        return {"model": self.session.model.id, "sampling": self.session.plan.sampling.model_dump()}

    @property
    def table(self) -> pl.DataFrame:
        """The table of all replies."""
        return next(iter(self.tables.values()))

    def exchanges(self) -> Iterator[tuple[Request, bytes]]:
        """Yield every request as it was sent, with its key; b"" where it could not be sent."""
        raise NotImplementedError

    def design(self) -> None:
        """Make every request that can be made now, so that a faulty study is refused before anything is paid."""

    async def put(self, journal: Journal, terms: Terms) -> Tally:
        """Ask what is missing, in an open journal, under the terms of the plan."""
        raise NotImplementedError

    async def ask(self, terms: Terms | None = None, *, extend: bool = False) -> Tally:
        """Ask what is missing, under the caps and prices of the plan.

        Args:
            terms: who watches, and who may stop it.
            extend: take a changed plan; replies to the same requests are kept.

        Raises:
            StudyError: the model lacks what the plan needs.
            RunError: the run directory is in use, or was begun with another plan.
            ModelError: no request can be answered, or the persona does not reach the model.
        """
        self.session.require()
        self.design()
        terms = self.session.terms(terms or Terms())
        with Journal.open(self.folder, self.manifest, extend=extend) as journal:
            for part, content in {**self.session.remembered(), "command": self.command}.items():
                journal.note(part, content)
            journal.note("versions", {**journal.manifest.get("versions", {}), __version__: platform.python_version()})
            try:
                plan = self.session.plan
                if self.checks if plan.check is None else plan.check:
                    await self.session.check(journal, terms)
                tally = await self.put(journal, terms)
                journal.note("stopped", tally.stopped)
                return tally
            finally:
                with suppress(Exception):  # an error on its way out says more
                    journal.note("reported", journal.reported())
