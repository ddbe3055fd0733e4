"""Errors about unusable tables name the place and the fix."""

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, InputError, ReadError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal

ROWS = "persona,item,run,answer\na,x,1,1\na,y,1,2\nb,x,1,3\nb,y,1,4\n"
FRAME = pl.DataFrame({"persona": ["a", "a", "b", "b"], "item": ["x", "y", "x", "y"], "run": [1, 1, 1, 1], "answer": [1, 2, 3, 4]})


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "ndjson", "jsonl"])
def test_every_kind_of_file_reads_alike(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"answers.{kind}"
    if kind == "parquet":
        FRAME.write_parquet(path)
    elif kind in {"ndjson", "jsonl"}:
        FRAME.write_ndjson(path)
    else:
        FRAME.write_csv(path, separator="\t" if kind == "tsv" else ",")
    responses = Responses.read(path, Columns(run="run"))
    assert responses.personas.names == ("a", "b")
    assert responses.cells.mean.ravel().tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("table", [FRAME, FRAME.lazy(), FRAME.to_arrow(), FRAME.to_pandas()])
def test_every_kind_of_frame_reads_alike(table: pl.DataFrame | pl.LazyFrame | pa.Table | pd.DataFrame) -> None:
    assert Responses.read(table, Columns(run="run")).cells.mean.ravel().tolist() == [1, 2, 3, 4]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    truncated = tmp_path / "whole.parquet"
    FRAME.write_parquet(truncated)
    cases = {
        tmp_path: "is a directory",
        tmp_path / "none.csv": "does not exist",
        written(tmp_path / "empty.csv", ""): "is empty",
        written(tmp_path / "answers.xlsx", "x"): "unknown suffix",
        written(tmp_path / "cut.parquet", truncated.read_bytes()[:200]): "cannot be read: it is damaged",
        written(tmp_path / "latin.csv", "persona,item,answer\nJosé,x,1\n".encode("latin1")): "is not UTF-8 text",
        written(tmp_path / "ragged.csv", "persona,item,answer\na,x,1\na,x,1,9\n"): "cannot be read",
        written(tmp_path / "broken.ndjson", '{"persona": 1}\n{"persona":\n'): "cannot be read",
    }
    for path, message in cases.items():
        with pytest.raises(ReadError, match=message) as caught:
            Responses.read(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_no_rows(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no rows"):
        Responses.read(written(tmp_path / "header.csv", "persona,item,answer\n"))
    with pytest.raises(InputError, match="has no rows that meet persona=c"):
        Responses.read(FRAME, keep=["persona=c"])


def test_a_missing_column_names_the_closest() -> None:
    with pytest.raises(ColumnError, match='no column "person"\\. Did you mean "persona"\\? Available: persona, item, run, answer'):
        Responses.read(FRAME, Columns(persona="person"))


def test_one_column_cannot_be_two_things() -> None:
    with pytest.raises(ColumnError, match="has two roles, persona and item"):
        Responses.read(FRAME, Columns(item="persona"))


def test_conditions_compare_numbers_as_numbers_and_text_as_text() -> None:
    frame = FRAME.with_columns(temperature=pl.Series([0.5, 1.0, 1.0, 1.0]))
    assert len(Responses.read(frame, keep=["temperature=1"]).frame) == 3
    assert len(Responses.read(frame, keep=["temperature!=1"]).frame) == 1
    assert len(Responses.read(frame, keep=["persona=a", "item=x"]).frame) == 1
    with pytest.raises(InputError, match="does not have the form"):
        Responses.read(frame, keep=["persona"])
    with pytest.raises(ColumnError, match="no column"):
        Responses.read(frame, keep=["colour=red"])


def test_a_row_must_say_whose_it_is() -> None:
    with pytest.raises(AnswerError, match="row 2: the persona is missing"):
        Responses.read(FRAME.with_columns(persona=pl.Series(["a", None, "b", "b"])))


def test_an_object_that_is_no_table() -> None:
    with pytest.raises(ReadError, match="A list is not a table"):
        Responses.read([1, 2])


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r'has two columns "answer"\. Rename one'):
        Responses.read(written(tmp_path / "twice.csv", "persona,item,answer,answer\na,x,1,2\n"))


def test_lists_are_no_answers() -> None:
    with pytest.raises(ColumnError, match="contains lists or objects"):
        Responses.read(FRAME.with_columns(answer=pl.Series([[1], [2], [3], [4]])))


def test_a_late_word_in_a_column_of_numbers(tmp_path: Path) -> None:
    rows = [f'{{"persona": "p{n % 5}", "item": "q{n % 3}", "answer": {n % 4}}}' for n in range(12_000)]
    path = written(tmp_path / "late.ndjson", "\n".join([*rows, '{"persona": "p1", "item": "q1", "answer": "refused"}']))
    assert Responses.read(path, missing=["refused"]).coded.missing.sum() == 1


def test_blank_cells_are_no_answers_and_no_people(tmp_path: Path) -> None:
    path = written(tmp_path / "quoted.csv", 'persona,item,answer\na,x,""\na,y," "\nb,x,yes\nb,y,no\n')
    assert Responses.read(path, scale=Nominal()).coded.missing.tolist() == [True, True, False, False]
    with pytest.raises(AnswerError, match="row 1: the persona is missing"):
        Responses.read(written(tmp_path / "nobody.csv", 'persona,item,answer\n"",x,1\nb,x,1\n'))
