"""Resistance as a ratio of distances, by hand and with missing data."""

import numpy as np
import pytest

from personametrics.stats.people.trait_shift import PARTS, acquiescence, character, resistance

BOTH = np.array([[True, True]])


def sums(**cells: tuple[float, int]) -> np.ndarray:
    """Sums of one trait from mean and number by direction and side, such as plus_high."""
    names = [f"{key}_{side}" for key in ("plus", "minus") for side in ("high", "low", "own")]
    return np.array([[mean * n, n] for mean, n in (cells.get(name, (0.0, 0)) for name in names)], float).ravel()


def test_the_two_poles_and_directions_are_added_up_by_hand() -> None:
    parts = sums(plus_high=(0.9, 6), plus_low=(0.5, 2), plus_own=(0.8, 2), minus_high=(0.7, 3), minus_low=(0.3, 1), minus_own=(0.4, 1))
    # own .6; three persons are to be high and come to .8, one is to be low and comes to .4
    assert character(parts).own == pytest.approx([0.6])
    assert character(parts).asked.ravel() == pytest.approx([0.4, 0.6])
    assert resistance(parts, BOTH, BOTH) == pytest.approx((3 * 0.2 + 1 * 0.4) / (3 * 0.4 + 1 * 0.6))
    assert resistance(parts, BOTH, np.array([[True, False]])) == pytest.approx(0.2 / 0.4)


def test_agreeing_with_everything_changes_acquiescence_and_not_resistance() -> None:
    plain = sums(plus_high=(0.8, 4), plus_own=(0.6, 2), minus_high=(0.8, 4), minus_own=(0.6, 2))
    agreeing = sums(plus_high=(0.9, 4), plus_own=(0.7, 2), minus_high=(0.7, 4), minus_own=(0.5, 2))
    assert resistance(agreeing, BOTH, BOTH) == pytest.approx(resistance(plain, BOTH, BOTH)) == pytest.approx(0.5)
    assert [float(acquiescence(parts, BOTH)) for parts in (plain, agreeing)] == pytest.approx([0.0, 0.1])


def test_a_trait_without_a_direction_is_left_out_and_none_is_nan() -> None:
    whole = sums(plus_high=(0.8, 4), plus_own=(0.6, 2), minus_high=(0.8, 4), minus_own=(0.6, 2))
    short = sums(plus_high=(0.8, 4), plus_own=(0.6, 2))
    keys = np.array([[True, True], [True, True]])
    assert resistance(np.concatenate([whole, short]), keys, keys) == pytest.approx(0.5)
    assert np.isnan(resistance(short, BOTH, BOTH))
    assert np.isnan(acquiescence(short, BOTH))
    assert character(short).keys.tolist() == [[True, False]]


def test_leading_axes_are_kept() -> None:
    parts = sums(plus_high=(0.9, 1), plus_own=(0.8, 1), minus_high=(0.9, 1), minus_own=(0.8, 1))
    assert len(parts) == PARTS
    assert resistance(np.stack([parts, 2 * parts]), BOTH, BOTH) == pytest.approx([0.5, 0.5])
