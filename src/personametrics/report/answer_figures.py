"""Figures of the answers: the heat map of personas and items, and the distribution of each persona's answers."""

import math
from collections import Counter
from collections.abc import Sequence

import altair as alt

from personametrics.data.finding import Finding
from personametrics.report.figure import STEP, TICKS, Figure, Picture, Row, drawing, seriated, table
from personametrics.report.words import number, quoted

MOST_KINDS = 8
"""Number of colours that a reader can distinguish. If there are more answers, only the most frequent ones get a colour of their own."""
OTHER = "(other)"


def heat_map(finding: Finding) -> Figure | None:
    """Draw the mean or most frequent answer of every persona to every item."""
    if rows := table(finding, "cells", "persona", "item", "mean"):
        return _means(rows)
    rows = table(finding, "cells", "persona", "item", "answer", "share")
    return _modes(rows, _colours(finding)) if rows else None


def _means(rows: list[Row]) -> Figure:
    """Draw mean answers as colours from low to high, with personas and items ordered by their means."""
    personas, items = seriated(rows, "persona", "mean"), seriated(rows, "item", "mean")
    color = alt.Color("mean:Q", title="mean answer", scale=alt.Scale(zero=False), legend=alt.Legend(gradientLength=140))
    bottom, top = (extreme(rows, key=lambda row: float(row["mean"])) for extreme in (min, max))
    text = (
        f"Heat map of the mean answers of {len(personas)} personas to {len(items)} items, both ordered by their means. "
        f"The means go from {number(bottom['mean'])} (persona {quoted(bottom['persona'])}, item {quoted(bottom['item'])}) "
        f"to {number(top['mean'])} (persona {quoted(top['persona'])}, item {quoted(top['item'])})."
    )
    chart = _grid(rows, personas, items, color, alt.Tooltip("mean:Q", format=".3g"))
    return Figure("heat-map", "Mean answer of each persona to each item", text, chart, rows)


def _modes(rows: list[Row], kept: list[str]) -> Figure:
    """Draw a colour for each answer, fainter where fewer runs gave it."""
    personas, items = (list(dict.fromkeys(str(row[name]) for row in rows)) for name in ("persona", "item"))
    most, cells = Counter(str(row["answer"]) for row in rows).most_common(1)[0]
    text = (
        f"Heat map of the most frequent answer of {len(personas)} personas to {len(items)} items; fainter: given in fewer runs. "
        f"{quoted(most)} is the most frequent answer in {cells} of {len(rows)} cells."
    )
    shade = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.15, 1]), legend=None)
    shown = (alt.Tooltip("answer:N"), alt.Tooltip("share:Q", format=".0%"))
    chart = _grid(_with_kind(rows, kept), personas, items, _kind(kept), *shown, opacity=shade)
    return Figure("heat-map", "Most frequent answer of each persona to each item", text, chart, rows)


def _grid(
    rows: Sequence[Row], personas: list[str], items: list[str], color: alt.Color, *shown: alt.Tooltip, opacity: alt.Opacity | None = None
) -> Picture:
    """Draw one rectangle per persona and item."""
    axis = alt.Axis(labelAngle=-90, labelLimit=90, labelOverlap="greedy", orient="bottom")
    x = alt.X("item:N", title="item", scale=alt.Scale(domain=items), axis=axis)
    y = alt.Y("persona:N", title=None, scale=alt.Scale(domain=personas), axis=alt.Axis(labelOverlap="greedy"))
    marks = alt.Chart().mark_rect().encode(x=x, y=y, color=color, tooltip=[alt.Tooltip("persona:N"), alt.Tooltip("item:N"), *shown])
    return drawing(rows, marks if opacity is None else marks.encode(opacity=opacity), height=12 * len(personas))


def answers(finding: Finding) -> Figure | None:
    """Draw how often each persona gave each answer."""
    rows = table(finding, "answers", "persona", "answer", "order", "share")
    if not rows:
        return None
    ordered = any(row.get("mean") is not None for row in finding.evidence.get("cells", ()))
    labels, kept = _labels(rows), _colours(finding)
    color = alt.Color("answer:O", title=None, scale=alt.Scale(domain=labels)) if ordered else _kind(kept)
    personas = _by_mean(rows) if ordered else list(dict.fromkeys(str(row["persona"]) for row in rows))
    y = alt.Y("persona:N", title=None, scale=alt.Scale(domain=personas))
    axis, whole = alt.Axis(format=".0%", tickCount=TICKS), alt.Scale(domain=[0, 1])
    x = alt.X("share:Q", title="share of answers", stack="zero", scale=whole, axis=axis)
    tooltip = [alt.Tooltip("persona:N"), alt.Tooltip("answer:N"), alt.Tooltip("share:Q", format=".1%")]
    bars = alt.Chart().mark_bar(height={"band": 0.86}).encode(x=x, y=y, color=color, order="order:Q", tooltip=tooltip)
    total: dict[str, float] = dict.fromkeys(labels, 0.0)
    for row in rows:
        total[str(row["answer"])] += float(row["share"]) / len(personas)
    listed = ", ".join(f"{quoted(label)} {share:.0%}" for label, share in sorted(total.items(), key=lambda pair: -pair[1])[:5])
    text = f"Stacked bars of the answers of {len(personas)} personas over all items. Mean shares over personas: {listed}."
    return Figure("answers", "Answers of each persona", text, drawing(_with_kind(rows, kept), bars, height=STEP * len(personas)), rows)


def _labels(rows: list[Row]) -> list[str]:
    """Return every answer once, in the order of the scale."""
    return [str(row["answer"]) for row in sorted({row["answer"]: row for row in rows}.values(), key=lambda row: row.get("order", 0))]


def _colours(finding: Finding) -> list[str]:
    """Return the answers with a colour of their own, equal in all figures of a finding. The last colour stands for all others."""
    rows = table(finding, "answers", "answer", "order", "share") or table(finding, "cells", "answer", "share")
    labels = _labels(rows)
    if len(labels) <= MOST_KINDS:
        return labels
    weight = {label: math.fsum(float(row["share"]) for row in rows if row["answer"] == label) for label in labels}
    chosen = sorted(labels, key=lambda label: -weight[label])[: MOST_KINDS - 1]
    return [*(label for label in labels if label in chosen), OTHER]


def _kind(kept: list[str]) -> alt.Color:
    """Return the colours of unordered answers."""
    return alt.Color("kind:N", title=None, scale=alt.Scale(domain=kept))


def _with_kind(rows: list[Row], kept: list[str]) -> list[Row]:
    """Return rows with the kind that decides their colour."""
    return [dict(row) | {"kind": row["answer"] if row["answer"] in kept else OTHER} for row in rows]


def _by_mean(rows: list[Row]) -> list[str]:
    """Return personas by the mean rank of their answers, highest first."""
    mean: dict[str, float] = {}
    for row in rows:
        mean[str(row["persona"])] = mean.get(str(row["persona"]), 0.0) + float(row["share"]) * float(row["order"])
    return sorted(mean, key=lambda persona: -mean[persona])
