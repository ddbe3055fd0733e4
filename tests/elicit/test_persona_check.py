"""Does the persona reach the model? Planted ways in which it does, and in which it is lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from worlds import ITEMS, PEOPLE, World

from personametrics.data.errors import ModelError
from personametrics.data.model import Can
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Terms
from personametrics.elicit.journal import Journal
from personametrics.elicit.persona_check import SEVERAL, WHO, Applied, applied


def letters(*messages: Message) -> int:
    return sum(len(message.text) for message in messages) // 4


def see(
    folder: Path, function: Callable[[Request], Any], prompt: Prompt | None = None, terms: Terms | None = None, **model: Any
) -> Applied | None:
    """What is seen of a model, and that a second look asks nothing."""
    world = World(function, **model)
    with Journal.open(folder, {}) as journal:
        seen = asyncio.run(applied(world, PEOPLE, ITEMS[0], prompt or Prompt(), journal, terms or Terms()))
        asked = len(world.asked)
        again = asyncio.run(applied(world, PEOPLE, ITEMS[0], prompt or Prompt(), journal, terms or Terms()))
    assert terms or (again == seen and len(world.asked) == asked)
    return seen


def found(folder: Path, function: Callable[[Request], Any], prompt: Prompt | None = None, **model: Any) -> Applied:
    seen = see(folder, function, prompt, **model)
    assert seen is not None
    return seen


@pytest.mark.parametrize("place", ["system", "user"])
def test_a_persona_that_reaches_is_read_and_speaks_of_itself(tmp_path: Path, place: Any) -> None:
    seen = found(tmp_path, lambda request: Reply(request.messages[0].text, tokens_in=letters(*request.messages)), Prompt(place=place))
    assert seen.reached
    assert seen.said == seen.personas == SEVERAL
    assert seen.read == pytest.approx(1, abs=0.1)
    assert f"4 of {SEVERAL} personas" in seen.sentence


def test_a_dropped_system_message_shows_in_the_tokens(tmp_path: Path) -> None:
    recited = " ".join(persona.text for persona in PEOPLE)  # whatever is said does not count against what was read
    seen = found(tmp_path, lambda request: Reply(recited, tokens_in=letters(request.messages[-1])))
    assert seen.read == 0
    assert not seen.reached
    assert "the model read 0% of the tokens" in seen.sentence


def test_a_dropped_system_message_shows_in_the_words_where_tokens_are_not_reported(tmp_path: Path) -> None:
    seen = found(tmp_path, lambda request: f"I am an assistant, number {len(request.messages[-1].text)}.")
    assert (seen.read, seen.said, seen.reached) == (None, 0, False)


def test_answers_that_are_all_alike_are_no_sign_even_if_they_name_everybody(tmp_path: Path) -> None:
    seen = found(tmp_path, lambda _: " ".join(persona.text for persona in PEOPLE))
    assert (seen.said, seen.reached) == (0, False)


def test_words_that_the_model_says_without_a_persona_are_no_sign(tmp_path: Path) -> None:
    seen = found(
        tmp_path, lambda request: request.messages[0].text if len(request.messages) > 1 else " ".join(persona.text for persona in PEOPLE)
    )
    assert seen.said == 0


def test_naming_everybody_is_no_sign_even_if_it_takes_a_persona(tmp_path: Path) -> None:
    recited = " ".join(persona.text for persona in PEOPLE)
    seen = found(tmp_path, lambda request: recited if len(request.messages) > 1 else "I am an assistant.")
    assert (seen.said, seen.reached) == (0, False)


def test_words_that_the_model_knows_without_a_persona_do_not_hide_those_it_was_told(tmp_path: Path) -> None:
    places = {name: f"{name}ville" for name in ("Ada", "Bela", "Cleo", "Dora", "Emil", "Fritz")}
    vocabulary = " ".join([*places, *(str(20 + 3 * index) for index in range(6))])  # every name and age, and no place
    seen = found(tmp_path, lambda request: next((place for place in places.values() if place in request.messages[0].text), vocabulary))
    assert seen.said == SEVERAL


def test_one_persona_that_speaks_of_itself_is_enough_without_tokens(tmp_path: Path) -> None:
    seen = found(tmp_path, lambda request: request.messages[0].text if "Fritz" in request.messages[0].text else "I am a person.")
    assert (seen.said, seen.reached) == (1, True)


def test_tokens_that_were_read_are_enough_where_words_are_not(tmp_path: Path) -> None:
    seen = found(tmp_path, lambda request: Reply("I am an assistant.", tokens_in=letters(*request.messages)))
    assert (seen.said, seen.reached) == (0, True)


@pytest.mark.parametrize("expected", [True, False])
def test_a_model_that_only_scores_is_judged_by_its_probabilities(tmp_path: Path, expected: bool) -> None:
    def score(request: Request) -> dict[str, float]:
        assert request.score
        first = 0.2 + 0.1 * expected * (len(request.messages) > 1)
        return dict.fromkeys(request.choices, 0.2) | {request.choices[0]: first, request.choices[1]: 0.4 - first}

    seen = found(tmp_path, score, can=frozenset({Can.SCORE, Can.SYSTEM}))
    assert (seen.said, seen.read, seen.reached) == (None, None, expected)
    assert seen.moved == pytest.approx(0.1 if expected else 0, abs=1e-12)
    assert "the persona changed label probabilities" in seen.sentence


def test_the_longest_texts_are_asked_and_the_model_itself(tmp_path: Path) -> None:
    world = World()
    people = [Persona(str(index), "I am " + "x" * index) for index in range(9)]
    with Journal.open(tmp_path, {}) as journal:
        asyncio.run(applied(world, people, ITEMS[0], Prompt(), journal, Terms()))
    assert [request.about["persona"] for request in world.asked] == ["8", "7", "6", "5", ""]
    assert world.asked[-1].messages == (Message("user", WHO),)


def test_a_model_that_fails_every_ask_is_not_said_to_drop_personas(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"did not answer any of 5 requests to say who it is: 400: too long\. Nothing else was asked\.$"):
        see(tmp_path, lambda _: Reply(outcome=ReplyOutcome.FAILED, detail="400: too long."))


def test_a_cap_ends_the_check_without_a_judgement(tmp_path: Path) -> None:
    assert see(tmp_path, lambda _: Reply("I am an assistant."), terms=Terms(Caps(calls=3))) is None


def test_refusals_are_no_sign(tmp_path: Path) -> None:
    seen = found(tmp_path, lambda _: Reply(outcome=ReplyOutcome.REFUSED))
    assert not seen.reached
    assert seen.sentence == "the replies do not show whether the persona reaches the model"
