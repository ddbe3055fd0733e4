"""The report of a card: as an HTML page, in the terminal, as figures and as tables.

Drawing and printing libraries are imported at first use, so that importing this package is cheap.
"""

from typing import TYPE_CHECKING

from personametrics.loader import lazy_attributes

if TYPE_CHECKING:
    from personametrics.report.figures import save_figures
    from personametrics.report.page import html
    from personametrics.report.tables import latex, markdown
    from personametrics.report.terminal import show, show_table

__all__ = ["html", "latex", "markdown", "save_figures", "show", "show_table"]

_HOMES = {"html": "page", "latex": "tables", "markdown": "tables", "save_figures": "figures", "show": "terminal", "show_table": "terminal"}
__getattr__, __dir__ = lazy_attributes(__name__, _HOMES)
