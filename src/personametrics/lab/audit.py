"""The audit: a panel with its controls, further studies and remedies, from a model to a card."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import polars as pl

from personametrics.data.card import Card
from personametrics.data.errors import DesignError, InputError, StudyError, ensure
from personametrics.data.finding import Finding, Notice, Verdict
from personametrics.data.grid import ARM, PANEL, Grid
from personametrics.data.model import Model
from personametrics.data.scale import parse_scale, spell_scale
from personametrics.data.study import Item, Persona, Request, Responses, Study
from personametrics.elicit.adaptive import Adaptive, Look, Sizes
from personametrics.elicit.engine import Tally, Terms, elicit
from personametrics.elicit.journal import Journal
from personametrics.elicit.plan.file import checked
from personametrics.elicit.plan.study import Plan
from personametrics.elicit.summary import record
from personametrics.elicit.table import responses
from personametrics.lab import examples, members, panel, remedy_trials
from personametrics.lab.comparison.trial import Trial
from personametrics.lab.diagnosis import diagnose, shared_level
from personametrics.lab.forecast import Forecast, forecast
from personametrics.lab.measure import versions
from personametrics.lab.session import Job, Session, wait_for
from personametrics.lab.task import Task, put_all
from personametrics.studies.controls import Controls
from personametrics.studies.stability import Stability

ALL = "all"
"""Every study that can be asked."""


def audit(model: Model | str, personas: Any, items: Any, runs: int = 5, **study: Any) -> Card:
    """Ask a model, and say what its panel may be used for; works in a notebook too.

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
    return wait_for(aaudit(model, personas, items, runs, **study))


async def aaudit(model: Model | str, personas: Any, items: Any, runs: int = 5, **study: Any) -> Card:
    """Do what `audit` does; to be awaited."""
    plan: Plan = checked({"model": model if isinstance(model, str) else model.id, "runs": runs, **study})
    models = {} if isinstance(model, str) else {"": model}
    job = Audit(Session.planned(plan, models, personas, items))
    await job.ask()
    return job.card


