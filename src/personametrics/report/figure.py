"""One picture, and what pictures are put together from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from personametrics.data.estimate import Estimate
from personametrics.data.finding import Finding, Rows
from personametrics.report.words import plain

Row = Mapping[str, Any]
Picture = alt.LayerChart

STEP = 15
"""Height in pixels of one line of a picture that lists personas or items."""

TICKS = 6
"""Numbers along an axis, about."""

FIT = alt.AutoSizeParams(type="fit-x", contains="padding")
"""Axes and legends are part of the width, so that nothing is wider than its container."""

WHOLE = "isValid(datum.low) && isValid(datum.high)"
"""Both ends of an interval are there; a missing end would be drawn at zero."""

HEIGHT = 280
"""Height in pixels of a picture that lists nothing."""


@dataclass(frozen=True)
class Figure:
    """One picture with the table behind it.

    Attributes:
        name: short, for file names.
        title: what it shows.
        alt: the picture in one or two sentences, for those who do not see it.
        chart: the picture, as wide as its container.
        rows: the table behind it, in full.
    """

    name: str
    title: str
    alt: str
    chart: Picture
    rows: Rows


def table(finding: Finding, name: str, *needed: str) -> list[Row]:
    """Rows of an evidence table in which the columns needed hold something; none where the table is absent.

    Args:
        finding: what the study returned.
        name: of the table.
        needed: columns without which a row cannot be drawn.

    Returns:
        The rows, their text made safe to show.
    """
    return [safe(row) for row in finding.evidence.get(name, ()) if all(known(row.get(column)) for column in needed)]


def safe(row: Row) -> dict[str, Any]:
    """A row whose text holds no control signs."""
    return {key: plain(value) if isinstance(value, str) else value for key, value in row.items()}


def known(value: object) -> bool:
    """Whether a cell holds anything: text, or a finite number."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def ends(e: Estimate) -> dict[str, float | None]:
    """The ends of an interval; None where there is none."""
    return {name: value if math.isfinite(value) else None for name, value in (("low", e.low), ("high", e.high))}


def drawing(rows: Iterable[Row], *layers: alt.Chart, height: float = HEIGHT) -> Picture:
    """Layers over the same rows, as wide as their container.

    Args:
        rows: the data of every layer that brings none of its own.
        layers: from back to front.
        height: in pixels.

    Returns:
        The picture.
    """
    return alt.LayerChart(data=values(rows), layer=list(layers), width="container", height=height, autosize=FIT)


def values(rows: Iterable[Row]) -> alt.InlineData:
    """Rows as data that stands in the picture itself."""
    return alt.InlineData(values=[dict(row) for row in rows])


def kinds(chart: alt.Chart, column: str, order: list[str] | list[int], shapes: Sequence[str] = (), title: str | None = None) -> alt.Chart:
    """A colour and a shape for each kind, so that colour never speaks alone.

    Args:
        chart: marks.
        column: which kind.
        order: the kinds.
        shapes: one a kind; none: in the usual order.
        title: of the legend.

    Returns:
        The marks, with one legend for both.
    """
    usual = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")
    drawn = [(shapes or usual)[at % len(shapes or usual)] for at in range(len(order))]
    color = alt.Color(f"{column}:N", title=title, scale=alt.Scale(domain=order))
    shape = alt.Shape(f"{column}:N", title=title, scale=alt.Scale(domain=order, range=drawn))
    marked: alt.Chart = chart.encode(color=color, shape=shape)
    return marked


def line_at(value: float, label: str, *, left: bool) -> list[alt.Chart]:
    """A horizontal target line with its label: above it on the left, or below it on the right."""
    data = values([{"target": value, "label": label}])
    rule = alt.Chart(data).mark_rule(style="target").encode(y=alt.Y("target:Q"))
    text = alt.Chart(data)
    if left:
        text = text.mark_text(style="target-text", align="left", baseline="bottom", dx=4, dy=-3)
    else:
        text = text.mark_text(style="target-text", align="right", baseline="top", dx=-4, dy=4)
    return [rule, text.encode(x=alt.value(0 if left else "width"), y=alt.Y("target:Q"), text="label:N")]


def identity_line(low: float, high: float) -> alt.Chart:
    """The line on which both axes are equal."""
    corners = values([{"same x": low, "same y": low}, {"same x": high, "same y": high}])
    line: alt.Chart = alt.Chart(corners).mark_line(style="identity").encode(x="same x:Q", y="same y:Q")
    return line


def seriated(rows: Sequence[Row], name: str, value: str) -> list[str]:
    """Names ordered by their mean, highest first, so that patterns stand out."""
    held: dict[str, list[float]] = {}
    for row in rows:
        held.setdefault(str(row[name]), []).append(float(row[value]))
    return sorted(held, key=lambda one: -math.fsum(held[one]) / len(held[one]))
