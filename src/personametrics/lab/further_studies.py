"""The further studies of a run, asked beside the panel and put on the same card."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from personametrics.data.errors import DesignError, StudyError
from personametrics.data.notice import Notice
from personametrics.data.study import Elicitation, Study
from personametrics.elicit.plan.audit import Plan
from personametrics.elicit.run import Run
from personametrics.lab import bundled as battery
from personametrics.lab import members
from personametrics.lab.diagnosis import shared_level
from personametrics.lab.run import Session

ALL = "all"
"""Every study that can be asked."""


@dataclass(frozen=True)
class Further:
    """What is asked beside a panel.

    Attributes:
        sessions: by the name of the study, each at a level at which all their verdicts hold together.
        left_out: why others are not asked although all were wanted, by their names.
    """

    sessions: Mapping[str, Session]
    left_out: Mapping[str, str]

    @property
    def said(self) -> str:
        """How much is asked, and what is left out; "" where nothing further is wanted."""
        each = "; ".join(f"{name} {session.expected()}" for name, session in self.sessions.items())
        said = [f"Further studies, at most, as what they share is asked once: {each}."] if each else []
        return " ".join([*said, *(notice.text for notice in self.notices)])

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What a reader must know of what was not asked."""
        if not self.left_out:
            return ()
        return (Notice("left-out-studies", f"Not asked: {' '.join(self.left_out.values())}"),)


def further(run: Run) -> Further:
    """The further studies of a run.

    A study takes the personas and items of the run if it can use them, and else those that come with the library.

    Raises:
        StudyError: there is no such study, or people's answers are named for none.
        DesignError: one that the plan names can use neither.
    """
    plan, found, left_out = run.plan, dict[str, Session](), dict[str, str]()
    if plan.human is not None and not (plan.studies or plan.remedies):
        message = "human: nothing here compares with people; name a study that does, such as studies: [fidelity], or leave it out."
        raise StudyError(message)
    wanted = [name for name in members.studies() if name != "stability"] if plan.studies == [ALL] else plan.studies
    for text in wanted:
        name = text.partition(":")[0]
        try:
            found[name] = _session(run, study_of(plan, text), name)
        except DesignError as error:
            if plan.studies != [ALL]:
                raise
            left_out[name] = str(error)
    studies = shared_level([session.study for session in found.values()], plan.level, beside=1)
    return Further({name: replace(session, study=study) for (name, session), study in zip(found.items(), studies, strict=True)}, left_out)


def study_of(plan: Plan, text: str) -> Study:
    """A study by its name, with the people's answers of a plan where it compares with such.

    Raises:
        StudyError: there is no such study.
        InputError: the people's answers cannot be read.
    """
    study: Any = members.study(text)
    if plan.human is None or "human" not in vars(study):
        return study  # type: ignore[no-any-return]
    matched = {"match": plan.human.match} if plan.human.match and "match" in vars(study) else {}
    return members.with_people(replace(study, **matched), plan.human.answers)


def session_of(run: Run, study: Study) -> Session:
    """A study asked of the personas and items of a run, in its directory."""
    plan = run.plan
    elicitation = Elicitation(plan.runs, plan.score, plan.prompt.prompt(), plan.sampling.sampling())
    return Session(study, run.model, run.arms.personas, run.arms.items, run.folder, elicitation, manifest=run.arms.manifest(run.model))


def _session(run: Run, study: Study, name: str) -> Session:
    """A study asked of the run's own personas and items, or else of those that come with the library.

    Raises:
        DesignError: it can use neither; why it cannot use the run's own.
    """
    own = session_of(run, study)
    try:
        own.requests  # noqa: B018 (designed, or not to be asked)
    except DesignError:
        shipped = replace(own, personas=battery.personas(run.model, name), items=battery.items(run.model), shipped=True)
        try:
            shipped.requests  # noqa: B018 (as above)
        except DesignError:
            pass
        else:
            return shipped
        raise
    return own
