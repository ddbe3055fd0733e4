"""Remedies on an audited panel: chosen by the diagnosis, tried, and on the card."""

from pathlib import Path

import pytest

from personametrics.data.ask import Ask
from personametrics.data.errors import StudyError
from personametrics.data.persona import Persona
from personametrics.elicit.run import Run
from personametrics.lab.audit import audit, card_of
from personametrics.models.embedded.panels import bare, questionnaire
from personametrics.models.scripted import Scripted
from personametrics.remedies.average import Average

CURE = Average().known()


def changes(card: object) -> list[tuple[str, str]]:
    return [(one.question, one.verdict.label) for one in card.findings if one.study == "comparison"]  # type: ignore[attr-defined]


def test_an_unsteady_panel_is_treated_with_the_two_cheapest_remedies_that_can_be_tried(tmp_path: Path) -> None:
    card = audit("embedded", bare(12), questionnaire(12), 5, out=str(tmp_path), remedies=["auto"], check=False)
    assert card.findings[0].study == "diagnosis"
    assert "instability" in card.findings[0].verdict.label
    found = changes(card)
    assert len([label for _, label in found if label != "unknown"]) == 2
    assert any("average" in question for question, _ in found)
    prices = [one.evidence["price"] for one in card.findings if "price" in one.evidence]
    assert [row["arm"] for row in prices[0]] == ["without", "with"]


def test_the_card_comes_out_the_same_from_the_run_directory_alone(tmp_path: Path) -> None:
    card = audit("embedded", bare(8), questionnaire(8), 2, out=str(tmp_path), remedies=["average:k=2"], check=False)
    assert card_of(Run.begun(tmp_path)).to_json() == card.to_json()
    assert changes(card)[0][0] == "Does average:k=2 cure what stability measures?"


def test_a_panel_without_failures_is_left_alone(tmp_path: Path) -> None:
    steady = Scripted(lambda ask: ask.choices[(int(ask.about["persona"].split()[-1]) + len(ask.about["item"])) % 2])
    card = audit(steady, CURE.personas[:8], CURE.items[:8], 3, out=str(tmp_path), remedies=["auto"], check=False, controls={"none": False})
    assert not changes(card)
    assert card.findings[0].verdict.label == "no failure found"


def test_a_remedy_that_is_none_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    asked = list[Ask]()

    def noting(ask: Ask) -> str:
        asked.append(ask)
        return ask.choices[0]

    model = Scripted(noting)
    with pytest.raises(StudyError, match='no remedy "aver"'):
        audit(model, [Persona("a", "A."), Persona("b", "B.")], CURE.items[:2], 1, out=str(tmp_path), remedies=["aver"], check=False)
    assert not asked
