"""The published remedies, one file or package each; their classes are attributes of this package."""

import pkgutil
from importlib import import_module
from typing import Any

_HOMES = {"".join(part.capitalize() for part in module.name.split("_")): module.name for module in pkgutil.iter_modules(__path__)}
__all__ = [*_HOMES]  # noqa: PLE0604 (names are strings)


def __getattr__(name: str) -> Any:
    """Load the class of a remedy from its file."""
    if name not in _HOMES:
        message = f"module '{__name__}' has no attribute '{name}'"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
