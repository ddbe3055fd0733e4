"""Simulated users who talk to a system under test: from a file to transcripts and a card."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from personametrics.data.card import Card
from personametrics.data.errors import StudyError, ensure
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.grid import PANEL
from personametrics.data.model import Can, Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Task
from personametrics.data.role import LINE, PARTNER
from personametrics.data.roster import read_personas, read_tasks
from personametrics.data.study import Elicitation, Request
from personametrics.dialogues.user_dialogue import user_dialogue
from personametrics.elicit.conversation import OUTGREW, TRUNCATED, Talk, converse
from personametrics.elicit.costs.estimate import expected
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.elicit.plan.talk import TalkPlan, load_talk
from personametrics.elicit.summary import record
from personametrics.elicit.table import dialogue_table
from personametrics.lab.measure import versions
from personametrics.lab.session import Job, Session, wait_for
from personametrics.lab.task import exchanges
from personametrics.models.registry import open_model
from personametrics.models.traffic import Limits

QUESTION = "Did every dialogue reach its end?"
SHOWN = 1_000
"""Number of dialogues on a card; the tables hold all."""
FILES = ("dialogues.csv", "dialogues.parquet")
GIVEN = "given"
"""The outcome of scripted words."""
LEVEL = 0.9
"""The level of figures that are counted."""


def talk(plan: TalkPlan | str | Path, model: Model | None = None, partner: Model | None = None) -> "Conversations":
    """Let simulated users talk to a system under test; works in a notebook too.

    Args:
        plan: a file, or its content.
        model: the model of the personas; None: that of the plan.
        partner: the system under test; None: the partner of the plan.

    Returns:
        The dialogues, with their table and their card. A second call asks only what is missing.

    Raises:
        InputError: the plan cannot be carried out; nothing was paid.
        RunError: the run directory is in use, or was begun with another plan.
        ModelError: a model answers nothing.
    """
    return wait_for(atalk(plan, model, partner))


async def atalk(plan: TalkPlan | str | Path, model: Model | None = None, partner: Model | None = None) -> "Conversations":
    """Do what `talk` does; to be awaited."""
    job = Conversations.planned(plan if isinstance(plan, TalkPlan) else load_talk(plan), model, partner)
    await job.ask()
    return job


@dataclass(frozen=True)
class Conversations(Job):
    """Dialogues of every persona about every task; the task None is nothing in particular."""

    kind: ClassVar[str] = "dialogues"
    plan: TalkPlan
    tasks: Sequence[Task | None]

    @classmethod
    def planned(cls, plan: TalkPlan, model: Model | None = None, partner: Model | None = None) -> "Conversations":
        """Return the dialogues of a plan, with their models opened; the arguments are those of `talk`."""
        plan.lasting(), plan.prompt()
        tasks = [None] if plan.tasks is None else [plan.worded(task) for task in read_tasks(plan.tasks)]
        personas = read_personas(plan.personas)
        limits = Limits(**plan.limits.model_dump())
        models = {"": model or open_model(plan.model, limits, key_variable=plan.key_variable)}
        if not plan.partner.says:
            models[PARTNER] = partner or open_model(plan.partner.model, limits, key_variable=plan.partner.key_variable)
        return cls(Session(plan.settings(), personas, (), models), plan, tasks)

    @cached_property
    def requests(self) -> list[Request]:
        """The requests for all lines of all dialogues, each after the lines before it."""
        plan, assistant, turns = self.plan, self.plan.assistant(), self.plan.lasting()
        elicitation = Elicitation(plan.runs, prompt=plan.prompt(), sampling=plan.sampling.sampling())
        requests: list[Request] = []
        for persona, task, run in product(self.session.personas, self.tasks, range(plan.runs)):
            dialogue = user_dialogue(elicitation, persona, task, assistant, turns, run)
            for index, line in enumerate(dialogue.lines):
                requests += [line, dialogue.partner[index]] if dialogue.partner else [line]
        return requests

    @property
    def manifest(self) -> dict[str, Any]:
        """The settings that decide what is asked, as JSON values; the run directory refuses to go on with another plan."""
        who = {"kind": self.kind, "model": self.session.model.id, "partner": self.session.ids.get(PARTNER), "study": self.plan.decides()}
        personas, tasks = self.session.personas, [task for task in self.tasks if task is not None]
        return {**who, "personas": [vars(persona) for persona in personas], "tasks": [vars(task) for task in tasks]}

    @property
    def command(self) -> dict[str, Any]:
        """The command that makes the dialogues again, as JSON values."""
        return {"verb": "talk", "plan": self.plan.model_dump()}

    @property
    def forecast(self) -> str:
        """The requests to come and their price, in words."""
        number = len(self.session.personas) * len(self.tasks) * self.plan.runs
        lines = expected(self.requests, self.session.ids, self.session.model)
        return f"{number:,} dialogues of {self.plan.lasting()} turns. This takes at most {lines}."

    def design(self) -> None:
        """Refuse a partner that cannot answer in words."""
        for model in self.session.models.values():
            ensure(Can.SAMPLE in model.can, f"{model.id} does not give answers in words. Name another model.", StudyError)

    async def put(self, journal: Journal, terms: Terms) -> Tally:
        """Ask what is missing: all dialogues go on together, a batch per turn."""
        return await converse(self._talk, self.session.models, journal, terms)

    @cached_property
    def _talk(self) -> Talk:
        """The conversation; its replies need not be looked up again after it was held."""
        return Talk(self.requests, self.session.ids, self.plan.limit())

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The requests for lines, one per row, with their replies."""
        with Journal.read(self.folder) as journal:
            if not self._talk.resolved:
                deque(self._talk.resolve(journal), 0)
            return dialogue_table(self._talk.outcomes(), journal)

    @cached_property
    def dialogues(self) -> pl.DataFrame:
        """The transcripts, in order.

        Returns:
            One row a line: dialogue (from 1), persona, task, run, turn (from 1), speaker (`persona` or `partner`), text, outcome, detail
            (the reason why a text is missing) and, if the prompt length is limited, `truncated`. Scripted words have the outcome `given`.
        """
        each, says = self.plan.lasting() * len(self.session.models), self.plan.partner.says
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

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """The table of transcripts, by the name of each file."""
        return dict.fromkeys(FILES, self.dialogues)

    def exchanges(self) -> Iterator[tuple[Request, bytes]]:
        """Yield every line as it was asked for, with its key."""
        self.frame  # noqa: B018 (looks every reply up)
        return exchanges(self._talk)

    @property
    def finding(self) -> Finding:
        """The ends of the dialogues, and the transcripts of the first of them."""
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
        sentence = f"{number - len(broken):,} of {number:,} dialogues of {self.plan.lasting()} turns reached their end."
        if TRUNCATED in lines.columns:
            cut = lines.filter(pl.col(TRUNCATED) == "yes")["dialogue"].n_unique()
            sentence += f" {cut:,} continued without their oldest turns, because they exceeded {self.plan.room.tokens:,} tokens."
        if number > SHOWN:
            sentence += f" The first {SHOWN:,} are shown here. {FILES[0]} contains all of them."
        evidence = {"dialogues that did not go to their end": ends.to_dicts()} if len(ends) else {}
        return Finding("talk", QUESTION, Verdict(label, sentence), (), (), {**evidence, "transcripts": self._transcripts()})

    def _transcripts(self) -> Rows:
        """Return the transcripts of the first dialogues."""
        lines = self.dialogues.filter((pl.col("dialogue") <= SHOWN) & pl.col("text").is_not_null())
        rows = lines.select(
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
        """The card: ends of the dialogues, transcripts, and the account of the requests."""
        asked = self.frame.filter(
            (pl.col("outcome") != ReplyOutcome.MISSING) | (pl.col("detail") == "")
        )  # the others wait for what never came
        with Journal.read(self.folder) as journal:
            elicitation, kept = record(asked.with_columns(arm=pl.lit(PANEL)), journal, None, LEVEL), journal.manifest
        aside = {name: kept[name] for name in ("model", "partner", "study", "reported") if kept.get(name)}
        provenance = {**aside, "rows": len(self.dialogues), "versions": versions()}
        other = self.session.ids.get(PARTNER, "a scripted partner")
        return Card(f"talk: {self.session.model.id} with {other} ({self.folder.name})", (self.finding, elicitation), provenance)
