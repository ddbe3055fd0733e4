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
    rows, wanted = [], []
    for game in "xyz":
        said = rng.choice(["A", "B", "C"], 5)
        rows += [
            {"persona": "p", "item": game, "game": game, "arm": "secret", "fits": "A|C", "run": at, "answer": one}
            for at, one in enumerate(said)
        ]
        same = np.mean([one == other for one, other in permutations(said, 2)])
        wanted.append((same, np.mean([one != "B" for one in said])))
    table = Responses.read(pl.DataFrame(rows), Columns(run="run", more=("game", "arm", "fits")), Nominal())
    found = STUDY.estimate(table)
    assert found["agreement.secret"].value == pytest.approx(np.mean([same for same, _ in wanted]))
    assert found["consistency.secret"].value == pytest.approx(np.mean([fits for _, fits in wanted]))
    assert found.verdict.label == "undecided"
    assert "both arms" in found.verdict.sentence


def test_the_entropy_of_four_reveals_is_corrected() -> None:
    rows = [
        {"persona": "p", "item": game, "game": game, "arm": "secret", "fits": "A", "run": at, "answer": one}
        for game in "xy"
        for at, one in enumerate("AABB")
    ]
    table = Responses.read(pl.DataFrame(rows), Columns(run="run", more=("game", "arm", "fits")), Nominal())
    assert STUDY.estimate(table)["entropy.secret"].value == pytest.approx(1 + 1 / (8 * math.log(2)))


def test_probabilities_give_the_limit_of_many_runs() -> None:
    known = STUDY.known()
    found = STUDY.estimate(Simulation.of(STUDY, known, Elicitation(score=True)).answers(known.world))
    for name, value in known.truth.items():
        assert found[name].value == pytest.approx(value)
    bits = -(0.94 * math.log2(0.94 / 3) + 0.06 * math.log2(0.02))
    assert found["entropy.secret"].value == pytest.approx(bits)
    assert found.verdict.label == "superposition"


def test_a_choice_as_firm_as_a_written_one_is_one_character() -> None:
    known = STUDY.known()
    found = STUDY.estimate(Simulation.of(STUDY, known, Elicitation(score=True)).answers(known.null))
    assert found.verdict.label == "one character"
    assert found["agreement.gain"].value == pytest.approx(0)


def test_a_model_that_ignores_what_it_wrote_stays_undecided() -> None:
    """Reveals that are as random with the choice written down as without prove nothing."""
    known = STUDY.known()
    found = STUDY.estimate(
        Simulation.of(STUDY, known, Elicitation(score=True)).answers(lambda request: dict.fromkeys(request.choices, 1 / 6))
    )
    assert found["agreement.gain"].value == pytest.approx(0)
    assert found.verdict.label == "undecided"


def test_single_runs_give_consistency_only() -> None:
    known = STUDY.known()
    found = STUDY.estimate(Simulation.of(STUDY, known, Elicitation(runs=1)).answers(known.world))
    assert found["agreement.secret"].status == EstimateStatus.NO_RERUNS
    assert found["entropy.gain"].status == EstimateStatus.NO_RERUNS
    assert found["consistency.secret"].value > 0.7
    assert found.verdict.label == "undecided"


def test_the_reveal_is_asked_at_the_end_of_the_conversation_and_nothing_is_added_to_it() -> None:
    items, person = STUDY.known().items, Persona("p", "You are Ann.")
    requests = Commitment(personas=True).design((person,), items, Elicitation(runs=2, prompt=Prompt(place="user")))
    assert len(requests) == len(items) * 2 * 2
    alone, told = requests[0], requests[2]
    assert alone.messages == (
        Message("user", items[0].attributes["turn.1"]),
        Message("assistant", "I have one."),
        Message("user", "Is it by the sea?"),
        Message("assistant", "Yes."),
        Message("user", "Which town is it?"),
    )
    assert told.messages[1:] == alone.messages[1:]
    assert "You are Ann." in told.messages[0].text
    assert told.messages[0].text.endswith(items[0].attributes["turn.1"])


def test_missing_columns_attributes_and_arms_are_named() -> None:
    known = STUDY.known()
    whole = Simulation.of(STUDY, known).answers(known.world)
    with pytest.raises(ColumnError, match="the game, the same for"):
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
        said = [message.text for message in request.messages]
        opening, choice, *turns, reveal = said
        assert opening.startswith("Think of one of these animals: ")
        assert reveal == talk.REVEAL
        told = {name: turns[turns.index(asked) + 1] == "Yes." for name, asked in talk.TRAIT_QUESTIONS.items() if asked in turns}
        assert len(told) == 3
        written = "" if choice == talk.HIDDEN else choice.removeprefix("I choose the ").removesuffix(".")
        assert opening.endswith(talk.WRITTEN if written else talk.SECRET)
        return talk.revealed(told, written)

    assert len(requests) == 24
    known = replace(STUDY.known(), items=items)
    found = STUDY.estimate(Simulation.of(STUDY, known, Elicitation(score=True)).answers(world))
    assert found["consistency.secret"].value == pytest.approx(PLANTED.reveal)
    assert found["consistency.written"].value == pytest.approx(PLANTED.honest)
    assert found.verdict.label == "superposition"
