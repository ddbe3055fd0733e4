"""Drift: planted hazards, survival and probes against counts in plain Python, lines without a verdict, and the embedded model."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from played import played

from embedded_training.proof import answered
from personametrics.data.errors import ColumnError, DesignError
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.responses import Responses
from personametrics.data.role import JUDGE
from personametrics.data.scale import Nominal, parse_scale
from personametrics.data.study import Elicitation
from personametrics.dialogues.fading import by_persona
from personametrics.elicit.table import study_responses
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society import panels, talk
from personametrics.models.embedded.society.people import Person
from personametrics.studies.drift import Drift
from personametrics.studies.drift.signal_by_turn import SignalByTurn
from personametrics.testing import Simulation

STUDY = Drift()
KNOWN = STUDY.known()
MODEL = Embedded()


def read(rows: list[dict[str, str | None]]) -> Responses:
    return study_responses(pl.from_dicts(rows, infer_schema_length=None), "a table")


def verdicts(states: Mapping[str, str], kinds: str = "") -> list[dict[str, str | None]]:
    """Dialogues of personas as a string each: y the assistant's, n the persona's, ? left open."""
    answers = {"y": "yes", "n": "no", "?": None}
    return [
        {
            "persona": name, "item": "script 1", "run": "0", "turn": str(index), "part": "verdict", "judged": "assistant",
            "kind": {"c": "chat", "m": "meta"}[kinds[index - 1]] if kinds else "chat", "answer": answers[state],
            "outcome": "answered" if answers[state] else "unparsable", "scale": "nominal:yes|no",
        }
        for name, line in states.items()
        for index, state in enumerate(line, 1)
    ]  # fmt: skip


def values(finding: Finding) -> dict[str, float]:
    return {estimate.name: estimate.value for estimate in finding.estimates}


def test_hazards_recovery_and_survival_are_counted_as_by_hand() -> None:
    estimates = values(STUDY.estimate(read(verdicts({"a": "nnyyn", "b": "nnnnn", "c": "ynnyn", "d": "nnnny"}, "cmcmc"))))
    assert estimates["hazard.chat"] == pytest.approx(3 / 10)  # still in character before: a 1 3, b 1 3 5, c 1 3, d 1 3 5
    assert estimates["hazard.meta"] == pytest.approx(1 / 6)  # a 2, b 2 4, c 4, d 2 4
    assert estimates["recovery"] == pytest.approx(3 / 4)
    assert estimates["faded"] == pytest.approx(5 / 20)
    assert [estimates[f"survival.turn={index}"] for index in range(1, 6)] == pytest.approx([0.75, 0.75, 0.5, 0.5, 0.25])


def test_what_the_judge_leaves_open_is_neither_and_bounds_survival() -> None:
    people = {f"p{index}": "nnnn" for index in range(30)} | {f"q{index}": "n?nn" for index in range(30)}
    finding = STUDY.estimate(read(verdicts(people)))
    last = finding["survival.turn=4"]
    assert last.value == 1
    assert last.low < 0.5  # all of what was left open might have been the assistant's
    assert finding["faded"].value == 0
    assert finding["unread"].value == pytest.approx(30 / 240)
    assert finding.verdict.label == "undecided"
    assert [notice.code for notice in finding.notices] == ["unread-verdicts"]


def test_a_judge_that_answers_garbage_gives_unknown() -> None:
    finding = STUDY.estimate(read(verdicts({f"p{index}": "????" for index in range(20)})))
    assert finding.verdict.label == "unknown"
    assert np.isnan(finding["survival.turn=4"].value)
    assert np.isnan(finding["hazard"].value)


def test_a_fall_whose_interval_includes_zero_is_not_called_a_fall() -> None:
    rng = np.random.default_rng(1)
    yes = {"p": 0.9, "q": 0.1, "r": 0.8, "s": 0.2, "(no persona)": 0.5}
    share = {(who, turn): value for who, value in yes.items() for turn in (0, 4)}
    finding = STUDY.estimate(probed(share, 8, lambda yes, _: "yes" if rng.random() < yes else "no", 4))
    assert finding["signal.drop"].low < 0 < finding["signal.drop"].high
    assert "a fall of the signal is not shown (" in finding.verdict.sentence
    assert "falls by" not in finding.verdict.sentence


def test_a_clear_fall_is_called_one() -> None:
    share = {(f"p{index}", turn): 0.5 + apart * (-1) ** index for turn, apart in ((0, 0.4), (4, 0.05)) for index in range(6)}
    rng = np.random.default_rng(2)
    finding = STUDY.estimate(probed(share, 12, lambda yes, _: "yes" if rng.random() < yes else "no", 20))
    assert f"the signal falls by {finding['signal.drop'].value:.2f}" in finding.verdict.sentence
    assert finding.verdict.label == "fades"


def test_probes_of_the_model_alone_give_unknown() -> None:
    share = {("(no persona)", 0): 0.5, ("(no persona)", 4): 0.5}
    assert STUDY.estimate(probed(share, 3, lambda yes, run: "yes" if run < 2 * yes else "no", 2)).verdict.label == "unknown"


def test_personas_that_never_fade_hold() -> None:
    finding = STUDY.estimate(read(verdicts({f"p{index}": "nnnn" for index in range(40)})))
    assert finding.verdict.label == "holds"


def test_the_signal_at_the_beginning_is_that_of_stability() -> None:
    from personametrics.studies.stability import Stability  # noqa: PLC0415

    simulation = Simulation.of(KNOWN.study or STUDY, KNOWN)
    played_ = simulation.answers(KNOWN.world, 5)
    rows = played_.frame.filter(
        pl.col("part").cast(pl.String) == "probe",
        pl.col("turn").cast(pl.String) == "0",
        pl.col("persona").cast(pl.String) != "(no persona)",
    )
    alone = Responses.read(
        rows.select("persona", "item", "run", "answer"), replace(played_.columns, more=(), outcome=None), Nominal(("no", "yes"))
    )
    signal, estimate = Stability(permutations=99).estimate(alone)["signal"], STUDY.estimate(played_)["signal.turn=0"]
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((signal.value, signal.low, signal.high))


def test_default_and_position_follow_from_the_shares() -> None:
    """Answers are too many for noise; after 4 lines x lies half way between its start and the model's own answers."""
    share = {("a", 0): 0.9, ("a", 4): 0.7, ("b", 0): 0.1, ("b", 4): 0.3, ("(no persona)", 0): 0.5, ("(no persona)", 4): 0.5}
    rows = probed(share, 2, lambda yes, run: "yes" if run < 1000 * yes else "no", 1000)
    estimates = values(STUDY.estimate(rows))
    assert estimates["position.turn=4"] == pytest.approx(0.5, abs=0.002)
    assert estimates["default.turn=0"] == pytest.approx(0.32 / (0.32 + 0.18 + 0.5), abs=0.002)
    assert estimates["default.rise"] == pytest.approx(0.32 - 0.08 / (0.08 + 0.42 + 0.5), abs=0.002)
    assert estimates["signal.drop"] == pytest.approx((1 - 0.18 / 0.82) - (1 - 0.42 / 0.58), abs=0.002)


