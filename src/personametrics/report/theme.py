"""The look of figures on light and dark pages: Vega-Lite configurations, so that a figure itself sets no colour.

The eight colours for kinds are those of Okabe and Ito, which colour-blind readers can distinguish. Their lightness is adjusted where they
would vanish on white or on black.
"""

from dataclasses import dataclass
from typing import Any, Literal

Scheme = Literal["light", "dark"]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
PAPER_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""Fonts bundled with vl-convert, so that a figure looks the same on every machine."""


@dataclass(frozen=True)
class _Palette:
    """The colours of one scheme.

    Attributes:
        ink: colour of text.
        faint: colour of the grid.
        accent: colour of the main marks.
        wash: colour of bars and bands.
        warn: colour of targets and limits.
        kinds: colours of categories.
        ramp: colours from low to high; the lowest is still visible on the page.
        other: colour of the category for everything else.
    """

    ink: str
    faint: str
    accent: str
    wash: str
    warn: str
    kinds: tuple[str, ...]
    ramp: tuple[str, ...]
    other: str


PALETTES: dict[Scheme, _Palette] = {
    "light": _Palette(
        "#333a40", "#e2e5e8", "#0b5c8f", "#8fb3cc", "#b04a00",
        kinds=("#0072b2", "#d55e00", "#009e73", "#b3558c", "#b98500", "#4aa3d8", "#7a6a00", "#3b3f45"),
        ramp=("#dfe8b0", "#98cfb5", "#45a8bd", "#2f72ad", "#25306e"), other="#a5abb2",
    ),
    "dark": _Palette(
        "#d5dade", "#343b42", "#6db8ea", "#3f6d8c", "#f0924c",
        kinds=("#56b4e9", "#f08a3c", "#2fc49a", "#e293c1", "#e6b422", "#8fd0ff", "#cfc26a", "#c3c9cf"),
        ramp=("#2f3f78", "#2f72ad", "#45a8bd", "#98cfb5", "#eff3c4"), other="#6d757d",
    ),
}  # fmt: skip


def theme(scheme: Scheme, font: str = FONT) -> dict[str, Any]:
    """Return the Vega-Lite configuration of one colour scheme: the key `config` of a specification."""
    colours = PALETTES[scheme]
    sizes = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"}
    text = {"labelColor": colours.ink, "titleColor": colours.ink, **sizes}
    lines = {"domainColor": colours.other, "tickColor": colours.other, "gridColor": colours.faint}
    ramp = list(colours.ramp)
    return {
        "background": "transparent",
        "font": font,
        "view": {"stroke": "transparent"},
        "axis": {**text, **lines, "labelLimit": 180, "domain": False, "ticks": False, "labelPadding": 6, "labelFlush": False},
        "legend": {**text, "orient": "top", "labelLimit": 130, "symbolOpacity": 1},
        "mark": {"color": colours.accent},
        "bar": {"color": colours.wash},
        "range": {"category": list(colours.kinds), "ramp": ramp, "heatmap": ramp, "ordinal": {"scheme": ramp}},
        "style": _styles(colours),
    }


def _styles(colours: _Palette) -> dict[str, Any]:
    """Return the styles of marks by their meaning."""
    return {
        "dot": {"color": colours.accent, "fill": colours.accent, "filled": True, "size": 42, "opacity": 1},
        "whisker": {"color": colours.accent, "strokeWidth": 1.5},
        "target": {"color": colours.warn, "strokeWidth": 1.25, "strokeDash": [5, 3]},
        "target-text": {"color": colours.warn, "fontSize": 11},
        "zero": {"color": colours.ink, "strokeWidth": 1},
        "identity": {"color": colours.other, "strokeWidth": 1.25, "strokeDash": [4, 3]},
        "band": {"color": colours.wash, "fillOpacity": 0.4, "strokeOpacity": 0},
    }
