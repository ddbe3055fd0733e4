"""A picture of what a remedy changed: the estimate without it, with it, and with what the same money buys otherwise."""

from typing import Any

import altair as alt

from personametrics.data.finding import Finding
from personametrics.report.figure import STEP, TICKS, WHOLE, Figure, drawing, ends, known
from personametrics.report.words import interval, number, plain

ARMS = {"before": "without", "after": "with the remedy", "rival": "same money, naively"}


def arms(finding: Finding) -> Figure | None:
    """Dot and interval of each arm of a comparison that has a number."""
    found = {arm: e for e in finding.estimates for arm in ARMS if e.name.startswith(f"{arm}.") and known(e.value)}
    if finding.study != "comparison" or "after" not in found:
        return None
    name = plain(found["after"].name.removeprefix("after."))
    rows: list[dict[str, Any]] = [{"arm": ARMS[arm], "value": e.value} | ends(e) | {"n": e.n} for arm, e in found.items()]
    x = alt.X("value:Q", title=name, axis=alt.Axis(tickCount=TICKS), scale=alt.Scale(zero=False))
    y = alt.Y("arm:N", title=None, scale=alt.Scale(domain=[row["arm"] for row in rows]))
    tooltip = ["arm:N", *(alt.Tooltip(f"{one}:Q", format=".3g") for one in ("value", "low", "high"))]
    chart = drawing(
        rows,
        alt.Chart().mark_rule(style="whisker").encode(x=alt.X("low:Q", title=name), x2="high:Q", y=y).transform_filter(WHOLE),
        alt.Chart().mark_point(style="dot").encode(x=x, y=y, tooltip=tooltip),
        height=2 * STEP * len(rows),
    )
    listed = ", ".join(f"{ARMS[arm]} {number(e.value)} ({interval(e) or 'no interval'})" for arm, e in found.items())
    return Figure("arms", "Without and with the remedy", f"Dots with intervals of {name}: {listed}.", chart, rows)
