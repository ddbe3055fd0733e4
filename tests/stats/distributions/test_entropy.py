"""Entropy of few draws."""

import numpy as np
import pytest

from personametrics.stats.distributions.entropy import miller_madow


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
