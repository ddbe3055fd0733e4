"""Remedies tried on an audited panel: chosen by its diagnosis, the cheapest first, and measured again."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from personametrics.data.errors import InputError
from personametrics.data.finding import Finding, Verdict
from personametrics.data.model import TOY, Blend, Can, Model
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.run import Run
from personametrics.lab import members
from personametrics.lab.comparison.change import COMPARISON
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.diagnosis import failing
from personametrics.lab.further_studies import session_of, study_of
from personametrics.lab.run import Session

AUTO = "auto"
"""The remedies that are published against the failures found."""
TRIED = 2
"""Of these, the cheapest that can be tried."""
BEFORE = frozenset({"personas", "asks", "model"})
"""Stages of which nothing is left to tell where nothing else is asked."""
MODE = {"average": "average:how=mode"}
"""How remedies are tried on labels, which have no mean."""


@dataclass(frozen=True)
class Recorded:
    """Stands for a model whose replies are all there.

    Attributes:
        id: of the model.
    """

    id: str
    can: frozenset[Can] = frozenset(Can)

    def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        """Nothing is asked."""
        raise NotImplementedError

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Nothing is asked, but replies of a model that blends prompts are found."""
        raise NotImplementedError


def trials(run: Run, model: Model, found: Sequence[Finding], sessions: Mapping[str, Session]) -> list[Trial]:
    """What is to be tried, the cheapest first; of a remedy that the plan names, the study that shows the failure it is meant for.

    Args:
        run: with the plan that wants remedies.
        model: what answers.
        found: what the studies found.
        sessions: further studies of the run.

    Raises:
        StudyError: there is no such remedy.
    """
    shown = {cure: study for failure in failing(found) for cure in failure.remedies for study in [failure.study]}
    automatic = run.plan.remedies == [AUTO]
    chosen = shown if automatic else {text: shown.get(text.partition(":")[0], "") for text in run.plan.remedies}
    plan = run.plan
    every: list[tuple[int, Trial]] = []
    for text, name in chosen.items():
        remedy = members.remedy(text)
        study = name or remedy.known().study
        session = sessions.get(study) or session_of(run, study_of(plan, study))
        trial = Trial(replace(session, study=members.at(session.study, plan.level)), model, remedy)
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
    """Whether nothing is asked but for labels without order."""
    return all(request.about["scale"].startswith("nominal") for request in trial.plain.requests)


async def try_out(these: Sequence[Trial], terms: Terms, *, most: int) -> Tally | None:
    """Ask for remedies until so many tell something.

    Args:
        these: the cheapest first.
        terms: who watches, and who may stop it.
        most: how many.
    """
    tally: Tally | None = None
    done = 0
    for trial in these:
        if done == most or (tally is not None and not tally.complete):
            break
        try:
            more = await trial.ask(terms)
        except InputError:
            continue  # said on the card, by `tried`
        tally, done = more if tally is None else tally.with_more(more), done + (_hindrance(trial) is None)
    return tally


def tried(these: Sequence[Trial], *, most: int) -> Iterator[Finding]:
    """What each remedy changed; of one that tells nothing, why. Where `try_out` stopped, so does this."""
    done = 0
    for trial in these:
        if done == most:
            return
        remedy, study = members.spelled(trial.remedy), members.name_of(trial.plain.study)
        if error := _hindrance(trial):
            question = f"Does {remedy} cure what {study} measures?"
            yield Finding(COMPARISON, question, Verdict("unknown", f"{remedy} could not be tried: {error}"), ())
            continue
        change, done = trial.comparison.change, done + 1
        yield replace(change, verdict=replace(change.verdict, sentence=f"Tried: {remedy}, measured by {study}. {change.verdict.sentence}"))


def _hindrance(trial: Trial) -> InputError | None:
    """Why a remedy tells nothing: it was not asked, or both arms cannot be read; None: it tells something."""
    try:
        if trial.drafts and trial.model.id.startswith(TOY):
            return InputError("it has texts written, and the embedded toy model writes none; use another model.")
        for arm in trial.asked.arms():
            arm.finding  # noqa: B018 (estimated, or not to be)
    except InputError as error:
        return error
    return None
