"""The figure and its building blocks."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from personametrics.data.finding import Estimate, Finding, Rows
from personametrics.report.words import plain

Row = Mapping[str, Any]
Picture = alt.LayerChart
STEP = 15
"""Height in pixels of one line in a figure that lists personas or items."""
TICKS = 6
"""Approximate number of labels along an axis."""
FIT = alt.AutoSizeParams(type="fit-x", contains="padding")
"""Sizing that counts axes and legends in the width, so that no figure is wider than its container."""
WHOLE = "isValid(datum.low) && isValid(datum.high)"
"""The condition that both ends of an interval are given; a missing end would be drawn at zero."""
HEIGHT = 280
"""Height in pixels of a figure without a list of lines."""


@dataclass(frozen=True)
class Figure:
    """A figure with its table of numbers.

    Attributes:
        name: short name, used in file names.
        title: title above the figure.
        alt: description in one or two sentences, for readers who cannot see the figure.
        chart: chart, as wide as its container.
        rows: complete table of the numbers shown.
    """

    name: str
    title: str
    alt: str
    chart: Picture
    rows: Rows


def table(finding: Finding, name: str, *needed: str) -> list[Row]:
    """Return the rows of an evidence table in which all needed columns have a value, their text made safe to show; [] without a table."""
    return [safe(row) for row in finding.evidence.get(name, ()) if all(has_value(row.get(column)) for column in needed)]


def safe(row: Row) -> dict[str, Any]:
    """Return a row without control characters in its text."""
    return {key: plain(value) if isinstance(value, str) else value for key, value in row.items()}


def has_value(value: object) -> bool:
    """Return True if a cell has a value: text, or a finite number."""
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def ends(e: Estimate) -> dict[str, float | None]:
    """Return the ends of an interval, None for an end that is not finite."""
    return {name: value if math.isfinite(value) else None for name, value in (("low", e.low), ("high", e.high))}


def drawing(rows: Iterable[Row], *layers: alt.Chart, height: float = HEIGHT) -> Picture:
    """Return layers, from back to front, over the same rows, as wide as their container."""
    return alt.LayerChart(data=values(rows), layer=list(layers), width="container", height=height, autosize=FIT)


def values(rows: Iterable[Row]) -> alt.InlineData:
    """Return rows as data embedded in the chart."""
    return alt.InlineData(values=[dict(row) for row in rows])


def kinds(chart: alt.Chart, column: str, order: list[str] | list[int], shapes: Sequence[str] = (), title: str | None = None) -> alt.Chart:
    """Give each kind in a column a colour and a shape, so that nothing depends on colour alone, with one legend for both.

    `order` is that of the legend; `shapes` has one shape per kind, and is empty for the usual order.
    """
    usual = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")
    drawn = [(shapes or usual)[index % len(shapes or usual)] for index in range(len(order))]
    color = alt.Color(f"{column}:N", title=title, scale=alt.Scale(domain=order))
    shape = alt.Shape(f"{column}:N", title=title, scale=alt.Scale(domain=order, range=drawn))
    marked: alt.Chart = chart.encode(color=color, shape=shape)
    return marked


def line_at(value: float, label: str, *, left: bool) -> list[alt.Chart]:
    """Return a horizontal target line with its label, above it on the left or below it on the right."""
    data = values([{"target": value, "label": label}])
    rule = alt.Chart(data).mark_rule(style="target").encode(y=alt.Y("target:Q"))
    text = alt.Chart(data)
    if left:
        text = text.mark_text(style="target-text", align="left", baseline="bottom", dx=4, dy=-3)
    else:
        text = text.mark_text(style="target-text", align="right", baseline="top", dx=-4, dy=4)
    return [rule, text.encode(x=alt.value(0 if left else "width"), y=alt.Y("target:Q"), text="label:N")]


def identity_line(low: float, high: float) -> alt.Chart:
    """Return the line on which both axes are equal."""
    corners = values([{"same x": low, "same y": low}, {"same x": high, "same y": high}])
    line: alt.Chart = alt.Chart(corners).mark_line(style="identity").encode(x="same x:Q", y="same y:Q")
    return line


def both_ends(rows: Sequence[Row], most: int) -> list[Row]:
    """Return the rows that one figure lists: all, or half of the largest number from each end."""
    return list(rows) if len(rows) <= most else [*rows[: most // 2], *rows[-(most // 2) :]]


def seriated(rows: Sequence[Row], name: str, value: str) -> list[str]:
    """Return names ordered by their mean, highest first."""
    numbers: dict[str, list[float]] = {}
    for row in rows:
        numbers.setdefault(str(row[name]), []).append(float(row[value]))
    return sorted(numbers, key=lambda key: -math.fsum(numbers[key]) / len(numbers[key]))
