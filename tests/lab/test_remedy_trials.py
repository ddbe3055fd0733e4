"""Remedies on an audited panel: chosen by the diagnosis, tried, and on the card."""

from pathlib import Path

import pytest

from personametrics.data.errors import StudyError
from personametrics.data.finding import Finding
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.lab import remedy_trials as cures
from personametrics.lab.audit import audit
from personametrics.lab.diagnosis import Failing
from personametrics.lab.directory import job_of
from personametrics.models.embedded.society.instruments import evidence
from personametrics.models.embedded.society.panels import bare, questionnaire
from personametrics.models.function import Scripted
from personametrics.remedies.average import Average

CURE = Average().known()


def tried(card: object) -> list[Finding]:
    return [finding for finding in card.findings if finding.study == "comparison"]  # type: ignore[attr-defined]


def changes(card: object) -> list[tuple[str, str]]:
    return [(finding.question, finding.verdict.label) for finding in tried(card)]


def test_an_unsteady_panel_is_treated_with_the_two_cheapest_remedies_that_can_be_tried(tmp_path: Path) -> None:
    card = audit("embedded", bare(12), questionnaire(12), 5, out=str(tmp_path), remedies=["auto"], check=False)
    assert card.findings[0].study == "diagnosis"
    assert "instability" in card.findings[0].verdict.label
    findings = changes(card)
    assert len([label for _, label in findings if label != "unknown"]) == 2
    assert any("average" in question for question, _ in findings)
    prices = [finding.evidence["price"] for finding in card.findings if "price" in finding.evidence]
    assert [row["arm"] for row in prices[0]] == ["without", "with"]


def test_the_card_comes_out_the_same_from_the_run_directory_alone(tmp_path: Path) -> None:
    card = audit("embedded", bare(8), questionnaire(8), 2, out=str(tmp_path), remedies=["average:k=2"], check=False)
    assert job_of(tmp_path).card.to_json() == card.to_json()
    assert changes(card)[0][0] == "Does average:k=2 improve the result of stability?"


def test_a_panel_without_failures_is_left_alone(tmp_path: Path) -> None:
    steady = Scripted(lambda request: request.choices[(int(request.about["persona"].split()[-1]) + len(request.about["item"])) % 2])
    card = audit(steady, CURE.personas[:8], CURE.items[:8], 3, out=str(tmp_path), remedies=["auto"], check=False, controls={"none": False})
    assert not changes(card)
    assert card.findings[0].verdict.label == "no failure found"


def test_a_remedy_that_tells_nothing_does_not_take_the_place_of_another(tmp_path: Path) -> None:
    """Answers were drawn, so that the listener has nothing to read, and it asks nothing, so that it comes first."""
    card = audit("embedded", bare(8), questionnaire(8), 3, out=str(tmp_path), remedies=["listener", "average:k=2"], check=False)
    first, second = tried(card)
    assert (first.verdict.label, "listener could not be tried: " in first.verdict.sentence) == ("unknown", True)
    assert second.verdict.label != "unknown"
    assert second.verdict.sentence.startswith("average:k=2 was tried, and measured with stability. ")


def test_where_the_first_tells_nothing_automatic_choice_goes_on_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cures, "TRIED", 1)
    monkeypatch.setattr(cures, "failing", lambda _: [Failing(("listener", "average"), "stability")])
    card = audit("embedded", bare(6), questionnaire(6), 2, out=str(tmp_path), remedies=["auto"], check=False)
    first, second = tried(card)
    assert (first.verdict.label, second.verdict.label == "unknown") == ("unknown", False)
    assert second.evidence["price"][1]["asks"] == 5 * 6 * 6 * 2


def test_labels_are_averaged_by_their_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cures, "failing", lambda _: [Failing(("average",), "stability")])
    card = audit("embedded", bare(6), evidence()[:6], 2, out=str(tmp_path), remedies=["auto"], check=False)
    assert [finding.verdict.label == "unknown" for finding in tried(card)] == [False]


def test_label_probabilities_are_not_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cures, "failing", lambda _: [Failing(("average", "listener"), "stability")])
    card = audit("embedded", bare(6), questionnaire(6), 1, out=str(tmp_path), score=True, remedies=["auto"], check=False)
    assert [finding.question for finding in tried(card)] == ["Does listener improve the result of stability?"]


def test_answers_of_blended_prompts_are_found_again(tmp_path: Path) -> None:
    card = audit("embedded", bare(4), questionnaire(6), 1, out=str(tmp_path), remedies=["listener:on=text"], check=False)
    (findings,) = tried(card)
    assert "token probabilities" not in findings.verdict.sentence
    assert findings.evidence["price"]


def test_the_toy_model_writes_no_personas_and_the_card_says_so(tmp_path: Path) -> None:
    card = audit("embedded", bare(4), questionnaire(4), 2, out=str(tmp_path), remedies=["spell_out"], check=False)
    (findings,) = tried(card)
    assert "the embedded toy model cannot write them" in findings.verdict.sentence


def test_a_remedy_that_is_none_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    asked = list[Request]()

    def noting(request: Request) -> str:
        asked.append(request)
        return request.choices[0]

    model = Scripted(noting)
    with pytest.raises(StudyError, match='Unknown remedy "aver"'):
        audit(model, [Persona("a", "A."), Persona("b", "B.")], CURE.items[:2], 1, out=str(tmp_path), remedies=["aver"], check=False)
    assert not asked
