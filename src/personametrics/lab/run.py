"""One study, from a model to a finding."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

import polars as pl

from personametrics.data.card import Card
from personametrics.data.errors import InputError, StudyError
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.model import Can, Model
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.remedy import Remedy
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.roster import read_items, read_personas
from personametrics.data.study import Elicitation, Study
from personametrics.dialogues.transcripts import transcripts
from personametrics.elicit.arms import PANEL
from personametrics.elicit.conversation import Talk, converse, everything
from personametrics.elicit.costs.estimate import Expected, expected
from personametrics.elicit.engine import Tally, Terms, elicit
from personametrics.elicit.journal import Journal
from personametrics.elicit.run import STUDIES
from personametrics.elicit.summary import record
from personametrics.elicit.table import of_study, table, told
from personametrics.lab import bundled as battery
from personametrics.lab import members
from personametrics.lab.measure import versions
from personametrics.lab.roles import Cast, players, who_judged
from personametrics.models.named import named

MOST_PROMPTS = 8
"""Prompts that a finding shows with their answers."""


def run(
    study: Study | str,
    model: Model | str,
    personas: Any = None,
    items: Any = None,
    out: str | Path = "run",
    elicitation: Elicitation | None = None,
    **cast: Unpack[Cast],
) -> Finding:
    """Ask a model what a study wants to know, and say what the answers say; in a notebook, await `personametrics.lab.run.arun` instead.

    Args:
        study: one of `personametrics studies` by its name, or a study with its knobs.
        model: a model string or a model, as for `audit`.
        personas: a path, a table or `Persona`s; None: those that come with the library, unvalidated.
        items: a path, a table or `Item`s; None: as above.
        out: the run directory; a second call asks only what is missing.
        elicitation: runs, label probabilities, prompt, sampling.
        cast: judge and partner, where the study has some; see `personametrics.lab.roles.Cast`.

    Raises:
        InputError: the study cannot be asked, or too little came back.
        RunError: the run directory is in use, or of another model.
        ModelError: the model answers nothing.
    """
    return asyncio.run(arun(study, model, personas, items, out, elicitation, **cast))


async def arun(
    study: Study | str,
    model: Model | str,
    personas: Any = None,
    items: Any = None,
    out: str | Path = "run",
    elicitation: Elicitation | None = None,
    **cast: Unpack[Cast],
) -> Finding:
    """`run`, where an event loop runs already."""
    opened = named(model) if isinstance(model, str) else model
    session = Session.opened(study, opened.id, personas, items, out, elicitation).played_by(**cast)
    await session.ask(opened, Terms())
    return session.finding


@dataclass(frozen=True)
class Session:
    """A study with everything that is asked for it, and the run directory that keeps the replies.

    Attributes:
        study: with its knobs.
        model: the id of what answers.
        personas: who is asked.
        items: what they are asked.
        folder: the run directory.
        elicitation: how the questions are put.
        shipped: whether the items are those that come with the library.
        manifest: what the run directory was begun with.
        remedy: that changes what is asked.
        cast: who plays each other part; the model itself plays those that are not named.
    """

    study: Study
    model: str
    personas: Sequence[Persona]
    items: Sequence[Item]
    folder: Path
    elicitation: Elicitation = field(default_factory=Elicitation)
    shipped: bool = False
    manifest: dict[str, Any] = field(default_factory=dict)
    remedy: Remedy = field(default_factory=Remedy)
    cast: Mapping[str, Model] = field(default_factory=dict)

    @classmethod
    def opened(
        cls,
        study: Study | str,
        model: str,
        personas: Any = None,
        items: Any = None,
        out: str | Path = "run",
        elicitation: Elicitation | None = None,
    ) -> "Session":
        """A session of its own.

        Raises:
            InputError: personas or items cannot be read, or there is no such study.
        """
        chosen = members.study(study) if isinstance(study, str) else study
        who = battery.personas(model, members.name_of(chosen)) if personas is None else read_personas(personas)
        what = battery.items(model) if items is None else read_items(items)
        manifest = {"model": model, "kind": STUDIES}
        return cls(chosen, model, who, what, Path(out), elicitation or Elicitation(), items is None, manifest)

    def played_by(self, **cast: Unpack[Cast]) -> "Session":
        """The session with who plays other parts, such as `judge`; lines that were said already stay, whoever judges them.

        Raises:
            StudyError: there is no such model.
            ModelError: a model cannot be opened.
        """
        return replace(self, cast=players(self.model, cast))

    def expected(self, model: Model | None = None) -> Expected:
        """What all of it will take.

        Args:
            model: counts its own tokens, where it can.
        """
        return expected(everything(self.requests), self.ids, model)

    def in_runs(self, runs: int) -> "Session":
        """The session with another number of runs."""
        return replace(self, elicitation=replace(self.elicitation, runs=runs))

    @cached_property
    def _cast(self) -> Mapping[str, Model]:
        """Who plays other parts, the oracle of the embedded model included."""
        return {**players(self.model, {}), **self.cast}

    @property
    def ids(self) -> dict[str, str]:
        """The id of who plays each part; "" is the model itself, which plays all that are not named."""
        return {"": self.model, **{part: one.id for part, one in self._cast.items()}}

    @property
    def who_judged(self) -> list[Notice]:
        """What a reader must know of who judged."""
        return who_judged(everything(self.requests), self.model, self._cast)

    @cached_property
    def requests(self) -> list[Request]:
        """Everything that is asked.

        Raises:
            DesignError: the items or personas lack what the study needs.
        """
        return self.remedy.requests(self.study.design(self.personas, self.items, self.elicitation))

    @property
    def talk(self) -> Talk | None:
        """Who is asked what, where asks wait for one another; None where none does."""
        if not any(request.waits or request.to for request in self.requests):
            return None
        return Talk(self.requests, self.ids, self.elicitation.room)

    async def ask(self, model: Model, terms: Terms) -> Tally:
        """Ask what is missing.

        Args:
            model: what answers.
            terms: who watches, and who may stop it.

        Raises:
            StudyError: the model lacks what is needed.
        """
        can_be_asked(model, self.elicitation)
        with Journal.open(self.folder, self.manifest) as journal:
            return await self.put(model, journal, terms)

    async def put(self, model: Model, journal: Journal, terms: Terms) -> Tally:
        """`ask`, where the run directory is open already."""
        if self.talk is None:
            return await elicit(model, self.requests, journal, terms)
        parts = {request.to for request in everything(self.requests)} & set(self._cast)
        if parts:
            journal.note("cast", {part: self._cast[part].id for part in sorted(parts)})
        return await converse(self.talk, {"": model, **self._cast}, journal, terms)

    @cached_property
    def _heard(self) -> Talk | None:
        """The talk with all that was said."""
        if (talk := self.talk) is not None:
            with Journal.read(self.folder) as journal:
                deque(talk.hear(journal), 0)
        return talk

    @property
    def settled(self) -> list[Request]:
        """Every ask as it was asked, with what was said before in its messages; those that never could be as they wait."""
        return self.requests if self._heard is None else [request for request, _ in self._heard.settled()]

    @cached_property
    def table(self) -> pl.DataFrame:
        """Every ask with its reply, as far as they are."""
        with Journal.read(self.folder) as journal:
            if self._heard is None:
                return table(self.requests, journal, self.model, style=self.elicitation.prompt.style)
            return told(self._heard.outcomes(), journal, self.elicitation.prompt.style)

    @property
    def answers(self) -> pl.DataFrame:
        """`table`, with the attributes of who answered."""
        table = self.table
        names = {name for one in self.personas for name in one.attributes} - set(table.columns)
        if names:
            known = [{"persona": one.id, **{name: one.attributes.get(name) for name in sorted(names)}} for one in self.personas]
            table = table.join(pl.from_dicts(known, infer_schema_length=None), on="persona", how="left", maintain_order="left")
        return table

    @property
    def responses(self) -> Responses:
        """Every answer, as the study reads it."""
        return of_study(self.answers, str(self.folder))

    @property
    def finding(self) -> Finding:
        """What the answers say.

        Raises:
            InputError: too little came back.
        """
        found = self.study.estimate(self.responses)
        shipped = [Notice("shipped-items", battery.SAID)] if self.shipped else []
        notices = (*found.notices, *shipped, *self.who_judged)
        spoken = {"transcripts": rows} if (rows := transcripts(self.table)) else {}
        return replace(found, notices=notices, evidence={**found.evidence, **spoken, "prompts": self._prompts(found)})

    def _prompts(self, found: Finding) -> Rows:
        """What was asked and answered, word for word, for the item that stands first in the evidence."""
        rows = found.evidence.get("items") or found.evidence.get("dilemmas") or [{}]
        worst = rows[0].get("item")
        answers = self.table["text"].to_list() if "text" in self.table.columns else [None] * len(self.requests)
        first = [(request, text) for request, text in zip(self.settled, answers, strict=True) if request.run == 0 and not request.waits]
        shown = [pair for pair in first if pair[0].about["item"] == worst] or first
        return [
            {"persona": request.about["persona"], "item": request.about["item"], "prompt": _spoken(request), "answer": text}
            for request, text in shown[:MOST_PROMPTS]
        ]

    @property
    def name(self) -> str:
        """The study's."""
        return members.name_of(self.study)

    @property
    def said(self) -> Finding:
        """The finding, or that nothing can be said, and why."""
        try:
            return self.finding
        except InputError as error:
            return Finding(self.name, self.study.question, Verdict("unknown", f"Nothing can be said: {error}"), ())

    @property
    def card(self) -> Card:
        """The finding, how the asking went, and what it takes to do it again."""
        with Journal.read(self.folder) as journal:
            elicitation = record(self.table.with_columns(arm=pl.lit(PANEL)), journal, None, getattr(self.study, "level", 0.9))
        knobs = {key: str(value) for key, value in vars(self.study).items()}
        provenance = {"model": self.model, "study": {"name": self.name, **knobs}, "rows": len(self.table), "versions": versions()}
        return Card(f"{self.name}: {self.model} ({self.folder.name})", (self.said, elicitation), provenance)


def can_be_asked(model: Model, elicitation: Elicitation) -> None:
    """Whether a model offers what it is asked for.

    Raises:
        StudyError: it does not.
    """
    wanted = Can.SCORE if elicitation.score else Can.SAMPLE
    if wanted not in model.can:
        message = f"{model.id} does not offer {'label probabilities' if elicitation.score else 'answers in words'}."
        raise StudyError(message)


def _spoken(request: Request) -> str:
    """A prompt as it is read."""
    return "\n\n".join(f"[{message.role}] {message.text}" for message in request.messages)
