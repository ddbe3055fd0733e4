import csv
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personametrics.data.errors import InputError
from personametrics.data.writing import is_text, write

FRAME = pl.DataFrame({"text": ["a", None, 'ä\n"b"'], "n": [1, -2, None], "x": [0.5, None, -1e-9]})
SAFE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)


@pytest.mark.parametrize(("name", "read"), [("a.parquet", pl.read_parquet), ("a.ndjson", pl.read_ndjson), ("a.JSONL", pl.read_ndjson)])
def test_what_is_written_reads_back(tmp_path: Path, name: str, read: object) -> None:
    write(FRAME, tmp_path / name)
    assert read(tmp_path / name).equals(FRAME)  # type: ignore[operator]


def test_csv_reads_back_where_nothing_is_a_formula(tmp_path: Path) -> None:
    write(FRAME, tmp_path / "a.CSV")
    assert pl.read_csv(tmp_path / "a.CSV").equals(FRAME)


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["=1+1", "ok", "@x", "-2"])])
def test_formulas_are_inert_in_every_kind_of_text(tmp_path: Path, kind: pl.DataType) -> None:
    write(pl.DataFrame({"a": pl.Series(["=1+1", "ok", "@x", "-2"]).cast(kind)}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().split() == ["a", "'=1+1", "ok", "'@x", "-2"]


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-", "+", "--1", "-1e", "-2\n=1", "+a"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path: Path, text: str) -> None:
    write(pl.DataFrame({"a": [text]}), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["a"], ["'" + text]]


@pytest.mark.parametrize("label", ["-2", "+1", "-0.5", "0", "2"])
def test_a_number_with_its_sign_is_an_answer_and_stays_one(tmp_path: Path, label: str) -> None:
    write(pl.DataFrame({"answer": [label]}), tmp_path / "a.csv")
    assert pl.read_csv(tmp_path / "a.csv", infer_schema=False)["answer"].to_list() == [label]


@SAFE
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), min_size=1, max_size=5))
def test_any_text_reads_back_but_for_the_apostrophe(tmp_path: Path, texts: list[str]) -> None:
    write(pl.DataFrame({"n": range(len(texts)), "a": texts}), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        cells = [row["a"] for row in csv.DictReader(file)]
    assert all(cell in {text, "'" + text} for cell, text in zip(cells, texts, strict=True))
    assert not any(cell.startswith(("=", "@", "\t", "\r")) for cell in cells)


def test_numbers_and_dates_are_left_alone(tmp_path: Path) -> None:
    write(pl.DataFrame({"n": [-1], "x": [-1.5], "at": [datetime(2020, 1, 2, tzinfo=UTC)]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines()[1].startswith("-1,-1.5,2020-01-02")


@pytest.mark.parametrize("name", ["a.txt", "a", "a.csv.gz", ".csv", "a.xlsx"])
def test_an_unknown_ending_is_one_sentence_and_writes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"unknown suffix\. Use \.csv, \.parquet or \.ndjson\.$"):
        write(FRAME, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["csv", "parquet", "ndjson"])
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"folder.{ending}").mkdir()
    for path in (tmp_path / "missing" / f"a.{ending}", tmp_path / f"folder.{ending}"):
        with pytest.raises(InputError) as caught:
            write(FRAME, path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_table_that_csv_cannot_hold_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv cannot be written \(.*\)\.$"):
        write(pl.DataFrame({"a": [[1, 2]]}), tmp_path / "a.csv")


def test_text_is_told_from_numbers() -> None:
    assert [is_text(dtype) for dtype in (pl.String(), pl.Categorical(), pl.Enum(["a"]), pl.Int64(), pl.Float64(), pl.Boolean())] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
