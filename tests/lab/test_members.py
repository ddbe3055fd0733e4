"""Studies and remedies are discovered, loaded from files, and opened by name with their knobs."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from personametrics.data.errors import StudyError
from personametrics.lab import members
from personametrics.lab.members import load, name_of, remedies, remedy, spell, studies, study
from personametrics.studies.expertise import Expertise

PLUGIN = """
from dataclasses import dataclass
from personametrics.data.remedy import Remedy
from personametrics.studies.stability import Stability

@dataclass(frozen=True)
class Steadiness(Stability):
    level: float = 0.8

@dataclass(frozen=True)
class Nothing(Remedy):
    times: int = 2
"""


@pytest.fixture(autouse=True)
def _no_plugin_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_loaded", {})


def plugin(folder: Path, text: str, name: str = "steady.py") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_every_file_with_a_subclass_is_discovered() -> None:
    assert {"stability", "fidelity", "expertise"} <= set(studies())
    assert {"average", "listener"} <= set(remedies())


def test_knobs_are_parsed_from_text_and_written_again() -> None:
    assert study("expertise") == Expertise()
    text = "expertise:ignorant=school/none,field=work,margin=0.1"
    assert study(text) == Expertise("work", ("school", "none"), 0.1)
    assert study(spell(study(text))) == study(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("expertize", 'Unknown study "expertize"'),
        ("expertise:marge=1", 'expertise has no option "marge"'),
        ("expertise:margin=wide", '"wide" is not a value of type float'),
        ("fidelity:human=people.csv", "fidelity:human cannot be written as text"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        study(text)


def test_a_loaded_file_adds_its_study_and_its_remedy_by_the_name_of_the_file(tmp_path: Path) -> None:
    path = plugin(tmp_path, PLUGIN)
    assert load(path) == load(path) == ["steady", "steady"]
    assert study("steady").level == 0.8
    assert spell(remedy("steady:times=3+average:k=2")) == "steady:times=3+average:k=2"
    assert "steady" in studies()


def test_a_declared_name_replaces_the_name_of_the_file(tmp_path: Path) -> None:
    two = PLUGIN.replace("    level: float = 0.8", '    level: float = 0.8\n    name: ClassVar[str] = "calm"').replace(
        "from dataclasses", "from typing import ClassVar\nfrom dataclasses"
    )
    assert load(plugin(tmp_path, two)) == ["calm", "steady"]
    assert name_of(study("calm")) == "calm"


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("x = 1", "empty.py", "has no study and no remedy. Write a subclass"),
        ("import nothing_of_this_name", "broken.py", "cannot be imported: ModuleNotFoundError"),
        (PLUGIN, "stability.py", 'has a study "stability", but another study has this name'),
        (PLUGIN, "average.py", 'has a remedy "average", but another remedy has this name'),
        ("", "notes.txt", "is not a Python file"),
    ],
)
def test_a_file_that_adds_nothing_is_refused(tmp_path: Path, text: str, name: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        load(plugin(tmp_path, text, name))


def test_two_studies_in_one_file_need_names_of_their_own(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r'"steady", but another study has this name\. Rename the file, or set the class attribute `name`'):
        load(plugin(tmp_path, PLUGIN + "\nclass Another(Stability): ...\n"))


def test_an_entry_point_that_is_not_a_study_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"path": "pathlib:Path", "gone": "pathlib:NoSuchName"}
    for name, message in (("path", "is not a subclass of Study"), ("gone", "cannot be loaded: AttributeError")):
        entry = EntryPoint(name, entries[name], "personametrics.studies")
        members._installed.cache_clear()  # noqa: SLF001 (installed packages do not change while a program runs)
        monkeypatch.setattr(members, "entry_points", lambda group, entry=entry: [entry])  # noqa: ARG005
        with pytest.raises(StudyError, match=f"The entry point {name} = .* {message}"):
            studies()
    members._installed.cache_clear()  # noqa: SLF001 (as above)
