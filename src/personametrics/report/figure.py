"""One picture, and what pictures are put together from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from personametrics.data.finding import Finding, Rows
from personametrics.report.words import plain

Row = Mapping[str, Any]

STEP = 15
"""Height in pixels of one line of a picture that lists persons or items."""

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
    chart: alt.LayerChart
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


def drawing(rows: Iterable[Row], *layers: alt.Chart, height: int | alt.Step = HEIGHT) -> alt.LayerChart:
    """Layers over the same rows, as wide as their container.

    Args:
        rows: the data of every layer that brings none of its own.
        layers: from back to front.
        height: of the whole, or of one line.

    Returns:
        The picture.
    """
    return alt.layer(*layers, data=values(rows)).properties(width="container", height=height)


def values(rows: Iterable[Row]) -> alt.Data:
    """Rows as data that stands in the picture itself."""
    return alt.Data(values=[dict(row) for row in rows])


def whole(column: str) -> str:
    """Condition that both ends of an interval are there; without it a missing end would be drawn at zero."""
    low, high = ("low", "high") if column == "" else (f"{column}.low", f"{column}.high")
    return f"isValid(datum['{low}']) && isValid(datum['{high}'])"


def line_at(value: float, label: str = "") -> list[alt.Chart]:
    """A horizontal target line with its label."""
    data = values([{"target": value, "label": label}])
    rule = alt.Chart(data).mark_rule(style="target").encode(y=alt.Y("target:Q"))
    text = alt.Chart(data).mark_text(style="target-text", align="left", baseline="bottom", dx=4, dy=-2)
    return [rule, text.encode(x=alt.value(0), y=alt.Y("target:Q"), text="label:N")]


def identity_line(low: float, high: float) -> alt.Chart:
    """The line on which both axes are equal."""
    ends = values([{"same x": low, "same y": low}, {"same x": high, "same y": high}])
    return alt.Chart(ends).mark_line(style="identity").encode(x="same x:Q", y="same y:Q")


def seriated(rows: Sequence[Row], name: str, value: str) -> list[str]:
    """Names ordered by their mean, highest first, so that patterns stand out."""
    held: dict[str, list[float]] = {}
    for row in rows:
        held.setdefault(str(row[name]), []).append(float(row[value]))
    return sorted(held, key=lambda one: -math.fsum(held[one]) / len(held[one]))
