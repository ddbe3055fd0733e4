"""The command line as a stranger runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest

from personametrics.data.card import card_schema
from personametrics.data.world import simulate

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the program in an empty folder."""

    def go(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", "from personametrics.cli import main; main()", *arguments]
        wide = os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=wide, timeout=60, check=False)

    return go


@pytest.fixture
def table(tmp_path: Path) -> pl.DataFrame:
    """answers.csv: ratings 1 to 5 of two models, one steered by its personas and one not, with -1 where there is no answer."""
    rng = np.random.default_rng(1)
    frames = []
    for model, world in (("steered", {"persona": 0.5, "persona:item": 0.7, "run": 0.1}), ("noisy", {"persona": 0.02, "run": 1.0})):
        frame = simulate({"item": 0.3} | world, {"persona": 12, "item": 8, "run": 4}).frame
        rating = (pl.col("answer") * 1.2 + 3).round().clip(1, 5).cast(pl.Int64)
        lost = pl.Series(rng.random(len(frame)) < 0.03)
        frames.append(frame.select("persona", "item", "run", rating=pl.when(lost).then(-1).otherwise(rating), model=pl.lit(model)))
    both = pl.concat(frames)
    both.write_csv(tmp_path / "answers.csv")
    return both


USUAL = ("measure", "answers.csv", "--run", "run", "--answer", "rating", "--missing", "-1")
STEERED = (*USUAL, "--where", "model=steered")


@pytest.mark.usefixtures("table")
def test_the_card_in_a_terminal(run: Run) -> None:
    result = run(*STEERED)
    assert result.returncode == 0, result.stderr
    assert "persona dominates" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    for name in ("signal", "component.persona:item", "g.phi", "missing"):
        assert name in result.stdout


@pytest.mark.usefixtures("table")
def test_json_and_nothing_else(run: Run) -> None:
    result = run(*STEERED, "--json")
    card = json.loads(result.stdout)
    jsonschema.validate(card, card_schema())
    names = {estimate["name"] for estimate in card["findings"][0]["estimates"]}
    assert {"signal", "disagreement.rerun", "disagreement.persona", "component.persona", "component.item"} <= names
    assert {"component.persona:item", "component.run", "reliability.k=5", "g.phi", "p.permutation", "share.never_varying"} <= names
    assert card["provenance"]["missing"] == ["-1"]


@pytest.mark.usefixtures("table")
def test_one_card_per_value_and_a_table(run: Run) -> None:
    cards = json.loads(run(*USUAL, "--by", "model", "--json").stdout)["cards"]
    labels = {card["title"]: card["findings"][0]["verdict"]["label"] for card in cards}
    assert labels == {"noisy": "model uncertainty dominates", "steered": "persona dominates"}
    shown = run(*USUAL, "--by", "model").stdout
    assert "noisy" in shown
    assert "steered" in shown


@pytest.mark.usefixtures("table")
def test_files_that_were_asked_for(run: Run, tmp_path: Path) -> None:
    result = run(*STEERED, "--html", "out/card.html", "--latex", "card.tex", "--markdown", "card.md", "--figures", "figures")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out/card.html").read_text().lower().startswith("<!doctype html>")
    assert "\\toprule" in (tmp_path / "card.tex").read_text()
    assert "| signal" in (tmp_path / "card.md").read_text()
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg", ".pdf", ".png"}


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(("bar", "code"), [("signal.low=0.5", 0), ("signal.low=0.99", 1), ("signal=0.99", 1), ("g.rho.high=0.1", 0)])
def test_fail_under(run: Run, bar: str, code: int) -> None:
    result = run(*STEERED, "--fail-under", bar)
    assert result.returncode == code
    assert ("below --fail-under" in result.stderr) == bool(code)


@pytest.mark.usefixtures("table")
def test_an_undefined_estimate_is_below_any_bar(run: Run) -> None:
    assert run(*STEERED, "--where", "run=0", "--fail-under", "signal.low=-9").returncode == 1


