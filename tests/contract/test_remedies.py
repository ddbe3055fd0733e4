"""What every remedy promises, over all that there are."""

import pytest

from personametrics.data.citations import references
from personametrics.data.remedy import Remedy
from personametrics.lab.members import knobs, remedies, remedy
from personametrics.testing import check_remedy

STAGES = ("personas", "asks", "model", "responses", "estimates")
WORLDS = 6
"""Enough for a test; the benchmark of remedies draws more."""


@pytest.mark.parametrize("name", remedies())
def test_a_remedy_changes_what_it_says_and_nothing_where_there_is_nothing_to_cure(name: str) -> None:
    check_remedy(remedy(name), WORLDS)


@pytest.mark.parametrize("name", remedies())
def test_a_remedy_is_found_by_its_file_and_overrides_the_stage_it_names(name: str) -> None:
    kind = remedies()[name]
    assert kind.__module__ == f"personametrics.remedies.{name}"
    assert set(kind.cite) <= set(references())
    assert kind.acts_on in STAGES
    assert getattr(kind, kind.acts_on) is not getattr(Remedy, kind.acts_on)
    assert "seen" not in knobs(kind())
