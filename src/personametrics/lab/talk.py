"""Simulated users who talk to a system under test: from a file to a table of all that was said, and a card."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl

from personametrics.data.card import Card
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.model import Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.role import LINE, PARTNER
from personametrics.data.roster import read_personas, read_tasks
from personametrics.data.study import Elicitation
from personametrics.data.task import Task
from personametrics.data.writing import write
from personametrics.dialogues.user_dialogue import user_dialogue
from personametrics.elicit.arms import PANEL
from personametrics.elicit.conversation import OUTGREW, TRUNCATED, Talk, converse
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.elicit.plan.talk import TalkPlan, load_talk
from personametrics.elicit.run import DIALOGUES
from personametrics.elicit.summary import record
from personametrics.elicit.table import told
from personametrics.lab.measure import versions
from personametrics.lab.run import can_be_asked
from personametrics.models.named import named
from personametrics.models.traffic import Limits

QUESTION = "Did every dialogue go to its end?"
SHOWN = 1_000
"""Dialogues on a card; the tables hold all."""
FILES = ("dialogues.csv", "dialogues.parquet")
GIVEN = "given"
"""Outcome of words that no model said."""
LEVEL = 0.9
"""Of figures that are counted."""


def talk(plan: TalkPlan | str | Path, model: Model | None = None, partner: Model | None = None) -> "Conversations":
    """Let simulated users talk to a system under test; in a notebook, await `Conversations.hold` instead.

    Args:
        plan: a file, or what it says.
        model: who plays the personas; None: the model of the plan.
        partner: what they talk to; None: the partner of the plan.

    Returns:
        What was said, with its table and its card. A second call says only what is missing.

    Raises:
        InputError: the plan cannot be carried out; nothing was paid.
        RunError: the run directory is in use, or was begun with another plan.
        ModelError: a model answers nothing.
    """
    held = Conversations.planned(plan if isinstance(plan, TalkPlan) else load_talk(plan), model, partner)
    asyncio.run(held.hold(Terms()))
    return held


@dataclass(frozen=True)
class Conversations:
    """Dialogues of every persona about every task.

    Attributes:
        plan: of the dialogues.
        personas: who speaks first.
        tasks: what they want; None alone: nothing in particular.
        cast: who plays the personas (""), and what they talk to; not there where its words are given.
    """

    plan: TalkPlan
    personas: Sequence[Persona]
    tasks: Sequence[Task | None]
    cast: Mapping[str, Model]

    @classmethod
    def planned(cls, plan: TalkPlan, model: Model | None = None, partner: Model | None = None) -> "Conversations":
        """The dialogues of a plan, whose models are opened.

        Args:
            plan: of the dialogues.
            model: who plays the personas; None: as the plan says.
            partner: what they talk to; None: as the plan says.

        Raises:
            InputError: personas, tasks or templates cannot be used, or there is no such model.
        """
        plan.lasting(), plan.prompt()
        tasks = [None] if plan.tasks is None else [plan.told(task) for task in read_tasks(plan.tasks)]
        personas = read_personas(plan.personas)
        limits = Limits(**plan.limits.model_dump())
        cast = {"": model or named(plan.model, limits, key_variable=plan.key_variable)}
        if not plan.partner.says:
            cast[PARTNER] = partner or named(plan.partner.model, limits, key_variable=plan.partner.key_variable)
        return cls(plan, personas, tasks, cast)

    @property
    def folder(self) -> Path:
        """The run directory."""
        return Path(self.plan.out)

    @cached_property
    def requests(self) -> list[Request]:
        """All lines of all dialogues that a model is to say, each after those before it."""
        plan, assistant, turns = self.plan, self.plan.assistant(), self.plan.lasting()
        elicitation = Elicitation(plan.runs, prompt=plan.prompt(), sampling=plan.sampling.sampling())
        found: list[Request] = []
        for persona, task, run in product(self.personas, self.tasks, range(plan.runs)):
            held = user_dialogue(elicitation, persona, task, assistant, turns, run)
            for at, line in enumerate(held.lines):
                found += [line, held.partner[at]] if held.partner else [line]
        return found

    @property
    def ids(self) -> dict[str, str]:
        """The id of who plays each part."""
        return {part: model.id for part, model in self.cast.items()}

    @property
    def manifest(self) -> dict[str, Any]:
        """Everything that decides what is asked, as JSON values."""
        return {
            "kind": DIALOGUES,
            "model": self.ids[""],
            "partner": self.ids.get(PARTNER),
            "study": self.plan.decides(),
            "personas": [vars(one) for one in self.personas],
            "tasks": [vars(one) for one in self.tasks if one is not None],
        }

    async def hold(self, terms: Terms) -> Tally:
        """Let say what is missing.

        Args:
            terms: who watches, and who may stop it.

        Raises:
            StudyError: a model lacks what is needed.
            RunError: the run directory is in use, or was begun with another plan.
            ModelError: a model answers nothing.
        """
        for model in self.cast.values():
            can_be_asked(model, Elicitation())
        with Journal.open(self.folder, self.manifest) as journal:
            try:
                return await converse(self._talk, self.cast, journal, replace(terms, caps=Caps(**self.plan.caps.model_dump())))
            finally:
                journal.note("reported", journal.reported())

    @cached_property
    def _talk(self) -> Talk:
        """Who is asked what; what was heard while they talked need not be looked up again."""
        return Talk(self.requests, self.ids, self.plan.limit())

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Every line that a model was to say, with its reply."""
        with Journal.read(self.folder) as journal:
            if not self._talk.heard:
                for _ in self._talk.hear(journal):
                    pass
            return told(self._talk.outcomes(), journal)

    @cached_property
    def dialogues(self) -> pl.DataFrame:
        """All that was said, in order.

        Returns:
            One row a line: dialogue (from 1), persona, task, run, turn (from 1), speaker (`persona` or `partner`), text, outcome, detail
            (why there is no text) and, where room is short, `truncated`. Words that were given have the outcome `given`.
        """
        each, says = self.plan.lasting() * len(self.cast), self.plan.partner.says
        cut = [TRUNCATED] if TRUNCATED in self.frame.columns else []
        lines = self.frame.with_row_index("at").select(
            (pl.col("at") // each + 1).alias("dialogue"),
            "persona",
            pl.col("item").alias("task"),
            pl.col("run", "turn").cast(pl.Int64),
            pl.when(pl.col("part") == LINE).then(pl.lit("persona")).otherwise(pl.lit(PARTNER)).alias("speaker"),
            *("text", "outcome", "detail", *cut),
        )
        if not says:
            return lines
        words = pl.col("turn").replace_strict(range(1, len(says) + 1), says)
        given = lines.filter(pl.col("text").is_not_null()).with_columns(speaker=pl.lit(PARTNER), text=words, outcome=pl.lit(GIVEN))
        return pl.concat([lines, given]).sort("dialogue", "turn", maintain_order=True)

    def write(self) -> list[Path]:
        """The table of all that was said, as CSV and as Parquet in the run directory.

        Raises:
            InputError: it cannot be written.
        """
        paths = [self.folder / name for name in FILES]
        for path in paths:
            write(self.dialogues, path)
        return paths

    @property
    def finding(self) -> Finding:
        """How the dialogues ended, and what was said in the first of them."""
        lines = self.dialogues
        broken = lines.filter(pl.col("text").is_null()).group_by("dialogue", maintain_order=True).first()
        because = pl.when(pl.col("detail") != "").then("detail").otherwise(pl.col("outcome")).str.slice(0, 200).alias("ended")
        ends = (
            broken.group_by(because)
            .agg(pl.len().alias("dialogues"), pl.col("turn").mean().alias("mean turn"))
            .sort("dialogues", descending=True)
        )
        number = lines["dialogue"].n_unique()
        open_ = broken["outcome"].is_in([ReplyOutcome.FAILED, ReplyOutcome.MISSING]) & ~broken["detail"].str.starts_with(
            OUTGREW.partition("{")[0]
        )
        label = "complete" if broken.is_empty() else "incomplete" if open_.any() else "cut short"
        sentence = f"{number - len(broken):,} of {number:,} dialogues of {self.plan.lasting()} turns went to their end."
        if TRUNCATED in lines.columns:
            cut = lines.filter(pl.col(TRUNCATED) == "yes")["dialogue"].n_unique()
            sentence += f" {cut:,} went on without their oldest turns, as they outgrew {self.plan.room.tokens:,} tokens."
        if number > SHOWN:
            sentence += f" The first {SHOWN:,} are shown here, {FILES[0]} has all."
        evidence = {"dialogues that did not go to their end": ends.to_dicts()} if len(ends) else {}
        return Finding("talk", QUESTION, Verdict(label, sentence), (), (), {**evidence, "transcripts": self._transcripts()})

    def _transcripts(self) -> Rows:
        """What was said in the first dialogues."""
        said = self.dialogues.filter((pl.col("dialogue") <= SHOWN) & pl.col("text").is_not_null())
        rows = said.select(
            pl.col("dialogue").cast(pl.String),
            "persona",
            pl.col("task").alias("item"),
            "run",
            "turn",
            pl.when(pl.col("speaker") == "persona").then(pl.lit("persona")).otherwise(pl.lit("them")).alias("speaker"),
            "text",
            pl.lit("").alias("verdict"),
            pl.lit("").alias("against"),
        )
        return rows.to_dicts()

    @property
    def card(self) -> Card:
        """How the dialogues ended and how the asking went."""
        asked = self.frame.filter(
            (pl.col("outcome") != ReplyOutcome.MISSING) | (pl.col("detail") == "")
        )  # the others wait for what never came
        with Journal.read(self.folder) as journal:
            elicitation, kept = record(asked.with_columns(arm=pl.lit(PANEL)), journal, None, LEVEL), journal.manifest
        aside = {name: kept[name] for name in ("model", "partner", "study", "reported") if kept.get(name)}
        provenance = {**aside, "rows": len(self.dialogues), "versions": versions()}
        other = self.ids.get(PARTNER, "given words")
        return Card(f"talk: {self.ids['']} with {other} ({self.folder.name})", (self.finding, elicitation), provenance)
