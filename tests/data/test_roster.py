from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from personametrics.data.errors import AnswerError, ColumnError, InputError, ReadError, StudyError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.roster import read_items, read_personas, write_items, write_personas
from personametrics.data.scale import Nominal, Numeric, Ordinal

PEOPLE = pl.DataFrame({"id": ["a", "b"], "text": ["You are A.", "You are B, {so} they say."], "age": [30, None], "town": ["X", "Y"]})
ITEMS = pl.DataFrame(
    {
        "id": ["tea", "age", "vote"],
        "text": ["Tea?", "How old?", "Vote?"],
        "scale": ["no|so-so|yes", "0..120", "nominal:left|right"],
        "text.formal": ["Would you care for tea?", None, " "],
        "topic": ["drinks", None, "politics"],
    }
)
FOUND = (Persona("a", "You are A.", {"age": "30", "town": "X"}), Persona("b", "You are B, {so} they say.", {"town": "Y"}))
FOUND_ITEMS = (
    Item("tea", "Tea?", Ordinal(("no", "so-so", "yes")), {"topic": "drinks"}, {"formal": "Would you care for tea?"}),
    Item("age", "How old?", Numeric(0, 120)),
    Item("vote", "Vote?", Nominal(("left", "right")), {"topic": "politics"}),
)


def csv(tmp_path: Path, table: pl.DataFrame) -> Path:
    table.write_csv(tmp_path / "table.csv")
    return tmp_path / "table.csv"


def parquet(tmp_path: Path, table: pl.DataFrame) -> Path:
    table.write_parquet(tmp_path / "table.parquet")
    return tmp_path / "table.parquet"


def ndjson(tmp_path: Path, table: pl.DataFrame) -> str:
    table.write_ndjson(tmp_path / "table.ndjson")
    return str(tmp_path / "table.ndjson")


SOURCES: dict[str, Callable[[Path, pl.DataFrame], Any]] = {
    "csv": csv,
    "parquet": parquet,
    "ndjson": ndjson,
    "frame": lambda _, table: table,
    "lazy": lambda _, table: table.lazy(),
    "arrow": lambda _, table: table.to_arrow(),
    "rows": lambda _, table: table.rows(named=True),
    "tuple of rows": lambda _, table: tuple(table.rows(named=True)),
}


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_reads_alike(tmp_path: Path, source: str) -> None:
    assert read_personas(SOURCES[source](tmp_path, PEOPLE)) == FOUND
    assert read_items(SOURCES[source](tmp_path, ITEMS)) == FOUND_ITEMS


def test_a_pandas_frame_reads_alike() -> None:
    assert read_personas(PEOPLE.drop("age").to_pandas()) == tuple(
        Persona(persona.id, persona.text, {"town": persona.attributes["town"]}) for persona in FOUND
    )
    assert read_items(ITEMS.to_pandas()) == FOUND_ITEMS
    assert read_personas(pd.DataFrame({"id": [1, 2], "text": ["x", "y"]}))[0].id == "1"


def test_objects_are_taken_as_they_are() -> None:
    assert read_personas(FOUND) == read_personas(list(FOUND)) == FOUND
    assert read_items(FOUND_ITEMS) == FOUND_ITEMS


def test_rows_may_name_an_attribute_late_and_mix_kinds() -> None:
    rows: list[dict[str, Any]] = [{"id": n, "text": "x"} for n in range(300)]
    rows += [{"id": "last", "text": "y", "late": 1.5}, {"id": "very last", "text": "z", "late": True}]
    personas = read_personas(rows)
    assert personas[0] == Persona("0", "x")
    assert [dict(persona.attributes) for persona in personas[-2:]] == [{"late": "1.5"}, {"late": "True"}]


@pytest.mark.parametrize("column", ["id", "text"])
@pytest.mark.parametrize("empty", ["", "  ", "\n\t", None])
def test_an_empty_cell_is_named_with_its_row(column: str, empty: str | None) -> None:
    rows = [{"id": "a", "text": "x", "scale": "1|2"}, {"id": "b", "text": "y", "scale": "1|2"} | {column: empty}]
    for read in (read_personas, read_items):
        with pytest.raises(StudyError, match=rf"^the frame, row 2: {column} is empty\. Fill it\.$"):
            read(rows)


@pytest.mark.parametrize(("persona", "empty"), [(Persona("", "x"), "id"), (Persona("a", " "), "text")])
def test_an_empty_object_is_named_with_its_number(persona: Persona, empty: str) -> None:
    with pytest.raises(StudyError, match=rf"^the personas, number 2: {empty} is empty\. Fill it\.$"):
        read_personas([Persona("z", "z"), persona])


