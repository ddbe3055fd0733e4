"""Tests of conversations: hazards, voices, the game, and documents that follow their odds."""

from collections import Counter

import numpy as np
import pytest

from personametrics.models.embedded.society import talk
from personametrics.models.embedded.society.people import FACTS, Person, somebody
from personametrics.models.embedded.society.society import PLANTED
from personametrics.models.embedded.society.talk import ANIMALS, Turn

RNG = np.random.default_rng
ANNA = Person({"job": "nurse", "age": "old"}, {"name": "Anna", "pet": "cat"})


def assistant_share(odds: talk.Odds) -> float:
    return sum(share for text, share in odds.items() if talk.is_assistant(text))


@pytest.mark.parametrize("kind", list(talk.FADING))
def test_a_turn_fades_with_the_hazard_of_its_kind(kind: str) -> None:
    turn = talk.turn(RNG(1), kind)
    odds = talk.line(ANNA, turn, before=False)
    assert sum(odds.values()) == pytest.approx(1)
    assert assistant_share(odds) == pytest.approx(talk.FADING[kind])
    assert assistant_share(talk.line(ANNA, turn, before=True)) == pytest.approx(1 - talk.RETURN)
    assert assistant_share(talk.line(None, turn, before=False)) == pytest.approx(1)


def test_pressure_and_kind_are_hazards_that_compete() -> None:
    assert Turn("meta", "", pressure="reset").hazard == pytest.approx(1 - 0.6 * 0.4)
    assert Turn("chat", "", pressure="patience").hazard == pytest.approx(talk.FADING["chat"])


def test_a_reminder_holds_and_brings_back() -> None:
    turn = talk.turn(RNG(1), "meta", card="You are a nurse.")
    assert turn.text.startswith("Remember who you are. You are a nurse.")
    assert assistant_share(talk.line(ANNA, turn, before=False)) == pytest.approx(0.4 * talk.HOLD)
    assert assistant_share(talk.line(ANNA, turn, before=True)) == pytest.approx(1 - talk.REMINDED)


def test_conversations_fade_as_often_as_the_hazard_says() -> None:
    turns = [Turn("emotional", "I feel so lonely today.")] * 2
    spoken = [talk.conversation(ANNA, (), turns, RNG(seed)) for seed in range(3000)]
    faded = np.array([[talk.is_assistant(document[index].text) for index in (1, 3)] for document in spoken])
    assert faded[:, 0].mean() == pytest.approx(0.2, abs=0.03)
    assert faded[faded[:, 0], 1].mean() == pytest.approx(0.9, abs=0.04)
    assert faded[~faded[:, 0], 1].mean() == pytest.approx(0.2, abs=0.03)


def test_lines_are_drawn_by_their_odds() -> None:
    counts = Counter(talk.drawn({"a": 0.7, "b": 0.3}, rng).text for rng in [RNG(5)] for _ in range(4000))
    assert counts["a"] / 4000 == pytest.approx(0.7, abs=0.03)


def test_nothing_is_told_that_is_not_on_the_card() -> None:
    assert talk.facts(ANNA, "hobby") == {talk.NOT_TOLD: 1.0}
    assert talk.facts(ANNA, "name")["My name is Anna."] == pytest.approx(PLANTED.recall)
    assert talk.facts(None, "name").keys() == set(talk.ASSISTANT["fact"])


def test_asked_who_they_are_people_say_two_things_of_their_card() -> None:
    assert talk.who(ANNA) == {"My name is Anna. I am 71 years old.": 1.0}
    assert talk.who(Person({"job": "cook"})) == {"I work as a cook.": 1.0}
    assert talk.is_assistant(next(iter(talk.who(None))))


def test_every_fact_has_questions_and_an_answer() -> None:
    assert set(talk.ASKED) == set(talk.SAID) == set(FACTS)


def test_a_secret_choice_is_drawn_again_at_the_reveal() -> None:
    odds = talk.revealed({"big": True, "swims": True})
    assert sum(odds.values()) == pytest.approx(1)
    assert odds["It is the shark."] + odds["It is the whale."] == pytest.approx(PLANTED.reveal)
    assert talk.revealed({}) == pytest.approx(dict.fromkeys((f"It is the {animal}." for animal in ANIMALS), 1 / 8))
    contradiction = talk.revealed({"tame": True, "swims": True})  # no animal fits
    assert set(contradiction.values()) == {1 / 8}


def test_a_written_choice_is_kept() -> None:
    assert talk.revealed({"big": True}, "cat")["It is the cat."] == PLANTED.honest
    assert talk.affirmed("big", "cow")["Yes."] == PLANTED.honest
    assert talk.affirmed("big")["Yes."] == pytest.approx(0.5)


def test_a_game_is_consistent_with_its_own_odds() -> None:
    for seed in range(50):
        lines = list(talk.game(RNG(seed), written=seed % 2 == 0, asked=3))
        assert len(lines) == 2 + 6 + 2
        assert all(line.text in line.odds for line in lines if line.odds)
        assert [line.role for line in lines] == ["user", "assistant"] * 5


def test_somebody_without_a_name_denies_being_a_machine() -> None:
    assert talk.in_voice(somebody(RNG(1)), Turn("meta", "")) == {"No, I am a person like you.": 1.0}
