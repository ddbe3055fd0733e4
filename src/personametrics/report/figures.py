"""The figures of a finding, for the page and as files."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import vl_convert

from personametrics.data.card import Card
from personametrics.data.finding import Finding
from personametrics.report import answer_figures, human_figures, panel_figures, talk_figures
from personametrics.report.figure import Figure
from personametrics.report.theme import PAPER_FONT, theme

PAPER_WIDTH = 520
"""Width in pixels of a figure in a file, axes and legends included."""
PIXELS = 2.0
"""Pixels of a PNG per pixel of the figure, for sharp prints."""
_ALL: tuple[Callable[[Finding], Figure | None], ...] = (
    panel_figures.arms,
    panel_figures.components,
    panel_figures.signal_by_item,
    panel_figures.signal_by_persona,
    answer_figures.heat_map,
    answer_figures.answers,
    panel_figures.reliability,
    panel_figures.curve,
    human_figures.differences,
    human_figures.distances,
    human_figures.spread,
    human_figures.tracking,
    talk_figures.drift,
    talk_figures.survival,
    talk_figures.fading,
    talk_figures.courses,
)


def figures(finding: Finding) -> list[Figure]:
    """Return the figures of a finding, drawn from its estimates and evidence alone: one for each kind of which it has the numbers."""
    drawn = (draw(finding) for draw in _ALL)
    return [figure for figure in drawn if figure is not None]


def save_figures(card: Card, directory: str | Path) -> list[Path]:
    """Write every figure of a card as SVG, PDF and PNG on a white ground into a folder, made if need be. No network is needed.

    Returns:
        The files written: `STUDY-FIGURE.svg` and so on. If a card has two findings of one study, the file names of the second end in `-2`.
    """
    folder, written, taken = Path(directory), list[Path](), set[str]()
    folder.mkdir(parents=True, exist_ok=True)
    for finding in card.findings:
        for figure in figures(finding):
            stem = _free(f"{_slug(finding.study)}-{figure.name}", taken)
            for ending, content in _printed(figure).items():
                path = folder / f"{stem}.{ending}"
                path.write_bytes(content)
                written.append(path)
    return written


def specification(figure: Figure) -> dict[str, Any]:
    """Return the Vega-Lite specification of a figure without colours, which come from a theme."""
    chart: dict[str, Any] = figure.chart.to_dict(validate=False)
    chart.pop("config", None)
    return chart


def _printed(figure: Figure) -> Mapping[str, bytes]:
    """Return a figure in each file format."""
    config = theme("light", PAPER_FONT) | {"background": "white"}
    chart = specification(figure) | {"width": PAPER_WIDTH, "config": config}
    svg: str = vl_convert.vegalite_to_svg(chart)
    return {
        "svg": svg.encode(),
        "pdf": bytes(vl_convert.vegalite_to_pdf(chart)),
        "png": bytes(vl_convert.vegalite_to_png(chart, scale=PIXELS)),
    }


def _slug(name: str) -> str:
    """Return a name that every file system accepts and that cannot lead into another folder."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "study"


def _free(stem: str, taken: set[str]) -> str:
    """Return a file stem that is not taken yet, and mark it as taken."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name)
    return name
