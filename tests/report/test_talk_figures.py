"""Pictures of conversations: drift from turn to turn, and survival."""

import math
import re

import pytest
import vl_convert
from talks import talk_card

from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.report.figure import Figure
from personametrics.report.figures import figures, specification
from personametrics.report.theme import Scheme, theme

TURNS: list[dict[str, Cell]] = [
    {"turn": turn, "value": 0.8 - turn / 20, "low": 0.7 - turn / 20, "high": 0.9 - turn / 20, "what": what}
    for what in ("signal", "default")
    for turn in (0, 4, 8)
]
ONE: list[dict[str, Cell]] = [
    {"turn": index, "value": 1 - index / 10, "low": 1 - index / 5, "high": 1.0, "kind": "all"} for index in range(4)
]


def drawn(**evidence: Rows) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(talk_card((), **evidence).findings[0])}


def svg(figure: Figure, scheme: Scheme = "light") -> str:
    return vl_convert.vegalite_to_svg(specification(figure) | {"width": 400, "config": theme(scheme)})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_are_drawn_from_their_tables(scheme: Scheme) -> None:
    by_name = drawn(turns=TURNS, survival=ONE)
    assert set(by_name) == {"drift", "survival"}
    for figure in by_name.values():
        picture = svg(figure, scheme)
        assert "NaN" not in picture
        assert picture.count("mark-symbol") >= 1
    assert [row["value"] for row in by_name["drift"].rows] == [row["value"] for row in TURNS]
    assert list(by_name["survival"].rows) == ONE


def test_they_say_in_words_where_each_line_begins_and_ends() -> None:
    by_name = drawn(turns=TURNS, survival=ONE)
    assert "“persona signal” from 0.800 (after 0 lines) to 0.400 (after 8 lines)" in by_name["drift"].alt
    assert by_name["survival"].alt.endswith("yet, with intervals: from 1.00 (after 0 lines) to 0.700 (after 3 lines).")


def test_kinds_have_their_own_lines_and_one_kind_no_legend() -> None:
    two: list[dict[str, Cell]] = [{**row, "kind": kind} for kind in ("authority", "emotional") for row in ONE]
    assert "authority" in svg(drawn(survival=two)["survival"])
    assert "role-legend" not in svg(drawn(survival=ONE)["survival"])


def test_intervals_of_kinds_do_not_hide_each_other() -> None:
    placed = [row["at"] for row in next(iter(specification(drawn(turns=TURNS)["drift"])["datasets"].values()))]
    assert len(set(placed)) == len(TURNS)
    assert all(abs(position - row["turn"]) < 0.5 for position, row in zip(placed, TURNS, strict=True))


def test_survival_counts_once_and_one_turn_is_no_line() -> None:
    assert "survival" not in drawn(turns=[{**row, "what": "survival"} for row in TURNS])
    assert "drift" not in drawn(turns=[{**row, "what": "survival"} for row in TURNS])
    assert drawn(turns=TURNS[:1], survival=ONE[:1]) == {}


def test_a_missing_end_of_an_interval_draws_no_interval() -> None:
    def whiskers(rows: Rows) -> int:
        group = re.search(r'class="mark-rule role-mark.*?</g>', svg(drawn(turns=rows)["drift"]))
        return group[0].count("<line") if group else 0

    assert whiskers(TURNS) == len(TURNS)
    assert whiskers([{**row, "low": None} for row in TURNS]) == 0
    assert drawn(turns=[{**row, "value": math.nan} for row in TURNS]) == {}


def test_who_fades_when_is_drawn_from_the_worst_on_with_intervals_in_the_table() -> None:
    rows: Rows = [
        {"persona": who, "turn": turn, "faded": share, "low": 0.1, "high": 0.9, "dialogues": 4}
        for who, share in (("worst", 1.0), ("best", 0.0))
        for turn in (1, 2)
    ]
    figure = figures(Finding("drift", "?", Verdict("fades", "."), (), evidence={"fading": rows}))[0]
    assert figure.alt.index("worst") < figure.alt.index("best")
    assert {"low", "high"} <= set(figure.rows[0])
    assert not figures(Finding("drift", "?", Verdict("fades", "."), (), evidence={"fading": rows[:1]}))


def test_each_persona_has_its_curve_and_the_worst_is_shown_first() -> None:
    fading: Rows = [
        {"persona": who, "turn": turn, "faded": share, "low": share / 2, "high": 0.9, "dialogues": 4}
        for who, share in (("worst", 0.8), ("best", 0.2))
        for turn in (1, 2)
    ]
    positions: Rows = [{"persona": "best", "turn": turn, "value": 0.9, "low": None, "high": None, "items": 6} for turn in (1, 2)]
    figure = drawn(fading=fading, positions=positions)["courses"]
    assert "The first one shown is “worst”: “lines in character” from 0.200 (after 1 line) to 0.200 (after 2 lines)." in figure.alt
    first = figure.rows[0]
    assert [first[name] for name in ("value", "low", "high")] == pytest.approx([0.2, 0.1, 0.6])
    assert "NaN" not in svg(figure)
    assert specification(figure)["params"][0]["bind"]["options"] == ["worst", "best"]
