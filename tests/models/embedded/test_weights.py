"""The weights that come with the library: what their model card says is true."""

import json
import re

import pytest

from embedded_training.proof import Proof, proofs
from personametrics.models.embedded.model import WEIGHTS, Embedded

CARD = (WEIGHTS / "README.md").read_text(encoding="utf-8")
NUMBER = r"(-?[\d.]+)"
ROW = re.compile(
    rf"^\| (\S+) \| .* \| {NUMBER} \| {NUMBER} \| {NUMBER} \({NUMBER} to {NUMBER}\) \| [\d.]+ \| [\d.]+ \| (\S+) \|$", re.MULTILINE
)
PRINTED = {row[1]: row for row in ROW.finditer(CARD)}
"""Dial, planted, the model's own, sampled, low, high, recovered."""
ROUNDED = 0.0015
"""Half a printed digit, and what another processor's sums may add."""


@pytest.fixture(scope="module")
def measured() -> dict[str, Proof]:
    return {proof.dial.name: proof for proof in proofs(Embedded(), runs=0)}


def test_every_dial_stands_on_the_card_as_it_is(measured: dict[str, Proof]) -> None:
    assert set(PRINTED) == set(measured)
    for name, proof in measured.items():
        assert float(PRINTED[name][2]) == pytest.approx(proof.dial.planted, abs=ROUNDED)
        assert float(PRINTED[name][3]) == pytest.approx(proof.exact, abs=ROUNDED), name
        assert (PRINTED[name][7] == "yes") == proof.recovered


def test_almost_everything_it_says_is_something_the_society_might_say(measured: dict[str, Proof]) -> None:
    labels = [proof.mass for proof in measured.values() if not proof.dial.name.startswith(("fade", "pressure", "re", "typical"))]
    assert min(labels) > 0.99


def test_sampled_intervals_hold_the_model_s_own_value_at_their_rate() -> None:
    held = [float(row[5]) - ROUNDED <= float(row[3]) <= float(row[6]) + ROUNDED for row in PRINTED.values()]
    assert len(held) > 40
    assert sum(held) / len(held) > 0.78  # of 47 at .9, fewer than 37 hold by chance once in 200 times


def test_the_folder_says_how_it_was_made_and_is_small() -> None:
    made = json.loads((WEIGHTS / "training.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"[0-9a-f]{40}", made["commit"])
    assert made["steps"] == made["of"]
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 8_000_000
    assert made["commit"] in CARD
