"""Failures, uses and remedies that follow from verdicts, by the signs that studies declare."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from personametrics.data.finding import Finding, Verdict
from personametrics.data.study import Sign, Study
from personametrics.lab import members
from personametrics.lab.diagnosis import FAILURES, USES, diagnose, failing, shared_level
from personametrics.studies.stability import Stability


def finding(study: str, label: str) -> Finding:
    return Finding(study, "?", Verdict(label, "."), ())


@pytest.mark.parametrize("name", members.studies())
def test_every_sign_is_a_verdict_of_its_study_and_names_a_known_failure_and_use(name: str) -> None:
    kind = members.studies()[name]
    home = Path(str(__import__(kind.__module__, fromlist=["x"]).__file__))
    files = home.parent.rglob("*.py") if home.name == "__init__.py" else [home]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    for label, sign in kind.signs.items():
        assert text.count(f'"{label}"') > 1, f"no verdict {label}"
        assert {*sign.shows, *sign.clears} <= set(FAILURES)
        assert {*sign.needed_for, *sign.spoils} <= set(USES)
        assert sign.gravity > 0 or not sign.shows


def test_every_failure_is_shown_by_a_study_and_every_use_needs_a_verdict() -> None:
    signs = [sign for kind in members.studies().values() for sign in kind.signs.values()]
    assert {name for sign in signs for name in sign.shows} == set(FAILURES)
    assert {name for sign in signs for name in sign.needed_for} == set(USES)
    assert {name for kind in members.remedies().values() for name in kind.against} == set(FAILURES)


def test_the_gravest_study_comes_first_and_remedies_that_change_requests_before_others() -> None:
    stability, wording = finding("stability", "model uncertainty dominates"), finding("wording", "wording moves more than the persona")
    findings = [wording, stability, finding("prior_pull", "prior wins")]
    assert [(failure.study, failure.remedies) for failure in failing(findings)] == [
        ("stability", ("average", "spell_out", "abstain")),
        ("prior_pull", ("spell_out", "listener")),
    ]
    assert [row["study"] for row in diagnose(findings).evidence["failures"]] == ["stability", "wording", "prior_pull"]


def test_a_failure_is_named_with_the_remedies_worth_trying() -> None:
    diagnosis = diagnose([finding("stability", "model uncertainty dominates"), finding("distortion", "no bend")])
    assert diagnosis.verdict.label == "instability"
    assert {row["failure"] for row in diagnosis.evidence["remedies"]} == {"instability"}
    assert diagnosis.verdict.sentence.startswith("Found: instability. Ruled out: distortion. Not examined: resistance, drift.")


def test_a_verdict_that_decides_nothing_leaves_its_failure_undecided() -> None:
    verdict = diagnose([finding("stability", "undecided"), finding("distortion", "identity bends judgement")]).verdict
    assert verdict.sentence.startswith("Found: distortion. Undecided: instability. Not examined: resistance, drift.")


def test_uses_are_fit_or_unfit_or_name_the_verdicts_that_they_would_need() -> None:
    verdict = diagnose([finding("stability", "persona dominates"), finding("resistance", "keeps its own character")]).verdict
    assert verdict.fit == ("model of bias, generator of hypotheses",)
    assert verdict.unfit == ('simulated user ("keeps its own character" from resistance)',)
    assert 'one persona for one annotator (verdicts still needed: "groups differ as in people" from fidelity)' in verdict.open


def test_without_findings_nothing_is_claimed() -> None:
    verdict = diagnose([]).verdict
    assert verdict.label == "no failure found"
    assert not verdict.fit
    assert f"Not examined: {', '.join(FAILURES)}." in verdict.sentence


@dataclass(frozen=True)
class Flattery(Study):
    """Names a failure and a use that the library does not know."""

    signs: ClassVar[Mapping[str, Sign]] = {
        "flatters": Sign(shows=("flattery",), gravity=1),
        "candid": Sign(clears=("flattery",), needed_for=("sparring partner",)),
    }


def test_a_failure_and_a_use_that_only_a_new_study_names_are_diagnosed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_loaded", {"flattery": Flattery})
    name = members.name_of(Flattery())
    assert diagnose([finding(name, "flatters")]).verdict.label == "flattery"
    candid = diagnose([finding(name, "candid")]).verdict
    assert candid.fit == ("sparring partner",)
    assert candid.sentence.startswith("No published failure was found. Ruled out: flattery.")


def test_levels_are_shared_among_all_verdicts_of_a_card() -> None:
    assert [study.level for study in shared_level([Stability(), Stability()], 0.9, others=2)] == pytest.approx([0.975, 0.975])
