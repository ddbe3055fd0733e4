"""Figures of conversations: the drift from turn to turn, and the share of dialogues that stay in character."""

from collections.abc import Iterable, Mapping, Sequence

import altair as alt

from personametrics.data.finding import Finding
from personametrics.report.figure import STEP, TICKS, WHOLE, Figure, Picture, Row, drawing, kinds, table, values
from personametrics.report.words import level, number, quoted

WIDE = 0.3
"""Width in turns over which the intervals of one turn are spread, so that none hides another."""
NAMES: Mapping[str, str] = {
    "signal": "persona signal",
    "default": "difference from no persona",
    "position": "share of the first position kept",
}
SURVIVAL = "survival"
IN_CHARACTER = "lines in character"
ALL = "all"
"""The name of the only kind, if a study distinguishes no kinds."""


def drift(finding: Finding) -> Figure | None:
    """Draw a line with intervals over the turns for each number that a study follows."""
    rows = [row for row in table(finding, "turns", "turn", "value", "what") if row["what"] != SURVIVAL]
    rows = [dict(row) | {"what": NAMES.get(str(row["what"]), str(row["what"]))} for row in rows]
    if len({row["turn"] for row in rows}) <= 1:
        return None
    order = _kinds(rows, "what")
    levels = level(e for e in finding.estimates if ".turn=" in e.name)
    text = f"Curves with their {levels}s over the number of lines spoken: {_ends(rows, 'what', order)}."
    chart = _drawn(_placed(rows, order), "what", order, alt.Chart().mark_line(strokeWidth=1.5))
    return Figure("drift", "How the persona changes during the conversation", text, chart, rows)


def survival(finding: Finding) -> Figure | None:
    """Draw the share of dialogues that are still in character as steps with intervals."""
    rows = [dict(row) | {"kind": str(row.get("kind") or ALL)} for row in table(finding, SURVIVAL, "turn", "value")]
    if len({row["turn"] for row in rows}) <= 1:
        return None
    order = _kinds(rows, "kind")
    text = f"Steps show the share of dialogues in which the persona has not faded yet, with intervals: {_ends(rows, 'kind', order)}."
    placed = [dict(row) | {"at": row["turn"] + WIDE * (order.index(row["kind"]) + 1) / (len(order) + 1)} for row in rows]
    ends = [max((row for row in rows if row["kind"] == kind), key=lambda row: float(row["turn"])) for kind in order]
    steps = [dict(row) | {"at": row["turn"]} for row in rows] + [dict(row) | {"at": row["turn"] + WIDE} for row in ends]
    lines = alt.Chart(values(steps)).mark_line(interpolate="step-after", strokeWidth=1.5)
    chart = _drawn(placed, "kind", order, lines, alt.Scale(domain=[0, 1]))
    return Figure("survival", "Share of dialogues in character throughout", text, chart, rows)


def fading(finding: Finding) -> Figure | None:
    """Draw the share of each persona's lines that sound like the assistant, turn by turn."""
    rows = table(finding, "fading", "persona", "turn", "faded")
    if len({row["turn"] for row in rows}) <= 1:
        return None
    order = list(dict.fromkeys(str(row["persona"]) for row in rows))
    color = alt.Color("faded:Q", title="share faded", scale=alt.Scale(domain=[0, 1]), legend=alt.Legend(gradientLength=140))
    x = alt.X("turn:O", title="line", axis=alt.Axis(labelAngle=0))
    y = alt.Y("persona:N", title=None, scale=alt.Scale(domain=order))
    tooltip = ["persona:N", "turn:O", *(alt.Tooltip(f"{name}:Q", format=".2f") for name in ("faded", "low", "high")), "dialogues:Q"]
    chart = drawing(rows, alt.Chart().mark_rect().encode(x=x, y=y, color=color, tooltip=tooltip), height=STEP * len(order))
    first, last = quoted(order[0]), quoted(order[-1])
    text = f"Heat map of the share of lines that sound like the assistant, by persona ({len(order)}, from {first} to {last}) and line."
    return Figure("fading", "When each persona fades", text, chart, rows)


