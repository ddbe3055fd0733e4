"""From verdicts to failures, uses and remedies."""

from pathlib import Path

import pytest

import personametrics.studies
from personametrics.data.finding import Finding, Verdict
from personametrics.lab.diagnosis import FAILURES, USES, diagnose, shared_level
from personametrics.lab.members import studies
from personametrics.studies.stability import Stability

SIGNS = {
    *(sign for failure in FAILURES.values() for sign in (*failure.signs, *failure.clear)),
    *(sign for use in USES.values() for sign in (*use.needs, *use.spoils)),
}


def finding(study: str, label: str) -> Finding:
    return Finding(study, "?", Verdict(label, "."), ())


@pytest.mark.parametrize(("study", "label"), sorted(SIGNS))
def test_every_sign_is_a_verdict_of_its_study(study: str, label: str) -> None:
    text = (Path(personametrics.studies.__path__[0]) / f"{study}.py").read_text(encoding="utf-8")
    assert study in studies()
    assert f'"{label}"' in text


def test_a_failure_is_named_with_what_is_worth_trying() -> None:
    found = diagnose([finding("stability", "model uncertainty dominates"), finding("distortion", "no bend")])
    assert found.verdict.label == "instability"
    assert {row["failure"] for row in found.evidence["remedies"]} == {"instability"}
    assert "not distortion, resistance left open" in found.verdict.sentence


def test_uses_are_fit_unfit_or_lack_something() -> None:
    found = diagnose([finding("stability", "persona dominates"), finding("resistance", "keeps its own character")]).verdict
    assert found.fit == ("model of bias, generator of hypotheses",)
    assert found.unfit == ("simulated user (resistance: keeps its own character)",)
    assert "one persona for one annotator (lacks fidelity: groups differ as in people)" in found.open


def test_without_findings_nothing_is_claimed() -> None:
    found = diagnose([]).verdict
    assert found.label == "no failure found"
    assert not found.fit
    assert "left open" in found.sentence


def test_levels_are_shared_among_all_verdicts() -> None:
    assert [study.level for study in shared_level([Stability(), Stability()], 0.9, beside=2)] == pytest.approx([0.975, 0.975])
