import json
from pathlib import Path
from typing import Any, get_args

import checkpoints
import pytest
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.data.errors import ModelError
from personametrics.data.request import Message, Role
from personametrics.models.embedded.vocabulary import REPLY, Vocabulary, check_template

TEXTS = ["You are Ann. You like tea, and you don't like taxes.", "Tea?\n\nno\nyes\n\nnot sure", "no", "yes", "not sure"]
Texts = st.one_of(
    st.text(max_size=30), st.lists(st.sampled_from([*TEXTS, " ", "\n", "tea", checkpoints.INSTRUCTION, "é日🤷"])).map("".join)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.embedded_like(tmp_path_factory.mktemp("made") / "small", TEXTS, num_hidden_layers=1)


@pytest.fixture(scope="module")
def vocabulary(folder: Path) -> Vocabulary:
    return Vocabulary(folder)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    return transformers.AutoTokenizer.from_pretrained(folder)


@settings(deadline=None)
@given(st.lists(st.builds(Message, st.sampled_from(get_args(Role)), Texts), min_size=1, max_size=4))
def test_a_conversation_has_the_tokens_that_its_chat_template_gives(vocabulary: Vocabulary, theirs: Any, messages: list[Message]) -> None:
    chat = [{"role": message.role, "content": message.text} for message in messages]
    expected = theirs.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
    assert vocabulary.encode(messages) == tuple(expected)


@settings(deadline=None)
@given(Texts)
def test_decoding_is_exact(vocabulary: Vocabulary, text: str) -> None:
    assert vocabulary.decode(vocabulary.tokenizer.encode(text, add_special_tokens=False).ids) == text


@settings(deadline=None)
@given(Texts)
def test_a_choice_has_the_tokens_that_follow_the_beginning_of_an_answer(vocabulary: Vocabulary, theirs: Any, text: str) -> None:
    tokens = vocabulary.choice(text)
    assert vocabulary.decode(tokens) == text
    if text.strip() == text:
        assert [*vocabulary.encode([]), *tokens] == theirs.encode(REPLY + text, add_special_tokens=False)


def test_words_of_its_world_are_one_token(vocabulary: Vocabulary) -> None:
    assert [len(vocabulary.choice(text)) for text in ("no", "yes", "not sure", checkpoints.INSTRUCTION)] == [1, 1, 2, 1]


def test_signs_are_no_words(vocabulary: Vocabulary) -> None:
    assert vocabulary.signs == ("<|pad|>", "<|im_start|>", "<|im_end|>")
    assert vocabulary.stops == (2,)
    assert vocabulary.decode([0, *vocabulary.choice("no"), 2]) == "no"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("You are Ann. You like tea.", 0),
        ("You are Bob. You like tea.", 1 / 6),
        ("Zebra? " + checkpoints.INSTRUCTION, 1),
        (checkpoints.INSTRUCTION, 0),
        ("", 0),
        ("?! ...", 0),
        ("🤷", 1),
        ("tea tea tea system", 1 / 2),  # without a space before it, or with one, it does not occur in the world
        ("You like " + "x" * 2000, 1 / 3),
    ],
)
def test_unknown_words_are_counted(vocabulary: Vocabulary, text: str, share: float) -> None:
    assert vocabulary.unknown([Message("user", text)]) == pytest.approx(share)


def test_unknown_words_of_all_messages_are_counted(vocabulary: Vocabulary) -> None:
    messages = [Message("system", "You are Bob."), Message("user", "You like tea")]
    assert vocabulary.unknown(messages) == pytest.approx(1 / 6)
    assert vocabulary.turn(messages[0]).unknown == ("Bob",)
    assert vocabulary.unknown([]) == 0


def test_a_word_that_would_be_lost_is_seen(vocabulary: Vocabulary) -> None:
    assert vocabulary.lost([Message("user", "You like " + "x" * 1001)])
    assert not vocabulary.lost([Message("user", "You like " + "x" * 999)])


def test_it_knows_how_many_words_it_knows(vocabulary: Vocabulary) -> None:
    spoken = {"You", "are", "Ann", "like", "tea", "and", "you", "don", "'t", "taxes", "Tea", "no", "yes", "not", "sure"}
    assert vocabulary.size == len(spoken | {"system", "user", "assistant"})


def test_every_end_that_the_checkpoint_names_ends_an_answer(folder: Path, tmp_path: Path) -> None:
    for name in ("tokenizer.json", "config.json"):
        (tmp_path / name).write_text((folder / name).read_text())
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 0]}))
    assert Vocabulary(tmp_path).stops == (0, 2, 7)


def test_a_tokenizer_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r'tokenizer\.json" cannot be read: .*\.$'):
        Vocabulary(tmp_path)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}))
    with pytest.raises(ModelError, match=r"has no <\|im_start\|> and <\|im_end\|>, but the embedded model needs ChatML"):
        Vocabulary(tmp_path)


def test_only_chatml_is_spoken(folder: Path, tmp_path: Path) -> None:
    check_template(folder)
    template = (folder / "chat_template.jinja").read_text()
    for other in (template.replace("assistant", "model"), checkpoints.DROPS, checkpoints.REFUSES, "{% if %}"):
        (tmp_path / "chat_template.jinja").write_text(other)
        with pytest.raises(ModelError, match=r"is not ChatML, .* Open the folder as local:FOLDER\.$"):
            check_template(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="is not ChatML"):
        check_template(tmp_path)
