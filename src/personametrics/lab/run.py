"""One study, from a model to a finding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from personametrics.data.card import Card
from personametrics.data.finding import Finding
from personametrics.data.grid import ARM, PANEL
from personametrics.data.model import Model
from personametrics.data.request import Request
from personametrics.data.role import JUDGE, PARTNER
from personametrics.data.study import Study
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import FILE, Journal
from personametrics.elicit.plan.file import checked
from personametrics.elicit.plan.study import Plan
from personametrics.elicit.summary import record
from personametrics.lab import members
from personametrics.lab.looks import put_in_steps
from personametrics.lab.measure import versions
from personametrics.lab.session import ANSWERS, Job, Session, wait_for
from personametrics.lab.task import Task


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
    """Return the session that asks a study.

    Args:
        study: chooses the bundled personas.
        model: a model string or a model.
        personas: as for `run`.
        items: as for `run`.
        settings: as for `run`.

    Raises:
        InputError: personas, items or a setting cannot be used.
    """
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
    """One study in one run directory.

    Attributes:
        task: the study with its requests.
    """

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
            return await put_in_steps(self.task, journal, terms)
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
            own = ARM in task.table.columns and PANEL in task.table[ARM]  # the arms of other studies are not those of a panel
            frame = task.table if own else task.table.with_columns(pl.lit(PANEL).alias(ARM))
            elicitation = record(frame, journal, None, task.study.level)
        knobs = {name: str(value) for name, value in task.study.knobs().items()}
        provenance = {
            "model": self.session.model.id,
            "study": {"name": task.name, **knobs},
            "rows": len(task.table),
            "versions": versions(),
        }
        return Card(f"{task.name}: {self.session.model.id} ({self.folder.name})", (task.finding_or_reason, elicitation), provenance)
