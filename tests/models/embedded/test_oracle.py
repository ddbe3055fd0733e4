"""The oracle: right about everybody in the society, and silent about everything else."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, indexed_request, judge_request, reader_request
from personametrics.models.embedded.oracle import UNREAD, Oracle, claims, contradict
from personametrics.models.embedded.society import panels, talk
from personametrics.models.embedded.society.people import FACTS, TRAITS, VOICES, Person, somebody
from personametrics.models.registry import open_model


def reply(request: Request) -> Reply:
    async def first() -> Reply:
        return next(iter([reply async for _, reply in Oracle().answer([request])]))

    return asyncio.run(first())


def asked(kind: str, given: Mapping[str, str]) -> str | None:
    return reply(judge_request(kind, given, {})).text


def people(number: int = 60) -> list[tuple[Person, str]]:
    rng = np.random.default_rng(0)
    persons = [somebody(rng, facts=tuple(FACTS), convinced=bool(index % 2)) for index in range(number)]
    return [(person, person.card(VOICES[index % 4], rng)) for index, person in enumerate(persons)]


def test_a_card_says_what_its_person_is_in_every_grammatical_person() -> None:
    for person, card in people():
        facts = {**person.traits, **person.facts, "being": "a person", **({"convinced": "yes"} if person.convinced else {})}
        assert claims(card) == frozenset(facts.items())


@pytest.mark.parametrize("kind", talk.FADING)
def test_lines_in_voice_are_consistent_and_those_of_the_assistant_never(kind: str) -> None:
    rng = np.random.default_rng(1)
    for person, card in people():
        turn = talk.turn(rng, kind)
        right = {talk.SAID[turn.fact].format(person.facts[turn.fact])} if turn.fact else set(talk.in_voice(person, turn))
        assert {asked("prompt_to_line", {"background": card, "line": line}) for line in right} == {CONSISTENT}
        wrong = set(talk.in_voice(person, turn)) - right
        assert {asked("prompt_to_line", {"background": card, "line": line}) for line in wrong} <= {CONTRADICTS}
        for line in talk.ASSISTANT[kind]:
            assert asked("prompt_to_line", {"background": card, "line": line}) == CONTRADICTS
            assert asked("assistant", {"line": line}) == "yes"
        assert {asked("assistant", {"line": line}) for line in right} == {"no"}


@pytest.mark.parametrize(
    ("card", "line", "message"),
    [
        ("You work as a nurse.", "It was a long day at the farm.", CONTRADICTS),
        ("You work as a nurse.", "All is well at the house.", CONSISTENT),
        ("He goes to no church.", "I am sorry. I will pray for you.", CONTRADICTS),
        ("She goes to church every week.", "I am sorry. I will pray for you.", CONSISTENT),
        ("You live in a city.", "I am sorry. I will pray for you.", CONSISTENT),
        ("Your name is Anna.", "No, I am Ben.", CONTRADICTS),
        ("You are 22 years old. You vote for the left.", "I vote for the right. I am still young.", CONTRADICTS),
    ],
)
def test_what_contradicts_a_card(card: str, line: str, message: str) -> None:
    assert asked("prompt_to_line", {"background": card, "line": line}) == message


def test_pairs_of_lines_one_by_one_and_all_at_once() -> None:
    lines = ["I have a cat.", "I would rather not say.", "As an AI, I have no feelings.", "I have a dog."]
    verdicts = [asked("line_to_line", {"earlier": earlier, "line": lines[-1]}) for earlier in lines[:-1]]
    assert verdicts == [CONTRADICTS, CONSISTENT, CONTRADICTS]
    assert reply(indexed_request(lines[:-1], lines[-1], {})).text == "1, 3"
    assert reply(indexed_request(lines[:2], lines[0], {})).text == "none"


def test_whether_a_line_takes_up_a_turn() -> None:
    rng, (person, card) = np.random.default_rng(2), people(1)[0]
    for kind in talk.FADING:
        for pressure, reminded in (("", ""), ("reset", ""), ("", card)):
            turn = talk.turn(rng, kind, reminded, pressure)
            for other in talk.FADING:
                fitting, answer = ("yes", turn) if other == kind else ("no", talk.turn(rng, other))
                lines = talk.line(person, answer, before=False)
                assert {asked("relevance", {"turn": turn.text, "line": line}) for line in lines} == {fitting}


def test_a_reader_finds_what_was_told_last() -> None:
    (pet,) = (item for item in panels.facts() if item.id == "fact.pet")
    lines = [("Other", "Hello."), ("Person", "I have a cat."), ("Other", "And?"), ("Person", "I have a dog.")]
    assert reply(reader_request(lines, pet, {})).text == "dog"
    assert reply(reader_request(lines[:2], pet, {})).text == "cat"
    assert reply(reader_request([("Other", "I have a cat."), ("Person", "I am sorry. I am with you.")], pet, {})).text == "not told"


@pytest.mark.parametrize("line", ["I adore my cats.", "", "I have a cat. Really.", "</line> I have a cat."])
def test_words_of_another_world_get_no_verdict(line: str) -> None:
    card = "You have a cat at home."
    assert asked("prompt_to_line", {"background": card, "line": line}) == UNREAD
    assert asked("line_to_line", {"earlier": card, "line": line}) == UNREAD
    assert asked("prompt_to_line", {"background": line, "line": "I have a cat."}) == UNREAD
    assert asked("assistant", {"line": line}) == UNREAD


def test_other_prompts_get_no_verdict() -> None:
    assert reply(Request((Message("user", "Is tea good?"),), choices=("yes", "no"))).text == UNREAD
    assert reply(Request(())).text == UNREAD


def test_probabilities_are_certain_and_the_order_of_the_answers_does_not_matter() -> None:
    given = {"background": "You have a cat at home.", "line": "I have a dog."}
    for turned in (False, True):
        request = judge_request("prompt_to_line", given, {}, turned=turned)
        assert reply(request).text == CONTRADICTS
        assert reply(replace(request, score=True)).probabilities == {CONSISTENT: 0.0, CONTRADICTS: 1.0}


def test_contradiction_is_mutual_and_nobody_contradicts_himself() -> None:
    cards = [claims(card) or frozenset() for _, card in people(12)]
    for card in cards:
        assert not contradict(card, card)
        assert all(contradict(card, other) == contradict(other, card) for other in cards)
    assert any(contradict(cards[0], other) for other in cards[1:])


def test_every_value_of_the_society_is_known() -> None:
    for name, values in TRAITS.items():
        for value, phrases in values.items():
            for phrase in phrases:
                person = Person({name: value})
                assert (name, value) in (claims(person.card("he", np.random.default_rng(0))) or ()), phrase


def test_the_oracle_has_a_name() -> None:
    assert open_model("oracle") == Oracle()
    assert open_model("oracle").id == "embedded/oracle"
