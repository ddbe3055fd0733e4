"""Pictures: each is drawn, says in words what it shows, and stands on the rows of the finding."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from personametrics.data.card import Card
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.report.figure import Figure
from personametrics.report.figures import figures, save_figures, specification
from personametrics.report.theme import Scheme, theme

STABILITY = {"components", "signal-by-item", "signal-by-persona", "heat-map", "answers", "reliability", "d-study"}
FIDELITY = {"differences", "distances", "spread", "tracking"}


def of(card: Card) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(card.findings[0])}


def names(request: pytest.FixtureRequest, fixture: str) -> dict[str, Figure]:
    card: Card = request.getfixturevalue(fixture)
    return of(card)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fixture", ["card", "nominal_card", "hostile_card", "human_card", "bare_card"])
def test_every_picture_is_drawn_with_its_data(request: pytest.FixtureRequest, fixture: str, scheme: Scheme) -> None:
    for figure in names(request, fixture).values():
        svg = vl_convert.vegalite_to_svg(specification(figure) | {"width": 360, "config": theme(scheme)})
        assert svg.startswith("<svg")
        assert svg.count("<path") > 3
        assert "NaN" not in svg
        assert "<script" not in svg
        assert "<img" not in svg
        assert figure.title
        assert len(figure.alt) > 40


def test_a_measured_panel_has_every_picture_of_a_panel(card: Card, nominal_card: Card) -> None:
    assert set(of(card)) == STABILITY
    assert set(of(nominal_card)) == STABILITY


def test_human_answers_have_their_pictures(human_card: Card) -> None:
    assert set(of(human_card)) == FIDELITY


@pytest.mark.parametrize(
    ("picture", "table"),
    [("signal-by-item", "items"), ("signal-by-persona", "personas"), ("heat-map", "cells"), ("answers", "answers"), ("d-study", "curve")],
)
def test_rows_are_the_evidence(card: Card, picture: str, table: str) -> None:
    assert list(of(card)[picture].rows) == list(card.findings[0].evidence[table])


def test_rows_of_components_are_the_estimates(card: Card) -> None:
    rows = {row["component"]: row for row in of(card)["components"].rows}
    for e in card.findings[0].estimates:
        if e.name.startswith("component."):
            row = rows[e.name.removeprefix("component.").replace(":", " × ")]
            assert (row["variance"], row["low"], row["high"], row["n"]) == (e.value, e.low, e.high, e.n)


def test_rows_without_a_human_number_are_left_out(human_card: Card) -> None:
    rows = of(human_card)["differences"].rows
    assert len(rows) == 36
    assert "unasked" not in {row["item"] for row in rows}


def test_a_negative_component_stays_negative(bare_card: Card) -> None:
    figure = of(bare_card)["components"]
    assert [row["variance"] for row in figure.rows] == [-0.02, 0.4]
    assert "−0.0200" in figure.alt
    assert "domain" not in str(specification(figure)["layer"][0]["encoding"]["x"])


def test_more_levels_than_a_picture_holds_show_both_ends(card: Card) -> None:
    figure = of(card)["signal-by-persona"]
    drawn = data(figure)
    assert "best 30 and worst 30 of 70" in figure.title
    assert len(drawn) == 60
    assert len(figure.rows) == 70
    signals = [row["signal"] for row in drawn]
    assert signals == sorted(signals, reverse=True)


def test_more_answers_than_colours_share_the_last_one(nominal_card: Card) -> None:
    finding = nominal_card.findings[0]
    many: list[dict[str, Cell]] = [{"persona": "p", "answer": f"a{index}", "order": index, "share": 0.1} for index in range(10)]
    evidence: dict[str, Rows] = {"answers": many, "cells": [{"persona": "p", "item": "i", "answer": "a9", "share": 0.1}]}
    by_name = {figure.name: figure for figure in figures(dataclasses.replace(finding, evidence=evidence))}
    assert {row["kind"] for row in data(by_name["answers"])} == {*(f"a{index}" for index in range(7)), "(other)"}
    assert data(by_name["heat-map"])[0]["kind"] == "(other)"


def test_a_missing_end_of_an_interval_draws_no_interval(card: Card) -> None:
    finding = card.findings[0]
    rows = [dict(row) | {"low": None} for row in finding.evidence["items"]]
    half = dataclasses.replace(finding, evidence={"items": rows})
    figure = next(figure for figure in figures(half) if figure.name == "signal-by-item")
    whole = of(card)["signal-by-item"]
    config = {"width": 360, "config": theme("light")}
    drawn = [vl_convert.vegalite_to_svg(specification(drawn) | config).count("mark-rule role-mark") for drawn in (figure, whole)]
    lines = [vl_convert.vegalite_to_svg(specification(drawn) | config).count("<line") for drawn in (figure, whole)]
    assert drawn[0] == drawn[1]
    assert lines[1] - lines[0] == len(rows)


def test_the_target_stands_in_the_curve(card: Card) -> None:
    figure = of(card)["d-study"]
    assert "target 0.8" in str(specification(figure))
    assert "The target 0.8" in figure.alt


def test_pictures_name_no_colour_of_their_own(card: Card) -> None:
    for figure in of(card).values():
        assert "#" not in str({key: value for key, value in specification(figure).items() if key not in {"data", "datasets", "$schema"}})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_the_page(scheme: Scheme) -> None:
    page = {"light": "#fdfdfc", "dark": "#14181b"}[scheme]
    config = theme(scheme)
    for colour in (config["axis"]["labelColor"], config["legend"]["labelColor"], config["style"]["target-text"]["color"]):
        assert contrast(colour, page) >= 4.5
    for colour in (config["mark"]["color"], *config["range"]["category"]):
        assert contrast(colour, page) >= 2.4


def test_files_are_written_offline(card: Card, human_card: Card, tmp_path: Path) -> None:
    both = Card("both", (card.findings[0], card.findings[0], human_card.findings[0]))
    written = save_figures(both, tmp_path / "new" / "folder")
    assert len(written) == 3 * (2 * len(STABILITY) + len(FIDELITY))
    assert len({path.name for path in written}) == len(written)
    assert {"stability-components.svg", "stability-components-2.pdf", "fidelity-spread.png"} <= {path.name for path in written}
    begins = {".svg": b"<svg", ".pdf": b"%PDF", ".png": b"\x89PNG"}
    assert all(path.read_bytes().startswith(begins[path.suffix]) for path in written)


def test_a_study_cannot_choose_the_folder(bare_card: Card, tmp_path: Path) -> None:
    finding = dataclasses.replace(bare_card.findings[0], study="../../etc/Passwd")
    written = save_figures(Card("x", (finding,)), tmp_path)
    assert {path.parent for path in written} == {tmp_path}
    assert written[0].name == "etc-passwd-components.svg"


def data(figure: Figure) -> list[dict[str, Any]]:
    """Return the data of a figure."""
    chart = specification(figure)
    rows: list[dict[str, Any]] = chart["datasets"][chart["data"]["name"]] if "name" in chart["data"] else chart["data"]["values"]
    return rows


def contrast(first: str, second: str) -> float:
    """Contrast of two colours as WCAG 2 defines it."""

    def light(colour: str) -> float:
        parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else math.pow((part + 0.055) / 1.055, 2.4) for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(first), light(second)))
    return (high + 0.05) / (low + 0.05)


def test_an_arm_without_a_number_is_not_drawn() -> None:
    def one(name: str, value: float) -> Estimate:
        status = EstimateStatus.UNDEFINED if math.isnan(value) else EstimateStatus.OK
        return Estimate(name, value, value, value, 0.9, 8, "by hand", status, Name("share", "answers", "a share"))

    named = {"before.signal": 0.4, "after.signal": 0.5, "rival.signal": math.nan}
    (figure,) = figures(Finding("comparison", "?", Verdict("helps", "."), tuple(one(*pair) for pair in named.items())))
    assert [row["arm"] for row in figure.rows] == ["without the remedy", "with the remedy"]
    nothing = tuple(one(name, math.nan) for name in named)
    assert not figures(Finding("comparison", "?", Verdict("unknown", "."), nothing))
