"""Findings as a reader sees them: a page, a terminal, pictures, tables.

What needs a drawing or a printing library is imported when it is first asked for, so that importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personametrics.report.figures import save_figures
    from personametrics.report.page import html
    from personametrics.report.tables import latex, markdown
    from personametrics.report.terminal import show, show_table

__all__ = ["html", "latex", "markdown", "save_figures", "show", "show_table"]

_HOMES = {"html": "page", "latex": "tables", "markdown": "tables", "save_figures": "figures", "show": "terminal", "show_table": "terminal"}


def __getattr__(name: str) -> Any:
    """A public function, from the module where it lives."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public functions."""
    return __all__
