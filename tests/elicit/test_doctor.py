"""What doctor finds: a model with every ability, and one defect after the other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from faults import draw
from worlds import World

from personametrics.data.errors import ModelError
from personametrics.data.model import Can
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.doctor import CHOICES, WORD, Probe, able, examine


@dataclass
class Patient:
    """Answers everything well."""

    calls: int = 0

    def __call__(self, request: Request) -> Reply:
        self.calls += 1
        read = sum(len(message.text) for message in request.messages) // 4
        return replace(self.reply(request), tokens_in=read, calls=0 if request.run == 1 else 1)

    def reply(self, request: Request) -> Reply:
        if request.score:
            cold = "cold" in request.messages[0].text
            return Reply(probabilities=dict(zip(CHOICES, (0.1, 0.8, 0.1) if cold else (0.8, 0.1, 0.1), strict=True)))
        if request.messages[0].role == "system":
            return Reply(f" {WORD.title()}.")
        luck = self.calls if request.sampling.seed is None else 0
        return Reply(str(draw(request.messages, request.run, luck)))


def probes(function: Callable[[Request], Any], context: tuple[int, ...] = (1000, 4000)) -> dict[str, Probe]:
    return {probe.name: probe for probe in asyncio.run(examine(World(function), context))}


def test_a_model_in_good_health_is_able_to_do_everything() -> None:
    probes = asyncio.run(examine(World(Patient())))
    assert [probe.name for probe in probes if not probe.found] == []
    assert able(probes) == {Can.SAMPLE, Can.SYSTEM, Can.MANY, Can.SEED, Can.SCORE}


def test_a_model_that_fails_is_asked_no_more() -> None:
    world = World(lambda _: Reply(outcome=ReplyOutcome.FAILED, detail="404: gone"))
    (only,) = asyncio.run(examine(world))
    assert only == Probe("answers", found=False, evidence="404: gone")
    assert len(world.asked) == 1


def refusing(patient: Patient, request: Request) -> Reply:
    return Reply(outcome=ReplyOutcome.FAILED, detail="no system role") if request.messages[0].role == "system" else patient(request)


def deaf(patient: Patient, request: Request) -> Reply:
    return patient(replace(request, messages=request.messages[-1:]))


def disobedient(patient: Patient, request: Request) -> Reply:
    return replace(patient(request), text="Paris") if request.messages[0].role == "system" else patient(request)


def silent(patient: Patient, request: Request) -> Reply:
    return replace(deaf(patient, request), tokens_in=None)


def one_a_call(patient: Patient, request: Request) -> Reply:
    return replace(patient(request), calls=1)


def n_ignored(patient: Patient, request: Request) -> Reply:
    return replace(patient(request), degraded=("n",))


def seedless(patient: Patient, request: Request) -> Reply:
    return patient(replace(request, sampling=replace(request.sampling, seed=None)))


def greedy(patient: Patient, request: Request) -> Reply:
    return replace(patient(replace(request, run=0, sampling=replace(request.sampling, seed=1))), calls=0 if request.run == 1 else 1)


def unmoved(patient: Patient, request: Request) -> Reply:
    return Reply(probabilities=dict.fromkeys(CHOICES, 0.3)) if request.score else patient(request)


def too_sure(patient: Patient, request: Request) -> Reply:
    return Reply(probabilities=dict.fromkeys(CHOICES, 0.5)) if request.score else patient(request)


def below_zero(patient: Patient, request: Request) -> Reply:
    return Reply(probabilities={"yes": 1.1, "no": -0.1, "perhaps": 0.0}) if request.score else patient(request)


def scoreless(patient: Patient, request: Request) -> Reply:
    return Reply(outcome=ReplyOutcome.FAILED, detail="no log-probabilities") if request.score else patient(request)


def raising(patient: Patient, request: Request) -> Reply:
    if request.score:
        message = "It gives no log-probabilities."
        raise ModelError(message)
    return patient(request)


def short(patient: Patient, request: Request) -> Reply:
    long = len(request.messages[0].text) > 12_000
    return Reply(outcome=ReplyOutcome.FAILED, detail="too long") if long else patient(request)


def cutting(patient: Patient, request: Request) -> Reply:
    reply = patient(request)
    return replace(reply, tokens_in=min(reply.tokens_in or 0, 1200))


@pytest.mark.parametrize(
    ("defect", "name", "expected", "evidence"),
    [
        (refusing, "system", False, "no system role"),
        (deaf, "system", False, "a system message was dropped: the server counts 0 tokens more with this message"),
        (disobedient, "system", None, "a system message was read but not obeyed: the server counts"),
        (silent, "system", None, "does not report the number of tokens"),
        (one_a_call, "many", False, "2 runs took 2 calls"),
        (n_ignored, "many", False, "n is ignored"),
        (seedless, "seed", False, "the same seed gives different words"),
        (greedy, "seed", None, "the same with every seed"),
        (greedy, "draws", False, "seems to give only the likeliest answer"),
        (unmoved, "score", False, "and differ by up to 0"),
        (too_sure, "score", False, "label probabilities sum to 1.500"),
        (below_zero, "score", False, "label probabilities sum to"),
        (scoreless, "score", False, "no log-probabilities"),
        (raising, "score", False, "It gives no log-probabilities."),
        (short, "context", True, "about 1,000 tokens were accepted, but 4,000 failed: too long"),
        (cutting, "context", False, "the server read only 1,200 of about 4,000 tokens, and cut the prompt without a message"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_defect_is_found_and_no_other(defect: Any, name: str, expected: bool | None, evidence: str) -> None:
    patient = Patient()
    report = probes(lambda request: defect(patient, request))
    assert report[name].found is expected
    assert evidence in report[name].evidence
    others = {other for other, probe in report.items() if not probe.found} - {name}
    assert others <= ({"seed", "draws"} if defect is greedy else {"context"} if defect is silent else set())


def test_context_is_tried_only_where_it_is_wanted() -> None:
    world = World(Patient())
    assert "context" not in {probe.name for probe in asyncio.run(examine(world, ()))}
    assert max(len(request.messages[-1].text) for request in world.asked) < 500


def test_a_question_costs_about_a_dozen_calls() -> None:
    world = World(Patient())
    asyncio.run(examine(world))
    assert len(world.asked) <= 18
