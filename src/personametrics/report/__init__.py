"""The report of a card: as an HTML page, in the terminal, as figures and as tables.

Drawing and printing libraries are imported at first use, so that importing this package is cheap.
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
    """Return a public function from its module."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return the names of the public functions."""
    return __all__
