import re
import string
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import InputError
from personametrics.remedies.ground.documents import QUOTES, SHORTEST, Document, read_documents

NOTE = Document("note.txt", "The bell rings.  “Nobody\n\tcomes!” she’d say. It is 3 a.m. and dark.\n\nThe family waits outside.")


def plain(text: str) -> str:
    return " ".join(re.sub(f"[{''.join(QUOTES)}]", "'", text).split()).strip(" '")


@given(st.text(string.ascii_letters + " \n\t.!“”'\"’é我", min_size=20, max_size=80), st.data())
def test_any_part_of_a_document_that_is_long_enough_is_found_word_for_word(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : data.draw(st.integers(start, len(text)))]
    found = Document("a", text).find(part)
    assert (found is None) == (len(plain(part)) < SHORTEST)
    if found:
        assert text[found.start : found.end] == found.text
        assert plain(found.text) == plain(part)


@pytest.mark.parametrize("quotation", ['"Nobody comes!" she\'d say', "‘Nobody   comes!’ she’d say.", '  Nobody\ncomes!" she`d say'])
def test_white_space_and_the_kind_of_quotation_marks_do_not_count(quotation: str) -> None:
    found = NOTE.find(quotation)
    assert found is not None
    assert found.text.startswith("Nobody\n\tcomes!” she’d say")


@pytest.mark.parametrize(
    "quotation", ["nobody comes! she'd say", "The bell … Nobody comes!", "The bell rang.", "The bell rings often.", "", "The bell", " '' "]
)
def test_other_words_gaps_and_scraps_are_not_found(quotation: str) -> None:
    assert NOTE.find(quotation) is None


@pytest.mark.parametrize(
    ("quotation", "sentence"), [("The bell rings", 1), ("Nobody comes", 2), ("It is 3 a.m. and", 3), ("family waits", 4)]
)
def test_the_sentence_in_which_it_begins_is_counted_from_one(quotation: str, sentence: int) -> None:
    found = NOTE.find(quotation)
    assert found is not None
    assert found.sentence == sentence


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
    ("name", "content", "said"),
    [
        ("a.pdf", b"x", r"a\.pdf is not a \.txt or \.md file\. Convert it"),
        ("a.txt", b" \n", r"a\.txt is empty"),
        ("a.txt", b"caf\xe9", r"a\.txt is not UTF-8 text"),
        (".hidden", b"x", r"holds no documents"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_documents(tmp_path)


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere does not exist"):
        read_documents(tmp_path / "nowhere")
