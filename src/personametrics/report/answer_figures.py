"""Pictures of the answers themselves: the heat map of personas and items, and what each persona answers."""

from collections import Counter
from collections.abc import Sequence

import altair as alt

from personametrics.data.finding import Finding
from personametrics.report.figure import STEP, TICKS, Figure, Picture, Row, drawing, seriated, table
from personametrics.report.words import number, quoted

MOST_KINDS = 8
"""Colours that are told apart; of more answers, the most frequent ones keep their own."""

OTHER = "(other)"


def heat_map(finding: Finding) -> Figure | None:
    """Mean or most frequent answer of every persona to every item."""
    if rows := table(finding, "cells", "persona", "item", "mean"):
        return _means(rows)
    rows = table(finding, "cells", "persona", "item", "answer", "share")
    return _modes(rows) if rows else None


def _means(rows: list[Row]) -> Figure:
    """A colour from little to much; personas and items ordered by their means, so that patterns stand out."""
    personas, items = seriated(rows, "persona", "mean"), seriated(rows, "item", "mean")
    color = alt.Color("mean:Q", title="mean answer", scale=alt.Scale(zero=False), legend=alt.Legend(gradientLength=140))
    top, bottom = (choose(rows, key=lambda row: float(row["mean"])) for choose in (max, min))
    text = (
        f"Heat map of the mean answers of {len(personas)} personas to {len(items)} items, from {number(bottom['mean'])} "
        f"(persona {quoted(bottom['persona'])}, item {quoted(bottom['item'])}) to {number(top['mean'])} "
        f"(persona {quoted(top['persona'])}, item {quoted(top['item'])})."
    )
    chart = _grid(rows, personas, items, color, alt.Tooltip("mean:Q", format=".3g"))
    return Figure("heat-map", "Mean answer of each persona to each item", text, chart, rows)


def _modes(rows: list[Row]) -> Figure:
    """A colour for each answer, paler where fewer runs gave it."""
    frequent = Counter(str(row["answer"]) for row in rows)
    kept = _kept(list(frequent), frequent)
    drawn = [dict(row) | {"kind": row["answer"] if row["answer"] in kept else OTHER} for row in rows]
    personas, items = (list(dict.fromkeys(str(row[name]) for row in rows)) for name in ("persona", "item"))
    color = alt.Color("kind:N", title=None, sort=kept)
    most, cells = frequent.most_common(1)[0]
    text = (
        f"Heat map of the most frequent answer of {len(personas)} personas to {len(items)} items; "
        f"{quoted(most)} leads in {cells} of {len(rows)} cells."
    )
    shade = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.15, 1]), legend=None)
    chart = _grid(drawn, personas, items, color, alt.Tooltip("answer:N"), alt.Tooltip("share:Q", format=".0%"), opacity=shade)
    return Figure("heat-map", "Most frequent answer of each persona to each item", text, chart, rows)


def _grid(
    rows: Sequence[Row], personas: list[str], items: list[str], color: alt.Color, *shown: alt.Tooltip, opacity: alt.Opacity | None = None
) -> Picture:
    """One rectangle per persona and item."""
    axis = alt.Axis(labelAngle=-90, labelLimit=90, labelOverlap="greedy", orient="bottom")
    marks = (
        alt.Chart()
        .mark_rect()
        .encode(
            x=alt.X("item:N", title="item", scale=alt.Scale(domain=items), axis=axis),
            y=alt.Y("persona:N", title=None, scale=alt.Scale(domain=personas), axis=alt.Axis(labelOverlap="greedy")),
            color=color,
            tooltip=[alt.Tooltip("persona:N"), alt.Tooltip("item:N"), *shown],
        )
    )
    return drawing(rows, marks if opacity is None else marks.encode(opacity=opacity), height=12 * len(personas))


def answers(finding: Finding) -> Figure | None:
    """How often each persona gave each answer."""
    rows = table(finding, "answers", "persona", "answer", "order", "share")
    if not rows:
        return None
    labels = [str(row["answer"]) for row in sorted({row["answer"]: row for row in rows}.values(), key=lambda row: row["order"])]
    ordered = any(row.get("mean") is not None for row in finding.evidence.get("cells", ()))
    drawn, color = _shades(rows, labels) if ordered else _kinds(rows, labels)
    personas = _by_mean(rows) if ordered else list(dict.fromkeys(str(row["persona"]) for row in rows))
    y = alt.Y("persona:N", title=None, scale=alt.Scale(domain=personas))
    x = alt.X(
        "share:Q", title="share of answers", stack="zero", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=TICKS)
    )
    tooltip = [alt.Tooltip("persona:N"), alt.Tooltip("answer:N"), alt.Tooltip("share:Q", format=".1%")]
    bars = alt.Chart().mark_bar(height={"band": 0.86}).encode(x=x, y=y, color=color, order="order:Q", tooltip=tooltip)
    total: dict[str, float] = dict.fromkeys(labels, 0.0)
    for row in rows:
        total[str(row["answer"])] += float(row["share"]) / len(personas)
    listed = ", ".join(f"{quoted(label)} {share:.0%}" for label, share in sorted(total.items(), key=lambda one: -one[1])[:5])
    text = f"Stacked bars of what each of {len(personas)} personas answers over all items. Mean over personas: {listed}."
    return Figure("answers", "What each persona answers", text, drawing(drawn, bars, height=STEP * len(personas)), rows)


def _shades(rows: list[Row], labels: list[str]) -> tuple[list[Row], alt.Color]:
    """Colours from little to much for answers in order."""
    return rows, alt.Color("answer:O", title=None, scale=alt.Scale(domain=labels))


def _kinds(rows: list[Row], labels: list[str]) -> tuple[list[Row], alt.Color]:
    """A colour for each answer that has no order."""
    frequent: Counter[str] = Counter()
    for row in rows:
        frequent[str(row["answer"])] += int(1e6 * float(row["share"]))
    kept = _kept(labels, frequent)
    drawn: list[Row] = [dict(row) | {"kind": row["answer"] if row["answer"] in kept else OTHER} for row in rows]
    return drawn, alt.Color("kind:N", title=None, sort=kept)


def _kept(labels: list[str], frequent: Counter[str]) -> list[str]:
    """The answers that get a colour of their own, in their order; the last colour is for all others."""
    if len(labels) <= MOST_KINDS:
        return labels
    chosen = {label for label, _ in frequent.most_common(MOST_KINDS - 1)}
    return [*(label for label in labels if label in chosen), OTHER]


def _by_mean(rows: list[Row]) -> list[str]:
    """Personas by the mean place of their answers, highest first."""
    mean: dict[str, float] = {}
    for row in rows:
        mean[str(row["persona"])] = mean.get(str(row["persona"]), 0.0) + float(row["share"]) * float(row["order"])
    return sorted(mean, key=lambda persona: -mean[persona])
