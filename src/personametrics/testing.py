"""Checks for studies and remedies of your own: the same that every study and remedy of this library has to pass."""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import binom

from personametrics.data.citations import citations
from personametrics.data.errors import InputError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.finding import Finding
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import Remedy
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.study import Elicitation, Study, StudyWorld, World
from personametrics.elicit.conversation import meaning, rounds
from personametrics.elicit.table import reply_table, study_responses
from personametrics.lab import members
from personametrics.lab.comparison.arms import ArmPair
from personametrics.lab.comparison.change import measure_change

UNLIKELY = 0.015
"""A share of worlds fails a check if it would be this bad or worse with at most this probability (exact binomial test)."""
FALSE_FINDINGS = 0.1
"""Share of worlds without an effect in which a study may find one."""
REACHED = 0.8
"""Share of worlds with an effect in which a study or remedy must show it."""
SOURCE = "the world"
Report = Callable[[str], None]
"""A function that is given one line about each step before the step begins, such as `print`."""


class Simulation:
    """Requests that worlds answer, again and again; equal requests get one answer, as from a model.

    Args:
        requests: requests that name their scale.
    """

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests
        first: dict[Request, int] = {}
        self._draw_of = [first.setdefault(request, len(first)) for request in requests]
        self._shares: list[tuple[World, list[tuple[list[str], np.ndarray[Any, Any]]]]] = []
        self._dialogues: tuple[World, int, pl.DataFrame] | None = None

    @classmethod
    def of(cls, study: Study, known: StudyWorld, elicitation: Elicitation | None = None) -> "Simulation":
        """Return the requests of a study in its known world.

        Args:
            study: the study that designs them.
            known: its known world.
            elicitation: their settings; None: the settings of the known world.
        """
        return cls(study.design(known.personas, known.items, elicitation or known.elicitation))

    @cached_property
    def _frame(self) -> pl.DataFrame:
        """The table of the requests, without answers."""
        blank = [Reply(text="") for _ in self.requests]
        return reply_table(self.requests, blank)

    def _talk(self, world: World, seed: int) -> pl.DataFrame:
        """Return the table of dialogues, in which a world answers round after round, so that each line follows those before it."""
        rng, texts = np.random.default_rng(seed), dict[int, str]()
        replies, drawn = dict[int, tuple[Request, Reply]](), dict[Request, str]()
        for part in rounds(self.requests):
            for request, draw in zip(part, rng.random(len(part)), strict=True):
                if request.compiled is not None:
                    reply = request.compiled(request, lambda other: meaning(other, texts[id(other)]))
                    texts[id(request)] = text = str(reply.text)
                    if reply.source is not None:
                        replies[id(request)] = replace(replies[id(reply.source)][0], about=request.about), Reply(text=text)
                    continue
                asked = _filled(request, texts)
                odds = world(asked)
                texts[id(request)] = drawn.setdefault(asked, _drawn(odds, float(draw)))
                replies[id(request)] = asked, Reply(probabilities=odds) if request.score else Reply(text=texts[id(request)])
        requests, answers = zip(*(replies[id(request)] for request in self.requests), strict=True)
        return reply_table(requests, answers)

    def answers(self, world: World, seed: int = 0, part: slice = slice(None)) -> Responses:
        """Return the answers of a world to some of the requests, drawn anew for every seed.

        Args:
            world: the world that answers.
            seed: seed of the draw.
            part: the requests whose answers are returned.
        """
        if any(request.waits for request in self.requests):
            if self._dialogues is None or self._dialogues[0] is not world or self._dialogues[1] != seed:
                self._dialogues = world, seed, self._talk(world, seed)
            return study_responses(_dense(self._dialogues[2][part]), SOURCE)
        if self.requests[0].score:
            exact = [Reply(probabilities=world(request)) for request in self.requests[part]]
            return study_responses(_dense(reply_table(self.requests[part], exact)), SOURCE)
        shares = next((shares for answered, shares in self._shares if answered is world), None)
        if shares is None:
            shares = [_cumulated(request, world) for request in self.requests]
            self._shares.append((world, shares))
        draws = np.random.default_rng(seed).random(max(self._draw_of) + 1)[self._draw_of]
        texts = [
            labels[min(int(np.searchsorted(ends, draw, "right")), len(labels) - 1)]
            for (labels, ends), draw in zip(shares[part], draws[part], strict=True)
        ]
        return study_responses(_dense(self._frame[part]).with_columns(answer=pl.Series(texts), outcome=pl.lit("answered")), SOURCE)


