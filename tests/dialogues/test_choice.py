"""Requests that no model answers: the best of several lines, and lists of earlier lines."""

import pytest

from personametrics.data.request import Compiled, Message, Request, slot
from personametrics.data.role import JUDGE
from personametrics.dialogues.choice import best_candidate, choice
from personametrics.dialogues.commitments import commitments, list_commitments
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS

CANDIDATES = [Request((Message("user", "Hm?"),), run) for run in range(3)]
UNKNOWN = None


def picked(verdicts: list[str | None], each: int = 1, lost: tuple[int, ...] = ()) -> int | None:
    """Return the index of the best candidate."""
    requests = [Request((Message("user", slot(0), (CANDIDATES[index // each],)),), to=JUDGE) for index in range(len(verdicts))]
    replies = dict(zip(map(id, requests), verdicts, strict=True)) | {
        id(candidate): None if index in lost else f"line {index}" for index, candidate in enumerate(CANDIDATES)
    }
    chosen = best_candidate(choice(CANDIDATES, requests, {}), lambda asked: replies[id(asked)])
    return None if chosen is None else next(index for index, candidate in enumerate(CANDIDATES) if candidate is chosen)


@pytest.mark.parametrize(
    ("verdicts", "best"),
    [
        ([CONTRADICTS, CONSISTENT, CONSISTENT], 1),
        ([CONTRADICTS, CONTRADICTS, CONTRADICTS], 0),
        ([UNKNOWN, UNKNOWN, CONSISTENT], 2),
        ([CONTRADICTS, UNKNOWN, CONTRADICTS], 1),
        ([UNKNOWN, UNKNOWN, UNKNOWN], 0),
    ],
)
def test_the_first_of_the_best_is_said_and_an_unread_verdict_speaks_for_nobody(verdicts: list[str | None], best: int) -> None:
    assert picked(verdicts) == best


def test_several_verdicts_on_each_are_counted_together() -> None:
    assert picked([CONSISTENT, CONTRADICTS, CONSISTENT, UNKNOWN, CONTRADICTS, CONTRADICTS], each=2) == 1


def test_what_was_never_said_is_not_chosen() -> None:
    assert picked([CONSISTENT, CONTRADICTS, CONTRADICTS], lost=(0,)) == 1
    assert picked([CONSISTENT, CONSISTENT, CONSISTENT], lost=(0, 1, 2)) is None


def test_a_choice_repeats_the_reply_of_the_one_chosen() -> None:
    request = choice(CANDIDATES, [], {})
    assert request.compiled is not None
    assert request.compiled(request, lambda candidate: f"line {candidate.run}") == Compiled("line 0", CANDIDATES[0])
    assert request.compiled(request, lambda _: None) == Compiled(None)


def listed(lines: list[str | None], verdicts: list[str | None] | None = None) -> str | None:
    """Return the list of the lines that remain."""
    requests = [Request((Message("user", "Hm?"),), run) for run in range(len(lines))]
    messages = [Message("assistant", slot(0), (request,)) for request in requests]
    request = commitments(messages, "Said:\n{lines}\n", "" if verdicts is None else "You are Ada.")
    replies = dict(zip(map(id, requests), lines, strict=True))
    replies |= dict(zip((id(message.requests[0]) for message in request.messages if message.role == "user"), verdicts or [], strict=True))
    assert request.compiled is not None
    assert request.compiled(request, lambda asked: replies[id(asked)]).source is None
    return list_commitments(request, lambda asked: replies[id(asked)])


def test_lines_are_recalled_word_for_word() -> None:
    assert listed(["I have {lines}.", f"No {slot(0)}."]) == f"Said:\n- I have {{lines}}.\n- No {slot(0)}.\n"


def test_what_contradicts_the_persona_is_left_out_and_what_cannot_be_read_is_not() -> None:
    assert listed(["a", "b", "c"], [CONSISTENT, CONTRADICTS, UNKNOWN]) == "Said:\n- a\n- c\n"
    assert listed(["a"], [CONTRADICTS]) == ""


def test_a_line_that_was_never_said_leaves_nothing_to_recall() -> None:
    assert listed(["a", None]) is None


def test_lines_of_a_script_are_recalled_too() -> None:
    request = commitments([Message("assistant", "As given.")], "{lines}")
    assert list_commitments(request, lambda _: None) == "- As given."
