"""Checks for studies and remedies of your own: the same that every one of this library has to pass."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from personametrics.data.citations import citations
from personametrics.data.errors import InputError
from personametrics.data.finding import Finding
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import Remedy
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.study import Elicitation, Study, StudyWorld, World
from personametrics.elicit.conversation import meant, rounds
from personametrics.elicit.table import of_study, replied
from personametrics.lab import members
from personametrics.lab.comparison.arms import Asked
from personametrics.lab.comparison.change import changed

LEVEL_SLACK = 3.0
"""A share of worlds may miss what it should be by this many standard errors."""


class Theatre:
    """Asks that are answered by worlds, again and again; equal asks get one answer, as they do from a model.

    Args:
        requests: that name their scale.
    """

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests
        first: dict[Request, int] = {}
        self._which = [first.setdefault(request, len(first)) for request in requests]
        self._odds: list[tuple[World, list[tuple[list[str], np.ndarray[Any, Any]]]]] = []
        self._talk: tuple[World, int, pl.DataFrame] | None = None

    @classmethod
    def of(cls, study: Study, known: StudyWorld, elicitation: Elicitation | None = None) -> "Theatre":
        """What a study asks in its known world.

        Args:
            study: whose design is asked.
            known: of the study.
            elicitation: how; None: as `known` says.
        """
        return cls(study.design(known.personas, known.items, elicitation or known.elicitation))

    @cached_property
    def _frame(self) -> pl.DataFrame:
        """The table without its answers."""
        blank = [Reply(text="") for _ in self.requests]
        return replied(self.requests, blank)

    def _talked(self, world: World, seed: int) -> pl.DataFrame:
        """Round after round what a world says, so that each line knows those before."""
        rng, texts = np.random.default_rng(seed), dict[int, str]()
        spoken, known = dict[int, tuple[Request, Reply]](), dict[Request, str]()
        for part in rounds(self.requests):
            for request, draw in zip(part, rng.random(len(part)), strict=True):
                if request.compiled is not None:
                    reply = request.compiled(request, lambda other: meant(other, texts[id(other)]))
                    text, one = str(reply.text), reply.source
                    texts[id(request)] = text
                    if one is not None:
                        spoken[id(request)] = replace(spoken[id(one)][0], about=request.about), Reply(text=text)
                    continue
                messages = tuple(one.spoken([texts[id(other)] for other in one.said]) for one in request.messages)
                asked = replace(request, messages=messages)
                odds = world(asked)
                texts[id(request)] = known.setdefault(asked, _drawn(odds, float(draw)))
                spoken[id(request)] = asked, Reply(probabilities=odds) if request.score else Reply(text=texts[id(request)])
        requests, replies = zip(*(spoken[id(request)] for request in self.requests), strict=True)
        return replied(requests, replies)

    def play(self, world: World, seed: int = 0, part: slice = slice(None)) -> Responses:
        """Answers of a world to some of the asks, drawn anew for every seed."""
        if any(request.waits for request in self.requests):
            if self._talk is None or self._talk[0] is not world or self._talk[1] != seed:
                self._talk = world, seed, self._talked(world, seed)
            return of_study(_dense(self._talk[2][part]), "the world")
        if self.requests[0].score:
            return of_study(
                _dense(replied(self.requests[part], [Reply(probabilities=world(request)) for request in self.requests[part]])), "the world"
            )
        odds = next((odds for known, odds in self._odds if known is world), None)
        if odds is None:
            odds = [_spread(request, world) for request in self.requests]
            self._odds.append((world, odds))
        draws = np.random.default_rng(seed).random(max(self._which) + 1)[self._which]
        said = [
            labels[min(int(np.searchsorted(ends, draw, "right")), len(labels) - 1)]
            for (labels, ends), draw in zip(odds[part], draws[part], strict=True)
        ]
        return of_study(_dense(self._frame[part]).with_columns(answer=pl.Series(said), outcome=pl.lit("answered")), "the world")


def _drawn(odds: Mapping[str, float], draw: float) -> str:
    """An answer by where a draw from 0 to 1 falls."""
    ends = np.cumsum(list(odds.values()))
    return list(odds)[min(int(np.searchsorted(ends / ends[-1], draw, "right")), len(odds) - 1)]


def _dense(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of a part that hold anything, as if the other rows had never been."""
    return frame.select(one for one in frame.columns if frame[one].null_count() < len(frame) or one in {"answer", "text"})


