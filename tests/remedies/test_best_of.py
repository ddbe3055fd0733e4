"""The best of several lines."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from nurse import ADA, nurse

from personametrics.data.errors import StudyError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.remedy import Chain
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.role import JUDGE, LINE
from personametrics.data.study import Room
from personametrics.dialogues.fading_world import fading_world
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, judge_request
from personametrics.elicit.conversation import Talk, converse, everything
from personametrics.elicit.engine import Terms
from personametrics.elicit.journal import Journal
from personametrics.elicit.table import dialogue_table
from personametrics.lab.compare import compare
from personametrics.models.function import Scripted
from personametrics.remedies.best_of import APART, BestOf
from personametrics.remedies.mediator import Mediator


def says(request: Request) -> str | Reply:
    """The second candidate stays in its part; what the third would say fails."""
    turn, candidate = len(request.messages) // 2, request.run // APART
    if candidate == 2:
        return Reply(outcome=ReplyOutcome.REFUSED, detail="no")
    return f"Line {turn}." if candidate == 1 else f"As an AI {turn}."


def verdict(request: Request) -> str:
    """A judge that is never wrong."""
    return CONTRADICTS if "As an AI" in request.messages[-1].text else CONSISTENT


def played(
    requests: list[Request], folder: Path, says: object = says, judge: object = verdict, room: Room | None = None
) -> tuple[Talk, list[str | None]]:
    """Everything asked; and the answers to what was wanted."""
    cast = {"": Scripted(says, id="scripted/own"), JUDGE: Scripted(judge, id="scripted/judge")}  # type: ignore[arg-type]
    talk = Talk(requests, {part: model.id for part, model in cast.items()}, room or Room())
    with Journal.open(folder, {"model": "m"}) as journal:
        asyncio.run(converse(talk, cast, journal, Terms()))
        table = dialogue_table(talk.outcomes(), journal)
    assert table["part"].to_list() == [request.about["part"] for request in requests]
    return talk, table["answer"].to_list()


def test_the_consistent_candidate_is_said_and_the_dialogue_goes_on_from_it(tmp_path: Path) -> None:
    talk, answers = played(BestOf(3).requests(nurse().lines), tmp_path)
    assert answers == ["Line 1.", "Line 2.", "Line 3.", "Line 4."]
    last = talk.filled()[-1][0]
    assert [message.text for message in last.messages if message.role == "assistant"] == answers[:3]
    assert last.about == nurse().lines[-1].about


def test_a_second_time_nothing_is_asked_and_the_same_is_chosen(tmp_path: Path) -> None:
    def nobody(request: Request) -> str:
        raise AssertionError(request)

    played(BestOf(3).requests(nurse().lines), tmp_path)
    assert played(BestOf(3).requests(nurse().lines), tmp_path, nobody, nobody)[1][-1] == "Line 4."


def test_a_judge_that_answers_garbage_chooses_the_first_line(tmp_path: Path) -> None:
    _, answers = played(BestOf(3).requests(nurse().lines), tmp_path, judge=lambda _: "perhaps")
    assert answers == [f"As an AI {index}." for index in range(1, 5)]


def test_where_every_candidate_failed_the_dialogue_ends_and_says_so(tmp_path: Path) -> None:
    talk, answers = played(BestOf(2).requests(nurse().lines), tmp_path, lambda _: Reply(outcome=ReplyOutcome.REFUSED, detail="no"))
    assert answers == [None] * 4
    assert all(why for _, why in talk.filled())


def test_a_choice_among_truncated_prompts_says_so(tmp_path: Path) -> None:
    talk, _ = played(BestOf(2).requests(nurse().lines), tmp_path, room=Room(60, "truncate"))
    assert [request.about["truncated"] for request, _ in talk.filled()][-1] == "yes"


def test_verdicts_that_choose_are_not_those_that_measure() -> None:
    line = nurse().lines[0]
    measure = judge_request("prompt_to_line", {"background": ADA.text, "line": line}, {"persona": "ada", "item": "script"})
    requests = BestOf(2).requests([line, measure])
    asked = everything(requests)
    assert len(asked) == 2 + 2 + 1
    assert len({(request.run, request.about.get("part")) for request in asked if request.to == JUDGE}) == 2
    assert requests[1].messages[0].requests[0] is requests[0]


def test_the_first_candidate_is_the_line_that_is_said_without_it() -> None:
    line = nurse().lines[0]
    (choice,) = BestOf().requests([line])
    candidates = choice.messages[0].requests
    assert candidates[0] is line
    assert len({request.run for request in candidates}) == len(candidates) == 4
    assert LINE not in {request.about["part"] for request in candidates[1:]}


def test_it_goes_together_with_fresh_contexts(tmp_path: Path) -> None:
    _, answers = played(
        Chain(remedies=(BestOf(3), Mediator("all"))).requests(nurse().lines), tmp_path, lambda request: f"Line {request.run}."
    )
    assert answers == ["Line 0."] * 4


def test_one_candidate_is_no_choice_and_the_model_itself_chooses_nothing() -> None:
    assert list(BestOf(1).requests(nurse().lines)) == list(nurse().lines)
    alone = nurse(who=None).lines
    assert all(first is second for first, second in zip(BestOf().requests(alone), alone, strict=True))


def test_no_candidates_are_refused() -> None:
    with pytest.raises(StudyError, match="1 or more"):
        BestOf(0)


def drawn(request: Request) -> str:
    """What is said in the world that wears people off."""
    odds = fading_world()["world"](request)
    return next(iter(odds)) if request.seed("m") / 2**31 < next(iter(odds.values())) else list(odds)[-1]


def test_the_price_counts_candidates_and_verdicts(tmp_path: Path) -> None:
    world = fading_world()
    speaker, judge = (Scripted(drawn, id=f"scripted/{part}") for part in ("own", "judge"))
    who = world["personas"], world["items"]
    card = compare(world["study"], speaker, BestOf(2), *who, out=tmp_path, runs=2, judge=judge)
    price: list[Any] = list(card.change.evidence["price"])
    without, cured, _ = (row["asks"] for row in price)
    lines = 12 * 2 * 6
    assert cured == without + lines * (1 + 2)
    paid = [row["tokens read"] + 4 * row["tokens written"] for row in price]
    assert paid[2] == pytest.approx(paid[1], rel=0.15)
    assert card.change.verdict.label.startswith("helps")
    assert "restate in 3 runs instead of 2, at the same price (" in card.change.verdict.sentence
