"""A run directory, opened again as the job that began it."""

from pathlib import Path
from typing import Any

from personametrics.data.errors import RunError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.scale import parse_scale
from personametrics.data.task import Task as UserTask
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


def begun(folder: str | Path, *, ask: bool = False) -> Job:
    """Return the job of a run directory.

    Args:
        folder: of any command that asks.
        ask: open the models, to go on asking; otherwise only the replies that are there can be read.

    Raises:
        RunError: the directory is not a run directory, or its command cannot be made again.
    """
    with Journal.read(folder) as journal:
        kept = journal.manifest
    command = kept.get("command", {"verb": "audit"} if "plan" in kept and "kind" not in kept else {})
    verb = str(command.get("verb", ""))
    if not verb or "plan" not in kept:
        message = f"{folder} does not say which command began it; give that command again, it asks only what is missing."
        raise RunError(message)
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
        personas = tuple(Persona(**one) for one in kept["personas"])
        items = tuple(Item(**{**one, "scale": parse_scale(one["scale"])}) for one in kept["items"])
        ids = dict(kept.get("roles", {"": kept["model"]}))
    models = opened(plan, {}) if ask else {role: Recorded(name) for role, name in ids.items()}
    _same(folder, models[""].id, str(kept["model"]), plan.model)
    return Session(plan, personas, items, models, bool(kept.get("bundled")))


def _dialogues(folder: Path, kept: dict[str, Any], *, ask: bool) -> Conversations:
    """Return the dialogues that a directory remembers."""
    with understood(folder / FILE):
        plan = TalkPlan.model_validate(kept["command"]["plan"]).model_copy(update={"out": str(folder)})
        personas = tuple(Persona(**one) for one in kept["personas"])
        models = {role: Recorded(name) for role, name in kept["roles"].items()}
        tasks: list[UserTask | None] = [UserTask(**one) for one in kept["tasks"]]
    if ask:
        job = Conversations.planned(plan)
        _same(folder, job.session.model.id, str(kept["model"]), plan.model)
        return job
    return Conversations(Session(plan.settings(), personas, (), models), plan, tasks or [None])


def _same(folder: Path, now: str, before: str, named: str) -> None:
    """Refuse another model than the one that the directory was begun with."""
    if now != before:
        message = f"{folder} was begun with {before}, but {named} is now {now}; name another out to ask that one."
        raise RunError(message)