def _spread(request: Request, world: World) -> tuple[list[str], "np.ndarray[Any, Any]"]:
    """Labels, and the ends of their shares."""
    odds = world(request)
    meaning = dict(zip(request.choices, request.labels, strict=True))
    return [meaning.get(choice, choice) for choice in odds], np.cumsum(list(odds.values())) / sum(odds.values())


def check_study(study: Study, worlds: int = 40) -> None:
    """Check a study: sources, known truth, null world, relabelling, missing answers, one run, constant answers.

    Args:
        study: with its knobs as they ship.
        worlds: how many are drawn for a share; 200 for the figures that are published.

    Raises:
        AssertionError: something is wrong; the message says what.
    """
    known = study.known()
    study = known.study or study
    theatre = Theatre.of(study, known)
    _check_words(study)
    findings = [study.estimate(theatre.play(known.world, seed)) for seed in range(worlds)]
    _require(study.aim[0] in {one.name for one in findings[0].estimates}, f"the aim {study.aim[0]} is no estimate of the study")
    _check_truth(known.truth, findings)
    found = np.mean([one.verdict.label == known.verdict for one in findings])
    _require(found >= 0.8, f'the verdict "{known.verdict}" is reached in {found:.0%} of worlds, wanted 80 %: {_labels(findings)}')
    quiet = [study.estimate(theatre.play(known.null, seed)) for seed in range(worlds)]
    loud, level = np.mean([one.verdict.label not in known.quiet for one in quiet]), 0.1
    slack = LEVEL_SLACK * float(np.sqrt(level * (1 - level) / worlds))
    _require(loud <= level + slack, f"with nothing to find, {loud:.0%} of worlds find something: {_labels(quiet)}")
    _check_shape(study, known, theatre.play(known.world))


def check_remedy(remedy: Remedy, worlds: int = 20) -> None:
    """Check a remedy: sources, the known change in a world with the defect, and none in a world without.

    Args:
        remedy: with its knobs as they ship.
        worlds: how many are drawn for a share; 200 for the figures that are published.

    Raises:
        AssertionError: something is wrong; the message says what.
    """
    _require(remedy.says.endswith("."), "a remedy says what it does, in a sentence")
    _require(remedy.cite, "a remedy names its sources")
    citations(remedy.cite)
    cure = remedy.known()
    worlds = 1 if cure.elicitation.score and cure.human is None else worlds  # nothing is drawn
    with_defect, without = trials(remedy, range(worlds), defect=True), trials(remedy, range(worlds), defect=False)
    for found, known in ((with_defect, cure.change), (without, dict.fromkeys(cure.change, 0.0))):
        _check_truth({f"change.{name}": change for name, change in known.items()}, found)
    helped = np.mean([one.verdict.label.startswith("helps") for one in with_defect])
    _require(helped >= 0.8, f"it helps in {helped:.0%} of worlds with the defect, wanted 80 %: {_labels(with_defect)}")


def trials(remedy: Remedy, seeds: Iterable[int], *, defect: bool) -> list[Finding]:
    """What `compare` says of a remedy in its own worlds.

    Args:
        remedy: with its knobs.
        seeds: one world each.
        defect: in the world with the defect; otherwise in the one where it must do nothing.
    """
    cure = remedy.known()
    remedy = cure.remedy or remedy
    world = cure.world if defect else cure.null
    study: Any = members.study(cure.study)
    found = []
    theatre: Theatre | None = None
    for seed in seeds:
        asked = replace(study, human=cure.human(seed, defect)) if cure.human else study
        if theatre is None:
            written = _written(remedy.drafts(cure.personas), world)
            plain = asked.design(cure.personas, cure.items, cure.elicitation)
            treated = remedy.requests(asked.design(remedy.personas(cure.personas, written), cure.items, cure.elicitation))
            theatre = Theatre([*plain, *treated])
        parts = theatre.play(world, seed, slice(len(plain))), theatre.play(world, seed, slice(len(plain), None))
        found.append(changed(Asked(asked, remedy, *parts))[2])
    return found


