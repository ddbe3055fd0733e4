"""Adaptive spending: it asks every cell once, decides as seldom wrongly as it says, and stops for a reason."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.data.columns import Columns
from personametrics.data.errors import DesignError, StudyError
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric
from personametrics.elicit import adaptive
from personametrics.elicit.adaptive import Adaptive, Sizes, Step, _hope
from personametrics.stats.arrays import Floats, Ints

MOST = Sizes(16, 24, 6)


def world(signal: float, share: float, seed: int, most: Sizes = MOST) -> Floats:
    """(personas, items, runs) scores of the full grid."""
    rng, shape = np.random.default_rng(seed), (most.personas, most.items, most.runs)
    cell = np.sqrt(signal * share) * rng.standard_normal((shape[0], 1, 1)) + np.sqrt(signal * (1 - share)) * rng.standard_normal(
        (*shape[:2], 1)
    )
    return np.asarray(cell + np.sqrt(1 - signal) * rng.standard_normal(shape))


def read(answers: Floats, requests: Ints) -> Responses:
    columns = {"persona": requests[:, 0], "item": requests[:, 1], "run": requests[:, 2]}
    return Responses.read(pl.DataFrame({**columns, "answer": answers[tuple(requests.T)]}), Columns(run="run"), Numeric())


def play(plan: Adaptive, answers: Floats, see: Callable[[Step], Any] = lambda _: None) -> tuple[Step, Ints]:
    """Ask until it is over."""
    step = plan.start()
    asked = step.request
    while len(step.request):
        see(step)
        step = plan.next(read(answers, asked), step)
        asked = np.concatenate([asked, step.request])
    return step, asked


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.1, 0.9), st.floats(0, 1), st.integers(0, 999), st.integers(1, 6), st.sampled_from([None, Sizes(5, 6, 2), Sizes(16, 4, 3)])
)
def test_whatever_happens_nothing_is_asked_twice_and_looks_are_as_declared(
    signal: float, share: float, seed: int, looks: int, first: Sizes | None
) -> None:
    plan = Adaptive(MOST, first, looks=looks, seed=seed)
    step, asked = play(plan, world(signal, share, seed))
    assert len(np.unique(asked, axis=0)) == len(asked) == step.sizes.calls <= MOST.calls
    assert (asked.max(0) < [MOST.personas, MOST.items, MOST.runs]).all()
    assert 1 <= len(step.looks) <= looks
    fractions = [look.fraction for look in step.looks]
    assert fractions == sorted(fractions)
    assert all(look.level >= 0.9 - 1e-9 for look in step.looks)
    assert step.reason
    assert not any(look.decided for look in step.looks[:-1])


def test_a_panel_ended_early_is_a_random_sample_of_items_that_the_seed_repeats() -> None:
    first, again, other = (Adaptive(MOST, seed=seed).start().request for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert set(first[:, 1]) != set(other[:, 1])
    assert set(first[:, 0]) == set(range(16))
    assert {len(set(first[:, axis])) for axis in (1, 2)} == {8, 2}


@pytest.mark.parametrize(("signal", "side"), [(0.9, 1), (0.1, -1)])
def test_a_clear_panel_is_decided_early_and_rightly(signal: float, side: int) -> None:
    steps = [play(Adaptive(MOST), world(signal, 0.3, seed))[0] for seed in range(10)]
    assert {step.reason for step in steps} == {"decided"}
    assert all(np.sign(step.looks[-1].signal.value - 0.5) == side for step in steps)
    assert np.mean([step.sizes.calls for step in steps]) < 0.5 * MOST.calls


def test_wrong_decisions_are_as_rare_as_promised() -> None:
    """At a signal of ½ every decision is wrong: 10 % may be, and three standard errors of 120 panels."""
    small = Sizes(16, 16, 4)
    steps = [play(Adaptive(small, looks=4, hopeless=0.0), world(0.5, 0.2, seed, small))[0] for seed in range(120)]
    wrong = np.mean([step.reason == "decided" for step in steps])
    assert wrong <= 0.1 + 3 * np.sqrt(0.09 / 120)


def test_looks_at_the_nominal_level_would_decide_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without error spending the same panels are decided wrongly more often, so that the test above can fail."""
    small = Sizes(16, 16, 4)

    def wrong() -> float:
        return float(
            np.mean(
                [play(Adaptive(small, looks=4, hopeless=0.0), world(0.5, 0.2, seed, small))[0].reason == "decided" for seed in range(40)]
            )
        )

    honest = wrong()
    monkeypatch.setattr(adaptive, "bounds", lambda fractions, *_: np.full(len(fractions), 1.6449))
    assert wrong() > honest + 0.05


