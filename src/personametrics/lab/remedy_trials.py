"""Remedies tried on an audited panel: chosen by its diagnosis, the cheapest first, and measured again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from personametrics.data.errors import InputError
from personametrics.data.finding import Finding, Verdict
from personametrics.data.model import TOY
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.lab import members
from personametrics.lab.comparison.change import COMPARISON
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.diagnosis import failing
from personametrics.lab.session import Session
from personametrics.lab.task import Task

AUTO = "auto"
"""The name for the remedies that are published against the failures found."""
TRIED = 2
"""Number of these that are tried, the cheapest first."""
BEFORE = frozenset({"personas", "requests", "model"})
"""A remedy at these stages has no effect to measure if it leaves every prompt unchanged."""
MODE = {"average": "average:how=mode"}
"""Remedies as they are tried on labels, which have no mean."""


def trials(session: Session, findings: Sequence[Finding], task_of: Callable[[str], Task]) -> list[Trial]:
    """Return the remedies to try, the cheapest first; of a remedy that the plan names, with the study that shows the failure it is for.

    Args:
        session: with a plan that asks for remedies.
        findings: the findings of the studies.
        task_of: from the name of a study to its task.

    Raises:
        StudyError: a remedy does not exist.
    """
    plan = session.plan
    shown = {remedy: failure.study for failure in failing(findings) for remedy in failure.remedies}
    automatic = plan.remedies == [AUTO]
    chosen = shown if automatic else {text: shown.get(text.partition(":")[0], "") for text in plan.remedies}
    every: list[tuple[int, Trial]] = []
    for text, shown_by in chosen.items():
        remedy = members.remedy(text)
        study = shown_by or remedy.known().study
        task = task_of(study)
        trial = Trial(session, replace(task, study=task.study.set(level=plan.level)), remedy)
        try:
            if automatic and text in MODE and _labels_only(trial):
                trial = replace(trial, remedy=members.remedy(MODE[text]))
            extra = trial.extra if automatic else 0
            idle = automatic and not extra and remedy.acts_on in BEFORE
        except InputError:
            extra, idle = 0, False  # it cannot be asked; `tried` says why
        if not idle:
            every.append((extra, trial))
    return [trial for _, trial in sorted(every, key=lambda pair: pair[0])]


def _labels_only(trial: Trial) -> bool:
    """Return whether every question asks for labels without order."""
    return all(request.about["scale"].startswith("nominal") for request in trial.plain.requests)


async def try_out(these: Sequence[Trial], journal: Journal, terms: Terms, *, most: int) -> Tally | None:
    """Ask for remedies until enough of them give a result.

    Args:
        these: the trials, the cheapest first.
        journal: where the audit keeps its replies.
        terms: who watches, and who may stop it.
        most: number of results.
    """
    tally: Tally | None = None
    done = 0
    for trial in these:
        if done == most or (tally is not None and not tally.complete):
            break
        try:
            more = await _put(trial, journal, terms)
        except InputError:
            continue  # said on the card, by `tried`
        tally, done = more if tally is None else tally.with_more(more), done + (_hindrance(trial) is None)
    return tally


async def _put(trial: Trial, journal: Journal, terms: Terms) -> Tally:
    """Ask what a trial is missing, in the journal of its audit."""
    trial.design()
    return await trial.put(journal, terms)


def tried(these: Sequence[Trial], *, most: int) -> Iterator[Finding]:
    """Yield what each remedy changed, or the reason why it has no result; stop where `try_out` stopped."""
    done = 0
    for trial in these:
        if done == most:
            return
        remedy, study = members.spell(trial.remedy), members.name_of(trial.plain.study)
        if error := _hindrance(trial):
            question = f"Does {remedy} improve what {study} measures?"
            yield Finding(COMPARISON, question, Verdict("unknown", f"{remedy} could not be tried: {error}"), ())
            continue
        change, done = trial.comparison.change, done + 1
        yield replace(change, verdict=replace(change.verdict, sentence=f"Tried: {remedy}, measured by {study}. {change.verdict.sentence}"))


def _hindrance(trial: Trial) -> InputError | None:
    """Return the reason why a remedy has no result: it was not asked, or an arm cannot be read; None: it has one."""
    try:
        if trial.drafts and trial.writer.id.startswith(TOY):
            return InputError("it needs the model to write text, which the embedded toy model cannot do. Use another model.")
        for arm in trial.asked.arms():
            arm.finding  # noqa: B018 (estimated, or not to be)
    except InputError as error:
        return error
    return None
