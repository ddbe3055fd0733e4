"""Entropies against direct sums, other libraries and planted worlds."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.distributions.information import Correction, Information, information, information_of_probabilities, miller_madow

CORRECTIONS: tuple[Correction, ...] = ("chance", "none")
TABLES = arrays(np.int64, (3, 4, 3), elements=st.integers(0, 4))


def people(seed: int, strength: float, shape: tuple[int, int, int]) -> Floats:
    """Label probabilities of personas who share the item's tendency and deviate from it with a given strength."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(1, *shape[1:])) + strength * rng.normal(size=shape)
    p: Floats = np.exp(taste) / np.exp(taste).sum(axis=-1, keepdims=True)
    return p


def dealt(seed: int, p: Floats, runs: int) -> Ints:
    return np.random.default_rng(seed).multinomial(runs, p)


def brute_force(counts: Ints) -> list[float]:
    """The four entropies, from single answers."""
    rows = [cell for cell in product(*map(range, counts.shape)) for _ in range(counts[cell])]

    def conditional(given_axes: tuple[int, ...]) -> float:
        bits = 0.0
        for row in rows:
            same = [other for other in rows if all(other[axis] == row[axis] for axis in given_axes)]
            bits -= np.log2(sum(other[2] == row[2] for other in same) / len(same))
        return bits / len(rows)

    return [conditional(axes) for axes in ((), (0,), (1,), (0, 1))]


def labels_of(counts: Ints) -> tuple[Ints, Ints]:
    """Persona and label of every answer to one item, from counts (personas, labels)."""
    persona, label = np.indices(counts.shape)
    return np.repeat(persona.ravel(), counts.ravel()), np.repeat(label.ravel(), counts.ravel())


@pytest.mark.parametrize("seed", range(4))
def test_plug_in_is_the_direct_sum(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 4, size=(3, 4, 3))
    counts[1, 2] = 0
    np.testing.assert_allclose(information(counts, "none")[:4], brute_force(counts))