@pytest.mark.parametrize(
    ("signal", "share", "first", "grown"),
    [
        (0.12, 0.0, Sizes(60, 8, 2), lambda to: to.runs > 2),
        (0.9, 0.0, Sizes(60, 8, 2), lambda to: to.runs == 2 and to.items > 14),
        (0.9, 0.9, Sizes(12, 8, 2), lambda to: to.personas > 30 and to.items <= 10),
    ],
    ids=["noise: runs", "persona × item: items", "main effect: personas, where there are more"],
)
def test_calls_go_where_they_narrow_most(signal: float, share: float, first: Sizes, grown: Callable[[Sizes], bool]) -> None:
    most = Sizes(60, 60, 12)
    plan = Adaptive(most, first, looks=6, level=0.9999, hopeless=0.0)
    step = plan.start()
    step = plan.next(read(world(signal, share, 5, most), step.request), step)
    assert not step.reason
    assert grown(step.sizes)


def test_it_gives_up_only_where_the_full_grid_would_hardly_decide() -> None:
    stubborn, sensible = Adaptive(MOST, hopeless=0.0), Adaptive(MOST)
    spared = lost = 0
    for seed in range(25):
        answers = world(0.5, 0.7, seed)
        step, asked = play(sensible, answers)
        if step.reason == "even all planned requests would probably not give a verdict":
            spared += MOST.calls - len(asked)
            lost += play(stubborn, answers)[0].reason == "decided"
    assert spared > 3 * MOST.calls
    assert lost <= 3


def test_hope_is_the_chance_that_a_going_trend_ends_beyond_the_bound() -> None:
    z, fraction, bound = 1.1, 0.4, 1.7
    rest = np.random.default_rng(0).standard_normal(200_000) * np.sqrt(1 - fraction)
    end = z * np.sqrt(fraction) + z / np.sqrt(fraction) * (1 - fraction) + rest
    assert _hope(z, fraction, bound) == pytest.approx((np.abs(end) > bound).mean(), abs=0.005)
    assert _hope(-z, fraction, bound) == pytest.approx(_hope(z, fraction, bound))


def test_answers_that_never_vary_decide_for_persona() -> None:
    answers = np.broadcast_to(np.arange(16.0)[:, None, None] % 5, (16, 24, 6))
    step, asked = play(Adaptive(MOST), answers)
    assert (step.reason, len(asked)) == ("decided", 16 * 8 * 2)
    assert step.looks[-1].signal.value == 1


def test_missing_answers_and_conditions_do_not_stop_it() -> None:
    requests = Adaptive(MOST).start().request
    frame = pl.DataFrame({"persona": requests[:, 0], "item": requests[:, 1], "run": requests[:, 2]})
    rng = np.random.default_rng(0)
    both = pl.concat([frame.with_columns(wording=pl.lit(word)) for word in "ab"])
    both = both.with_columns(answer=pl.Series(rng.integers(0, 3, len(both)).astype(str))).with_columns(
        answer=pl.when(pl.col("run") + pl.col("item") == 3).then(None).otherwise("answer")
    )
    responses = Responses.read(both, Columns(run="run", condition=("wording",)), Nominal(("0", "1", "2")))
    plan = Adaptive(MOST)
    step = plan.next(responses, plan.start())
    assert step.looks[0].signal.high < 0.5
    assert step.reason == "decided"


def test_label_probabilities_need_one_run() -> None:
    plan = Adaptive(Sizes(16, 24, 1), Sizes(16, 8, 1))
    step = plan.start()
    requests = step.request
    p = 0.5 + 0.04 * np.cos(np.arange(16))[requests[:, 0]]
    frame = pl.DataFrame({"persona": requests[:, 0], "item": requests[:, 1], "yes": p, "no": 1 - p})
    step = plan.next(Responses.read(frame, Columns(probabilities=("yes", "no")), Nominal(("yes", "no"))), step)
    assert step.reason == "decided"


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(DesignError, match="the first block has 1 of the 16 personas"):
        Adaptive(MOST, Sizes(1, 8, 2)).start()
    with pytest.raises(DesignError, match="the first block has 7 of the 6 runs"):
        Adaptive(MOST, Sizes(16, 8, 7)).start()
    with pytest.raises(StudyError, match="looks must be at least 1"):
        Adaptive(MOST, looks=0).start()
    once = Adaptive(MOST, Sizes(16, 8, 1))
    step = once.start()
    with pytest.raises(DesignError, match="one run of each request cannot show noise"):
        once.next(read(world(0.5, 0.5, 0), step.request), step)
