"""How tests are run: random ones untimed, since a first call may take seconds; plug-ins belong to the test that loads them."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from personametrics.lab import members

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _without_plugins() -> Iterator[None]:
    """Forget what a test has loaded from files."""
    yield
    members._loaded.clear()  # noqa: SLF001 (users load for the whole process)
