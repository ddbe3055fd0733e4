"""One run: a plan, a model and a run directory."""

import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from personametrics.data.errors import InputError, ModelError, RunError, StudyError
from personametrics.data.item import Item
from personametrics.data.model import Can, Model
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN
from personametrics.data.responses import Responses
from personametrics.data.roster import read_items, read_personas
from personametrics.data.scale import Scale, parse_scale, spell_scale
from personametrics.elicit.adaptive import Look, Sizes
from personametrics.elicit.arms import CONTROL, PANEL, Arms
from personametrics.elicit.costs.prices import Prices, listed
from personametrics.elicit.engine import Tally, Terms, elicit
from personametrics.elicit.journal import Journal
from personametrics.elicit.persona_check import applied
from personametrics.elicit.plan.audit import Plan
from personametrics.elicit.table import responses, table
from personametrics.version import __version__

STUDIES = "studies"
"""What the manifest of a run directory says in which studies were asked one by one …"""
DIALOGUES = "dialogues"
"""… and in which simulated users talked."""
ASKED_BY = {STUDIES: "run", DIALOGUES: "talk"}
"""Commands that make such directories."""


@dataclass(frozen=True)
class Run:
    """A plan, a model and a run directory.

    Attributes:
        arms: what is asked.
        model: the id of what answers.
        folder: where replies are kept.
    """

    arms: Arms
    model: str
    folder: Path

    @classmethod
    def planned(cls, plan: Plan, model: str, personas: Any = None, items: Any = None) -> "Run":
        """The run of a plan.

        Args:
            plan: the study.
            model: the id of what answers.
            personas: instead of those of the plan.
            items: instead of those of the plan.

        Raises:
            InputError: personas or items cannot be read, or the plan cannot be asked.
        """
        people = read_personas(plan.personas if personas is None else personas)
        return cls(Arms(plan, people, read_items(plan.items if items is None else items)), model, Path(plan.out))

    @classmethod
    def begun(cls, folder: str | Path) -> "Run":
        """A run as its directory remembers it.

        Raises:
            RunError: it is no run directory, or nothing was asked in it.
        """
        with Journal.read(folder) as journal:
            kept = journal.manifest
        if "plan" not in kept:
            message = f"{folder} holds no run; start one with `personametrics audit`."
            if (kind := kept.get("kind")) in ASKED_BY:
                message = (
                    f"{folder} holds {kind} of `personametrics {ASKED_BY[kind]}`; give that command again, "
                    "its card and its answers lie in the folder."
                )
            raise RunError(message)
        plan = Plan.model_validate(kept["plan"]).model_copy(update={"out": str(folder)})
        personas = read_personas([Persona(**one) for one in kept["personas"]])
        arms = Arms(plan, personas, read_items([Item(**{**one, "scale": parse_scale(one["scale"])}) for one in kept["items"]]))
        return cls(arms, kept["model"], Path(folder))

    @property
    def plan(self) -> Plan:
        """The study."""
        return self.arms.plan

    @property
    def prices(self) -> Prices | None:
        """Prices of the plan, or the listed ones of the model; None where none are known."""
        given = self.plan.prices
        return listed(self.model) if given is None else Prices(**given.model_dump())

    @property
    def _in_system(self) -> bool:
        """Whether the persona is told in a system message, be it in one condition."""
        own = self.plan.prompt.place
        return "system" in {own if place == GIVEN else place for place in self.plan.conditions.get("place", [GIVEN])}

    def require(self, model: Model) -> None:
        """Stop before anything is paid if the model lacks what the plan needs, or if adaptive asking could not begin.

        Raises:
            StudyError: so it is; the message says what to change.
            DesignError: the panel is too small for adaptive asking.
        """
        lacks = {
            "label probabilities; ask without score": self.plan.score and Can.SCORE not in model.can,
            "answers in words; ask with score": not self.plan.score and Can.SAMPLE not in model.can,
            "a system message; set prompt.place to user": self._in_system and Can.SYSTEM not in model.can,
        }
        for what in (name for name, missing in lacks.items() if missing):
            message = f"{model.id} does not offer {what}."
            raise StudyError(message)
        if self.plan.caps.money is not None and self.prices is None:
            message = (
                f"caps.money needs prices, and none are known for {model.id}; add prices: {{tokens_in: …, tokens_out: …}} (per million)."
            )
            raise StudyError(message)
        if self.plan.adaptive:
            self.arms.steps().start()
            if self.arms.runs < 2 and not self.plan.score:
                message = "adaptive: with one run noise cannot be seen; let runs be 2 or more, or ask the full grid."
                raise StudyError(message)

    async def ask(self, model: Model, terms: Terms, *, extend: bool = False) -> Tally:
        """Ask what is missing: first whether the persona reaches the model, then controls, then the panel.

        Args:
            model: what answers.
            terms: caps, prices, who watches and who may stop it.
            extend: take a changed plan; replies whose asks are the same are kept.

        Raises:
            StudyError: the model lacks what the plan needs.
            RunError: the run directory is in use, or was begun with another plan.
            ModelError: no ask can be answered, or the persona does not reach the model.
        """
        self.require(model)
        with Journal.open(self.folder, self.arms.manifest(self.model), extend=extend) as journal:
            journal.note("plan", self.plan.model_dump(by_alias=True))
            journal.note("versions", {**journal.manifest.get("versions", {}), __version__: platform.python_version()})
            try:
                requests = self.arms.requests()
                if self.plan.score:
                    await elicit(model, requests[-1:], journal, terms)  # a server without probabilities fails here, with one call
                if self.plan.check:
                    await self._check(model, journal, terms)
                tally = await (self._adaptively(model, journal, terms) if self.plan.adaptive else elicit(model, requests, journal, terms))
                journal.note("stopped", tally.stopped)
                return tally
            finally:
                journal.note("reported", journal.reported())

    async def _check(self, model: Model, journal: Journal, terms: Terms) -> None:
        """Stop with the evidence if the persona does not reach the model."""
        prompt = replace(self.arms.prompt, place="system" if self._in_system else "user")  # it is system messages that get lost
        seen = await applied(model, self.arms.personas, self.arms.items[0], prompt, journal, terms)
        if seen is None:
            return
        journal.note("applied", {**vars(seen), "evidence": seen.sentence})
        if not seen.reached:
            message = (
                f"The persona does not seem to reach {model.id}: {seen.sentence}; tell it in the user turn (prompt.place: user), "
                "or pass check: false if you know better."
            )
            raise ModelError(message)

    async def _adaptively(self, model: Model, journal: Journal, terms: Terms) -> Tally:
        """Ask a first block, look, and ask more until the verdict is clear; what was seen at each look is kept in the journal."""
        steps = self.arms.steps()
        step = steps.start()
        while True:
            arms = self.arms.first(step.sizes)
            journal.note("adaptive", {"sizes": vars(step.sizes), "looks": [_look(look) for look in step.looks], "reason": step.reason})
            tally = await elicit(model, arms.requests(), journal, terms)
            if step.reason or not tally.complete:
                return tally
            frame = table(arms.requests(), journal, self.model, self.arms.items, self.plan.prompt.style, texts=False)
            try:
                (panel,) = self.panels(frame).values()
                step = steps.next(panel[PANEL], step)
            except InputError as error:  # too little came back to look at; the card says so
                tally.stopped = str(error).rstrip(".")
                return tally

    def asked(self, journal: Journal) -> Arms:
        """What was meant to be asked so far: everything, or what adaptive asking came to."""
        kept = journal.manifest.get("adaptive")
        return self.arms if kept is None else self.arms.first(Sizes(**kept["sizes"]))

    def table(self, *, texts: bool = True) -> pl.DataFrame:
        """Every ask with its reply, as far as the run is."""
        with Journal.read(self.folder) as journal:
            return table(self.asked(journal).requests(), journal, self.model, self.arms.items, self.plan.prompt.style, texts=texts)

    def panels(self, frame: pl.DataFrame) -> dict[str, dict[str, Responses]]:
        """Responses by scale and arm; items that cannot depend on the persona stand apart, as the arm `control`.

        Args:
            frame: the table.
        """
        scales: dict[str, Scale] = {spell_scale(item.scale): item.scale for item in self.arms.items}
        aside = [item.id for item in self.arms.items if item.is_control]
        arm = pl.when((pl.col("arm") == PANEL) & pl.col("item").is_in(aside)).then(pl.lit(CONTROL)).otherwise("arm")
        frame = frame.with_columns(arm.alias("arm")).filter((pl.col("arm") == CONTROL) | ~pl.col("item").is_in(aside))
        found: dict[str, dict[str, Responses]] = {}
        for name, scale in scales.items():
            rows = frame.filter(scale=name)
            arms = rows["arm"].unique().to_list()
            found[name] = {one: responses(rows.filter(arm=one), self.arms.personas, scale, f"{self.folder} ({one})") for one in arms}
        return found


def _look(look: Look) -> dict[str, Any]:
    """A look as JSON values."""
    return {"sizes": vars(look.sizes), "fraction": look.fraction, "level": look.level, "signal": look.signal[:3], "hope": look.hope}
