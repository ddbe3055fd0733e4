"""The study of coherence: fidelity and relevance together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest

from personametrics.data import library
from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation
from personametrics.elicit.table import reply_table, study_responses
from personametrics.studies.coherence import Coherence
from personametrics.testing import Simulation

STUDY = Coherence()
KNOWN = STUDY.known()
WHOLE = Simulation.of(STUDY, KNOWN).answers(KNOWN.world, 4)
VERDICTS = [("consistent", "yes"), ("consistent", "yes"), ("consistent", "no"), ("contradicts", "yes"), ("contradicts", "no")]


def table(verdicts: Sequence[tuple[str | None, str | None]], lines: list[str] | None = None, card: str = "You keep bees.") -> Responses:
    rows: list[dict[str, str | None]] = []
    for index, pair in enumerate(verdicts):
        world: dict[str, str | None] = {
            "persona": f"p{index % 2}",
            "item": "script",
            "run": "0",
            "turn": str(index),
            "card": card,
            "asked": f"q{index % 3}",
        }
        rows += [world | {"judged": kind, "answer": answer} for kind, answer in zip(("prompt_to_line", "relevance"), pair, strict=True)]
        rows += [world | {"judged": "", "answer": lines[index]}] if lines else []
    return Responses.read(pl.DataFrame(rows), Columns(run="run", more=("turn", "judged", "card", "asked")), Nominal(), duplicates="runs")


def test_the_table_of_two_by_two_and_all_that_follows_from_it_by_hand() -> None:
    finding = STUDY.estimate(table(VERDICTS))
    value = {estimate.name: estimate.value for estimate in finding.estimates}
    assert value["fidelity"] == pytest.approx(3 / 5)
    assert value["relevance"] == pytest.approx(3 / 5)
    assert value["joint"] == pytest.approx(3 / 5)
    assert value["both"] == pytest.approx(2 / 5)
    assert value["lift"] == pytest.approx((2 / 5) / (9 / 25))
    assert [value[f"lines.{cell}"] for cell in ("good", "aside", "stranger", "neither")] == pytest.approx([0.4, 0.2, 0.2, 0.2])
    assert finding.evidence["cells"][0] == {"persona": "holds it", "takes up what was said": 2.0, "does not": 1.0}


def test_four_kinds_of_replies_come_in_order() -> None:
    kinds = [("consistent", "yes"), ("contradicts", "yes"), ("consistent", "no"), ("contradicts", "no")]
    joint = [STUDY.estimate(table([kind] * 4))["joint"].value for kind in kinds]
    assert joint == [1, 0, 0, 0]
    both = [STUDY.estimate(table([kind] * 3 + [("consistent", "yes")]))["joint"].value for kind in kinds]
    assert both[0] > both[1] == both[2] > both[3] > 0


def test_parroting_is_a_copy_that_does_not_answer() -> None:
    lines = ["I keep bees.", "Fine, thanks.", "I keep bees.", "I keep bees.", "No idea."]
    finding = STUDY.estimate(table(VERDICTS, lines))
    assert finding["parroting"].value == pytest.approx(1 / 5)  # of three copies one holds the persona and answers nothing
    assert finding["overlap"].value == pytest.approx(3 / 5)
    assert finding.evidence["lines"][0]["line"] == "No idea."
    assert "parroting" not in {estimate.name for estimate in STUDY.estimate(table(VERDICTS)).estimates}


def test_unread_verdicts_are_bounded_both_ways() -> None:
    finding = STUDY.estimate(table([*VERDICTS, (None, "yes"), ("consistent", None), (None, "no"), ("rubbish", "yes")]))
    assert finding["both"].value == pytest.approx(2 / 5)
    assert finding["both.worst"].value == pytest.approx(2 / 9)
    assert finding["both.best"].value == pytest.approx(5 / 9)
    assert finding["unread"].value == pytest.approx(4 / 18)


def test_unreadable_verdicts_leave_it_undecided() -> None:
    finding = STUDY.estimate(table([("perhaps", "perhaps")] * 6))
    assert finding["unread"].value == 1
    assert finding["joint"].status != "ok"
    assert finding.verdict.label == "undecided"


def test_worlds_end_in_their_verdicts() -> None:
    simulation = Simulation.of(STUDY, KNOWN)
    assert STUDY.estimate(simulation.answers(KNOWN.null, 1)).verdict.label == "coherent"

    def deaf(request: Request) -> dict[str, float]:
        return {"A true aside.": 0.7, "A true answer.": 0.3} if request.about["part"] == "line" else dict(KNOWN.null(request))

    finding = STUDY.estimate(simulation.answers(deaf, 1))
    assert finding["fidelity"].value == 1
    assert finding.verdict.label == "incoherent"


def test_fidelity_at_the_cost_of_relevance_has_less_than_chance_makes() -> None:
    def either(request: Request) -> dict[str, float]:
        return {"A true aside.": 0.5, "A false answer.": 0.5} if request.about["part"] == "line" else dict(KNOWN.null(request))

    finding = STUDY.estimate(Simulation.of(STUDY, KNOWN).answers(either, 1))
    assert finding["joint"].value == pytest.approx(0.5, abs=0.06)
    assert finding["both"].value == 0


def test_every_line_is_judged_twice_with_its_own_card_and_turn() -> None:
    requests = STUDY.design(library.personas()[:2], library.items(), Elicitation(2))
    assert Counter((request.about["part"], request.about["judged"]) for request in requests) == {
        ("line", ""): 32, ("verdict", "prompt_to_line"): 32, ("verdict", "relevance"): 32,
    }  # fmt: skip
    for request in requests:
        prompt = request.messages[-1].text
        if request.about["judged"] == "relevance":
            assert request.about["asked"] in prompt
        elif request.about["judged"] == "prompt_to_line":
            assert request.about["card"] in prompt


def test_the_probabilities_of_verdicts_serve_as_well() -> None:
    requests = [
        replace(request, score=True) for request in STUDY.design(KNOWN.personas, KNOWN.items, Elicitation(1)) if request.about["judged"]
    ]
    odds = {"prompt_to_line": {"consistent": 0.8, "contradicts": 0.2}, "relevance": {"yes": 0.6, "no": 0.4}}
    finding = STUDY.estimate(
        study_responses(reply_table(requests, [Reply(probabilities=odds[request.about["judged"]]) for request in requests]), "the judge")
    )
    assert finding["fidelity"].value == pytest.approx(0.8)
    assert finding["both"].value == pytest.approx(0.48)
    assert finding["lift"].value == pytest.approx(1)


def test_missing_items_and_columns_are_named() -> None:
    with pytest.raises(DesignError, match="kind=turn"):
        STUDY.design(KNOWN.personas, [], Elicitation())
    with pytest.raises(ColumnError, match='no column "turn"'):
        STUDY.estimate(Responses.read(WHOLE.frame.drop("turn"), Columns(run="run", more=("judged",)), Nominal(), duplicates="runs"))
    with pytest.raises(AnswerError, match="has neither prompt_to_line nor relevance"):
        STUDY.estimate(WHOLE.only(pl.col("judged") == ""))
