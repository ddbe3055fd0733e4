"""The proof: on the society itself everything is recovered; intervals from drawn answers cover at their level."""

from collections.abc import Mapping

import numpy as np
import pytest

from embedded_training.dial import Dial
from embedded_training.dials import dials
from embedded_training.proof import answered, divergence, interval, proofs
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.models.scripted import Scripted

DIALS = {dial.name: dial for dial in dials()}
SOME = [DIALS[name] for name in ("fade.meta", "reveal", "typical.music", "order.values", "group.simulated")]


def society(chosen: list[Dial]) -> Scripted:
    """The planted distributions as a model."""
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
    for one in proofs(society(chosen), chosen, runs=0):
        assert one.exact == pytest.approx(one.dial.planted)
        assert one.recovered
        assert one.divergence == pytest.approx(0, abs=1e-6)
        assert one.mass == pytest.approx(1)


def test_a_model_that_knows_nothing_recovers_nothing() -> None:
    even = Scripted(lambda request: dict.fromkeys(request.choices, 1 / len(request.choices)), "even")
    lost = proofs(even, [DIALS[name] for name in ("evidence", "recall.name", "fade.chat", "signal")], runs=0)
    assert not any(one.recovered for one in lost)
    assert all(one.divergence > 0.01 for one in lost)


def test_intervals_from_drawn_answers_cover_at_their_level() -> None:
    model, covered = society(SOME), []
    for seed in range(50):
        for one in proofs(model, SOME, runs=6, seed=seed):
            assert one.low is not None
            assert one.high is not None
            covered.append(one.low <= one.dial.planted <= one.high)
    assert np.mean(covered) == pytest.approx(0.9, abs=0.05)


def test_an_estimate_has_no_bias_of_first_order() -> None:
    """A variance of few answers is too small by a known factor, which the jackknife takes out."""
    dial = DIALS["temperament"]
    dial = Dial(dial.name, dial.says, dial.cases[:40], lambda found: float(np.mean([_spread(odds) for odds in found])))
    model = society([dial])
    estimates = [one.sampled for seed in range(60) for one in proofs(model, [dial], runs=4, seed=seed)]
    assert np.mean([one for one in estimates if one is not None]) == pytest.approx(dial.planted, rel=0.04)


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
