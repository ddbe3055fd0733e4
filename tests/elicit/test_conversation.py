"""Dialogues: lines that wait for one another, durable one by one, with partners, judges and limits."""

import asyncio
import gc
import tempfile
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import pytest

from personametrics.data.errors import StudyError
from personametrics.data.item import Item
from personametrics.data.model import Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, slot
from personametrics.data.role import PARTNER, WRITER
from personametrics.data.scale import Nominal
from personametrics.data.study import Elicitation, Room
from personametrics.dialogues.dialogue import Turn, dialogue, reply_message
from personametrics.elicit.conversation import LOST, Talk, converse, rounds
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.elicit.table import dialogue_table
from personametrics.models.function import Scripted

ADA = Persona("ada", "You are Ada.")
TURNS = [Turn(f"Question {index}?", {"kind": "chat"}) for index in range(4)]


class Heard:
    """A model that answers with a number that tells how much it has read, and notes every prompt."""

    def __init__(self, name: str = "scripted/heard") -> None:
        self.asked = list[Request]()
        self.model = Scripted(self._answer, id=name)

    def _answer(self, request: Request) -> str:
        self.asked.append(request)
        return f"line {len(request.messages)}{slot(0)}"


def talked(requests: list[Request], folder: Path, cast: Mapping[str, Model], room: Room | None = None) -> tuple[Talk, Tally]:
    talk = Talk(requests, {name: model.id for name, model in cast.items()}, room or Room())
    with Journal.open(folder, {"model": "m"}) as journal:
        return talk, asyncio.run(converse(talk, cast, journal, Terms()))


def test_each_line_knows_all_that_was_said_before(tmp_path: Path) -> None:
    listener = Heard()
    lines = dialogue(Elicitation(), ADA, ("script", TURNS)).lines
    talk, tally = talked(list(lines), tmp_path, {"": listener.model})
    assert tally.answered == len(TURNS)
    last = talk.filled()[-1][0]
    assert [message.role for message in last.messages] == ["system", *["user", "assistant"] * 3, "user"]
    assert last.messages[4].text == f"line 4{slot(0)}"  # a reply that looks like a slot stays as it is
    assert [request.about["turn"] for request, _ in talk.filled()] == ["1", "2", "3", "4"]


def test_dialogues_go_on_together_and_a_second_time_nothing_is_asked(tmp_path: Path) -> None:
    listener = Heard()
    people = [Persona(f"p{index}", f"You are {index}.") for index in range(5)]
    lines = [line for persona in people for line in dialogue(Elicitation(), persona, ("script", TURNS)).lines]
    assert [len(part) for part in rounds(lines)] == [5, 5, 5, 5]
    talked(lines, tmp_path, {"": listener.model})
    assert len(listener.asked) == 20
    talked(lines, tmp_path, {"": listener.model})
    assert len(listener.asked) == 20


def test_a_run_that_was_stopped_goes_on_inside_its_dialogues(tmp_path: Path) -> None:
    def answer(request: Request) -> str:
        if len(request.messages) > 4:
            raise KeyboardInterrupt
        return "so far"

    lines = list(dialogue(Elicitation(), ADA, ("script", TURNS)).lines)
    with pytest.raises(BaseException):  # noqa: B017 (whatever stops it)
        talked(lines, tmp_path, {"": Scripted(answer, id="scripted/heard")})
    listener = Heard()
    talk, _ = talked(lines, tmp_path, {"": listener.model})
    assert len(listener.asked) == 2
    assert talk.filled()[-1][0].messages[2].text == "so far"


def test_a_partner_hears_the_persona_and_is_another_model(tmp_path: Path) -> None:
    listener, other = Heard(), Heard("scripted/other")
    spoken = dialogue(Elicitation(), ADA, ("script", [Turn("Hello."), Turn(), Turn()]), partner="You are a doctor.")
    talked(list(spoken.lines), tmp_path, {"": listener.model, PARTNER: other.model})
    assert len(listener.asked) == 3
    assert [[message.role for message in request.messages] for request in other.asked] == [
        ["system", "user", "assistant", "user"],
        ["system", "user", "assistant", "user", "assistant", "user"],
    ]
    assert other.asked[0].messages[0].text == "You are a doctor."
    assert other.asked[0].messages[2].text == "Hello."
    assert "Ada" not in str(other.asked)


def test_a_question_within_a_dialogue_stands_after_its_lines(tmp_path: Path) -> None:
    item = Item("tea", "Tea?", Nominal(("yes", "no")))
    for place in ("system", "user"):
        elicitation = Elicitation(1, prompt=Prompt(place=place))
        spoken = dialogue(elicitation, ADA, ("script", TURNS[:2]))
        (probe,) = elicitation.ask(ADA, item, before=spoken.until(2))
        listener = Heard()
        talk, _ = talked([probe], tmp_path / place, {"": listener.model})
        texts = [message.text for message in talk.filled()[0][0].messages]
        assert sum("You are Ada." in text for text in texts) == 1
        assert texts[-1].startswith("Tea?")
        assert len(listener.asked) == 3


