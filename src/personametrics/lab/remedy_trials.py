"""Remedies tried on an audited panel: chosen by its diagnosis, the cheapest first, and measured again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
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


def trials(session: Session, findings: Sequence[Finding], task_of: Callable[[str], Task]) -> list[Trial]:
    """Return the remedies to try, the cheapest first; of a remedy that the plan names, with the study that shows the failure it is for.

    `task_of` gives the task of a study by its name.
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
            if automatic and remedy.on_labels and all(request.about["scale"].startswith("nominal") for request in trial.plain.requests):
                trial = replace(trial, remedy=replace(remedy, **remedy.on_labels))
            extra = trial.extra if automatic else 0
            idle = automatic and not extra and remedy.acts_on in BEFORE
        except InputError:
            extra, idle = 0, False  # it cannot be asked; `tried` says why
        if not idle:
            every.append((extra, trial))
    return [trial for _, trial in sorted(every, key=lambda pair: pair[0])]


async def try_out(trials: Sequence[Trial], journal: Journal, terms: Terms, tally: Tally, *, most: int) -> Tally:
    """Ask for remedies, in the journal of the audit and the cheapest first, until enough of them (`most`) give a result.

    Returns `tally`, the progress of the audit so far, together with that of the remedies.
    """
    results = 0
    for trial in trials:
        if results < most and tally.complete:
            with suppress(InputError):  # said on the card, by `tried`
                trial.design()
                tally = tally.with_more(await trial.put(journal, terms))
                results += _hindrance(trial) is None
    return tally


def tried(trials: Sequence[Trial], *, most: int) -> Iterator[Finding]:
    """Yield what each remedy changed, or the reason why it has no result; stop where `try_out` stopped."""
    done = 0
    for trial in trials:
        if done == most:
            return
        remedy, study = members.spell(trial.remedy), members.name_of(trial.plain.study)
        if error := _hindrance(trial):
            question = f"Does {remedy} improve the result of {study}?"
            yield Finding(COMPARISON, question, Verdict("unknown", f"{remedy} could not be tried: {error}"), ())
            continue
        change, done = trial.comparison.change, done + 1
        yield replace(
            change, verdict=replace(change.verdict, sentence=f"{remedy} was tried, and measured with {study}. {change.verdict.sentence}")
        )


def _hindrance(trial: Trial) -> InputError | None:
    """Return the reason why a remedy has no result: it was not asked, or an arm cannot be read; None: it has one."""
    try:
        if trial.drafts and trial.writer.id.startswith(TOY):
            return InputError("it needs texts from the model, and the embedded toy model cannot write them. Use another model.")
        for arm in trial.asked.arms():
            arm.finding  # noqa: B018 (estimated, or not to be)
    except InputError as error:
        return error
    return None
