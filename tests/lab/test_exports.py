"""A run for other programs: what is exported is the run, read back by whoever it is for."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from worlds import ITEMS, PEOPLE, World, items, mind, planned, request

from personametrics.data.errors import InputError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.lab.audit import Audit
from personametrics.lab.exports import FORMATS, export


def trouble(asked: Request) -> Reply:
    """A world in which the first persona is filtered, and the second fails at the first item."""
    if "Ada" in asked.messages[0].text:
        return Reply("", ReplyOutcome.REFUSED, finish="content_filter", tokens_in=5, tokens_out=0)
    if "Bela" in asked.messages[0].text and "i0" in asked.messages[-1].text:
        return Reply(outcome=ReplyOutcome.FAILED, detail="503: away")
    return mind(asked)


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Audit:
    run = planned(tmp_path / "run", conditions={"order": ["given", "reversed"]}, controls={"irrelevant": 2})
    request(run, World(trouble))
    return run


def test_a_table_is_read_back_as_it_is(run: Audit) -> None:
    whole = run.table
    assert_frame_equal(pl.read_parquet(export(run, "parquet")), whole)
    path = export(run, "csv")
    assert path == run.folder / "answers.csv"
    read = pl.read_csv(path, schema=whole.schema)
    assert_frame_equal(read.with_columns(pl.col(pl.String).fill_null("")), whole.with_columns(pl.col(pl.String).fill_null("")))


def test_inspect_reads_its_log(run: Audit, tmp_path: Path) -> None:
    log_module = pytest.importorskip("inspect_ai.log")
    log: Any = log_module.read_eval_log(str(export(run, "inspect", tmp_path / "log.json")))
    frame = run.table
    assert log.status == "error"  # some asks failed
    assert log.eval.model == run.session.model.id
    assert log.eval.config.epochs == 2
    assert len(log.samples) == len(frame)
    assert len({(sample.id, sample.epoch) for sample in log.samples}) == len(frame)
    by_place = {
        (
            sample.metadata["arm"],
            sample.metadata["persona"],
            sample.metadata["item"],
            sample.metadata["order"],
            str(sample.epoch - 1),
        ): sample
        for sample in log.samples
    }
    for row in frame.iter_rows(named=True):
        sample = by_place[row["arm"], row["persona"], row["item"], row["order"], row["run"]]
        if row["outcome"] == "failed":
            assert sample.error.message == "503: away"
            continue
        assert sample.error is None
        assert sample.output.completion == (row["text"] or "")
        assert sample.output.usage.input_tokens == row["tokens_in"]
        assert sample.output.choices[0].stop_reason == ("content_filter" if row["outcome"] == "refused" else "unknown")
    assert by_place["none", "(no persona)", "i0", "given", "0"].input[0].role == "user"


def test_a_whole_run_is_a_success_to_inspect(tmp_path: Path) -> None:
    log_module = pytest.importorskip("inspect_ai.log")
    run = planned(tmp_path, score=True, runs=5)
    request(run)
    log: Any = log_module.read_eval_log(str(export(run, "inspect")))
    assert (log.status, log.eval.config.epochs) == ("success", 1)
    assert sum(log.samples[0].metadata["probabilities"].values()) == pytest.approx(1)


def test_inspect_is_told_the_runs_that_adaptive_asking_came_to(tmp_path: Path) -> None:
    log_module = pytest.importorskip("inspect_ai.log")
    run = planned(tmp_path, adaptive=True, runs=9)
    request(run, World(lambda request: request.choices[len(request.messages[0].text) % 5]))
    log: Any = log_module.read_eval_log(str(export(run, "inspect")))
    assert log.eval.config.epochs == 2
    assert log.status == "success"


def test_samples_of_inspect_have_names_of_their_own_whatever_the_ids_hold(tmp_path: Path) -> None:
    people = [Persona(name, f"You are {name}.") for name in ("a/b", "a", "a%2Fb")]
    run = planned(tmp_path, people, items(1, name="b/c") + items(1, name="c"), controls={"none": False, "irrelevant": 0})
    request(run)
    samples = json.loads(export(run, "inspect").read_text())["samples"]
    assert len({(sample["id"], sample["epoch"]) for sample in samples}) == len(samples)


@pytest.mark.parametrize("to", FORMATS)
def test_what_cannot_be_written_is_said_in_one_sentence(run: Audit, to: str, tmp_path: Path) -> None:
    path = tmp_path / "no" / "folder" / FORMATS[to]
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))} cannot be written \(.*\)\.$"):
        export(run, to, path)


@pytest.mark.parametrize(("to", "name"), [("csv", "a.parquet"), ("parquet", "a.csv"), ("inspect", "a.csv"), ("parquet", "a")])
def test_a_file_is_what_its_name_says(run: Audit, to: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"does not end in .*{to}"):
        export(run, to, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_texts_of_the_model_are_inert_in_a_spreadsheet(tmp_path: Path) -> None:
    run = planned(tmp_path / "run", PEOPLE[:2], ITEMS[:2], controls={"none": False, "irrelevant": 0})
    request(run, World(lambda _: "=cmd()"))
    assert pl.read_csv(export(run, "csv"))["text"].unique().to_list() == ["'=cmd()"]