def _filled(request: Request, texts: Mapping[int, str]) -> Request:
    """Return a request with the texts that it waits for in its messages."""
    messages = tuple(message.filled([texts[id(other)] for other in message.requests]) for message in request.messages)
    return replace(request, messages=messages)


def _drawn(odds: Mapping[str, float], draw: float) -> str:
    """Return the answer at a draw from 0 to 1."""
    ends = np.cumsum(list(odds.values()))
    return list(odds)[min(int(np.searchsorted(ends / ends[-1], draw, "right")), len(odds) - 1)]


def _dense(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of a part that hold anything, as if the other rows did not exist."""
    return frame.select(name for name in frame.columns if frame[name].null_count() < len(frame) or name in {"answer", "text"})


def _cumulated(request: Request, world: World) -> tuple[list[str], "np.ndarray[Any, Any]"]:
    """Return the labels, and the cumulated shares of a world's answers."""
    odds = world(request)
    label = dict(zip(request.choices, request.labels, strict=True))
    return [label.get(choice, choice) for choice in odds], np.cumsum(list(odds.values())) / sum(odds.values())


def check_study(study: Study, worlds: int = 40, report: Report | None = None) -> None:
    """Check that a study has sources, finds what is there and only that, and survives damaged tables.

    In worlds with a known effect its intervals must cover the truth at their level and its verdict must be reached; in worlds without an
    effect it must stay quiet. Names of personas and items must not matter. Missing rows, cells, personas and levels, single runs and
    constant answers must end in a finding without a silent number or in an `InputError`.

    Args:
        study: the study with its default knobs.
        worlds: number of worlds of each kind; 200 for published figures.
        report: where progress is reported, such as `print`; None: nowhere.

    Raises:
        AssertionError: a check failed; the message says which.
    """
    known = study.known()
    study = known.study or study
    simulation = Simulation.of(study, known)
    _require(study.question.endswith("?"), "the question does not end with a question mark")
    _require(study.cite, "the study names no sources")
    citations(study.cite)
    findings = [study.estimate(simulation.answers(known.world, seed)) for seed in _counted(worlds, "worlds with the effect", report)]
    _require(study.aim[0] in {estimate.name for estimate in findings[0].estimates}, f"{study.aim[0]}, the aim, is not an estimate")
    _check_truth(known.truth, findings)
    reached = np.mean([finding.verdict.label == known.verdict for finding in findings])
    _require(
        reached >= REACHED, f'"{known.verdict}" is reached in {reached:.0%} of worlds, but {REACHED:.0%} are needed: {_labels(findings)}'
    )
    findings = [study.estimate(simulation.answers(known.null, seed)) for seed in _counted(worlds, "worlds without it", report)]
    loud = sum(finding.verdict.label not in known.quiet for finding in findings)
    likely = binom.sf(loud - 1, worlds, FALSE_FINDINGS) > UNLIKELY
    _require(likely, f"without an effect, {loud} of {worlds} worlds find one: {_labels(findings)}")
    _check_names(study, known, simulation.answers(known.world))
    for damage, responses in _damaged(study, known, simulation):
        if report:
            report(f"{damage} …")
        _check_robust(study, responses, damage)


def check_remedy(remedy: Remedy, worlds: int = 10, report: Report | None = None) -> None:
    """Check that a remedy has sources, makes the known change in worlds with the defect, and none in worlds without.

    Args:
        remedy: the remedy with its default knobs.
        worlds: number of worlds of each kind; 200 for published figures.
        report: where progress is reported, such as `print`; None: nowhere.

    Raises:
        AssertionError: a check failed; the message says which.
    """
    _require(remedy.says.endswith("."), "`says` does not end with a full stop")
    _require(remedy.acts_on, "the remedy does not say on which stage it acts")
    _require(remedy.cite, "the remedy names no sources")
    citations(remedy.cite)
    known = remedy.known()
    worlds = 1 if known.elicitation.score and known.human is None else worlds  # nothing is drawn
    treated = trials(remedy, _counted(worlds, "worlds with the defect", report), defect=True)
    _check_truth({f"change.{name}": change for name, change in known.change.items()}, treated)
    helped = np.mean([finding.verdict.label.startswith("helps") for finding in treated])
    _require(helped >= REACHED, f"it helps in {helped:.0%} of worlds with the defect, but {REACHED:.0%} are needed: {_labels(treated)}")
    treated = trials(remedy, _counted(worlds, "worlds without it", report), defect=False)
    _check_truth({f"change.{name}": 0.0 for name in known.change}, treated)


def trials(remedy: Remedy, seeds: Iterable[int], *, defect: bool) -> list[Finding]:
    """Return the comparisons of a remedy in its own worlds.

    Args:
        remedy: the remedy with its knobs.
        seeds: one world each.
        defect: True: in the world with the defect; False: in the world where it must change nothing.
    """
    known = remedy.known()
    remedy = known.remedy or remedy
    world = known.world if defect else known.null
    study = members.study(known.study)
    findings: list[Finding] = []
    simulation: Simulation | None = None
    for seed in seeds:
        asked = study.set(human=known.human(seed, defect)) if known.human else study
        if simulation is None:
            written = _written(remedy.drafts(known.personas), world)
            plain = asked.design(known.personas, known.items, known.elicitation)
            treated = remedy.requests(asked.design(remedy.personas(known.personas, written), known.items, known.elicitation))
            simulation, number = Simulation([*plain, *treated]), len(plain)
        arms = simulation.answers(world, seed, slice(number)), simulation.answers(world, seed, slice(number, None))
        findings.append(measure_change(ArmPair(asked, remedy, *arms))[2])
    return findings


def _written(requests: Sequence[Request], world: World) -> list[str]:
    """Return the texts that a world writes with the highest probability, round after round."""
    texts = dict[int, str]()
    for request in (request for batch in rounds(requests) for request in batch):
        if request.compiled is not None:
            text = request.compiled(request, lambda other: meaning(other, texts[id(other)])).text
        else:
            odds = world(_filled(request, texts))
            text = max(odds, key=odds.__getitem__)
        texts[id(request)] = str(text)
    return [texts[id(request)] for request in requests]


def _counted(worlds: int, what: str, report: Report | None) -> Iterator[int]:
    """Yield the seeds of worlds, and report every tenth."""
    for seed in range(worlds):
        if report and seed % 10 == 0:
            report(f"{what}: {seed} of {worlds} …")
        yield seed


def _require(holds: object, message: str) -> None:
    """Stop with a message unless something holds; unlike `assert`, also where Python optimises."""
    if not holds:
        raise AssertionError(message)


def _check_truth(truths: Mapping[str, float], findings: Sequence[Finding]) -> None:
    """Check that intervals cover the truth at their level."""
    for name, truth in truths.items():
        estimates = [finding[name] for finding in findings]
        hits = sum(estimate.low - 1e-9 <= truth <= estimate.high + 1e-9 for estimate in estimates)
        likely = binom.cdf(hits, len(estimates), estimates[0].level) > UNLIKELY
        mean = np.mean([estimate.value for estimate in estimates])
        message = f"{name}: {hits} of {len(estimates)} intervals include the truth {truth:.3f}; the mean estimate is {mean:.3f}"
        _require(likely, message)


def _check_names(study: Study, known: StudyWorld, responses: Responses) -> None:
    """Check that names of personas and items do not matter."""
    first, renamed = study.estimate(responses), study.estimate(_renamed(responses, alone=known.study is None))
    for estimate, other in zip(first.estimates, renamed.estimates, strict=True):
        _require(estimate.name == other.name, "estimates come in another order if personas and items get other names")
        before, after = ([side.value, side.low, side.high] for side in (estimate, other))
        same = np.allclose(before, after, atol=1e-8, equal_nan=True)
        _require(same, f"{estimate.name} changes if personas and items get other names: {estimate.value} and {other.value}")


def _damaged(study: Study, known: StudyWorld, simulation: Simulation) -> Iterator[tuple[str, Responses]]:
    """Yield tables from which something is missing, each with its name."""
    whole = simulation.answers(known.world)
    columns, rng = whole.columns, np.random.default_rng(1)
    cell = pl.concat_str(pl.col(columns.persona).cast(pl.String), pl.col(columns.item).cast(pl.String), separator=" ")
    cells = whole.frame.select(cell).to_series()
    gone = pl.Series(cells.unique(maintain_order=True).to_list())
    gone = gone.filter(pl.Series(rng.random(len(gone)) < 0.2))
    parts = {"a fifth of the rows": pl.lit(pl.Series(rng.random(len(cells)) < 0.2)), "a fifth of the cells": cell.is_in(gone.to_list())}
    parts["a whole persona"] = pl.col(columns.persona).cast(pl.String) == whole.personas.names[-1]
    for column in study.reads:
        levels = whole.frame[column].drop_nulls().cast(pl.String).unique().sort().to_list() if column in whole.frame.columns else []
        for level in {levels[0], levels[-1]} if len(levels) > 1 else ():
            inside = (pl.col(column).cast(pl.String) == level).fill_null(value=False)
            parts[f'the level "{level}" of {column}'] = inside
            parts[f'any level but "{level}" of {column}'] = ~inside
            parts[f'half the cells of the level "{level}" of {column}'] = inside & (cell.hash(1) % 2 == 0)
    for name, part in parts.items():
        frame = whole.frame.filter(~part)
        if 0 < len(frame) < len(whole.frame):
            yield f"without {name}", replace(whole, frame=frame)
    if not columns.probabilities:
        constant = str(whole.frame[columns.answer][0])
        yield "with constant answers", replace(whole, frame=whole.frame.with_columns(pl.lit(constant).alias(columns.answer)))
    if not known.elicitation.score:
        yield "with one run", Simulation.of(study, known, replace(known.elicitation, runs=1)).answers(known.world)


def _check_robust(study: Study, responses: Responses, damage: str) -> None:
    """Check that a table ends in a finding without a silent number, or in one sentence that says why it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            finding = study.estimate(responses)
    except InputError as error:
        _require(str(error).strip(), f"{damage}: an error without a message")
        return
    except Exception as error:
        message = f"{damage}: {type(error).__name__}: {error}. Return a finding, or raise an InputError that says what is missing"
        raise AssertionError(message) from error
    for estimate in finding.estimates:
        inside = np.isnan(estimate.low) or estimate.low <= estimate.value <= estimate.high
        _require(inside, f"{damage}: {estimate.name} lies outside its interval")
        silent = np.isnan(estimate.value) and estimate.status == EstimateStatus.OK
        _require(not silent, f"{damage}: {estimate.name} is NaN, and its status does not say why")
    _require(not re.search(r"\bnan\b", finding.verdict.sentence), f"{damage}: the verdict prints NaN: {finding.verdict.sentence}")


def _renamed(responses: Responses, *, alone: bool) -> Responses:
    """Return a table with other names of personas and items, in another order; rows without a persona keep theirs.

    Args:
        responses: the table.
        alone: False: people were asked too. Then items keep their names and personas their order, since people are left out in parts by
            their order.
    """
    personas, items = responses.columns.persona, responses.columns.item
    name = pl.col(personas).cast(pl.String)
    other = name.str.reverse() + "'" if alone else "'" + name
    renamed = [pl.when(name == NOBODY).then(pl.lit(NOBODY)).otherwise(other).alias(personas)]
    renamed += [pl.col(items).cast(pl.String).str.reverse() + "'"] if alone else []
    return replace(responses, frame=responses.frame.with_columns(*renamed))


def _labels(findings: Sequence[Finding]) -> dict[str, int]:
    """Return how often each verdict was reached."""
    labels = [finding.verdict.label for finding in findings]
    return {label: labels.count(label) for label in sorted(set(labels))}