def _written(requests: Sequence[Request], world: World) -> list[str]:
    """What a world is likeliest to write, round after round."""
    said = dict[int, str]()
    for request in (request for part in rounds(requests) for request in part):
        if request.compiled is not None:
            text = request.compiled(request, lambda other: meant(other, said[id(other)])).text
        else:
            odds = world(replace(request, messages=tuple(one.spoken([said[id(other)] for other in one.said]) for one in request.messages)))
            text = max(odds, key=odds.__getitem__)
        said[id(request)] = str(text)
    return [said[id(request)] for request in requests]


def _require(holds: object, message: str) -> None:
    """Stop with a message, unless something holds; unlike `assert`, also where Python optimises."""
    if not holds:
        raise AssertionError(message)


def _check_words(study: Study) -> None:
    """The question is one, and its sources are known."""
    _require(study.question.endswith("?"), "the question ends with a question mark")
    _require(study.cite, "a study names its sources")
    citations(study.cite)


def _check_truth(known: Mapping[str, float], findings: Sequence[Finding]) -> None:
    """Intervals cover the truth at their level."""
    for name, truth in known.items():
        estimates = [one[name] for one in findings]
        hits = np.mean([one.low - 1e-9 <= truth <= one.high + 1e-9 for one in estimates])
        level = estimates[0].level
        slack = LEVEL_SLACK * float(np.sqrt(level * (1 - level) / len(findings)))
        mean = np.mean([one.value for one in estimates])
        _require(
            hits >= level - slack, f"{name}: {hits:.0%} of {len(findings)} intervals hold {truth:.3f}; the mean estimate is {mean:.3f}"
        )


def _check_shape(study: Study, known: StudyWorld, whole: Responses) -> None:
    """Names do not matter; missing answers, single runs and constant answers end in a finding or in one sentence."""
    first = study.estimate(whole)
    turned = study.estimate(_renamed(whole, alone=known.study is None))
    for one, other in zip(first.estimates, turned.estimates, strict=True):
        _require(one.name == other.name, "estimates come in another order when personas and items get other names")
        same = np.allclose([one.value, one.low, one.high], [other.value, other.low, other.high], atol=1e-8, equal_nan=True)
        _require(same, f"{one.name} changes when personas and items get other names: {one.value} and {other.value}")
    keep = np.random.default_rng(1).random(len(whole.frame)) < 0.8
    _said(study, replace(whole, frame=whole.frame.filter(keep)))
    constant = whole.frame[whole.columns.answer][0] if not whole.columns.probabilities else None
    if constant is not None:
        _said(study, replace(whole, frame=whole.frame.with_columns(pl.lit(str(constant)).alias(whole.columns.answer))))
    if not known.elicitation.score:
        _said(study, Theatre.of(study, known, replace(known.elicitation, runs=1)).play(known.world))


def _said(study: Study, responses: Responses) -> None:
    """A finding without a silent number, or one sentence why there is none."""
    try:
        finding = study.estimate(responses)
    except InputError as error:
        _require(str(error).strip(), "an error says what is wrong")
        return
    for one in finding.estimates:
        _require(np.isnan(one.low) or one.low <= one.value <= one.high, f"{one.name} lies outside its interval")


def _renamed(responses: Responses, *, alone: bool) -> Responses:
    """Other names of personas and items, in another order; those without a persona stay.

    Where people were asked too, items keep their names and personas their order: people are left out in parts, by their order.
    """
    personas, items = responses.columns.persona, responses.columns.item
    name = pl.col(personas).cast(pl.String)
    other = name.str.reverse() + "'" if alone else "'" + name
    renamed = [pl.when(name == NOBODY).then(pl.lit(NOBODY)).otherwise(other).alias(personas)]
    return replace(
        responses, frame=responses.frame.with_columns(*renamed, *([pl.col(items).cast(pl.String).str.reverse() + "'"] if alone else []))
    )


def _labels(findings: Sequence[Finding]) -> dict[str, int]:
    """How often each verdict was reached."""
    labels = [one.verdict.label for one in findings]
    return {label: labels.count(label) for label in sorted(set(labels))}
