import json
import math
import time

import pytest

from embedded_training.optimiser import PLATEAU
from embedded_training.progress import SHOWN, Progress, Sums


def test_losses_are_means_over_answers_and_tokens() -> None:
    sums = Sums(places=9, said=5, hard=10, soft=3, answers=2) + Sums(places=1, said=1, hard=2, soft=1, answers=2)
    assert (sums.places, sums.divergence, sums.surprise) == (10, 1, 2)


def test_nothing_learned_is_no_division_by_nothing() -> None:
    assert (Sums().divergence, Sums().surprise) == (0, 0)


def test_a_line_comes_now_and_then_and_at_the_end() -> None:
    progress = Progress(2 * SHOWN + 3)
    shown = [step for step in range(1, 2 * SHOWN + 4) if progress.add(Sums(tokens=10, said=1, hard=0.25))]
    assert shown == [SHOWN, 2 * SHOWN, 2 * SHOWN + 3]
    assert progress.over
    assert progress.record.items() >= {"steps": 2 * SHOWN + 3, "tokens": 10 * (2 * SHOWN + 3), "surprise": 0.25}.items()


def test_a_line_tells_of_the_steps_since_the_last_one() -> None:
    progress = Progress(3)
    assert "KL 5.0000" in progress.add(Sums(soft=5, answers=1, stops=1))
    progress.add(Sums(soft=4, answers=2))
    line = progress.add(Sums(soft=2, answers=4))
    assert "KL 1.0000 an answer" in line
    assert "step     3 of 3" in line


def test_minutes_settle_the_steps_when_the_plateau_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    progress = Progress(0, minutes=10)
    plateau = int(600 * PLATEAU)
    for second in range(1, plateau + 1):
        assert not progress.due
        now = float(second)
        progress.add(Sums())
    assert progress.due
    assert math.isinf(progress.steps)
    json.dumps(progress.record, allow_nan=False)
    progress.add(Sums(dues=1))
    assert progress.steps == round((plateau + 1) / PLATEAU)
    assert not progress.due


def test_steps_that_are_given_are_never_due() -> None:
    assert not Progress(5).due
