"""Traps are noticed in data that have them, and not in other data."""

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.measures.traps import notices

RNG = np.random.default_rng(0)


def panel(personas: int = 20, items: int = 8, runs: int = 4) -> pl.DataFrame:
    """An ordinary panel: personas differ, runs are independent."""
    p, i, r = np.indices((personas, items, runs)).reshape(3, -1)
    y = np.clip(np.round(3 + RNG.normal(size=(personas, items))[p, i] + 0.7 * RNG.normal(size=len(p))), 1, 5).astype(int)
    return pl.DataFrame({"persona": p, "item": i, "run": r, "answer": y})


def codes(frame: pl.DataFrame, scale: Ordinal | None = None, **columns: object) -> set[str]:
    responses = Responses.read(frame, Columns(run="run", **columns), scale)  # type: ignore[arg-type]
    return {notice.code for notice in notices(responses)}


def test_an_ordinary_panel_has_no_notice() -> None:
    assert codes(panel()) == set()


def test_answers_outside_the_scale() -> None:
    assert "outside-scale" in codes(panel(), Ordinal(("1", "2", "3", "4")))


@pytest.mark.parametrize("missing_code", [-1, -9, 99])
def test_a_code_for_missing_left_in(missing_code: int) -> None:
    frame = panel().with_columns(pl.when(pl.col("run") == 0).then(missing_code).otherwise("answer").alias("answer"))
    assert "missing-code" in codes(frame)
    assert "missing-code" not in codes(frame, Ordinal(tuple(str(n) for n in [*range(1, 6), missing_code])))


def test_a_scale_around_zero_is_no_code() -> None:
    assert "missing-code" not in codes(panel().with_columns(answer=pl.col("answer") - 3))


def test_missing_answers_that_depend_on_the_persona() -> None:
    lost = (pl.col("persona") < 4) & (pl.col("run") > 0)
    assert "missing-by-persona" in codes(panel().with_columns(answer=pl.when(~lost).then("answer")))
    frame = panel()
    random = pl.Series(RNG.random(len(frame)) < 0.1)
    assert "missing" in codes(frame.with_columns(answer=pl.when(~random).then("answer")))


def test_surplus_runs() -> None:
    frame = panel()
    more = frame.filter((pl.col("persona") == 0) & (pl.col("item") == 0)).with_columns(run=pl.col("run") + 10)
    assert "surplus-runs" in codes(pl.concat([frame, more]))


def test_personas_drawn_anew_for_each_run() -> None:
    redrawn = panel().with_columns(age=(pl.col("persona") * 7 + pl.col("run") * 3) % 5)
    assert "redrawn-personas" in codes(redrawn)
    assert "redrawn-personas" in codes(redrawn, attributes=("age",))
    assert "redrawn-personas" not in codes(panel().with_columns(age=pl.col("persona") % 5, seed=pl.col("run") + 40))
    assert "redrawn-personas" not in codes(panel().with_columns(key=pl.format("{}-{}", "persona", "run"), tokens=pl.col("answer") * 10))


def test_runs_that_share_a_wording() -> None:
    shift = RNG.normal(size=(8, 4))
    frame = panel()
    moved = frame["answer"] + np.round(1.5 * shift[frame["item"].to_numpy(), frame["run"].to_numpy()]).astype(int)
    assert "shared-runs" in codes(frame.with_columns(answer=moved))


def test_one_condition_is_said() -> None:
    assert "one-condition" in codes(panel().with_columns(wording=pl.lit("w")), condition=("wording",))