def test_a_cell_that_csv_leaves_empty_is_empty(tmp_path: Path) -> None:
    for content in ('id,text\na,x\n"",y\n', "id,text\na,x\n,y\n"):
        path = tmp_path / "people.csv"
        path.write_text(content)
        with pytest.raises(StudyError, match=r"people\.csv, row 2: id is empty\. Fill it\.$"):
            read_personas(path)


@pytest.mark.parametrize("missing", ["id", "text", "scale"])
def test_a_missing_column_is_named(missing: str) -> None:
    with pytest.raises(ColumnError, match=rf'^the frame has no column "{missing}"\. .*\.$'):
        read_items(ITEMS.drop(missing))
    if missing != "scale":
        with pytest.raises(ColumnError, match=rf'^the frame has no column "{missing}"\. .*\.$'):
            read_personas(PEOPLE.drop(missing))


def test_the_ids_of_objects_and_rows_differ() -> None:
    rows = [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}, {"id": "a", "text": "z"}]
    with pytest.raises(StudyError, match=r'^the frame: the id "a" occurs twice\. Change one of the two ids\.$'):
        read_personas(rows)
    with pytest.raises(StudyError, match=r'^the items: the id "tea" occurs twice\. Change one of the two ids\.$'):
        read_items([FOUND_ITEMS[0], FOUND_ITEMS[0]])
    assert len(read_personas([{"id": "a", "text": "x"}, {"id": "a ", "text": "x"}])) == 2


@pytest.mark.parametrize("scale", ["likert", "1|1|2", "10..0", "a||b", "nominal:", "yes|", "a:b|c", "0.."])
def test_a_scale_that_is_none_is_named_with_its_row(scale: str) -> None:
    rows = [{"id": "a", "text": "x", "scale": "1|2"}, {"id": "b", "text": "y", "scale": scale}]
    with pytest.raises(AnswerError, match=r'^the frame, row 2: ".*" is not a scale\. .*\.$'):
        read_items(rows)


def test_no_rows_is_one_sentence(tmp_path: Path) -> None:
    header, nothing = tmp_path / "header.csv", tmp_path / "nothing.csv"
    header.write_text("id,text,scale\n")
    nothing.write_text("")
    sources: list[Any] = [[], (), PEOPLE.clear(), PEOPLE.clear().lazy()]
    for empty in sources:
        with pytest.raises(StudyError, match=r"^the (frame|personas) has no rows\. Add at least one row\.$"):
            read_personas(empty)
    with pytest.raises(StudyError, match=r"header\.csv has no rows\. Add at least one row\.$"):
        read_items(header)
    with pytest.raises(ReadError, match=r"nothing\.csv is empty\. Name another file\.$"):
        read_items(nothing)


@pytest.mark.parametrize(
    "source",
    [
        5,
        None,
        {"id": "a", "text": "x"},
        object(),
        ["people.csv"],
        [1, 2],
        [{"id": "a", "text": "x"}, Persona("b", "y")],
        [Persona("a", "x"), None],
        FOUND_ITEMS,
        (persona for persona in FOUND),
        "missing.csv",
        ".",
    ],
)
def test_what_is_no_table_is_one_sentence(source: Any) -> None:
    with pytest.raises(InputError) as caught:
        read_personas(source)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    for name, content in {
        "a.parquet": b"PAR1 nonsense",
        "b.csv": b"id,text\na,x,y,z\n",
        "c.csv": b"id,text\na,\xff\xfe\n",
        "d.ndjson": b'{"id": "a"',
        "e.csv": b"id,id,text\na,b,c\n",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_personas(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(b'\xef\xbb\xbfid,text\r\na,"one,\r\ntwo"\r\n')
    assert read_personas(tmp_path / "people.csv") == (Persona("a", "one,\r\ntwo"),)


def test_lists_inside_a_cell_are_one_sentence() -> None:
    with pytest.raises(InputError, match=r"^the frame cannot be read: .*\.$"):
        read_personas(pl.DataFrame({"id": ["a"], "text": ["x"], "tags": [["p", "q"]]}))


@pytest.mark.parametrize("kind", ["csv", "parquet", "ndjson"])
def test_what_is_written_is_read_again(tmp_path: Path, kind: str) -> None:
    write_personas(FOUND, tmp_path / f"people.{kind}")
    write_items(FOUND_ITEMS, tmp_path / f"items.{kind}")
    assert read_personas(tmp_path / f"people.{kind}") == FOUND
    assert read_items(tmp_path / f"items.{kind}") == FOUND_ITEMS


def test_an_unknown_ending_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown suffix"):
        write_personas(FOUND, tmp_path / "people.xls")
