"""Tests of dials: planted values equal the settings, and statistics are right on constructed distributions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_training.dial import mean, ratio_of_spreads, share, signal, spread, step
from embedded_training.dials import dials
from personametrics.models.embedded.society import talk
from personametrics.models.embedded.society.instruments import AGREEMENT
from personametrics.models.embedded.society.society import PLANTED
from personametrics.stats import from_answers, pairs
from personametrics.stats import signal as estimated

DIALS = {dial.name: dial for dial in dials()}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resistance", PLANTED.resistance),
        ("evidence", PLANTED.evidence),
        ("evidence.control", 1.0),
        ("expertise", PLANTED.expert),
        ("overconfidence", PLANTED.overconfidence),
        ("group.known", 0.0),
        ("reveal", PLANTED.reveal),
        ("reveal.written", PLANTED.honest),
        ("typical.music", PLANTED.typical),
        ("return", 1 - talk.RETURN),
        ("reminded", 1 - talk.REMINDED),
        *((f"recall.{fact}", PLANTED.recall) for fact in talk.ASKED),
        *((f"fade.{kind}", hazard) for kind, hazard in talk.FADING.items()),
        *((f"pressure.{name}", 1 - (1 - talk.FADING["chat"]) * (1 - fading)) for name, (_, fading) in talk.PRESSURE.items()),
    ],
)
def test_what_is_planted_is_what_is_set(name: str, value: float) -> None:
    assert DIALS[name].planted == pytest.approx(value, abs=1e-6)


def test_effects_without_a_number_of_their_own_point_where_they_should() -> None:
    planted = {name: dial.planted for name, dial in DIALS.items()}
    assert planted["wording.formal"] > 0.1
    assert planted["wording.blunt"] < -0.1
    assert planted["order"] > 0.1
    assert planted["outlook"] > 0.1
    assert min(planted["temperament"], planted["bare"]) > 1.5
    assert planted["convinced"] < 0.8
    assert planted["schooling"] < -0.15
    assert planted["group.simulated"] > 0.03
    assert planted["collapse"] > 0.85
    assert planted["order.values"] == pytest.approx(math.tanh(PLANTED.first / 2))


def test_people_of_the_dials_are_held_out_where_they_should_be() -> None:
    cards = {name: {case.request.messages[0].text for case in DIALS[name].cases} for name in ("signal", "signal.new-people")}
    assert not cards["signal"] & cards["signal.new-people"]


def test_choices_are_what_may_be_said() -> None:
    for dial in DIALS.values():
        for case in dial.cases:
            assert set(case.request.choices) == set(case.truth)
            assert sum(case.truth.values()) == pytest.approx(1)
            assert case.request.score
            assert case.request.messages[-1].role == "user"


@given(st.lists(st.floats(0.01, 1), min_size=5, max_size=5))
def test_mean_and_spread_are_those_of_positions(weights: list[float]) -> None:
    shares = np.array(weights) / sum(weights)
    odds = dict(zip(AGREEMENT.labels, shares, strict=True))
    assert mean(odds) == pytest.approx(shares @ np.arange(5))
    assert spread(odds) == pytest.approx(shares @ np.arange(5) ** 2 - (shares @ np.arange(5)) ** 2)


def test_the_signal_is_that_of_answers_drawn_without_end() -> None:
    rng = np.random.default_rng(1)
    people, items, runs = 6, 4, 4000
    shares = rng.dirichlet(np.ones(5), (people, items))
    odds = [dict(zip(AGREEMENT.labels, map(float, shares[p, i]), strict=True)) for p in range(people) for i in range(items)]
    p, i, _ = np.indices((people, items, runs)).reshape(3, -1)
    drawn = (rng.random((people, items, runs, 1)) > shares.cumsum(-1)[:, :, None, :-1]).sum(-1).ravel()
    slow = estimated(pairs(from_answers(["persona", "item"], [p, i], drawn.astype(float))).whole())
    assert signal(items)(odds) == pytest.approx(float(slow), abs=0.01)


def test_halves_are_compared() -> None:
    sure, unsure = {"agree": 1.0}, {"agree": 0.5, "neutral": 0.5}
    assert step(mean)([sure, unsure]) == pytest.approx(0.5)
    assert ratio_of_spreads([unsure, {"agree": 0.5, "strongly disagree": 0.5}]) == pytest.approx(0.25 / 2.25)
    assert share(["agree"])(unsure) == 0.5