@pytest.mark.parametrize("seed", range(4))
def test_scikit_learn_agrees_item_by_item(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    counts = np.random.default_rng(seed).integers(0, 5, size=(6, 5, 3)) + 1
    answers = counts.sum(axis=(0, 2))
    expected = [metrics.mutual_info_score(*labels_of(counts[:, item])) / np.log(2) for item in range(5)]
    assert information(counts, "none").personas == pytest.approx(np.average(expected, weights=answers))
    for item in range(5):
        adjusted = metrics.adjusted_mutual_info_score(*labels_of(counts[:, item]), average_method="min")
        assert information(counts[:, [item]]).share == pytest.approx(adjusted)


@pytest.mark.parametrize("seed", range(3))
def test_the_expected_entropy_is_the_mean_over_random_permutations(seed: int) -> None:
    """The share is 0 on average if answers are permuted between personas within each item, also with unequal cells."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, size=(4, 2, 3))
    who, item, label = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices(counts.shape))
    shares = []
    for _ in range(1500):
        permuted = np.zeros_like(counts)
        for i in (0, 1):
            np.add.at(permuted[:, i], (who[item == i], rng.permutation(label[item == i])), 1)
        shares.append(information(permuted).personas)
    assert np.mean(shares) == pytest.approx(0, abs=4 * np.std(shares) / np.sqrt(len(shares)))


def test_few_personas_do_not_bias_the_entropy_of_an_item() -> None:
    p = people(7, 4.0, (5, 4000, 3))
    counts = dealt(8, p, 3)
    bits, truth = information(counts), information_of_probabilities(p)
    assert bits.given_item == pytest.approx(truth.given_item, abs=0.02)
    assert miller_madow(counts.sum(axis=0)).mean() > truth.given_item + 0.03  # the correction of a single sample is too large


@pytest.mark.parametrize(("runs", "labels"), [(3, 2), (3, 6), (5, 4), (10, 3)])
def test_personas_without_any_effect_explain_nothing(runs: int, labels: int) -> None:
    counts = dealt(1, np.broadcast_to(people(0, 0.0, (1, 3000, labels)), (10, 3000, labels)), runs)
    assert information(counts).personas == pytest.approx(0, abs=0.008)
    assert information(counts, "none").personas > 0.05


@pytest.mark.parametrize(("runs", "labels"), [(3, 4), (3, 6), (5, 4), (10, 4)])
@pytest.mark.parametrize("strength", [0.5, 1.5, 4.0])
def test_planted_information_is_recovered_within_the_documented_bias(runs: int, labels: int, strength: float) -> None:
    p = people(2, strength, (20, 800, labels))
    counts = dealt(3, p, runs)
    truth, bits, plain = information_of_probabilities(p), information(counts), information(counts, "none")
    assert bits.personas == pytest.approx(truth.personas, abs=0.05)
    assert bits.share == pytest.approx(truth.share, abs=0.05)
    assert bits.given_item == pytest.approx(truth.given_item, abs=0.02)
    assert bits.total == pytest.approx(truth.total, abs=0.02)
    assert abs(bits.personas - truth.personas) < abs(plain.personas - truth.personas) / 2


@given(TABLES, st.permutations(range(3)), st.permutations(range(4)), st.permutations(range(3)))
def test_order_does_not_matter(counts: Ints, personas: list[int], items: list[int], labels: list[int]) -> None:
    for correction in CORRECTIONS:
        renamed = information(counts[personas][:, items][:, :, labels], correction)
        np.testing.assert_allclose(renamed, information(counts, correction), atol=1e-9)


@given(TABLES)
def test_what_must_hold_of_any_table(counts: Ints) -> None:
    plain = information(counts, "none")
    for correction in CORRECTIONS:
        bits = information(counts, correction)
        np.testing.assert_allclose(bits.personas, bits.given_item - bits.given_both, atol=1e-12)
        assert np.isnan(bits.total) == np.isnan(bits.given_both)
    if not np.isnan(plain.total):
        assert -1e-9 <= plain.given_both <= plain.given_item + 1e-9 <= plain.total + 2e-9 <= np.log2(3) + 3e-9
        assert np.isnan(plain.share) or -1e-9 <= plain.share <= 1 + 1e-9


def test_personas_who_never_vary_explain_everything() -> None:
    counts = 5 * np.eye(3, dtype=np.int64)[[0, 1, 2, 0, 1, 2]][:, None]
    for correction in CORRECTIONS:
        bits = information(counts, correction)
        assert bits.given_both == pytest.approx(0, abs=1e-12)
        assert bits.share == pytest.approx(1)


def test_known_probabilities_are_the_limit_of_many_answers() -> None:
    p = np.round(people(4, 1.0, (5, 3, 4)), 6)
    p[..., 0] = 1 - p[..., 1:].sum(axis=-1)
    limit = information_of_probabilities(p)
    np.testing.assert_allclose(information(np.rint(p * 1e6).astype(np.int64), "none"), limit, atol=1e-9)
    weights = np.full((5, 3), 2.0)
    weights[0] = 0
    np.testing.assert_allclose(information_of_probabilities(p, weights), information_of_probabilities(p[1:]))


def test_missing_cells_are_left_out_with_their_weight() -> None:
    p = people(5, 1.0, (4, 3, 3))
    gaps = p.copy()
    gaps[0, 1], gaps[2] = np.nan, 0
    weights = np.ones((4, 3))
    weights[0, 1] = weights[2] = 0
    np.testing.assert_allclose(information_of_probabilities(gaps), information_of_probabilities(p, weights))
    counts = dealt(6, p, 6)
    counts[0, 1] = 0
    single = counts.copy()
    single[0, 1, 0] = 1  # a single answer does not show a rerun
    np.testing.assert_allclose(information(single), information(counts))


def test_batches_are_independent() -> None:
    counts = np.random.default_rng(0).integers(0, 4, size=(2, 3, 4, 5, 3))
    for correction in CORRECTIONS:
        bits = information(counts, correction)
        for batch in product(range(2), range(3)):
            np.testing.assert_allclose([part[batch] for part in bits], information(counts[batch], correction))


def test_undefined_is_nan() -> None:
    empty = np.zeros((2, 2, 3), dtype=np.int64)
    nothing = [information(empty, correction) for correction in CORRECTIONS] + [information_of_probabilities(np.full((2, 2, 3), np.nan))]
    assert all(np.isnan(part) for parts in nothing for part in parts)
    agreed: Information = information(np.array([[[4, 0]], [[4, 0]]]))
    assert not np.any(agreed[:5])
    assert np.isnan(agreed.share)
    assert np.isnan(information(np.eye(2, dtype=np.int64)[:, None]).personas)  # without a rerun


def test_wrong_input_is_refused() -> None:
    table = np.ones((2, 2, 2))
    with pytest.raises(ValueError, match=r'"miller". Available: chance, none'):
        information(table, "miller")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="whole numbers"):
        information(table / 2)
    with pytest.raises(ValueError, match="personas, items, labels"):
        information(table[0])
    with pytest.raises(ValueError, match="not negative"):
        information(-table)
    with pytest.raises(ValueError, match="sum to 1"):
        information_of_probabilities(table)
    with pytest.raises(ValueError, match="weights"):
        information_of_probabilities(table / 2, -np.ones((2, 2)))


def test_the_correction_removes_most_of_the_bias() -> None:
    """A fair four-sided die has 2 bits; the mean of many games of 20 throws."""
    counts = np.random.default_rng(0).multinomial(20, [0.25] * 4, 4000).astype(float)
    share = np.where(counts > 0, counts / 20, 1)
    plug_in = -(counts / 20 * np.log2(share)).sum(1).mean()
    assert plug_in < 1.9
    assert miller_madow(counts).mean() == pytest.approx(2, abs=0.01)


def test_a_single_answer_is_undefined() -> None:
    assert np.isnan(miller_madow(np.array([1.0, 0])))
    assert miller_madow(np.array([5.0, 0])) == 0
