"""The study of commitment: plain counts over pairs of reveals, planted truth, and verdicts that follow from intervals."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.estimate import EstimateStatus
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.models.embedded.society import talk
from personametrics.models.embedded.society.panels import games
from personametrics.models.embedded.society.society import PLANTED
from personametrics.studies.commitment import Commitment
from personametrics.testing import Simulation

STUDY = Commitment()


def test_numbers_are_counts_over_pairs_of_reveals() -> None:
    rng = np.random.default_rng(2)
    rows, expected = [], []
    for game in "xyz":
        answers = rng.choice(["A", "B", "C"], 5)
        rows += [
            {"persona": "p", "item": game, "game": game, "arm": "secret", "fits": "A|C", "run": index, "answer": answer}
            for index, answer in enumerate(answers)
        ]
        same = np.mean([first == second for first, second in permutations(answers, 2)])
        expected.append((same, np.mean([answer != "B" for answer in answers])))
    table = Responses.read(pl.DataFrame(rows), Columns(run="run", more=("game", "arm", "fits")), Nominal())
    finding = STUDY.estimate(table)
    assert finding["agreement.secret"].value == pytest.approx(np.mean([same for same, _ in expected]))
    assert finding["consistency.secret"].value == pytest.approx(np.mean([fits for _, fits in expected]))
    assert finding.verdict.label == "undecided"
    assert "both arms" in finding.verdict.sentence


def test_the_entropy_of_four_reveals_is_corrected() -> None:
    rows = [
        {"persona": "p", "item": game, "game": game, "arm": "secret", "fits": "A", "run": index, "answer": answer}
        for game in "xy"
        for index, answer in enumerate("AABB")
    ]
    table = Responses.read(pl.DataFrame(rows), Columns(run="run", more=("game", "arm", "fits")), Nominal())
    assert STUDY.estimate(table)["entropy.secret"].value == pytest.approx(1 + 1 / (8 * math.log(2)))


def test_probabilities_give_the_limit_of_many_runs() -> None:
    world = STUDY.known()
    finding = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(score=True)).answers(world.world))
    for name, value in world.truth.items():
        assert finding[name].value == pytest.approx(value)
    bits = -(0.94 * math.log2(0.94 / 3) + 0.06 * math.log2(0.02))
    assert finding["entropy.secret"].value == pytest.approx(bits)
    assert finding.verdict.label == "superposition"


def test_a_choice_as_firm_as_a_written_one_is_one_character() -> None:
    world = STUDY.known()
    finding = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(score=True)).answers(world.null))
    assert finding.verdict.label == "one character"
    assert finding["agreement.gain"].value == pytest.approx(0)


def test_a_model_that_ignores_what_it_wrote_stays_undecided() -> None:
    """Reveals that are as random with the choice written down as without prove nothing."""
    world = STUDY.known()
    finding = STUDY.estimate(
        Simulation.of(STUDY, world, Elicitation(score=True)).answers(lambda request: dict.fromkeys(request.choices, 1 / 6))
    )
    assert finding["agreement.gain"].value == pytest.approx(0)
    assert finding.verdict.label == "undecided"


def test_single_runs_give_consistency_only() -> None:
    world = STUDY.known()
    finding = STUDY.estimate(Simulation.of(STUDY, world, Elicitation(runs=1)).answers(world.world))
    assert finding["agreement.secret"].status == EstimateStatus.NO_RERUNS
    assert finding["entropy.gain"].status == EstimateStatus.NO_RERUNS
    assert finding["consistency.secret"].value > 0.7
    assert finding.verdict.label == "undecided"


def test_the_reveal_is_asked_at_the_end_of_the_conversation_and_nothing_is_added_to_it() -> None:
    items, person = STUDY.known().items, Persona("p", "You are Ann.")
    requests = Commitment(personas=True).design((person,), items, Elicitation(runs=2, prompt=Prompt(place="user")))
    assert len(requests) == len(items) * 2 * 2
    alone, reveal = requests[0], requests[2]
    assert alone.messages == (
        Message("user", items[0].attributes["turn.1"]),
        Message("assistant", "I have one."),
        Message("user", "Is it by the sea?"),
        Message("assistant", "Yes."),
        Message("user", "Which town is it?"),
    )
    assert reveal.messages[1:] == alone.messages[1:]
    assert "You are Ann." in reveal.messages[0].text
    assert reveal.messages[0].text.endswith(items[0].attributes["turn.1"])


def test_missing_columns_attributes_and_arms_are_named() -> None:
    world = STUDY.known()
    whole = Simulation.of(STUDY, world).answers(world.world)
    with pytest.raises(ColumnError, match="the game; the same for"):
        STUDY.estimate(replace(whole, frame=whole.frame.drop("game")))
    with pytest.raises(DesignError, match="secret or written"):
        STUDY.estimate(replace(whole, frame=whole.frame.with_columns(arm=pl.lit("other"))))
    with pytest.raises(DesignError, match=r"turn\.1"):
        STUDY.design((), [Item("one", "Which?", Nominal(("A", "B")))], Elicitation())


def test_games_of_the_society_are_worded_and_answered_as_it_learned_them() -> None:
    """The society's own odds of the reveal give back what is planted."""
    items = games(12)
    requests = STUDY.design((), items, Elicitation(score=True))

    def world(request: Request) -> Mapping[str, float]:
        texts = [message.text for message in request.messages]
        opening, choice, *turns, reveal = texts
        assert opening.startswith("Think of one of these animals: ")
        assert reveal == talk.REVEAL
        traits = {name: turns[turns.index(asked) + 1] == "Yes." for name, asked in talk.TRAIT_QUESTIONS.items() if asked in turns}
        assert len(traits) == 3
        written = "" if choice == talk.HIDDEN else choice.removeprefix("I choose the ").removesuffix(".")
        assert opening.endswith(talk.WRITTEN if written else talk.SECRET)
        return talk.revealed(traits, written)

    assert len(requests) == 24
    planted = replace(STUDY.known(), items=items)
    finding = STUDY.estimate(Simulation.of(STUDY, planted, Elicitation(score=True)).answers(world))
    assert finding["consistency.secret"].value == pytest.approx(PLANTED.reveal)
    assert finding["consistency.written"].value == pytest.approx(PLANTED.honest)
    assert finding.verdict.label == "superposition"
