"""Recorded dialogues whose lines a judge has scored: what the published table says, with intervals; the figures come from plain means."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.finding import Finding
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric
from personametrics.studies.consistency import Consistency

Find = Callable[[str], Path]
SCORES = {"prompt": ("prompt_to_line", 1.0), "index": ("line_to_line", 1.0), "survey": ("reader", 5.0)}
"""By what the column is called: what was judged, and the largest score."""
NOBODY = "d41d8cd9"
"""The therapist and the teacher, who have no card: their scores are all 0."""


def scored(find: Find) -> pl.DataFrame:
    """A score a row: of each side of each dialogue."""
    table = pl.read_parquet(find("consistent_llms_dialogues/dialogues.parquet"))
    parts = [
        table.select(
            "file", "task", "regime", "rounds", persona=f"{side}_id", item=pl.col("rounds").cast(pl.String), judged=pl.lit(judged),
            run=pl.col("file") + pl.col("run").cast(pl.String) + side, answer=pl.col(f"{side}_{name}_consistency_score") / most,
        )
        for side in ("P1", "P2")
        for name, (judged, most) in SCORES.items()
    ]  # fmt: skip
    return pl.concat(parts).drop_nulls("answer").filter(pl.col("persona") != NOBODY)


def finding(find: Find, rows: pl.Expr) -> Finding:
    columns = Columns(run="run", more=("judged",))
    return Consistency().estimate(Responses.read(scored(find).filter(rows), columns, Numeric(0, 1), duplicates="runs"))


def tuned(how: str) -> pl.Expr:
    return (pl.col("task") == "chatting") & pl.col("file").str.contains(how)


@pytest.mark.parametrize(
    ("how", "prompt_to_line", "line_to_line", "reader"),
    [("sft-ppo", 0.984, 0.987, 0.779), ("sft_llama", 0.972, 0.976, 0.791), ("kto", 0.891, 0.975, 0.744)],
)
def test_the_published_table_comes_out(recorded: Find, how: str, prompt_to_line: float, line_to_line: float, reader: float) -> None:
    computed = finding(recorded, tuned(how))
    for name, value in {"prompt_to_line": prompt_to_line, "line_to_line": line_to_line, "qa.reader": reader}.items():
        assert computed[name].value == pytest.approx(value, abs=6e-4)
        assert computed[name].low < value < computed[name].high
        assert computed[name].n == 80


def test_reward_learning_is_not_told_from_imitation_and_does_not_move_answers(recorded: Find) -> None:
    rewarded, imitated = (finding(recorded, tuned(how)) for how in ("sft-ppo", "sft_llama"))
    for name in ("prompt_to_line", "qa.reader"):
        assert max(rewarded[name].low, imitated[name].low) < min(rewarded[name].high, imitated[name].high)


@pytest.mark.parametrize("how", ["kto_sft_new", "sft_new_lr", "long_mistral"])
def test_lines_agree_with_each_other_where_they_have_left_the_card(recorded: Find, how: str) -> None:
    computed = finding(recorded, pl.col("file").str.contains(how))
    assert computed["line_to_line"].value > 0.85
    assert computed["prompt_to_line"].high < 0.75
    assert computed["gap.line_to_line"].low > 0.15
    assert computed.verdict.label == "inconsistent"


def test_a_score_alone_is_said_to_be_one(recorded: Find) -> None:
    notices = finding(recorded, tuned("kto") & (pl.col("judged") == "line_to_line")).notices
    assert [notice.code for notice in notices] == ["one-measure"]


@pytest.mark.parametrize(("how", "share", "apart"), [("mistral-instruct_0_615", 0.647, True), ("kto_sft_new", 0.058, False)])
def test_how_much_of_the_scores_lies_between_personas(recorded: Find, how: str, share: float, *, apart: bool) -> None:
    rows = pl.col("file").str.contains(how) & (pl.col("judged") == "prompt_to_line")
    computed = finding(recorded, rows)
    groups = [group["answer"].to_list() for _, group in scored(recorded).filter(rows).group_by("persona")]
    within = [(a - b) ** 2 / 2 for group in groups for index, a in enumerate(group) for b in group[:index]]
    every = [(a - b) ** 2 / 2 for i, group in enumerate(groups) for other in groups[:i] for a in group for b in other]
    assert computed["variance.run.prompt_to_line"].value == pytest.approx(sum(within) / len(within))
    persona_share = computed["persona_share.prompt_to_line"]
    assert persona_share.value == pytest.approx(1 - (sum(within) / len(within)) / (sum(every) / len(every)))
    assert persona_share.value == pytest.approx(share, abs=6e-4)
    assert (persona_share.low > 0) == apart