def probed(share: Mapping[tuple[str, int], float], items: int, answer: Callable[[float, int], str], runs: int) -> Responses:
    """Answers to questions within dialogues, with a share of yes for each persona and turn."""
    rows: list[dict[str, str | None]] = [
        {"persona": who, "item": f"item {item}", "run": str(run), "turn": str(turn), "part": "probe", "judged": None, "kind": None,
         "on": "nominal:no|yes", "answer": answer(yes, run), "outcome": "answered", "scale": "nominal:no|yes"}
        for (who, turn), yes in share.items() for item in range(items) for run in range(runs)
    ]  # fmt: skip
    return read(rows)


def test_each_persona_has_a_position_unless_it_began_as_the_model_itself() -> None:
    share = {("(no persona)", 0): 0.5, ("(no persona)", 4): 0.5, ("half", 0): 0.9, ("half", 4): 0.7, ("turned", 0): 0.1, ("turned", 4): 0.6}
    share |= {("nobody", 0): 0.5, ("nobody", 4): 0.9}
    played_ = probed(share, 5, lambda yes, run: "yes" if run < 1000 * yes else "no", 1000)
    rows = {str(row["persona"]): row["value"] for row in STUDY.estimate(played_).evidence["positions"]}
    assert rows == {"half": pytest.approx(0.5, abs=0.01), "turned": pytest.approx(-0.25, abs=0.01)}


def test_positions_of_personas_are_covered_by_their_intervals() -> None:
    """Every panel is drawn anew, since the personas of one panel share the noise of the model's own answers."""
    rng = np.random.default_rng(4)
    share = {("(no persona)", 0): 0.5, ("(no persona)", 4): 0.5, ("p", 0): 0.9, ("p", 4): 0.7}
    findings: list[Any] = []
    for _ in range(150):
        rows = probed(share, 12, lambda yes, _: "yes" if rng.random() < yes else "no", 8).frame
        text = rows.select(pl.col("persona", "item", "run", "on", "turn", "answer").cast(pl.String))
        findings += SignalByTurn(text.with_columns(pl.col("turn").cast(pl.Int64)), "these", 0.9).positions()
    assert len(findings) > 140
    assert 0.84 < np.mean([row["low"] <= 0.5 <= row["high"] for row in findings]) < 0.97


