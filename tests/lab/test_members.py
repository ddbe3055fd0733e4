"""Studies are found, and opened by name with their knobs."""

import pytest

from personametrics.data.errors import StudyError
from personametrics.lab.members import studies, study
from personametrics.studies.expertise import Expertise


def test_every_file_with_a_known_world_is_a_study() -> None:
    assert {"stability", "fidelity", "expertise"} <= set(studies())
    assert "controls" not in studies()


def test_knobs_are_read_from_text() -> None:
    assert study("expertise") == Expertise()
    assert study("expertise:margin=0.1,ignorant=school/none,field=work") == Expertise("work", ("school", "none"), 0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("expertize", 'There is no study "expertize"'),
        ("expertise:marge=1", 'expertise has no knob "marge"'),
        ("expertise:margin=wide", '"wide" is no float'),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        study(text)
