"""A run directory, opened again as the job that began it."""

from pathlib import Path
from typing import Any

from personametrics.data.errors import RunError, ensure
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.persona import Task as UserTask
from personametrics.data.scale import parse_scale
from personametrics.elicit.journal import FILE, Journal
from personametrics.elicit.migration import understood
from personametrics.elicit.plan.study import Plan
from personametrics.elicit.plan.talk import TalkPlan
from personametrics.lab import members
from personametrics.lab.audit import Audit
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.run import StudyRun
from personametrics.lab.session import Job, Recorded, Session, opened
from personametrics.lab.talk import Conversations
from personametrics.lab.task import Task


def job_of(folder: str | Path, *, ask: bool = False) -> Job:
    """Return the job of a run directory of any command that asks a model.

    Args:
        folder: the run directory.
        ask: open the models, to go on asking; otherwise only the replies that are there can be read.

    Raises:
        RunError: the directory is not a run directory, or its command cannot be made again.
    """
    with Journal.read(folder) as journal:
        kept = journal.manifest
    command = kept.get("command", {"verb": "audit"} if "plan" in kept and "kind" not in kept else {})
    verb = str(command.get("verb", ""))
    message = f"{folder} does not record the command that began it. Run that command again: it makes only the missing requests."
    ensure(verb and "plan" in kept, message, RunError)
    if verb == "talk":
        return _dialogues(Path(folder), kept, ask=ask)
    session = _session(Path(folder), kept, ask=ask)
    if verb in {"audit", "dialogues"}:
        return Audit(session)
    task = Task.of(session, session.with_people(members.study(command["study"])))
    if verb == "run":
        return StudyRun(session, task)
    return Trial.planned(session, task, members.remedy(command["remedy"]), command["group"], command["also"])


def _session(folder: Path, kept: dict[str, Any], *, ask: bool) -> Session:
    """Return the session that a directory remembers."""
    with understood(folder / FILE):
        plan = Plan.model_validate(kept["plan"]).model_copy(update={"out": str(folder)})
        personas = tuple(Persona(**row) for row in kept["personas"])
        items = tuple(Item(**{**row, "scale": parse_scale(row["scale"])}) for row in kept["items"])
        ids = dict(kept.get("roles", {"": kept["model"]}))
    models = opened(plan, {}) if ask else {role: Recorded(name) for role, name in ids.items()}
    _same(folder, models[""].id, str(kept["model"]), plan.model)
    return Session(plan, personas, items, models, bool(kept.get("bundled")))


def _dialogues(folder: Path, kept: dict[str, Any], *, ask: bool) -> Conversations:
    """Return the dialogues that a directory remembers."""
    with understood(folder / FILE):
        plan = TalkPlan.model_validate(kept["command"]["plan"]).model_copy(update={"out": str(folder)})
        personas = tuple(Persona(**row) for row in kept["personas"])
        models = {role: Recorded(name) for role, name in kept["roles"].items()}
        tasks: list[UserTask | None] = [UserTask(**row) for row in kept["tasks"]]
    if ask:
        job = Conversations.planned(plan)
        _same(folder, job.session.model.id, str(kept["model"]), plan.model)
        return job
    return Conversations(Session(plan.settings(), personas, (), models), plan, tasks or [None])


def _same(folder: Path, now: str, before: str, named: str) -> None:
    """Refuse another model than the one that the directory was begun with."""
    ensure(
        now == before,
        f"{folder} was begun with {before}, but {named} is now {now}. To ask this model, choose another run directory (--out).",
        RunError,
    )
