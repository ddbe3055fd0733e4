"""What doctor finds: a model with every ability, and one defect after the other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from faults import draw
from worlds import World

from personametrics.data.ask import Ask
from personametrics.data.errors import ModelError
from personametrics.data.model import Can
from personametrics.data.outcome import Outcome
from personametrics.data.reply import Reply
from personametrics.elicit.doctor import CHOICES, WORD, Probe, able, examine


@dataclass
class Patient:
    """Answers everything well."""

    calls: int = 0

    def __call__(self, ask: Ask) -> Reply:
        self.calls += 1
        read = sum(len(message.text) for message in ask.messages) // 4
        return replace(self.reply(ask), tokens_in=read, calls=0 if ask.run == 1 else 1)

    def reply(self, ask: Ask) -> Reply:
        if ask.score:
            cold = "cold" in ask.messages[0].text
            return Reply(probabilities=dict(zip(CHOICES, (0.1, 0.8, 0.1) if cold else (0.8, 0.1, 0.1), strict=True)))
        if ask.messages[0].role == "system":
            return Reply(f" {WORD.title()}.")
        luck = self.calls if ask.sampling.seed is None else 0
        return Reply(str(draw(ask.messages, ask.run, luck)))


def probes(function: Callable[[Ask], Any], context: tuple[int, ...] = (1000, 4000)) -> dict[str, Probe]:
    return {probe.name: probe for probe in asyncio.run(examine(World(function), context))}


def test_a_model_in_good_health_is_able_to_do_everything() -> None:
    found = asyncio.run(examine(World(Patient())))
    assert [probe.name for probe in found if not probe.found] == []
    assert able(found) == {Can.SAMPLE, Can.SYSTEM, Can.MANY, Can.SEED, Can.SCORE}


def test_a_model_that_fails_is_asked_no_more() -> None:
    world = World(lambda _: Reply(outcome=Outcome.FAILED, detail="404: gone"))
    (only,) = asyncio.run(examine(world))
    assert only == Probe("answers", found=False, evidence="404: gone")
    assert len(world.asked) == 1


def refusing(patient: Patient, ask: Ask) -> Reply:
    return Reply(outcome=Outcome.FAILED, detail="no system role") if ask.messages[0].role == "system" else patient(ask)


def deaf(patient: Patient, ask: Ask) -> Reply:
    return patient(replace(ask, messages=ask.messages[-1:]))


def disobedient(patient: Patient, ask: Ask) -> Reply:
    return replace(patient(ask), text="Paris") if ask.messages[0].role == "system" else patient(ask)


def silent(patient: Patient, ask: Ask) -> Reply:
    return replace(deaf(patient, ask), tokens_in=None)


def one_a_call(patient: Patient, ask: Ask) -> Reply:
    return replace(patient(ask), calls=1)


def n_ignored(patient: Patient, ask: Ask) -> Reply:
    return replace(patient(ask), degraded=("n",))


def seedless(patient: Patient, ask: Ask) -> Reply:
    return patient(replace(ask, sampling=replace(ask.sampling, seed=None)))


def greedy(patient: Patient, ask: Ask) -> Reply:
    return replace(patient(replace(ask, run=0, sampling=replace(ask.sampling, seed=1))), calls=0 if ask.run == 1 else 1)


def unmoved(patient: Patient, ask: Ask) -> Reply:
    return Reply(probabilities=dict.fromkeys(CHOICES, 0.3)) if ask.score else patient(ask)


def too_sure(patient: Patient, ask: Ask) -> Reply:
    return Reply(probabilities=dict.fromkeys(CHOICES, 0.5)) if ask.score else patient(ask)


def below_zero(patient: Patient, ask: Ask) -> Reply:
    return Reply(probabilities={"yes": 1.1, "no": -0.1, "perhaps": 0.0}) if ask.score else patient(ask)


def scoreless(patient: Patient, ask: Ask) -> Reply:
    return Reply(outcome=Outcome.FAILED, detail="no log-probabilities") if ask.score else patient(ask)


def raising(patient: Patient, ask: Ask) -> Reply:
    if ask.score:
        message = "It gives no log-probabilities."
        raise ModelError(message)
    return patient(ask)


def short(patient: Patient, ask: Ask) -> Reply:
    long = len(ask.messages[0].text) > 12_000
    return Reply(outcome=Outcome.FAILED, detail="too long") if long else patient(ask)


def cutting(patient: Patient, ask: Ask) -> Reply:
    reply = patient(ask)
    return replace(reply, tokens_in=min(reply.tokens_in or 0, 1200))


@pytest.mark.parametrize(
    ("defect", "name", "expected", "evidence"),
    [
        (refusing, "system", False, "no system role"),
        (deaf, "system", False, "it is dropped"),
        (disobedient, "system", True, "it was not obeyed; the server read"),
        (silent, "system", None, "does not say how many tokens"),
        (one_a_call, "many", False, "2 runs took 2 calls"),
        (n_ignored, "many", False, "n is ignored"),
        (seedless, "seed", False, "the same seed brings other words"),
        (greedy, "seed", None, "whatever the seed is"),
        (greedy, "draws", False, "it looks greedy"),
        (unmoved, "score", False, "they move by 0 with the prompt"),
        (too_sure, "score", False, "label probabilities sum to 1.500"),
        (below_zero, "score", False, "label probabilities sum to"),
        (scoreless, "score", False, "no log-probabilities"),
        (raising, "score", False, "It gives no log-probabilities."),
        (short, "context", True, "about 1,000 tokens were taken; 4,000 failed: too long"),
        (cutting, "context", False, "of about 4,000 tokens 1,200 were read: it is cut in silence"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_defect_is_found_and_no_other(defect: Any, name: str, expected: bool | None, evidence: str) -> None:
    patient = Patient()
    found = probes(lambda ask: defect(patient, ask))
    assert found[name].found is expected
    assert evidence in found[name].evidence
    others = {other for other, probe in found.items() if not probe.found} - {name}
    assert others <= ({"seed", "draws"} if defect is greedy else {"context"} if defect is silent else set())


def test_context_is_tried_only_where_it_is_wanted() -> None:
    world = World(Patient())
    assert "context" not in {probe.name for probe in asyncio.run(examine(world, ()))}
    assert max(len(ask.messages[-1].text) for ask in world.asked) < 500


def test_a_question_costs_about_a_dozen_calls() -> None:
    world = World(Patient())
    asyncio.run(examine(world))
    assert len(world.asked) <= 18
