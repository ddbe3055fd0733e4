"""The reference names everything that is public, and nothing that does not exist."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import personametrics
from personametrics import remedies, stats, studies

PAGE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(\w+)`", PAGE))


@pytest.mark.parametrize("room", [personametrics, studies, remedies, stats], ids=lambda room: room.__name__)
def test_every_public_name_is_on_the_page(room: ModuleType) -> None:
    assert set(room.__all__) - {"__version__"} <= NAMED


@pytest.mark.parametrize("path", re.findall(r"^::: (\S+)$", PAGE, re.MULTILINE))
def test_every_path_on_the_page_exists(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert hasattr(import_module(module), name) or import_module(path).__name__ == path
