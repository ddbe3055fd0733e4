"""Figures of a panel: variance components, signal by item and by persona, reliability, D study; and of the arms of a comparison."""

import math
import re
import statistics
from collections.abc import Sequence
from typing import Any

import altair as alt

from personametrics.data.finding import Estimate, Finding
from personametrics.report.figure import STEP, TICKS, WHOLE, Figure, Row, both_ends, drawing, ends, has_value, kinds, line_at, table, values
from personametrics.report.words import interval, level, number, plain, quoted

MOST_LEVELS = 60
"""Items or personas that one figure lists. If there are more, it lists the best and the worst half of that number."""
RUNS = "runs per item"
ARMS = {"before": "without the remedy", "after": "with the remedy", "rival": "baseline at equal cost"}
"""The arms of a comparison, by the first part of the names of their estimates."""
LEAST_SIGNAL = -1.0
"""Lower limit of the axis for single items and personas. Intervals that reach further are cut there."""


def components(finding: Finding) -> Figure | None:
    """Draw the variance components as bars; a negative one points to the left."""
    estimates = [e for e in finding.estimates if e.name.startswith("component.") and math.isfinite(e.value)]
    if not estimates:
        return None
    rows: list[dict[str, Any]] = [{"component": _effect(e), "variance": e.value} | ends(e) | {"n": e.n} for e in estimates]
    order = [str(row["component"]) for row in rows]
    x = alt.X("variance:Q", title="variance (squared scale)", axis=alt.Axis(tickCount=TICKS))
    y = alt.Y("component:N", title=None, scale=alt.Scale(domain=order))
    tooltip = [alt.Tooltip("component:N"), *(alt.Tooltip(f"{name}:Q", format=".3g") for name in ("variance", "low", "high")), "n:Q"]
    chart = drawing(
        rows,
        alt.Chart().mark_bar(height={"band": 0.6}).encode(x=x, y=y, tooltip=tooltip),
        alt.Chart().mark_rule(style="whisker").encode(x="low:Q", x2="high:Q", y=y).transform_filter(WHOLE),
        alt.Chart(values([{"zero": 0}])).mark_rule(style="zero").encode(x="zero:Q"),
        height=34 * len(rows),
    )
    largest = max(estimates, key=lambda e: e.value)
    listed = ", ".join(f"{row['component']} {number(e.value)}" for row, e in zip(rows, estimates, strict=True))
    text = f"Bars of {len(estimates)} variance components with their {level(estimates)}s: {listed}."
    text += f' The largest component is "{_effect(largest)}".'
    return Figure("components", "Where the variance comes from", text, chart, rows)


def _effect(e: Estimate) -> str:
    """Return the name of a component with × between its facets."""
    return plain(e.name.removeprefix("component.")).replace(":", " × ")


def signal_by_item(finding: Finding) -> Figure | None:
    """Draw the signal of every item, best first."""
    return _signal(finding, "items", "item", "How well each item distinguishes personas")


def signal_by_persona(finding: Finding) -> Figure | None:
    """Draw the signal of every persona, best first."""
    return _signal(finding, "personas", "persona", "How distinguishable each persona is")


def _signal(finding: Finding, name: str, facet: str, title: str) -> Figure | None:
    """Draw a dot and an interval for every level, best first."""
    rows = sorted(table(finding, name, "signal"), key=lambda row: -float(row["signal"]))
    if not rows:
        return None
    if len(rows) > MOST_LEVELS:
        title += f" (best {MOST_LEVELS // 2} and worst {MOST_LEVELS // 2} of {len(rows)})"
    middle = statistics.median(float(row["signal"]) for row in rows)
    text = (
        f"Dots with intervals of the persona signal of {len(rows)} {name}: best {quoted(rows[0][facet])} at {number(rows[0]['signal'])}, "
        f"median {number(middle)}, worst {quoted(rows[-1][facet])} at {number(rows[-1]['signal'])}. "
        "To the right of the dashed line, the persona outweighs the noise."
    )
    return Figure(
        f"signal-by-{facet}",
        title,
        text,
        _dots(both_ends(rows, MOST_LEVELS), facet, _lines(rows, facet)),
        table(finding, name),
    )


