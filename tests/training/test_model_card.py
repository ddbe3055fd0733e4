"""Tests of the model card: fits of a known model, and tables of the measured values."""

import numpy as np
import pytest

from embedded_training import model_card
from embedded_training.dials import dials
from embedded_training.model_card import fit_table, fits, table
from embedded_training.proof import proofs
from personametrics.models.function import Scripted

NUMBER = 8
CASES = [case for *_, cases in model_card.kinds(np.random.default_rng(7), NUMBER) for case in cases]
SOCIETY = Scripted(lambda request: next(dict(case.truth) for case in CASES if case.request == request), "society")


def test_the_society_fits_itself_and_a_predictor_without_personas_does_not() -> None:
    rows = fits(SOCIETY, NUMBER)
    assert {fit.kind for fit in rows} == {"opinion", "evidence", "knowledge", "dilemma", "rating"}
    assert {"new people", "new statements", "new wordings", "the assistant"} < {fit.who for fit in rows}
    for fit in rows:
        assert fit.divergence == pytest.approx(0, abs=1e-9)
        assert fit.mass == pytest.approx(1)
        assert fit.base == pytest.approx(0, abs=1e-9) if fit.who == "the assistant" else fit.base > 0
    assert sum(fit.cases for fit in rows) == len(CASES)


def test_tables_show_the_measured_values() -> None:
    even = Scripted(lambda request: dict.fromkeys(request.choices, 1 / len(request.choices)), "even")
    rows = fit_table(fits(even, NUMBER)).splitlines()
    assert len(rows) == 2 + 5 * 3 + 2
    (chosen,) = (dial for dial in dials() if dial.name == "evidence")
    (row,) = table(proofs(even, [chosen], runs=0)).splitlines()[2:]
    assert row.startswith("| evidence |")
    assert "| 4.000 | 1.000 |" in row
    assert row.endswith("**no** |")
