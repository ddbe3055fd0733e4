"""The front door."""

import subprocess
import sys

import polars as pl
import pytest

import personametrics
from personametrics import Columns, Responses, measure, simulate
from personametrics.studies.fidelity import Fidelity
from personametrics.studies.stability import Stability


def test_every_public_name_is_there() -> None:
    for name in personametrics.__all__:
        assert getattr(personametrics, name) is not None
    assert len(personametrics.__all__) <= 50
    with pytest.raises(AttributeError, match="no attribute 'measur'"):
        personametrics.measur  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, personametrics; print(sorted({'polars', 'altair', 'scipy', 'vl_convert', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_measure_takes_a_frame_and_records_how_it_was_measured() -> None:
    frame = simulate({"persona": 1.0, "item": 1.0, "run": 1.0}, {"persona": 6, "item": 5, "run": 2}).frame
    card = measure(frame, Columns(run="run"), "numeric", study=Stability(level=0.8, price=0.5), title="mine")
    assert card.title == "mine"
    assert card["signal"].level == 0.8
    assert card.provenance["scale"]["kind"] == "numeric"
    assert card.provenance["study"]["price"] == 0.5
    assert card.provenance["rows"] == len(frame)
    assert card.provenance["versions"]["personametrics"] == personametrics.__version__


def test_answers_of_people_add_a_finding() -> None:
    answers = simulate({"persona": 1.0, "item": 1.0, "run": 0.2}, {"persona": 6, "item": 5, "run": 2})
    people = Responses.read(answers.frame.filter(pl.col("run") == 0).drop("run"), scale=answers.scale)
    card = measure(answers, human=Fidelity(people))
    assert [finding.study for finding in card.findings] == ["stability", "fidelity"]
    assert card.provenance["human"]["match"] == {}
