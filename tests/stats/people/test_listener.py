from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from personametrics.stats.arrays import Floats
from personametrics.stats.people.listener import UPDATES, Speaker, Update, comparators, listener_step

FIRST = np.log([[0.5, 0.3, 0.1, 0.1], [0.1, 0.6, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]])
SECOND = np.log([[0.4, 0.4, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1], [0.2, 0.2, 0.3, 0.3]])
WEIGHTS = st.floats(0, 10)


@st.composite
def speakers(draw: st.DrawFn) -> Floats:
    """(I, V) log S0; some words are never said, but everybody says something."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6))
    shares = draw(arrays(float, shape, elements=st.sampled_from([0.0, 1e-6, 0.1, 0.5, 1.0, 3.0])))
    shares[:, draw(st.integers(0, shape[1] - 1))] += 0.2
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(shares / shares.sum(1, keepdims=True)))


def said(alpha: float, beta: float, update: Update) -> tuple[Floats, Floats, Floats]:
    """Word probabilities of two steps with the likelier word, and the listener's belief after the first."""
    speaker = Speaker(alpha, beta, update)
    first = speaker(FIRST, None)
    second = speaker(SECOND, int(first.argmax()))
    return np.exp(first), np.exp(second), np.zeros(3) if speaker.prior is None else np.exp(speaker.prior)


@pytest.mark.parametrize(
    ("alpha", "beta", "update", "first", "second"),
    [
        (2, 1, "listener", (0.857887, 0.101234, 0.016392, 0.024487), (0.371695, 0.563041, 0.032632, 0.032632)),
        (2, 1, "uniform", (0.857887, 0.101234, 0.016392, 0.024487), (0.214582, 0.740088, 0.022665, 0.022665)),
        (8, 1, "listener", (0.999004,), (0.159419, 0.839369, 0.000606, 0.000606)),
        (2, 0.5, "listener", (0.723543, 0.182015, 0.042073, 0.052369), (0.359844, 0.529905, 0.055126, 0.055126)),
        (0, 1, "listener", (0.5, 0.3, 0.1, 0.1), (0.4, 0.4, 0.1, 0.1)),
    ],
)
def test_two_steps_equal_an_independent_computation(
    alpha: float, beta: float, update: Update, first: tuple[float, ...], second: tuple[float, ...]
) -> None:
    states, other, _ = said(alpha, beta, update)
    np.testing.assert_allclose(states[: len(first)], first, atol=6e-7)
    np.testing.assert_allclose(other, second, atol=6e-7)


def test_the_listener_keeps_its_belief() -> None:
    np.testing.assert_allclose(said(2, 1, "listener")[2], (0.588235, 0.117647, 0.294118), atol=6e-7)
    speaker = Speaker()
    for base, word in ((FIRST, None), (SECOND, 0), (SECOND, 1)):
        speaker(base, word)
    assert speaker.prior is not None
    np.testing.assert_allclose(np.exp(speaker.prior), (0.769231, 0.038462, 0.192308), atol=6e-7)


def test_the_pragmatic_listener_uses_the_speakers_probabilities() -> None:
    speaker = Speaker(2, 1, "speaker")
    rows = np.exp([listener_step(np.roll(FIRST, -shift, 0)).speaker[0] for shift in range(3)])
    speaker(FIRST, None)
    speaker(SECOND, 0)
    assert speaker.prior is not None
    np.testing.assert_allclose(np.exp(speaker.prior), rows[:, 0] / rows[:, 0].sum())
    twice = np.exp(listener_step(SECOND, speaker.prior).speaker[:, 1]) * np.exp(speaker.prior)
    speaker(SECOND, 1)
    np.testing.assert_allclose(np.exp(speaker.prior), twice / twice.sum())


@settings(deadline=None)
@given(speakers(), WEIGHTS, WEIGHTS)
def test_rows_sum_to_one_and_excluded_words_stay_excluded(base: Floats, alpha: float, beta: float) -> None:
    step = listener_step(base, None, alpha, beta)
    np.testing.assert_allclose(np.exp(step.speaker).sum(-1), 1)
    spoken = np.isfinite(base).any(0)
    np.testing.assert_allclose(np.exp(step.listener).sum(0)[spoken], 1)
    assert np.isneginf(step.speaker[np.isneginf(base)]).all()


@settings(deadline=None)
@given(speakers(), WEIGHTS)
def test_zero_alpha_or_beta_changes_nothing(base: Floats, weight: float) -> None:
    for alpha, beta in ((0.0, weight), (weight, 0.0)):
        np.testing.assert_allclose(listener_step(base, None, alpha, beta).speaker, base, atol=1e-9)


@settings(deadline=None)
@given(speakers(), WEIGHTS, WEIGHTS, st.integers(1, 5))
def test_identical_speakers_change_nothing(base: Floats, alpha: float, beta: float, many: int) -> None:
    alike = np.repeat(base[:1], many, 0)
    np.testing.assert_allclose(listener_step(alike, None, alpha, beta).speaker, alike, atol=1e-9)


@settings(deadline=None)
@given(speakers(), WEIGHTS, WEIGHTS, st.randoms(use_true_random=False))
def test_the_order_of_speakers_and_words_does_not_matter(base: Floats, alpha: float, beta: float, random: object) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    rows, words = rng.permutation(base.shape[0]), rng.permutation(base.shape[1])
    turned = listener_step(base[rows][:, words], None, alpha, beta).speaker
    np.testing.assert_allclose(turned, listener_step(base, None, alpha, beta).speaker[rows][:, words], atol=1e-9)


@settings(deadline=None)
@given(speakers(), st.floats(0.1, 5))
def test_a_larger_alpha_makes_the_speaker_easier_to_identify(base: Floats, beta: float) -> None:
    """Expected log L0 of the own persona under S1 rises with alpha: S1 is S0 tilted by it."""

    def known(alpha: float) -> Floats:
        step = listener_step(base, None, alpha, beta)
        return np.asarray((np.exp(step.speaker) * np.where(np.isfinite(step.listener), step.listener, 0)).sum(-1))

    shares = [known(alpha) for alpha in (0.0, 1.0, 2.0, 8.0)]
    assert all((after >= before - 1e-9).all() for before, after in pairwise(shares))


def test_leading_axes_are_kept() -> None:
    both = np.stack([FIRST, SECOND])
    prior = np.log([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    for index in range(2):
        single, many = listener_step(both[index], prior[index], 3, 0.5), listener_step(both, prior, 3, 0.5)
        np.testing.assert_allclose(single.speaker, many.speaker[index])
        np.testing.assert_allclose(single.listener, many.listener[index])


def test_updates_are_named() -> None:
    assert UPDATES == ("listener", "speaker", "uniform")


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(0, 50))
def test_all_people_have_others_and_serve_equally_often(people: int, others: int) -> None:
    indices = comparators(people, others)
    expected = people - 1 if not others else min(others, people - 1)
    assert indices.shape == (people, 1 + expected)
    assert (indices[:, 0] == np.arange(people)).all()
    assert all(len(set(row)) == len(row) for row in indices.tolist())
    assert (np.bincount(indices.ravel(), minlength=people) == 1 + expected).all()


def test_they_are_spread_over_the_panel() -> None:
    assert comparators(12, 3)[0].tolist() == [0, 3, 6, 9]
