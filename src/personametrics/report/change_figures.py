"""The figure of a comparison: the estimate without the remedy, with it, and with the baseline at equal cost."""

from typing import Any

import altair as alt

from personametrics.data.finding import Finding
from personametrics.report.figure import STEP, TICKS, WHOLE, Figure, drawing, ends, known
from personametrics.report.words import interval, number, plain

ARMS = {"before": "without", "after": "with the remedy", "rival": "baseline at equal cost"}


def arms(finding: Finding) -> Figure | None:
    """Draw a dot and an interval for each arm of a comparison that has a number."""
    estimates = {arm: e for e in finding.estimates for arm in ARMS if e.name.startswith(f"{arm}.") and known(e.value)}
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