def _lines(rows: Sequence[Row], facet: str) -> list[str]:
    """Return the lines of a figure that lists both ends of its rows, with one line that stands for all rows left out."""
    names, half = [str(row[facet]) for row in rows], MOST_LEVELS // 2
    return names if len(rows) <= MOST_LEVELS else [*names[:half], f"({len(rows) - MOST_LEVELS} more)", *names[-half:]]


def _dots(rows: list[Row], facet: str, order: list[str]) -> alt.LayerChart:
    """Draw dots with intervals on one axis that ends at 1."""
    lowest = [max(LEAST_SIGNAL, float(row["low"])) for row in rows if has_value(row.get("low"))]
    least = min(0.0, *(float(row["signal"]) for row in rows), *lowest)
    x = alt.X("signal:Q", title="persona signal", axis=alt.Axis(tickCount=TICKS), scale=alt.Scale(domain=[least, 1], nice=False))
    y = alt.Y(f"{facet}:N", title=None, scale=alt.Scale(domain=order))
    shown = [name for name in ("signal", "low", "high", "rerun", "between", "answered") if name in rows[0]]
    tooltip = [alt.Tooltip(f"{facet}:N"), *(alt.Tooltip(f"{name}:Q", format=".3g") for name in shown)]
    return drawing(
        rows,
        alt.Chart(values([{"half": 0.5}])).mark_rule(style="target").encode(x="half:Q"),
        alt.Chart().mark_rule(style="whisker", clip=True).encode(x="low:Q", x2="high:Q", y=y).transform_filter(WHOLE),
        alt.Chart().mark_point(style="dot").encode(x=x, y=y, tooltip=tooltip),
        height=STEP * len(order),
    )


def reliability(finding: Finding) -> Figure | None:
    """Draw the reliability of the mean of k runs, with the band of its interval."""
    estimates = [e for e in finding.estimates if re.fullmatch(r"reliability\.k=\d+", e.name) and math.isfinite(e.value)]
    if len(estimates) < 2:
        return None
    rows: list[dict[str, Any]] = [{"runs": int(e.name.partition("=")[2]), "reliability": e.value} | ends(e) for e in estimates]
    x = alt.X("runs:Q", title="runs averaged", axis=alt.Axis(tickMinStep=1, grid=False), scale=alt.Scale(nice=False, padding=6))
    y = alt.Y("reliability:Q", title="reliability", scale=alt.Scale(zero=False))
    tooltip = ["runs:Q", *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("reliability", "low", "high"))]
    chart = drawing(
        rows,
        alt.Chart().mark_area(style="band").encode(x=x, y="low:Q", y2="high:Q").transform_filter(WHOLE),
        alt.Chart().mark_line().encode(x=x, y=y),
        alt.Chart().mark_point(style="dot").encode(x=x, y=y, tooltip=tooltip),
        height=220,
    )
    first, last = estimates[0], estimates[-1]
    text = (
        f"A line with the band of its {level(estimates)}: the mean of {rows[0]['runs']} run has reliability {number(first.value)}, "
        f"and the mean of {rows[-1]['runs']} runs {number(last.value)}."
    )
    return Figure("reliability", "Reliability when averaging runs", text, chart, rows)


