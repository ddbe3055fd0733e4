"""Real recorded answers of models and people. They are not part of the project: tests skip where they are not at hand."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[2].parent / "shared" / "data"
"""A folder of data sets beside the checkout, unless PERSONAMETRICS_DATA names another."""


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Path]:
    """Path of a recorded file."""

    def find(name: str) -> Path:
        path = Path(os.environ.get("PERSONAMETRICS_DATA", BESIDE)) / name
        if not path.exists():
            pytest.skip(f"recorded answers {name} are not at hand; set PERSONAMETRICS_DATA to their folder")
        return path

    return find