def courses(finding: Finding) -> Figure | None:
    """Draw one persona at a time: its share of lines in character and its kept position, with the other personas in the background."""
    lines = [
        {"persona": row["persona"], "turn": row["turn"], "what": IN_CHARACTER, "value": 1 - row["faded"], "low": _rest(row["high"]),
         "high": _rest(row["low"])}
        for row in table(finding, "fading", "persona", "turn", "faded")
    ]  # fmt: skip
    kept = [dict(row) | {"what": NAMES["position"]} for row in table(finding, "positions", "persona", "turn", "value")]
    rows = lines + kept
    order, names = _kinds(rows, "what"), _kinds(rows, "persona")
    if len({row["turn"] for row in rows}) <= 1:
        return None
    first = [row for row in rows if row["persona"] == names[0]]
    text = (
        "Curves with their intervals over the number of lines spoken. One persona is shown, and the others are faint. "
        f"The first one shown is {quoted(names[0])}: {_ends(first, 'what', _kinds(first, 'what'))}."
    )
    shown = alt.param(name="shown", value=names[0], bind=alt.binding_select(options=names, name="persona "))
    chart = _drawn(_placed(rows, order), "what", order, alt.Chart().mark_line(strokeWidth=1.5), only="datum.persona === shown")
    behind = alt.Chart().mark_line(strokeWidth=1, opacity=0.12).encode(x="at:Q", y="value:Q", color="what:N", detail="persona:N")
    chart.layer = [behind, *chart.layer]
    return Figure("courses", "How each persona changes", text, chart.add_params(shown), rows)


def _placed(rows: Sequence[Row], order: list[str]) -> list[Row]:
    """Return rows with their places along the axis of turns, side by side by what they show."""
    middle = (len(order) - 1) / 2
    return [dict(row) | {"at": row["turn"] + WIDE * (order.index(row["what"]) - middle) / len(order)} for row in rows]


def _rest(share: float | None) -> float | None:
    """Return 1 minus a share, or None if the share is undefined."""
    return None if share is None else 1 - share


def _drawn(rows: Sequence[Row], name: str, order: list[str], lines: alt.Chart, scale: alt.Scale | None = None, only: str = "") -> Picture:
    """Draw lines with dots and whiskers of the rows for which `only` is true. A single kind gets no legend."""
    title = "value" if scale is None else "share still in character"
    turns = sorted({row["turn"] for row in rows})
    x = alt.X("at:Q", title="lines spoken", axis=alt.Axis(values=turns, grid=False, format="d"), scale=alt.Scale(nice=False, padding=12))
    y = alt.Y("value:Q", title=title, scale=scale or alt.Scale(zero=True), axis=alt.Axis(tickCount=TICKS))
    tooltip = [f"{name}:N", "turn:Q", *(alt.Tooltip(f"{column}:Q", format=".3f") for column in ("value", "low", "high"))]
    whiskers = alt.Chart().mark_rule(style="whisker").encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q").transform_filter(WHOLE)
    dots = alt.Chart().mark_point(filled=True, size=44, opacity=1).encode(x=x, y=y, tooltip=tooltip)
    lines = lines.encode(x=x, y=y)
    if order != [ALL]:
        color = alt.Color(f"{name}:N", title=None, scale=alt.Scale(domain=order))
        whiskers, lines, dots = whiskers.encode(color=color), lines.encode(color=color), kinds(dots, name, order)
    layers = [whiskers, lines, dots]
    return drawing(rows, *([layer.transform_filter(only) for layer in layers] if only else layers))


def _kinds(rows: Iterable[Row], name: str) -> list[str]:
    """Return the values of a column once each, in their order."""
    return list(dict.fromkeys(str(row[name]) for row in rows))


def _ends(rows: Sequence[Row], name: str, order: Sequence[str]) -> str:
    """Describe where each line begins and ends."""
    ordered = sorted(rows, key=lambda row: float(row["turn"]))
    return "; ".join(_course([row for row in ordered if row[name] == kind], kind) for kind in order)


def _course(rows: Sequence[Row], kind: str) -> str:
    """Describe where one line begins and ends."""
    first, last = (f"{number(row['value'])} (after {row['turn']} line{'s' * (row['turn'] != 1)})" for row in (rows[0], rows[-1]))
    course = f"from {first} to {last}" if len(rows) > 1 else last
    return course if kind == ALL else f"{quoted(kind)} {course}"