def curve(finding: Finding) -> Figure | None:
    """Draw the D study: G by number of items, with a line for each number of runs."""
    rows = table(finding, "curve", "items", "runs", "reliability")
    if not rows:
        return None
    runs = sorted({int(row["runs"]) for row in rows})
    x = alt.X("items:Q", title="items asked", axis=alt.Axis(grid=False, tickCount=TICKS), scale=alt.Scale(nice=False))
    y = alt.Y("reliability:Q", title="reliability (G) of a persona's mean", scale=alt.Scale(domain=[min(0, *_of(rows, "reliability")), 1]))
    formats = {"reliability": ".3f", "calls": ",d", "cost": ",.2f"}
    tooltip = ["items:Q", "runs:O", *(alt.Tooltip(f"{name}:Q", format=pattern) for name, pattern in formats.items() if name in rows[0])]
    lines = alt.Chart().mark_line().encode(x=x, y=y, color=alt.Color("runs:N", title=RUNS, scale=alt.Scale(domain=runs)))
    dots = alt.Chart().mark_point(filled=True, size=36, opacity=1).encode(x=x, y=y, tooltip=tooltip)
    dots = kinds(dots, "runs", runs, title=RUNS)
    target = _target(finding)
    aim = line_at(target, f"target {target:g}", left=_late(rows, target)) if target else []
    best = max(rows, key=lambda row: float(row["reliability"]))
    reached = [row for row in rows if target and float(row["reliability"]) >= target]
    cheapest = min(reached, key=lambda row: float(row.get("calls") or math.inf), default=None)
    text = (
        f"Lines of reliability over the number of items for {', '.join(map(str, runs))} runs, up to {number(best['reliability'])} "
        f"with {best['items']} items and {best['runs']} runs."
    )
    if target:
        text += f" The target {target:g} is " + (
            "not reached." if cheapest is None else f"reached with {_design(cheapest)}, and with every larger design shown."
        )
    return Figure("d-study", "Reliability with more items and more runs", text, drawing(rows, *aim, lines, dots), rows)


def _late(rows: Sequence[Row], target: float) -> bool:
    """Return True if every line stays below the target in its first quarter, so that a label fits there."""
    quarter = max(_of(rows, "items")) / 4
    return all(row["reliability"] < target for row in rows if row["items"] <= quarter)


def _of(rows: Sequence[Row], column: str) -> list[float]:
    """Return a column of numbers."""
    return [float(row[column]) for row in rows]


def _design(row: Row) -> str:
    """Return a design in words."""
    return f"{row['items']} items and {row['runs']} run{'s' if row['runs'] != 1 else ''}"


def _target(finding: Finding) -> float | None:
    """Return the target reliability that the D study names as its method, or None."""
    stated = (re.search(r"reliability (\d*\.?\d+)", e.method) for e in finding.estimates if e.name.startswith("design."))
    return next((float(match[1]) for match in stated if match), None)


def arms(finding: Finding) -> Figure | None:
    """Draw a dot and an interval for each arm of a comparison that has a number."""
    estimates = {arm: e for e in finding.estimates for arm in ARMS if e.name.startswith(f"{arm}.") and has_value(e.value)}
    if finding.study != "comparison" or "after" not in estimates:
        return None
    name = plain(estimates["after"].name.removeprefix("after."))
    rows: list[dict[str, Any]] = [{"arm": ARMS[arm], "value": e.value} | ends(e) | {"n": e.n} for arm, e in estimates.items()]
    x = alt.X("value:Q", title=name, axis=alt.Axis(tickCount=TICKS), scale=alt.Scale(zero=False))
    y = alt.Y("arm:N", title=None, scale=alt.Scale(domain=[row["arm"] for row in rows]))
    tooltip = ["arm:N", *(alt.Tooltip(f"{column}:Q", format=".3g") for column in ("value", "low", "high"))]
    chart = drawing(
        rows,
        alt.Chart().mark_rule(style="whisker").encode(x=alt.X("low:Q", title=name), x2="high:Q", y=y).transform_filter(WHOLE),
        alt.Chart().mark_point(style="dot").encode(x=x, y=y, tooltip=tooltip),
        height=2 * STEP * len(rows),
    )
    listed = ", ".join(f"{ARMS[arm]} {number(e.value)} ({interval(e) or 'no interval'})" for arm, e in estimates.items())
    return Figure("arms", "Without and with the remedy", f"Dots with intervals of {name}: {listed}.", chart, rows)
