"""Figures that compare a panel with human answers: group differences, distances per item, spread, and sources of disagreement."""

import statistics
from collections.abc import Sequence

import altair as alt

from personametrics.data.finding import Finding
from personametrics.report.figure import HEIGHT, STEP, TICKS, Figure, Row, both_ends, drawing, has_value, identity_line, kinds, table
from personametrics.report.words import number, quoted

MOST_GROUPS = 8
"""Largest number of groups that get a colour and a shape of their own."""
FROM_ZERO = alt.Scale(zero=True, nice=True)
MOST_LINES = 60
"""Items or groups that one figure lists. If there are more, it lists those at both ends."""


def differences(finding: Finding) -> Figure | None:
    """Draw the deviations of group means from the item mean, panel against humans, with the line of agreement."""
    rows = table(finding, "differences", "group", "item", "panel", "human")
    if not rows:
        return None
    both = [float(row[name]) for row in rows for name in ("panel", "human")]
    x = alt.X("human:Q", title="humans: group minus item mean", axis=alt.Axis(tickCount=TICKS))
    y = alt.Y("panel:Q", title="panel: group minus item mean", axis=alt.Axis(tickCount=TICKS))
    named = ["group", "item", *(["answer"] if any(row.get("answer") is not None for row in rows) else [])]
    tooltip = [*(f"{name}:N" for name in named), *(alt.Tooltip(f"{name}:Q", format=".3g") for name in ("human", "panel"))]
    dots = alt.Chart().mark_point(filled=True, size=45, opacity=0.8).encode(x=x, y=y, tooltip=tooltip)
    groups = list(dict.fromkeys(str(row["group"]) for row in rows))
    if len(groups) <= MOST_GROUPS:
        dots = kinds(dots, "group", groups)
    same = sum(float(row["panel"]) * float(row["human"]) > 0 for row in rows)
    text = (
        f"Scatter of {len(rows)} differences of {len(groups)} groups: those of the panel against those of people. "
        f"On the line, both are equal. {same} of {len(rows)} differences have the same sign in the panel as in people."
    )
    chart = drawing(rows, identity_line(min(both), max(both)), dots, height=HEIGHT + 60)
    return Figure("differences", "Group differences: panel against humans", text, chart, rows)


def distances(finding: Finding) -> Figure | None:
    """Draw the total variation of every item, with its sampling floor and the distance between two halves of the humans."""
    rows = sorted(table(finding, "distances", "item", "tv"), key=lambda row: float(row["tv"]))
    if not rows:
        return None
    shown = both_ends(rows, MOST_LINES)
    marks = {"tv": "panel", "floor": "sampling alone", "ceiling": "human halves"}
    drawn = [(row, name) for name in marks for row in shown if has_value(row.get(name))]
    points = [{"item": row["item"], "distance": row[name], "what": marks[name]} for row, name in drawn]
    x = alt.X("distance:Q", title="total variation", axis=alt.Axis(tickCount=TICKS), scale=FROM_ZERO)
    y = alt.Y("item:N", title=None, scale=alt.Scale(domain=[str(row["item"]) for row in shown]))
    dots = alt.Chart().mark_point(filled=True, size=50, opacity=1).encode(x=x, y=y)
    dots = dots.encode(tooltip=["item:N", "what:N", alt.Tooltip("distance:Q", format=".3g")])
    order = list(dict.fromkeys(str(point["what"]) for point in points))
    dots = kinds(dots, "what", order, ("circle", "triangle-right", "triangle-left"))
    title = "Distance to human answers, item by item" + _left_out(rows, shown)
    middle = statistics.median(float(row["tv"]) for row in rows)
    text = (
        f"Each dot is one of {len(rows)} items: the total variation distance between the answers of the panel and of people. It goes from "
        f"{number(rows[0]['tv'])} ({quoted(rows[0]['item'])}) to {number(rows[-1]['tv'])} ({quoted(rows[-1]['item'])}), with the median "
        f"{number(middle)}. Two marks show the distance due to sampling alone, and the distance between two halves of the people."
    )
    return Figure("distances", title, text, drawing(points, dots, height=(STEP + 2) * len(shown)), rows)


def spread(finding: Finding) -> Figure | None:
    """Draw the standard deviation within groups, panel and humans."""
    rows = sorted(table(finding, "spread", "group", "panel", "human"), key=lambda row: -float(row["human"]))
    if not rows:
        return None
    shown = both_ends(rows, MOST_LINES)
    y = alt.Y("group:N", title=None, scale=alt.Scale(domain=[str(row["group"]) for row in shown]))
    whose = {"panel": "panel", "human": "humans"}
    points = [dict(row) | {"who": who, "spread": row[column]} for column, who in whose.items() for row in shown]
    x = alt.X("spread:Q", title="standard deviation within the group", axis=alt.Axis(tickCount=TICKS), scale=FROM_ZERO)
    dots = kinds(alt.Chart().mark_point(filled=True, size=55, opacity=1).encode(x=x, y=y), "who", list(whose.values()))
    dots = dots.encode(tooltip=["group:N", "who:N", *(alt.Tooltip(f"{name}:Q", format=".3g") for name in ("panel", "human"))])
    bridge = alt.Chart().mark_rule(style="identity").encode(x="panel:Q", x2="human:Q", y=y)
    narrower = sum(float(row["panel"]) < float(row["human"]) for row in rows)
    text = (
        f"Each pair of dots shows the spread of the panel and the spread of the people in one of {len(rows)} groups. "
        f"The panel's spread is smaller in {narrower} of them."
    )
    title = "Spread within groups: panel and humans" + _left_out(rows, shown)
    return Figure("spread", title, text, drawing(points, bridge, dots, height=(STEP + 5) * len(shown)), rows)


def tracking(finding: Finding) -> Figure | None:
    """Draw the two parts of the panel's disagreement over human disagreement."""
    rows = table(finding, "tracking", "item", "human", "persona", "rerun")
    if not rows:
        return None
    parts = {"persona": "between personas", "rerun": "between reruns"}
    points = [{"item": row["item"], "human": row["human"], "panel": row[name], "part": parts[name]} for name in parts for row in rows]
    both = [float(point[name]) for point in points for name in ("panel", "human")]
    x = alt.X("human:Q", title="human disagreement on the item", axis=alt.Axis(tickCount=TICKS))
    y = alt.Y("panel:Q", title="part of the panel's disagreement", axis=alt.Axis(tickCount=TICKS))
    tooltip = ["item:N", "part:N", alt.Tooltip("human:Q", format=".3g"), alt.Tooltip("panel:Q", format=".3g")]
    dots = alt.Chart().mark_point(filled=True, size=45, opacity=0.85).encode(x=x, y=y, tooltip=tooltip)
    dots = kinds(dots, "part", list(parts.values()))
    mean = {name: statistics.fmean(float(row[name]) for row in rows) for name in ("human", *parts)}
    text = (
        f"Scatter of the panel's disagreement on {len(rows)} items against the disagreement of people; on the line, both are equal. "
        f"Mean disagreement: {number(mean['human'])} between people, {number(mean['persona'])} between personas, "
        f"{number(mean['rerun'])} between reruns."
    )
    chart = drawing(points, identity_line(min(0, *both), max(both)), dots, height=HEIGHT + 40)
    return Figure("tracking", "Do personas disagree on the items on which people disagree?", text, chart, rows)


def _left_out(rows: Sequence[Row], shown: Sequence[Row]) -> str:
    """Return the part of the title that says how many rows are left out, or ""."""
    return "" if len(rows) == len(shown) else f" (first {len(shown) // 2} and last {len(shown) // 2} of {len(rows)})"
