"""Tests of proofs: the society recovers all its dials, and intervals from drawn answers have nominal coverage."""

from collections.abc import Mapping

import numpy as np
import pytest

from embedded_training.dial import Dial
from embedded_training.dials import dials
from embedded_training.proof import answered, divergence, interval, proofs
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.models.function import Scripted

DIALS = {dial.name: dial for dial in dials()}
SOME = [DIALS[name] for name in ("fade.meta", "reveal", "typical.music", "order.values", "group.simulated")]


def society(chosen: list[Dial]) -> Scripted:
    """Return the planted distributions as a model."""
    truth = {case.request.messages: case.truth for dial in chosen for case in dial.cases}

    def answer(request: Request) -> Reply | Mapping[str, float]:
        odds = truth[request.messages]
        if request.score:
            return dict(odds)
        rng = np.random.default_rng(request.seed("society"))
        return Reply(str(rng.choice(list(odds), p=np.array(list(odds.values())) / sum(odds.values()))))

    return Scripted(answer, "society")


def test_the_society_recovers_itself() -> None:
    chosen = list(DIALS.values())
    for proof in proofs(society(chosen), chosen, runs=0):
        assert proof.exact == pytest.approx(proof.dial.planted)
        assert proof.recovered
        assert proof.divergence == pytest.approx(0, abs=1e-6)
        assert proof.mass == pytest.approx(1)


def test_a_model_that_knows_nothing_recovers_nothing() -> None:
    even = Scripted(lambda request: dict.fromkeys(request.choices, 1 / len(request.choices)), "even")
    lost = proofs(even, [DIALS[name] for name in ("evidence", "recall.name", "fade.chat", "signal")], runs=0)
    assert not any(proof.recovered for proof in lost)
    assert all(proof.divergence > 0.01 for proof in lost)


def test_intervals_from_drawn_answers_cover_at_their_level() -> None:
    model, covered = society(SOME), []
    for seed in range(50):
        for proof in proofs(model, SOME, runs=6, seed=seed):
            assert proof.low is not None
            assert proof.high is not None
            covered.append(proof.low <= proof.dial.planted <= proof.high)
    assert np.mean(covered) == pytest.approx(0.9, abs=0.05)


def test_an_estimate_has_no_bias_of_first_order() -> None:
    """The variance of few answers is too small by a known factor, which the jackknife removes."""
    dial = DIALS["temperament"]
    dial = Dial(dial.name, dial.says, dial.cases[:40], lambda distributions: float(np.mean([_spread(odds) for odds in distributions])))
    model = society([dial])
    estimates = [proof.sampled for seed in range(60) for proof in proofs(model, [dial], runs=4, seed=seed)]
    assert np.mean([estimate for estimate in estimates if estimate is not None]) == pytest.approx(dial.planted, rel=0.04)


def _spread(odds: Mapping[str, float]) -> float:
    places = dict(zip(("strongly disagree", "disagree", "neutral", "agree", "strongly agree"), range(5), strict=True))
    mean = sum(share * places[label] for label, share in odds.items())
    return sum(share * (places[label] - mean) ** 2 for label, share in odds.items())


def test_an_interval_of_answers_that_never_differ_has_no_width() -> None:
    dial = DIALS["fade.chat"]
    runs = [["It was a long day at the house."] * len(dial.cases)] * 3
    assert interval(dial, runs) == (0.0, 0.0, 0.0)


def test_divergence_is_that_of_kullback_and_leibler() -> None:
    assert divergence({"a": 0.5, "b": 0.5}, {"a": 0.25, "b": 0.75}) == pytest.approx(0.5 * np.log(2) + 0.5 * np.log(2 / 3))


def test_a_failed_answer_is_not_passed_over() -> None:
    failing = Scripted(lambda _: Reply(outcome="failed", detail="No room."), "failing")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="No room"):
        answered(failing, [SOME[0].cases[0].request])
