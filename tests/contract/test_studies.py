"""What every study promises, over all that there are."""

import pytest

from personametrics.data.citations import references
from personametrics.lab.members import studies, study
from personametrics.testing import check_study


@pytest.mark.parametrize("name", studies())
def test_a_study_keeps_its_promises(name: str) -> None:
    check_study(study(name))


@pytest.mark.parametrize("name", studies())
def test_a_study_is_found_by_its_file_and_says_what_it_reads(name: str) -> None:
    kind = studies()[name]
    assert kind.__module__ == f"personametrics.studies.{name}"
    assert set(kind.cite) <= set(references())
    assert all(meaning.strip() for meaning in kind.reads.values())