def test_people_beside_the_panel(run: Run, table: pl.DataFrame, tmp_path: Path) -> None:
    people = simulate({"item": 0.3, "persona:item": 0.7}, {"persona": 40, "item": 8, "run": 1}).frame
    people.select(
        respondent="persona", item="item", y=(pl.col("answer") * 1.2 + 3).round().clip(1, 5), side=pl.col("persona") % 2
    ).write_parquet(tmp_path / "humans.parquet")
    panel = table.filter(pl.col("model") == "steered").with_columns(party=pl.col("persona") % 2)
    panel.write_ndjson(tmp_path / "panel.ndjson")
    result = run(
        "measure", "panel.ndjson", *USUAL[2:], "--human", "humans.parquet", "--human-answer", "y", "--match", "party=side", "--json"
    )
    assert result.returncode == 0, result.stderr
    finding = json.loads(result.stdout)["findings"][1]
    assert finding["study"] == "fidelity"
    assert {"distance.tv", "floor.tv", "ceiling.tv", "difference.slope", "spread.ratio", "tracking.persona"} <= {
        estimate["name"] for estimate in finding["estimates"]
    }


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "missing column": (("measure", "answers.csv", "--persona", "person"), 'no column "person". Did you mean "persona"'),
    "no such file": (("measure", "nothing.csv"), "nothing.csv does not exist"),
    "empty file": (("measure", "empty.csv"), "empty.csv is empty"),
    "a directory": (("measure", "."), "is a directory"),
    "text on a numeric scale": ((*STEERED, "--answer", "model", "--scale", "numeric"), 'is "steered", which is not a number'),
    "words without order": ((*STEERED, "--answer", "model"), "order of the answers is unknown"),
    "one persona": ((*STEERED, "--where", "persona=3"), 'only one persona, "3"'),
    "one item": ((*STEERED, "--where", "item=3"), 'only one item, "3"'),
    "no rows left": ((*STEERED, "--where", "persona=99"), "no rows that meet model=steered and persona=99"),
    "not utf-8": (("measure", "latin.csv"), "is not UTF-8 text"),
    "truncated parquet": (("measure", "cut.parquet"), "cannot be read: it is damaged"),
    "duplicates": ((*USUAL,), "rows repeat the run of another row"),
    "no scale": ((*STEERED, "--scale", "likert"), '"likert" is not a scale'),
    "unknown estimate": ((*STEERED, "--fail-under", "signl.low=0.5"), 'no estimate "signl". Did you mean "signal"'),
    "no bar": ((*STEERED, "--fail-under", "signal.low"), "is not of the form"),
    "match without humans": ((*STEERED, "--match", "a=b"), "--match needs --human"),
    "a level of 90": ((*STEERED, "--level", "90"), "--level must be between 0 and 1, but is 90"),
    "unwritable": ((*STEERED, "--html", "/proc/none/card.html"), "cannot be written"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(run: Run, table: pl.DataFrame, tmp_path: Path, case: str) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "latin.csv").write_bytes("persona,item,answer\nJosé,a,1\n".encode("latin1"))
    table.write_parquet(tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:500])
    arguments, message = BAD[case]
    result = run(*arguments)
    assert result.returncode == 2, result.stdout + result.stderr
    assert message in result.stderr
    assert result.stderr.startswith("personametrics: ")
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
    assert not result.stdout


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "=HYPERLINK(1)", "[red]x[/red]", "\\input{x}", "a|b", "☃" * 40])
def test_hostile_names_stay_text(run: Run, table: pl.DataFrame, tmp_path: Path, text: str) -> None:
    named = table.with_columns(persona=pl.when(pl.col("persona") == 3).then(pl.lit(text)).otherwise(pl.col("persona").cast(pl.String)))
    named.write_parquet(tmp_path / "named.parquet")
    result = run("measure", "named.parquet", *STEERED[2:], "--html", "card.html", "--latex", "card.tex", "--markdown", "card.md")
    assert result.returncode == 0, result.stderr
    assert "<script>alert" not in (tmp_path / "card.html").read_text()
    assert "\\input{x}" not in (tmp_path / "card.tex").read_text()


def test_help_names_every_option(run: Run) -> None:
    shown = run("measure", "--help").stdout
    for option in ("--persona", "--by", "--human-respondent", "--fail-under", "--price", "--duplicates"):
        assert option in shown
    assert run("--version").stdout.strip().count(".") == 2
    assert "measure" in run().stdout + run().stderr


def test_interrupting_leaves_no_traceback(tmp_path: Path) -> None:
    rows = 400_000
    frame = pl.DataFrame(
        {"persona": np.arange(rows) % 200, "item": np.arange(rows) // 200 % 100, "answer": np.random.default_rng(0).normal(size=rows)}
    )
    frame.write_csv(tmp_path / "big.csv")
    command = [
        sys.executable,
        "-c",
        "from personametrics.cli import main; main()",
        "measure",
        "big.csv",
        "--scale",
        "numeric",
        "--figures",
        "f",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    time.sleep(1.2)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "Traceback" not in output


def test_sources_are_printed_or_refused(run: Run) -> None:
    assert "Generalizability Theory" in run("cite", "brennan2001").stdout
    assert 'Unknown source "brenan2001". Did you mean "brennan2001"' in run("cite", "brenan2001").stderr
    assert json.loads(run("schema").stdout) == card_schema()


def test_the_demo_shows_truth_beside_both_cards(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--out", "here")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("Known truth:") == 2
    assert (tmp_path / "here" / "card.html").stat().st_size > 100_000
    assert str(tmp_path / "here" / "card.html") in result.stdout.replace("\n", "")


def test_panels_that_cannot_be_measured_do_not_hide_the_others(run: Run, table: pl.DataFrame, tmp_path: Path) -> None:
    extra = table.head(3).with_columns(model=pl.lit("a b "), persona=pl.lit(0))
    nobody = table.head(2).with_columns(model=pl.lit(None, dtype=pl.String))
    pl.concat([table, extra, nobody], how="vertical_relaxed").write_parquet(tmp_path / "some.parquet")
    result = run("measure", "some.parquet", *USUAL[2:], "--by", "model", "--json")
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["cards"]) == 2
    assert "a b  cannot be measured: " in result.stderr
    assert "2 rows lack a value of model and are left out" in result.stderr


@pytest.mark.usefixtures("table")
def test_reliabilities_have_a_bar_too(run: Run) -> None:
    assert run(*STEERED, "--fail-under", "reliability.k=3.low=0.1").returncode == 0
    assert run(*STEERED, "--fail-under", "signal.low=nan").returncode == 2


@pytest.mark.usefixtures("table")
def test_links_are_written_through(run: Run, tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "link.md").symlink_to(tmp_path / "real.md")
    assert run(*STEERED, "--markdown", "link.md").returncode == 0
    assert (tmp_path / "link.md").is_symlink()
    assert "signal" in (tmp_path / "real.md").read_text()
    for bad in (("--html", "."), ("--figures", "real.md")):
        result = run(*STEERED, *bad)
        assert result.returncode == 2
        assert "Traceback" not in result.stderr