def test_a_judge_reads_lines_and_what_failed_is_said(tmp_path: Path) -> None:
    lines = dialogue(Elicitation(), ADA, ("script", TURNS[:1])).lines
    about = {"persona": "ada", "item": "j", "scale": "yes|no"}
    judge = Request((Message("user", f"Does “{slot(0)}” fit?", lines),), choices=("yes", "no"), about=about, to="judge")
    talk, _ = talked([judge], tmp_path / "a", {"": Heard().model, "judge": Scripted(lambda _: "yes", id="scripted/judge")})
    assert talk.filled()[0][0].messages[0].text == f"Does “line 2{slot(0)}” fit?"
    refusing = Scripted(lambda _: Reply(outcome=ReplyOutcome.REFUSED, detail="no"), id="scripted/refusing")
    lost, _ = talked([judge], tmp_path / "b", {"": refusing})
    with Journal.read(tmp_path / "b") as journal:
        table = dialogue_table(lost.outcomes(), journal)
    assert table["outcome"].to_list() == ["missing"]
    assert table["detail"].to_list() == [LOST]


def test_a_dialogue_that_outgrows_its_room_stops_or_forgets_and_says_so(tmp_path: Path) -> None:
    lines = list(dialogue(Elicitation(), ADA, ("script", TURNS)).lines)
    short = Room(70, "stop")
    talk, _ = talked(lines, tmp_path / "a", {"": Heard().model}, short)
    lost = [why for _, why in talk.filled() if why]
    assert lost
    assert all("the dialogue is longer than 70 tokens" in why for why in lost)
    talk, _ = talked(lines, tmp_path / "b", {"": Heard().model}, Room(70, "truncate"))
    assert not [why for _, why in talk.filled() if why]
    last = talk.filled()[-1][0]
    assert last.about["truncated"] == "yes"
    assert last.messages[0].text.endswith("You are Ada.")
    assert [message.role for message in last.messages][-1] == "user"


def test_the_ledger_counts_every_role_apart(tmp_path: Path) -> None:
    lines = list(dialogue(Elicitation(), ADA, ("script", TURNS)).lines)
    judge = Request((Message("user", "Fits?"),), to="judge", about={"item": "x", "scale": "text"})
    writing = Talk([Request((Message("user", "Write."),))], {"": "w"}, role=WRITER)
    models = {"": Scripted(lambda _: "line", "m"), "judge": Scripted(lambda _: "yes", "j")}
    with Journal.open(tmp_path, {}) as journal:
        asyncio.run(converse(Talk([*lines, judge], {"": "m", "judge": "j"}), models, journal, Terms()))
        asyncio.run(converse(writing, {"": Scripted(lambda _: "text", "w")}, journal, Terms()))
        assert {(entry.role, entry.model): entry.replies for entry in journal.ledger()} == {
            ("", "m"): len(lines), ("judge", "j"): 1, (WRITER, "w"): 1,
        }  # fmt: skip


def test_what_waits_for_others_has_no_key_yet_and_nothing_waits_for_itself() -> None:
    line = dialogue(Elicitation(), ADA, ("script", TURNS)).lines[1]
    with pytest.raises(StudyError, match="needs replies to other requests"):
        line.key("m")
    assert Request(()).key("m") == Request((), about={"a": "b"}).key("m") != Request((), to="judge").key("n")


def test_a_line_as_a_message_of_the_other_side() -> None:
    line = dialogue(Elicitation(), ADA, ("script", TURNS)).lines[0]
    assert reply_message(line, "user").role == "user"
    assert reply_message(line).filled(["Hello"]).text == "Hello"


def test_whoever_watches_sees_what_is_still_to_come(tmp_path: Path) -> None:
    requests = [line for name in ("a", "b") for line in dialogue(Elicitation(), Persona(name, name), ("script", TURNS)).lines]
    talk, seen = Talk(requests, {"": "scripted/heard"}), list[tuple[int, int]]()
    terms = Terms(watch=lambda tally: seen.append((tally.answered, tally.wanted)))
    with Journal.open(tmp_path, {}) as journal:
        asyncio.run(converse(talk, {"": Heard().model}, journal, terms))
    assert seen[-1] == (8, 8)
    assert {total for _, total in seen} == {8}


def test_what_was_stopped_by_a_cap_says_how_much_is_missing(tmp_path: Path) -> None:
    lines = dialogue(Elicitation(), ADA, ("script", TURNS)).lines
    with Journal.open(tmp_path, {}) as journal:
        tally = asyncio.run(converse(Talk(lines, {"": "scripted/heard"}), {"": Heard().model}, journal, Terms(caps=Caps(calls=2))))
    assert (tally.answered, tally.wanted, tally.stopped) == (2, 4, "the cap of 2 calls is reached")


def test_equal_lines_are_asked_once_and_told_of_each(tmp_path: Path) -> None:
    twins = [dialogue(Elicitation(), Persona(name, "You are a twin."), ("script", TURNS[:2])).lines for name in ("a", "b")]
    listener = Heard()
    requests = [line for lines in twins for line in lines]
    talk, tally = talked(requests, tmp_path, {"": listener.model})
    assert len(listener.asked) == tally.answered == tally.wanted == 2
    with Journal.read(tmp_path) as journal:
        table = dialogue_table(talk.outcomes(), journal)
    assert table.select("persona", "turn").rows() == [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]
    assert table["text"].null_count() == 0


def test_what_is_kept_of_a_dialogue_does_not_grow_with_its_square() -> None:
    sizes = []
    for turns in (15, 60):
        lines = dialogue(Elicitation(), ADA, ("script", [Turn(f"Question {index}?") for index in range(turns)])).lines
        talk = Talk(lines, {"": "scripted/heard"})
        with tempfile.TemporaryDirectory() as folder, Journal.open(folder, {}) as journal:
            gc.collect()
            tracemalloc.start()
            asyncio.run(converse(talk, {"": Scripted(lambda _: "so far", id="scripted/heard")}, journal, Terms()))
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
    assert sizes[1] < 5 * sizes[0]  # four times the lines; with every prompt kept, sixteen times the messages
