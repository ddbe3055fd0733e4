"""From a model to a card."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from personametrics.data.card import Card
from personametrics.data.errors import InputError
from personametrics.data.finding import Finding, Verdict
from personametrics.data.model import Model
from personametrics.data.responses import Responses
from personametrics.elicit.arms import CONTROL, IRRELEVANT, NONE, PANEL, SHUFFLED
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.elicit.plan.audit import Plan
from personametrics.elicit.plan.file import checked
from personametrics.elicit.run import Run
from personametrics.elicit.summary import record
from personametrics.lab import members
from personametrics.lab import remedy_trials as cures
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.diagnosis import diagnose, shared_level
from personametrics.lab.further_studies import Further, further
from personametrics.lab.measure import versions
from personametrics.models.named import named
from personametrics.models.traffic import Limits
from personametrics.studies.controls import QUESTION as WHICH
from personametrics.studies.controls import Controls
from personametrics.studies.stability import QUESTION, Stability


def audit(model: Model | str, personas: Any, items: Any, runs: int = 5, **study: Any) -> Card:
    """Ask a model, and say what its panel may be used for; in a notebook, await `aaudit` instead.

    Args:
        model: `openai:NAME[@BASE_URL]`, `local:FOLDER`, `embedded`, the name of an entry point, or a model.
        personas: a path or table with the columns id, text and attributes, or `Persona`s.
        items: a path or table with the columns id, text, scale, or `Item`s.
        runs: how often every persona is asked every item.
        study: every other key of a study file: out, score, conditions, prompt, sampling, controls, caps, prices …

    Returns:
        The card: a finding of `stability` and of `controls` for every scale, and how the asking went. A second call with the same arguments
        asks only what is missing.

    Raises:
        InputError: the study cannot be asked; nothing was paid.
        RunError: the run directory is in use, or was begun with another study.
        ModelError: the model answers nothing, or the persona does not reach it.

    Examples:
        >>> import tempfile
        >>> from personametrics import Item, Persona, Scripted, parse_scale
        >>> personas = [Persona(name, f"You are {name}.") for name in ("Ada", "Ben", "Cleo")]
        >>> items = [Item(name, f"Do you like {name}?", parse_scale("no|yes")) for name in ("tea", "rain", "jazz")]
        >>> world = Scripted(lambda one: one.choices[(len(one.messages[0].text) + len(one.about["item"]) + one.run // 4) % 2])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     card = audit(world, personas, items, out=folder, check=False)
        >>> card["signal"].n
        45
    """
    if asyncio._get_running_loop() is not None:  # noqa: SLF001 (the public one raises, and would stand in every error's history)
        message = "audit() cannot run where an event loop runs already, as in a notebook; write: card = await aaudit(…)."
        raise RuntimeError(message)
    return asyncio.run(aaudit(model, personas, items, runs, **study))


async def aaudit(model: Model | str, personas: Any, items: Any, runs: int = 5, **study: Any) -> Card:
    """`audit`, where an event loop runs already."""
    given = {"model": model if isinstance(model, str) else model.id, "personas": "(given)", "items": "(given)", "runs": runs}
    plan = checked(given | study)
    opened = open_model(plan) if isinstance(model, str) else model
    run = Run.planned(plan, opened.id, personas, items)
    await conduct(run, opened, Terms())
    return card_of(run)


def open_model(plan: Plan) -> Model:
    """The model of a plan.

    Raises:
        StudyError: there is no such model.
        ModelError: it cannot be opened.
    """
    limits = Limits(**plan.limits.model_dump())
    return named(plan.model, limits, structured=plan.structured, scoring=plan.scoring, key_variable=plan.key_variable)


async def conduct(run: Run, model: Model, terms: Terms, *, extend: bool = False) -> Tally:
    """Ask what a run is missing, under the caps and prices of its plan.

    Args:
        run: what to ask.
        model: what answers.
        terms: who watches and who may stop it.
        extend: take a changed plan.
    """
    terms = replace(terms, caps=Caps(**run.plan.caps.model_dump()), prices=run.prices)
    beside = further(run)  # before anything is paid: a study or a remedy may be unknown
    for name in run.plan.remedies:
        if name != cures.AUTO:
            members.remedy(name)
    tally = await run.ask(model, terms, extend=extend)
    for session in beside.sessions.values():
        if not tally.complete:
            return tally
        tally = tally.with_more(await session.ask(model, terms))
    if tally.complete and run.plan.remedies:
        more = await cures.try_out(_trials(run, model, _found(run, beside), beside), terms, most=_most(run))
        tally = tally.with_more(more) if more else tally
    return tally


def _trials(run: Run, model: Model, found: Sequence[Finding], beside: Further) -> list[Trial]:
    """Remedies to try."""
    return cures.trials(run, model, found, beside.sessions)


def _most(run: Run) -> int:
    """How many remedies are tried."""
    return cures.TRIED if run.plan.remedies == [cures.AUTO] else len(run.plan.remedies)


def card_of(run: Run, title: str = "") -> Card:
    """The card of a run, as far as it is.

    Args:
        run: whose journal is read.
        title: of the card; by default model and run directory.

    Raises:
        RunError: it is no run directory.
    """
    beside = further(run)
    found = _found(run, beside)
    with Journal.read(run.folder) as journal:
        frame = run.table(texts=False)
        elicitation, kept = record(frame, journal, run.prices, run.plan.level), journal.manifest
    if run.plan.remedies or beside.sessions:
        tried = cures.tried(_trials(run, cures.Recorded(run.model), found, beside), most=_most(run)) if run.plan.remedies else ()
        found = [replace(diagnose(found, run.plan.level), notices=beside.notices), *tried, *found]
    aside = {name: kept[name] for name in ("model", "prompt", "applied", "adaptive", "reported", "stopped") if kept.get(name)}
    aside["study"] = {name: value for name, value in kept["study"].items() if name != "prompt" and value not in ("", {}, None)}
    return Card(title or f"{run.model} ({run.folder.name})", (*found, elicitation), {**aside, "rows": len(frame), "versions": versions()})


def _found(run: Run, beside: Further) -> list[Finding]:
    """What the studies of a run found, as far as it is."""
    with Journal.read(run.folder) as journal:
        kept, totals = journal.manifest, journal.totals()
    price = (
        run.prices.of(totals["tokens_in"], totals["tokens_out"]) / totals["replies"] if run.prices and not totals["unreported"] else None
    )
    looks = kept.get("adaptive", {}).get("looks", ())
    plan = run.plan.model_copy(update={"level": looks[-1]["level"]}) if looks and looks[-1]["level"] < 1 else run.plan
    panels, others = run.panels(run.table(texts=False)), beside.sessions
    if others:
        plan = plan.model_copy(update={"level": shared_level([Stability()], plan.level, beside=len(others))[0].level})
    findings: list[Finding] = []
    for scale, arms in panels.items():
        found = _findings(plan, arms, price)
        findings += found if len(panels) == 1 else [replace(one, question=f"{one.question} (items on {scale})") for one in found]
    return findings + [session.said for session in others.values()]


def _findings(plan: Plan, arms: Mapping[str, Responses], price: float | None) -> list[Finding]:
    """What the panel says of one scale, and what its controls say; where too little came back, that nothing can be said."""
    if PANEL not in arms:
        sentence = "Nothing can be said: all items on this scale are controls; put them on a scale of the other items to compare them."
        return [Finding("controls", WHICH, Verdict("unknown", sentence), ())]
    try:
        found = [Stability(plan.level, plan.target, price).estimate(arms[PANEL])]
        beside = Controls(arms.get(NONE), arms.get(SHUFFLED), arms.get(IRRELEVANT), arms.get(CONTROL), plan.level)
        return [*found, beside.estimate(arms[PANEL])]
    except InputError as error:
        return [Finding("stability", QUESTION, Verdict("unknown", f"Nothing can be said: {error}"), ())]
