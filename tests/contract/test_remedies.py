"""The promises of every remedy, checked for all that are discovered."""

from typing import get_args

import pytest

from personametrics.data.citations import references
from personametrics.data.remedy import Remedy, Stage
from personametrics.lab.diagnosis import FAILURES
from personametrics.lab.members import remedies, remedy
from personametrics.testing import check_remedy


@pytest.mark.parametrize("name", remedies())
def test_a_remedy_makes_its_known_change_and_none_without_the_defect(name: str) -> None:
    check_remedy(remedy(name))


@pytest.mark.parametrize("name", remedies())
def test_a_remedy_is_discovered_by_its_file_and_overrides_the_stage_that_it_names(name: str) -> None:
    kind = remedies()[name]
    assert kind.__module__ == f"personametrics.remedies.{name}"
    assert set(kind.cite) <= set(references())
    assert set(kind.against) <= set(FAILURES)
    assert kind.acts_on in get_args(Stage)
    stage = "numbers" if kind.acts_on == "estimates" else str(kind.acts_on)  # a remedy of estimates becomes the estimator of a study
    assert getattr(kind, stage) is not getattr(Remedy, stage, None)
    assert "seen" not in kind().knobs()
