"""One study, from a model to a finding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from personametrics.data.card import Card
from personametrics.data.errors import InputError, StudyError, ensure
from personametrics.data.finding import Finding
from personametrics.data.grid import ARM, PANEL
from personametrics.data.model import Model
from personametrics.data.role import JUDGE, PARTNER
from personametrics.data.study import Request, Study
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import FILE, Journal
from personametrics.elicit.plan.file import checked
from personametrics.elicit.plan.study import Plan
from personametrics.elicit.summary import record
from personametrics.lab import members
from personametrics.lab.measure import versions
from personametrics.lab.session import ANSWERS, Job, Session, wait_for
from personametrics.lab.task import Task

FIRST = 2
"""The runs before the first look of adaptive asking."""
OPEN = frozenset({"undecided", "unknown"})
"""Verdicts that more runs may change."""


def run(study: Study | str, model: Model | str, personas: Any = None, items: Any = None, **settings: Any) -> Finding:
    """Ask a model what a study needs, and say what the answers say; works in a notebook too.

    Args:
        study: one of `personametrics studies` by its name, or a study with its knobs.
        model: a model string or a model, as for `audit`.
        personas: a path, a table or `Persona`s; None: bundled ones, which nobody has validated.
        items: a path, a table or `Item`s; None: as above.
        settings: every key of a study file: out, runs, score, prompt, sampling, conditions, caps, limits …; `judge` and `partner` may
            also be a model or a model string. A second call with the same `out` asks only what is missing.

    Raises:
        InputError: the study cannot be asked, or too few answers came back.
        RunError: the run directory is in use, or of another model.
        ModelError: the model answers nothing.
    """
    return wait_for(arun(study, model, personas, items, **settings))


async def arun(study: Study | str, model: Model | str, personas: Any = None, items: Any = None, **settings: Any) -> Finding:
    """Do what `run` does; to be awaited."""
    job = StudyRun.planned(study, model, personas, items, **settings)
    await job.ask()
    return job.reached.finding


def session_of(study: Study, model: Model | str, personas: Any = None, items: Any = None, **settings: Any) -> Session:
    """Return the session that asks a study, which chooses the bundled personas; the other arguments are those of `run`."""
    models: dict[str, Model] = {} if isinstance(model, str) else {"": model}
    given = dict(settings)
    for role in (JUDGE, PARTNER):
        chosen = given.get(role)
        if isinstance(chosen, str):
            given[role] = {"model": chosen}
        elif chosen is None:
            given.pop(role, None)
        elif not isinstance(chosen, Mapping):
            models[role] = given.pop(role)
    given = {name: str(value) if name == "out" else value for name, value in given.items()}
    plan: Plan = checked({"model": model if isinstance(model, str) else model.id, **given})
    return Session.planned(plan, models, personas, items, study.population)


@dataclass(frozen=True)
class StudyRun(Job):
    """One study with its requests in one run directory."""

    kind: ClassVar[str] = "studies"
    task: Task

    @classmethod
    def planned(cls, study: Study | str, model: Model | str, personas: Any = None, items: Any = None, **settings: Any) -> "StudyRun":
        """Return the run of a study; the arguments are those of `run`."""
        chosen = members.study(study) if isinstance(study, str) else study
        session = session_of(chosen, model, personas, items, **settings)
        return cls(session, Task.of(session, session.with_people(chosen)))

    @classmethod
    def of_plan(cls, plan: Plan, study: Study) -> "StudyRun":
        """Return the run of a study under a plan."""
        session = Session.planned(plan, population=study.population)
        return cls(session, Task.of(session, session.with_people(study)))

    @property
    def command(self) -> dict[str, Any]:
        """The command that makes the run again, as JSON values."""
        return {"verb": "run", "study": members.spell(self.task.study)}

    @property
    def forecast(self) -> str:
        """The requests to come and their price, in words."""
        return f"{self.task.expected()}."

    def design(self) -> None:
        """Make every request, so that a faulty study is refused before anything is paid."""
        self.task.requests  # noqa: B018 (designed, or refused)

    async def put(self, journal: Journal, terms: Terms) -> Tally:
        """Ask what is missing; with `adaptive`, in steps until the verdict is clear."""
        if self.session.plan.adaptive:
            return await _put_in_steps(self.task, journal, terms)
        return await self.task.put(journal, terms)

    @cached_property
    def reached(self) -> Task:
        """The task as far as adaptive asking went; otherwise the whole task."""
        if self.session.plan.adaptive and (self.folder / FILE).exists():
            with Journal.read(self.folder) as journal:
                looks = journal.manifest.get("looks")
            if looks:
                return replace(self.task.in_runs(looks["runs"]), study=self.task.study.set(level=looks["level"]))
        return self.task

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """The table of all answers, by the name of its file."""
        return {ANSWERS: self.reached.answers}

    def exchanges(self) -> Iterator[tuple[Request, bytes]]:
        """Yield every request as it was sent, with its key."""
        return self.reached.exchanges()

    @property
    def card(self) -> Card:
        """The finding, how the asking went, and what it takes to do it again."""
        task = self.reached
        with Journal.read(self.folder) as journal:
            has_panel = ARM in task.table.columns and PANEL in task.table[ARM]  # the arms of other studies are not those of a panel
            frame = task.table if has_panel else task.table.with_columns(pl.lit(PANEL).alias(ARM))
            elicitation = record(frame, journal, None, task.study.level)
        study = {"name": task.name, **{name: str(value) for name, value in task.study.knobs().items()}}
        provenance = {"model": self.session.model.id, "study": study, "rows": len(task.table), "versions": versions()}
        return Card(f"{task.name}: {self.session.model.id} ({self.folder.name})", (task.finding_or_reason, elicitation), provenance)


def looks_of(runs: int) -> list[int]:
    """Return the number of runs at each look: it doubles, and ends at the runs of the plan.

    Examples:
        >>> looks_of(5)
        [2, 4, 5]
    """
    return [*(FIRST * 2**index for index in range((runs - 1).bit_length() - 1)), runs]


async def _put_in_steps(task: Task, journal: Journal, terms: Terms) -> Tally:
    """Ask a study in steps of runs, and stop when its verdict is clear; one run, with nothing to stop, is refused.

    Each look has the level 1 − (1 − level) / looks (Bonferroni), so that the verdict is false no more often than after one look.
    """
    runs = task.elicitation.runs
    message = "adaptive: one run cannot be stopped early. Set runs to 2 or more, and score to false."
    ensure(runs >= FIRST and not task.elicitation.score, message, StudyError)
    looks = looks_of(runs)
    level = 1 - (1 - task.study.level) / len(looks)
    seen = []
    for number in looks:
        part = replace(task.in_runs(number), study=task.study.set(level=level))
        tally = await part.put(journal, terms)
        try:
            label = part.finding.verdict.label
        except InputError:
            label = "unknown"
        seen.append({"runs": number, "level": level, "verdict": label})
        decided = label not in OPEN
        journal.note("looks", {"runs": number, "level": level, "looks": seen, "decided": decided})
        if decided or not tally.complete:
            return tally
    return tally
