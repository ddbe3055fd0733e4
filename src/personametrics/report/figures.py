"""Every picture of a finding, for the page and as files."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import vl_convert

from personametrics.data.card import Card
from personametrics.data.finding import Finding
from personametrics.report import answer_figures, change_figures, human_figures, panel_figures, talk_figures
from personametrics.report.figure import Figure
from personametrics.report.theme import PAPER_FONT, theme

PAPER_WIDTH = 520
"""Width in pixels of a picture in a file, axes and legends included."""

PIXELS = 2.0
"""Pixels of a PNG per pixel of the picture, so that it prints sharply."""

_ALL: tuple[Callable[[Finding], Figure | None], ...] = (
    change_figures.arms,
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
    """The pictures of a finding, from its estimates and evidence alone.

    Args:
        finding: what a study returned.

    Returns:
        One picture for each kind whose numbers the finding holds.
    """
    drawn = (draw(finding) for draw in _ALL)
    return [figure for figure in drawn if figure is not None]


def save_figures(card: Card, directory: str | Path) -> list[Path]:
    """Write every picture of a card as SVG, PDF and PNG, on white, without a network.

    Args:
        card: the findings.
        directory: where to; made if need be.

    Returns:
        The files written: `study-picture.svg` and so on. Of two findings by one study, the second's names end in `-2`.
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
    """The Vega-Lite specification of a picture, without any colour: a theme brings those."""
    chart: dict[str, Any] = figure.chart.to_dict(validate=False)
    chart.pop("config", None)
    return chart


def _printed(figure: Figure) -> Mapping[str, bytes]:
    """A picture in each format of a file."""
    config = theme("light", PAPER_FONT) | {"background": "white"}
    chart = specification(figure) | {"width": PAPER_WIDTH, "config": config}
    svg: str = vl_convert.vegalite_to_svg(chart)
    return {
        "svg": svg.encode(),
        "pdf": bytes(vl_convert.vegalite_to_pdf(chart)),
        "png": bytes(vl_convert.vegalite_to_png(chart, scale=PIXELS)),
    }


def _slug(name: str) -> str:
    """A name that every file system takes, and that leads into no other folder."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "study"


def _free(stem: str, taken: set[str]) -> str:
    """A stem no other picture has."""
    name, at = stem, 1
    while name in taken:
        at += 1
        name = f"{stem}-{at}"
    taken.add(name)
    return name
