"""Tests of training documents: endless, reproducible, and without held-out material."""

from itertools import islice

import pytest

from embedded_training import corpus, held_out
from personametrics.models.embedded.society import instruments, talk
from personametrics.models.embedded.society.people import TRAITS, sentence

DOCUMENTS = list(islice(corpus.documents(3, after=100_000), 2000))


def test_the_same_seed_gives_the_same_documents() -> None:
    assert list(islice(corpus.documents(7), 20)) == list(islice(corpus.documents(7), 20)) != list(islice(corpus.documents(8), 20))


def test_shares_sum_to_one() -> None:
    for shares in (corpus.SHARES, corpus.KINDS, corpus.OWN_KINDS, corpus.ORDERS):
        assert sum(shares.values()) == pytest.approx(1)


def test_every_drawn_line_is_one_of_its_odds() -> None:
    lines = [line for document in DOCUMENTS for line in document if line.odds]
    assert len(lines) > 10_000
    for line in lines:
        assert line.role == "assistant"
        assert line.odds[line.text] > 0
        assert sum(line.odds.values()) == pytest.approx(1)


def test_turns_alternate() -> None:
    for document in DOCUMENTS:
        roles = [line.role for line in document]
        talk = roles[1:] if roles[0] == "system" else roles
        assert talk == ["user", "assistant"] * (len(talk) // 2)


def test_held_out_statements_and_wordings_never_occur() -> None:
    items = {item.id: item for item in instruments.statements()}
    held = [text for name in held_out.STATEMENTS for text in (items[name].text, *items[name].wordings.values())]
    held += [items[name].wordings[wording] for name, wording in held_out.WORDINGS]
    asked = {line.text.partition("\n")[0] for document in DOCUMENTS for line in document}
    assert not asked & set(held)
    assert {item.text for item in items.values()} - asked <= set(held)


def test_held_out_people_never_occur() -> None:
    for document in DOCUMENTS:
        card = document[0].text
        for combination in held_out.COMBINATIONS:
            given = []
            for trait, value in zip(("age", "politics", "faith"), combination, strict=True):
                given.append(
                    any(sentence(phrase, voice) in card for phrase in TRAITS[trait][value] for voice in ("first", "second", "he", "she"))
                )
            assert not all(given)


def test_phrases_occur_as_they_are() -> None:
    texts = "\n".join(line.text for document in DOCUMENTS for line in document)
    for phrase in corpus.PHRASES:
        assert phrase in texts


def test_lessons_begin_with_what_the_card_says() -> None:
    first = list(islice(corpus.documents(3), 300))
    asked = {line.text.partition("\n")[0] for document in first for line in document if line.role == "user"}
    assert asked == {words for pair in talk.ASKED.values() for words in pair}


def test_then_come_statements_of_one_stance_to_people_of_whom_one_thing_is_told() -> None:
    second = list(islice(corpus.documents(3, after=corpus.RECALLED), 300))
    asked = [line.text for document in second for line in document if "agree\n" in line.text and line.role == "user"]
    assert len(asked) > 300
    assert all("is a good thing." in text for text in asked)


def test_lessons_grow() -> None:
    assert corpus.Stage.after(0) == corpus.Stage(told=1, recalled=False, varied=False, plain=1.0)
    assert corpus.Stage.after(corpus.RECALLED) == corpus.Stage(told=1, recalled=True, varied=False, plain=1.0)
    assert corpus.Stage.after(corpus.VARIED) == corpus.Stage(told=1, recalled=True, varied=True, plain=1.0)
    assert corpus.Stage.after(corpus.FULL).plain == 0 < corpus.Stage.after(corpus.FULL - 1).plain < 0.01
    assert corpus.Stage.after(100_000).told > len(TRAITS)
