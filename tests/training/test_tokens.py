from itertools import islice
from pathlib import Path
from typing import Any

import cards
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from embedded_training.tokens import END, PAD, START, save, trained, turn
from personametrics.models.embedded.society.talk import Line

TOKENIZER = trained(islice(cards.documents(1), 200), cards.PHRASES)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    save(TOKENIZER, folder)
    return folder


def pieces(text: str) -> list[str]:
    return [TOKENIZER.decode([number]) for number in TOKENIZER.encode(text).ids]


def test_words_of_the_corpus_are_one_token_each() -> None:
    assert pieces("You are Ada. You vote left.") == ["You", " are", " Ada", ".", " You", " vote", " left", "."]


def test_the_odds_are_part_of_the_corpus() -> None:
    tokenizer = trained([(Line("assistant", "tea", {"tea": 0.5, "lemonade": 0.5}),)])
    assert tokenizer.encode("lemonade").tokens == ["lemonade"]


def test_an_unknown_word_falls_into_pieces() -> None:
    assert pieces(" Adam") == [" Ada", "m"]
    assert len(TOKENIZER.encode("zygote").ids) > 1


def test_a_phrase_is_one_token_wherever_it_stands() -> None:
    assert pieces(f"Roads{cards.PHRASES[0]}Roads") == ["Roads", cards.PHRASES[0], "Roads"]


def test_words_that_only_phrases_have_are_no_tokens() -> None:
    assert TOKENIZER.token_to_id("Ġoptions") is None
    assert TOKENIZER.token_to_id("Ġgood") is not None


def test_the_longer_of_two_phrases_wins() -> None:
    tokenizer = trained([(Line("user", "Say it. Again."),)], ["Say it.", "Say it. Again."])
    assert tokenizer.encode("Say it. Again.").tokens == ["Say it. Again."]
    assert tokenizer.token_to_id("ĠAgain") is None


def test_frequent_words_have_low_numbers() -> None:
    (often,), (seldom,) = TOKENIZER.encode("You").ids, TOKENIZER.encode(" Fritz").ids
    assert often < seldom


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_decoding_gives_back_any_text(text: str) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode(text).ids, skip_special_tokens=False) == text


def test_transformers_reads_it_alike(saved: Path) -> None:
    theirs: Any = AutoTokenizer.from_pretrained(saved)
    ours = Tokenizer.from_file(str(saved / "tokenizer.json"))
    assert (theirs.eos_token, theirs.pad_token, theirs.bos_token) == (END, PAD, None)
    assert theirs.convert_tokens_to_ids([PAD, START, END]) == [0, 1, 2]
    for document in islice(cards.documents(2), 50):
        messages = [{"role": line.role, "content": line.text} for line in document]
        whole = theirs.apply_chat_template(messages, tokenize=False)
        assert whole == "".join(turn(line.role, line.text) for line in document)
        assert theirs.encode(whole) == ours.encode(whole).ids


def test_the_template_opens_the_reply(saved: Path) -> None:
    theirs: Any = AutoTokenizer.from_pretrained(saved)
    asked = theirs.apply_chat_template([{"role": "user", "content": "Who?"}], tokenize=False, add_generation_prompt=True)
    assert asked == turn("user", "Who?") + f"{START}assistant\n"