@dataclass(frozen=True)
class Audit(Job):
    """A panel with its controls, further studies and remedies, in one run directory."""

    kind: ClassVar[str] = "audit"
    checks: ClassVar[bool] = True
    _sizes: Sizes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        plan = self.session.plan
        message = "human: none of the studies compares with people. Add one, for example studies: [fidelity], or remove human."
        ensure(plan.human is None or plan.studies or plan.remedies, message, StudyError)
        panel.check(self.session)

    @property
    def manifest(self) -> dict[str, Any]:
        """The settings that decide what the panel is asked, as JSON values; the run directory refuses to go on with another one."""
        plan = self.session.plan
        aside = {"model", "personas", "items", "out", "limits", "caps", "prices", "level", "target", "check", "key_variable"}
        aside |= {"human", "studies", "remedies", "judge", "partner", "roles", "room"}  # they ask further, in the same journal
        kept = {name: rows for name, rows in self.session.remembered().items() if name in {"personas", "items"}}
        study, prompt = plan.model_dump(by_alias=True, exclude=aside), vars(self.session.elicitation.prompt)
        return {"model": self.session.model.id, "study": study, "prompt": prompt, **kept}

    @cached_property
    def panels(self) -> Mapping[str, Task]:
        """The task of the panel and its controls, by scale."""
        plan = self.session.plan
        controls = Controls(plan.controls.none, plan.controls.shuffled, plan.controls.irrelevant, plan.seed, plan.level)
        personas, items, runs = self._asked
        put = replace(self.session.elicitation, runs=runs)
        scales = dict.fromkeys(spell_scale(item.scale) for item in items)
        return {
            scale: Task(self.session, controls, personas, [item for item in items if spell_scale(item.scale) == scale], put)
            for scale in scales
        }

    @property
    def grids(self) -> list[Grid]:
        """The grids of the panel and its controls."""
        grids: list[Grid] = []
        for task in self.panels.values():
            assert isinstance(task.study, Controls)  # noqa: S101 (made so)
            grids += task.study.grids(task.personas, task.items, task.elicitation).values()
        return grids

    @property
    def _asked(self) -> tuple[Sequence[Persona], Sequence[Item], int]:
        """Personas, items and runs that are asked so far: all, or as many as adaptive asking has come to; control items always."""
        session, sizes = self.session, self._sizes
        if sizes is None:
            return session.personas, session.items, session.plan.runs
        personas, items = self.steps().order()
        own = [item for item in session.items if not item.is_control]
        fixed = [item for item in session.items if item.is_control]
        chosen = [own[index] for index in items[: sizes.items]]
        return [session.personas[index] for index in personas[: sizes.personas]], [*chosen, *fixed], sizes.runs

    def steps(self) -> Adaptive:
        """Return how adaptive asking grows the panel; items on several scales, each of which would end at another point, are refused."""
        plan, items = self.session.plan, self.session.items
        message = "adaptive: the items are on several scales. Make one study for each scale, or set adaptive to false."
        ensure(len({spell_scale(item.scale) for item in items}) == 1, message, StudyError)
        runs = 1 if plan.score else plan.runs
        most = Sizes(len(self.session.personas), sum(not item.is_control for item in items), runs)
        return Adaptive(most, level=plan.level, seed=plan.seed)

    def at(self, sizes: Sizes) -> "Audit":
        """Return the audit of the first personas, items and runs, in the order of adaptive asking."""
        return replace(self, _sizes=sizes)

    def so_far(self) -> "Audit":
        """Return the audit of what was meant to be asked so far: everything, or what adaptive asking has come to; it reads anew."""
        with Journal.read(self.folder) as journal:
            adaptive = journal.manifest.get("adaptive")
        return replace(self) if adaptive is None else self.at(Sizes(**adaptive["sizes"]))

    @cached_property
    def further(self) -> Mapping[str, Task]:
        """The tasks of the further studies, by name, each at a level at which all verdicts of the card hold together."""
        return {name: task for name, task in self._further.items() if isinstance(task, Task)}

    @property
    def left_out(self) -> tuple[Notice, ...]:
        """A notice of the studies that cannot be asked, although all were to be."""
        reasons = [str(reason) for reason in self._further.values() if not isinstance(reason, Task)]
        return (Notice("left-out-studies", f"Some studies could not be asked. {' '.join(reasons)}"),) if reasons else ()

    @cached_property
    def _further(self) -> Mapping[str, Task | DesignError]:
        """The task of every further study, or the reason why it cannot be asked; a study that the plan names must be usable."""
        plan, results = self.session.plan, dict[str, Task | DesignError]()
        every = [name for name, kind in members.studies().items() if not kind.in_every_audit]
        for text in every if plan.studies == [ALL] else plan.studies:
            name = text.partition(":")[0]
            try:
                results[name] = self._usable(self.study(text))
            except DesignError as error:
                if plan.studies != [ALL]:
                    raise
                results[name] = error
        tasks = {name: task for name, task in results.items() if isinstance(task, Task)}
        studies = shared_level([task.study for task in tasks.values()], plan.level, others=1)
        return results | {name: replace(task, study=study) for (name, task), study in zip(tasks.items(), studies, strict=True)}

    def study(self, text: str) -> Study:
        """Return a study by its name, with the people's answers of the plan if it compares with people."""
        study = members.study(text)
        return self.session.with_people(study) if study.compares_with_people else study

    def _usable(self, study: Study) -> Task:
        """Return a study on the personas and items of the plan, or else on the bundled ones; refuse it if it can use neither."""
        task = Task.of(self.session, study)
        try:
            task.requests  # noqa: B018 (designed, or refused)
        except DesignError:
            toy = self.session.model.id
            other = replace(task, personas=examples.personas(toy, study.population), items=examples.items(toy), bundled=True)
            try:
                other.requests  # noqa: B018 (as above)
            except DesignError:
                pass
            else:
                return other
            raise
        return task

    def expected(self) -> Forecast:
        """Return the price of the panel and the width of its interval."""
        return forecast(self.session, self.grids, lambda: self.so_far().arms())

    @property
    def further_forecast(self) -> str:
        """The price of the further studies and the studies that are left out, in words; "" without further studies."""
        each = "; ".join(f"{name} {task.expected()}" for name, task in self.further.items())
        prices = [f"Further studies: {each}. Requests that they share are made once, so the total can be smaller."] if each else []
        return " ".join([*prices, *(notice.text for notice in self.left_out)])

    @property
    def forecast(self) -> str:
        """The requests to come and their price, in words."""
        return "\n".join(filter(None, [self.expected().sentence, self.further_forecast]))

    def design(self) -> None:
        """Refuse a study, a remedy or an adaptive design that cannot be asked, before anything is paid."""
        plan = self.session.plan
        if plan.adaptive:
            self.steps().start()
            message = "adaptive: one run cannot show noise. Set runs to 2 or more, or adaptive to false."
            ensure(plan.runs >= 2 or plan.score, message, StudyError)
        for name in plan.remedies:
            if name != remedy_trials.AUTO:
                members.remedy(name)
        self._further  # noqa: B018 (designed, or refused)

    async def put(self, journal: Journal, terms: Terms) -> Tally:
        """Ask controls and panel, then the further studies, then for the remedies."""
        tasks = [*self.panels.values()]
        if self.session.plan.score:  # a server without probabilities fails here, with one call
            await elicit(self.session.model, tasks[-1].requests[-1:], journal, terms)
        tally = await (self._adaptively(journal, terms) if self.session.plan.adaptive else put_all(tasks, journal, terms))
        tally = await put_all(self.further.values(), journal, terms, tally)
        if tally.complete and self.session.plan.remedies:
            tally = await remedy_trials.try_out(self.trials(self.findings()), journal, terms, tally, most=self._most)
        return tally

    async def _adaptively(self, journal: Journal, terms: Terms) -> Tally:
        """Ask a first block, look, and ask more until the verdict is clear; the journal keeps what was seen at each look."""
        steps = self.steps()
        step = steps.start()
        while True:
            part = self.at(step.sizes)
            journal.note("adaptive", {"sizes": vars(step.sizes), "looks": [_look(look) for look in step.looks], "reason": step.reason})
            tally = await put_all(part.panels.values(), journal, terms)
            if step.reason or not tally.complete:
                return tally
            try:
                (arms,) = part.arms().values()
                step = steps.next(arms[PANEL], step)
            except InputError as error:  # too little came back to look at; the card says so
                tally.stopped = str(error).rstrip(".")
                return tally

    def trials(self, findings: Sequence[Finding]) -> list[Trial]:
        """Return the remedies to try."""
        return remedy_trials.trials(self.session, findings, self.task_of)

    def task_of(self, study: str) -> Task:
        """Return the task of a further study, or of a study of the panel."""
        return self.further.get(study) or Task.of(self.session, self.study(study))

    @property
    def _most(self) -> int:
        """The number of remedies that are tried."""
        plan = self.session.plan
        return remedy_trials.TRIED if plan.remedies == [remedy_trials.AUTO] else len(plan.remedies)

    @property
    def table(self) -> pl.DataFrame:
        """The requests of the panel and its controls, one per row, with their replies so far."""
        return pl.concat([task.table for task in self.so_far().panels.values()], how="diagonal_relaxed")

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """An empty mapping: a panel may have very many replies; `export` writes them."""
        return {}

    def exchanges(self) -> Iterator[tuple[Request, bytes]]:
        """Yield every request of the panel and its controls, with its key."""
        for task in self.so_far().panels.values():
            yield from task.exchanges()

    def arms(self) -> dict[str, dict[str, Responses]]:
        """Return the answers by scale and arm."""
        answers: dict[str, dict[str, Responses]] = {}
        for scale, task in self.panels.items():
            frame = task.table.drop("text")
            names = frame[ARM].unique().to_list()
            answers[scale] = {
                arm: responses(frame.filter(pl.col(ARM) == arm), self.session.personas, parse_scale(scale), f"{self.folder} ({arm})")
                for arm in names
            }
        return answers

    def findings(self) -> list[Finding]:
        """Return what the studies found, as far as there are replies."""
        return self.so_far().findings_read()

    def findings_read(self) -> list[Finding]:
        """Return what the studies found in the replies that this audit has read."""
        session = self.session
        with Journal.read(self.folder) as journal:
            kept, totals = journal.manifest, journal.totals()
        prices = session.prices
        price = prices.of(totals["tokens_in"], totals["tokens_out"]) / totals["replies"] if prices and not totals["unreported"] else None
        looks = kept.get("adaptive", {}).get("looks", ())
        level = looks[-1]["level"] if looks and looks[-1]["level"] < 1 else session.plan.level
        if self.further:
            level = shared_level([Stability()], level, others=len(self.further))[0].level
        panels, findings = self.arms(), list[Finding]()
        for scale, arms in panels.items():
            both = _on_one_scale(arms, level, session.plan.target, price)
            named = [replace(finding, question=f"{finding.question} (items with the scale {scale})") for finding in both]
            findings += both if len(panels) == 1 else named
        return findings + [task.finding_or_reason for task in self.further.values()]

    @property
    def card(self) -> Card:
        """The card, as far as there are replies."""
        return self.so_far().card_read()

    def card_read(self) -> Card:
        """Return the card of the replies that this audit has read."""
        plan, findings = self.session.plan, self.findings_read()
        with Journal.read(self.folder) as journal:
            frame = pl.concat([task.table for task in self.panels.values()], how="diagonal_relaxed").drop("text")
            elicitation, kept = record(frame, journal, self.session.prices, plan.level), journal.manifest
        if plan.remedies or self.further:
            tried = remedy_trials.tried(self.trials(findings), most=self._most) if plan.remedies else ()
            findings = [replace(diagnose(findings, plan.level), notices=self.left_out), *tried, *findings]
        provenance = {name: kept[name] for name in ("model", "prompt", "applied", "adaptive", "reported", "stopped") if kept.get(name)}
        provenance["study"] = {name: value for name, value in kept["study"].items() if name != "prompt" and value not in ("", {}, None)}
        title = f"{self.session.model.id} ({self.folder.name})"
        return Card(title, (*findings, elicitation), {**provenance, "rows": len(frame), "versions": versions()})


def _on_one_scale(arms: Mapping[str, Responses], level: float, target: float, price: float | None) -> list[Finding]:
    """Return what the panel and its controls say on one scale; where too few answers came back, that nothing can be said."""
    if PANEL not in arms:
        sentence = "Nothing can be said: all items on this scale are controls. Give the controls the same scale as other items."
        return [Finding("controls", Controls.question, Verdict("unknown", sentence), ())]
    try:
        return [Stability(level, target, price).estimate(arms[PANEL]), Controls(level=level).compare(arms)]
    except InputError as error:
        return [Finding("stability", Stability.question, Verdict("unknown", f"Nothing can be said: {error}"), ())]


def _look(look: Look) -> dict[str, Any]:
    """Return a look as JSON values."""
    return {"sizes": vars(look.sizes), "fraction": look.fraction, "level": look.level, "signal": look.signal[:3], "hope": look.hope}