def test_designs_ask_lines_verdicts_and_probes_and_no_more() -> None:
    people, items = KNOWN.personas[:2], KNOWN.items
    requests = Drift(turns=4, probes=(0, 4), items=3).design(people, items, Elicitation(2))
    parts = [request.about["part"] for request in requests]
    assert {part: parts.count(part) for part in parts} == {"line": 3 * 2 * 4, "verdict": 3 * 2 * 4, "probe": 3 * 2 * 2 * 3}
    orders = {
        run: [request.messages[-1].text for request in requests if request.about["part"] == "line" and request.about["run"] == run][:4]
        for run in "01"
    }
    assert sorted(orders["0"]) == sorted(orders["1"])
    assert all(request.to == JUDGE for request in requests if request.about["part"] == "verdict")


def test_errors_name_what_is_missing() -> None:
    people = (Persona("a", "A."), Persona("b", "B."))
    with pytest.raises(DesignError, match="items of kind turn"):
        STUDY.design(people, [Item("i", "I?", Nominal(("no", "yes")))], Elicitation())
    with pytest.raises(DesignError, match="Switch off score"):
        STUDY.design(people, KNOWN.items, Elicitation(score=True))
    with pytest.raises(DesignError, match="items after 9 of 8 lines"):
        Drift(probes=(0, 9)).design(people, KNOWN.items, Elicitation())
    rows = [{name: value for name, value in row.items() if name != "part"} for row in verdicts({"a": "nn"})]
    with pytest.raises(ColumnError, match='no column "part"'):
        STUDY.estimate(read(rows))


def test_items_of_free_text_are_not_probes() -> None:
    asked = Drift(items=5).design(KNOWN.personas[:1], [*KNOWN.items, Item("free", "Say.", parse_scale("text"))], Elicitation(1))
    assert "free" not in {request.about["item"] for request in asked}


def test_intervals_of_the_embedded_model_hold_the_hazards_that_were_planted() -> None:
    elicitation = Elicitation(2, sampling=Sampling(seed=3))
    finding = played(Drift(turns=4, probes=(), level=0.99), panels.strong(24), panels.battery(), elicitation, MODEL, hears)
    for kind, hazard in talk.FADING.items():
        assert finding[f"hazard.{kind}"].low <= hazard <= finding[f"hazard.{kind}"].high
    assert finding["recovery"].low <= talk.RETURN <= finding["recovery"].high
    assert finding["control.none"].value == 1
    assert finding.verdict.label == "fades"


@pytest.mark.parametrize("kind", talk.FADING)
def test_the_embedded_model_itself_fades_with_the_hazard_that_was_planted(kind: str) -> None:
    """The model's own probabilities are used, in a first turn and in a second one; nothing is drawn."""
    texts, requests = script_of(kind), list[Request]()
    for index, persona in enumerate(panels.strong(12)):
        text = texts[index % len(texts)]
        lines = (*talk.ASSISTANT[kind], *talk.in_voice(Person.of(persona), talk.Turn(kind, text, fact_of(text))))
        messages = Prompt().messages(persona, text)
        day = (
            Message("user", "How was your day?"),
            Message("assistant", next(iter(talk.in_voice(Person.of(persona), talk.Turn("chat", ""))))),
        )
        requests += [Request(prompt, choices=lines, score=True) for prompt in (messages, (messages[0], *day, messages[1]))]
    odds = [reply.probabilities or {} for reply in answered(MODEL, requests)]
    faded = [sum(share for text, share in shares.items() if talk.is_assistant(text)) / sum(shares.values()) for shares in odds]
    assert np.reshape(faded, (12, 2)).mean(0) == pytest.approx(np.full(2, talk.FADING[kind]), abs=0.05)


def script_of(kind: str) -> list[str]:
    return [item.text for item in panels.turns() if item.attributes["turn"] == kind]


def fact_of(text: str) -> str:
    return next((fact for fact, texts in talk.ASKED.items() if text in texts), "")


def hears(request: Request) -> str:
    return "yes" if talk.is_assistant(request.messages[0].text.partition("<line>\n")[2].partition("\n</line>")[0]) else "no"


def test_fading_is_given_for_each_persona_and_turn_with_intervals() -> None:
    rows = [(who, "script", str(run), turn, who == "gone" or run == 0) for who in ("here", "gone") for run in range(4) for turn in (1, 2)]
    rows_by_persona = by_persona(pl.DataFrame(rows, ["persona", "item", "run", "turn", "faded"], orient="row"), 0.9)
    expected = [("gone", 1, 1.0), ("gone", 2, 1.0), ("here", 1, 0.25), ("here", 2, 0.25)]
    assert [(row["persona"], row["turn"], row["faded"]) for row in rows_by_persona] == expected
    assert all(0 <= float(row["low"]) <= float(row["faded"]) <= float(row["high"]) <= 1 for row in rows_by_persona)  # type: ignore[arg-type]
