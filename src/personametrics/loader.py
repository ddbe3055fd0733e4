"""Public names of packages, loaded from their modules when they are first used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_attributes(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions `__getattr__` and `__dir__` of a package whose names live in its modules.

    Args:
        package: name of the package.
        homes: the module of each name, relative to the package; an equal name is the module itself.
    """

    def load(name: str) -> Any:
        if name not in homes:
            message = f"module '{package}' has no attribute '{name}'"
            raise AttributeError(message)
        module = import_module(f"{package}.{homes[name]}")
        return module if name == homes[name] else getattr(module, name)

    return load, lambda: sorted(homes)
