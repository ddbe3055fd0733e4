import json
import re
import string
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import AnswerError, InputError
from personametrics.remedies.ground.evidence import QUOTES, SHORTEST, Document, merged_roles, read_documents, read_stakeholders

NOTE = Document("note.txt", "The bell rings.  “Nobody\n\tcomes!” she’d say. It is 3 a.m. and dark.\n\nThe family waits outside.")


def plain(text: str) -> str:
    return " ".join(re.sub(f"[{''.join(QUOTES)}]", "'", text).split()).strip(" '")


@given(st.text(string.ascii_letters + " \n\t.!“”'\"’é我", min_size=20, max_size=80), st.data())
def test_any_part_of_a_document_that_is_long_enough_is_found_word_for_word(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : data.draw(st.integers(start, len(text)))]
    passage = Document("a", text).find(part)
    assert (passage is None) == (len(plain(part)) < SHORTEST)
    if passage:
        assert text[passage.start : passage.end] == passage.text
        assert plain(passage.text) == plain(part)


@pytest.mark.parametrize("quotation", ['"Nobody comes!" she\'d say', "‘Nobody   comes!’ she’d say.", '  Nobody\ncomes!" she`d say'])
def test_white_space_and_the_kind_of_quotation_marks_do_not_count(quotation: str) -> None:
    passage = NOTE.find(quotation)
    assert passage is not None
    assert passage.text.startswith("Nobody\n\tcomes!” she’d say")


@pytest.mark.parametrize(
    "quotation", ["nobody comes! she'd say", "The bell … Nobody comes!", "The bell rang.", "The bell rings often.", "", "The bell", " '' "]
)
def test_other_words_gaps_and_scraps_are_not_found(quotation: str) -> None:
    assert NOTE.find(quotation) is None


@pytest.mark.parametrize(
    ("quotation", "sentence"), [("The bell rings", 1), ("Nobody comes", 2), ("It is 3 a.m. and", 3), ("family waits", 4)]
)
def test_the_sentence_in_which_it_begins_is_counted_from_one(quotation: str, sentence: int) -> None:
    passage = NOTE.find(quotation)
    assert passage is not None
    assert passage.sentence == sentence


def test_a_folder_is_read_in_order_of_names_with_what_is_inside_its_folders(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name, text in (("b.txt", "B"), ("a.md", "\ufeffA"), ("more/c.TXT", "C"), (".hidden", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_documents(tmp_path) == (Document("a.md", "A"), Document("b.txt", "B"), Document("more/c.TXT", "C"))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_is_read_by_id_and_text(tmp_path: Path, kind: str) -> None:
    table, path = pl.DataFrame({"id": ["one", "two"], "text": ["A, b.", "C"], "year": [1, 2]}), tmp_path / f"table.{kind}"
    table.write_csv(path) if kind == "csv" else table.write_parquet(path)
    assert read_documents(str(path)) == (Document("one", "A, b."), Document("two", "C"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pdf", b"x", r"a\.pdf is not a \.txt or \.md file\. Convert it"),
        ("a.txt", b" \n", r"a\.txt is empty"),
        ("a.txt", b"caf\xe9", r"a\.txt is not UTF-8 text"),
        (".hidden", b"x", r"holds no documents"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_documents(tmp_path)


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere does not exist"):
        read_documents(tmp_path / "nowhere")


BELL = Document("note.txt", "Nurses run all night. They fear the bell. Families wait outside.")
TRAITS = [
    {"field": "dimension", "says": "You judge by the bell.", "quotation": "They fear the bell."},
    {"field": "psychology", "says": "You are tired.", "quotation": "Nurses are worn out"},
    {"field": "specialty", "says": "You run.", "quotation": None},
    {"field": "relationships", "says": "You know families."},
]
REPLY = json.dumps({"stakeholders": [{"name": " nurses ", "description": "those on the ward", "traits": TRAITS}]})


@pytest.mark.parametrize(
    "reply", [REPLY, f"```json\n{REPLY}\n```", f"Here they are:\n```\n{REPLY}\n```\nIs there more {{?", f"  {REPLY}  "]
)
def test_json_is_read_with_a_fence_or_words_around_it(reply: str) -> None:
    (reading,) = read_stakeholders(BELL, reply)
    assert (reading.name, reading.description) == ("nurses", "those on the ward")


def test_traits_whose_quotation_is_not_there_are_dropped_and_kept_in_mind() -> None:
    (reading,) = read_stakeholders(BELL, REPLY)
    assert [trait.says for trait in reading.traits] == ["You judge by the bell."]
    assert BELL.text[reading.traits[0].passage.start : reading.traits[0].passage.end] == "They fear the bell."
    assert reading.dropped == ("You are tired.", "You run.", "You know families.")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("I cannot do that.", "it has no JSON, or was cut off"),
        (REPLY[:-20], "it has no JSON, or was cut off"),
        ("[]", "it has no JSON, or was cut off"),
        ("{}", "stakeholders: Field required"),
        ('{"stakeholders": [{"name": " "}]}', r"stakeholders\.0\.name: String should have at least 1 character"),
        (REPLY.replace("psychology", "mood"), r"stakeholders\.0\.traits\.1\.field: Input should be"),
        (REPLY.replace('"You run."', "7"), r"stakeholders\.0\.traits\.2\.says"),
    ],
)
def test_any_other_reply_is_refused_and_its_document_named(reply: str, message: str) -> None:
    with pytest.raises(AnswerError, match=rf"note\.txt.*{message}"):
        read_stakeholders(BELL, reply)


def test_the_same_stakeholders_and_the_same_things_said_become_one() -> None:
    texts = ["run all night.", "They fear the bell.", "Families wait outside."]
    names = [["A", "B"], ["a", "C"], ["D"]]
    replies = [
        json.dumps({"stakeholders": [{"name": name, "traits": [
            {"field": "dimension", "says": says, "quotation": text} for says in mine] + [{"field": "demographics", "says": "Z"}]}]})
        for name, mine, text in zip(("nurses", "NURSES", "families"), names, texts, strict=True)
    ]  # fmt: skip
    stakeholders = [read_stakeholders(BELL, reply)[0] for reply in replies]

    def alike(texts: object) -> np.ndarray:
        lower = [text.lower() for text in texts]  # type: ignore[attr-defined]
        return np.array([lower.index(text) for text in lower])

    nurses, families = merged_roles(stakeholders, alike)
    assert (nurses.name, families.name, nurses.dropped, families.dropped) == ("nurses", "families", 2, 1)
    assert [[trait.says for trait in same] for same in nurses.traits["dimension"]] == [["A", "a"], ["B"], ["C"]]
    assert [[trait.says for trait in same] for same in families.traits["dimension"]] == [["D"]]
    assert nurses.traits["demographics"] == []
