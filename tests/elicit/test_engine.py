import asyncio
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import faults
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.data.errors import ModelError, RunError, StudyError
from personametrics.data.grid import Grid, Joined
from personametrics.data.item import Item
from personametrics.data.model import Can
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.scale import Ordinal
from personametrics.data.study import Elicitation
from personametrics.elicit import engine
from personametrics.elicit.costs.prices import Caps, Prices
from personametrics.elicit.engine import IN_A_ROW, Tally, Terms, elicit, keys_of, missing
from personametrics.elicit.journal import Journal
from personametrics.models.function import Scripted
from personametrics.models.openai_compatible import OpenAICompatible
from personametrics.models.traffic import Limits

SAMPLING = Sampling(max_tokens=5)
ASKS = [Request((Message("user", f"{n // 3}?"),), n % 3, sampling=SAMPLING) for n in range(60)]
FAILED = Reply(outcome=ReplyOutcome.FAILED, detail="The server is away.")


def name(request: Request) -> str:
    return f"{request.messages[0].text} {request.run}"


@dataclass
class Recorded:
    """A model that answers so many asks at a time, in a drawn order, and remembers what it was asked."""

    answers: Callable[[Request], Reply] = lambda request: Reply(name(request), tokens_in=2, tokens_out=1)
    at_a_time: int = 4
    seed: int = 0
    latency: float = 0.0
    id: str = "test/recorded"
    can: frozenset[Can] = frozenset({Can.SAMPLE})
    asked: list[str] = field(default_factory=list)

    def tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text) for message in messages)

    async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        random, pulled, waiting = Random(self.seed), enumerate(requests), list[tuple[int, Request]]()  # noqa: S311
        while True:
            while len(waiting) < self.at_a_time and (pair := next(pulled, None)) is not None:
                self.asked.append(name(pair[1]))
                waiting.append(pair)
            if not waiting:
                return
            await asyncio.sleep(self.latency)
            index, request = waiting.pop(random.randrange(len(waiting)))
            yield index, self.answers(request)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path, {}) as opened:
        yield opened


def run(model: Any, requests: Sequence[Request], journal: Journal, terms: Terms | None = None) -> Tally:
    return asyncio.run(elicit(model, requests, journal, terms))


def texts(journal: Journal, requests: Sequence[Request], model: str = "test/recorded") -> list[str | None]:
    return [None if reply is None else reply.text for reply in journal.replies([request.key(model) for request in requests])]


def numbers(tally: Tally) -> tuple[int, int, int, int]:
    return tally.wanted, tally.before, tally.answered, tally.failed


@given(st.integers(1, 20), st.integers(0, 99), st.integers(0, 60))
@settings(max_examples=12, deadline=None)
def test_every_ask_gets_its_own_reply_in_whatever_order_they_come(
    tmp_path_factory: pytest.TempPathFactory, at_a_time: int, seed: int, count: int
) -> None:
    with Journal.open(tmp_path_factory.mktemp("run"), {}) as journal:
        model = Recorded(at_a_time=at_a_time, seed=seed)
        tally = run(model, ASKS[:count], journal)
        assert numbers(tally) == (count, 0, count, 0)
        assert tally.complete
        assert tally.stopped == ""
        assert texts(journal, ASKS) == [name(request) for request in ASKS[:count]] + [None] * (60 - count)
        assert sorted(model.asked) == sorted(map(name, ASKS[:count]))


@given(st.sets(st.integers(0, 59)))
@settings(max_examples=10, deadline=None)
def test_only_what_is_missing_is_asked_in_order(tmp_path_factory: pytest.TempPathFactory, present: set[int]) -> None:
    with Journal.open(tmp_path_factory.mktemp("run"), {}) as journal:
        journal.add([(ASKS[index].key("test/recorded"), Reply("before")) for index in present])
        model = Recorded(at_a_time=1)
        tally = run(model, ASKS, journal)
        assert model.asked == [name(request) for index, request in enumerate(ASKS) if index not in present]
        assert numbers(tally) == (60, len(present), 60 - len(present), 0)
        assert texts(journal, ASKS) == ["before" if index in present else name(request) for index, request in enumerate(ASKS)]
        assert run(Recorded(answers=lambda _: pytest.fail("asked again")), ASKS, journal).complete


def test_equal_asks_of_two_arms_are_asked_once_and_runs_are_not_equal(journal: Journal) -> None:
    people = [Persona(str(n), f"You are {n}.") for n in range(4)]
    panel = Grid(people, [Item("tea", "Tea?", Ordinal(("no", "yes")))], Elicitation(3))
    turned = replace(panel, personas=people[1:] + people[:1], arm="shuffled", names=[persona.id for persona in people])
    model = Recorded()
    tally = run(model, Joined((turned, panel)), journal)
    assert numbers(tally) == (12, 0, 12, 0)
    assert len(model.asked) == 12
    assert all(count == 1 for count in Counter(keys_of(panel, model.id).tolist()).values())
    assert [request.key(model.id) for request in turned[:3]] == [request.key(model.id) for request in panel[3:6]]


def test_replies_of_another_model_are_not_taken(journal: Journal) -> None:
    run(Recorded(), ASKS, journal)
    assert numbers(run(Recorded(id="test/other"), ASKS, journal)) == (60, 0, 60, 0)


def test_missing_is_the_first_of_equal_asks(journal: Journal) -> None:
    keys = keys_of([ASKS[5], ASKS[1], ASKS[5], ASKS[0], ASKS[1]], "m")
    assert missing(keys, journal).tolist() == [0, 1, 3]
    journal.add([(ASKS[5].key("m"), Reply("x"))])
    assert missing(keys, journal).tolist() == [1, 3]
    assert missing(keys[:0], journal).tolist() == []


@dataclass
class Ends:
    """A model that answers so many asks and then does something else."""

    after: int
    error: Exception | None = None
    pulls: int | None = None
    id: str = "test/recorded"
    can: frozenset[Can] = frozenset({Can.SAMPLE})

    async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
        pulled = iter(requests)
        held = [next(pulled) for _ in range(self.pulls)] if self.pulls else None
        for index in range(self.after):
            request = held[index] if held else next(pulled)
            await asyncio.sleep(0)
            yield index, Reply(name(request))
        if self.error:
            raise self.error


def test_a_model_that_answers_nothing_raises(journal: Journal) -> None:
    with pytest.raises(ModelError, match="Wrong key"):
        run(Ends(0, ModelError("Wrong key.")), ASKS, journal)
    assert journal.totals()["replies"] == 0


@pytest.mark.parametrize("after", [1, 7, 59])
def test_a_model_that_breaks_midway_stops_the_run_and_its_replies_are_kept(journal: Journal, after: int) -> None:
    tally = run(Ends(after, ModelError("Out of credit.")), ASKS, journal)
    assert tally.stopped == "Out of credit"
    assert not tally.complete
    assert numbers(tally) == (60, 0, after, 0)
    assert texts(journal, ASKS) == [name(request) for request in ASKS[:after]] + [None] * (60 - after)
    again = run(Ends(0, ModelError("Wrong key.")), ASKS, journal)
    assert (again.stopped, again.before) == ("Wrong key", after)
    assert run(Recorded(), ASKS, journal).complete


def test_what_else_a_model_raises_comes_out_after_its_replies_are_kept(journal: Journal) -> None:
    with pytest.raises(ZeroDivisionError):
        run(Ends(7, ZeroDivisionError()), ASKS, journal)
    assert journal.totals()["replies"] == 7


@pytest.mark.parametrize(("after", "pulls"), [(7, None), (7, 20), (7, 60), (59, 60)])
def test_a_model_that_ends_early_is_said_to(journal: Journal, after: int, pulls: int | None) -> None:
    tally = run(Ends(after, None, pulls), ASKS, journal)
    assert tally.stopped == f"test/recorded stopped answering after {after} of 60 requests"
    assert numbers(tally) == (60, 0, after, 0)
    assert journal.totals()["replies"] == after


@pytest.mark.parametrize("pulls", [None, 60])
def test_a_model_that_ends_without_any_answer_raises(journal: Journal, pulls: int | None) -> None:
    with pytest.raises(ModelError, match=r"^test/recorded stopped answering after 0 of 60 requests\.$"):
        run(Ends(0, None, pulls), ASKS, journal)


@pytest.mark.parametrize("wrong", [-1, 0, 5, 60])
def test_a_reply_to_an_ask_that_was_not_given_is_never_taken(journal: Journal, wrong: int) -> None:
    class Confused(Ends):
        async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
            pulled = iter(requests)
            yield 0, Reply(name(next(pulled)))
            next(pulled)
            yield wrong, Reply("to whom?")

    tally = run(Confused(0), ASKS, journal)
    assert tally.stopped == f"test/recorded answered request {wrong}, which is not open. Correct its method `answer`"
    assert texts(journal, ASKS) == ["0? 0"] + [None] * 59


def test_failed_asks_are_counted_and_asked_again_the_next_time(journal: Journal) -> None:
    model = Recorded(answers=lambda request: FAILED if request.run == 1 else Reply("x"))
    tally = run(model, ASKS, journal)
    assert numbers(tally) == (60, 0, 40, 20)
    assert tally.stopped == ""
    assert not tally.complete
    assert set(journal.failures().values()) == {"The server is away."}
    again = Recorded()
    assert numbers(run(again, ASKS, journal)) == (60, 40, 20, 0)
    assert sorted(again.asked) == sorted(name(request) for request in ASKS if request.run == 1)
    assert journal.failures() == {}


MANY = [Request((Message("user", "?"),), n) for n in range(3000)]


@pytest.mark.parametrize("model", [Recorded(answers=lambda _: FAILED), Scripted(lambda _: FAILED)], ids=["waits", "never waits"])
def test_failures_in_a_row_stop_the_run(journal: Journal, model: Any) -> None:
    tally = run(model, MANY, journal)
    assert tally.stopped == f"{IN_A_ROW} requests in a row failed, the last one with this reason: The server is away"
    assert IN_A_ROW <= tally.failed <= IN_A_ROW + 3
    assert journal.totals()["failures"] == tally.failed


def test_an_answer_now_and_then_goes_on(journal: Journal) -> None:
    left = iter(range(3000))
    tally = run(Scripted(lambda _: FAILED if next(left) % IN_A_ROW else Reply("x")), MANY, journal)
    assert tally.stopped == ""
    assert numbers(tally) == (3000, 0, 60, 2940)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_probabilities_that_are_no_numbers_are_a_failure_and_cost_no_other_reply(journal: Journal, number: float) -> None:
    tally = run(Recorded(answers=lambda request: Reply(probabilities={"a": number if request.run else 0.5})), ASKS, journal)
    assert numbers(tally) == (60, 0, 20, 40)
    assert set(journal.failures().values()) == {"the model gave probabilities that are not numbers"}


def test_half_a_character_costs_no_reply(journal: Journal) -> None:
    assert run(Recorded(answers=lambda request: Reply("\ud83d" if request.run else "x")), ASKS, journal).complete
    assert set(texts(journal, ASKS)) == {"\ufffd", "x"}


PRICES = Prices(1e6, 2e6)
CAPS = st.builds(Caps, st.none() | st.integers(1, 70), st.none() | st.integers(1, 400), st.none() | st.integers(1, 500))


@given(CAPS, st.integers(0, 99), st.integers(1, 20))
@settings(max_examples=15, deadline=None)
def test_caps_are_never_passed_and_the_rest_is_asked_when_they_are_raised(
    tmp_path_factory: pytest.TempPathFactory, caps: Caps, seed: int, at_a_time: int
) -> None:
    random = Random(seed)  # noqa: S311

    def costly(_: Request) -> Reply:
        reply = Reply("x", tokens_in=random.randint(0, 2), tokens_out=random.randint(0, 5), calls=random.randint(0, 1))
        return reply if random.random() < 0.8 else replace(FAILED, calls=1)

    with Journal.open(tmp_path_factory.mktemp("run"), {}) as journal:
        for _ in range(2):
            tally = run(Recorded(costly, at_a_time, seed), ASKS, journal, Terms(caps, PRICES))
            spent = journal.totals()
            assert spent["calls"] <= (caps.calls or 10**9)
            assert spent["tokens_in"] + spent["tokens_out"] <= (caps.tokens or 10**9)
            assert PRICES.of(spent["tokens_in"], spent["tokens_out"]) <= (caps.money or 10**9)
            if tally.stopped:
                assert tally.stopped.startswith("the cap of ")
                assert tally.stopped.endswith(" is reached")
            else:
                assert tally.answered + tally.failed + tally.before == 60
        assert run(Recorded(at_a_time=at_a_time), ASKS, journal, Terms(Caps(10**6, 10**6, 10**6), PRICES)).complete


def test_a_cap_leaves_no_more_room_than_an_ask_may_cost(journal: Journal) -> None:
    tally = run(Recorded(at_a_time=20), ASKS, journal, Terms(Caps(tokens=100)))  # an ask costs 3 of at most 2 + 5
    assert tally.meter.tokens_in + tally.meter.tokens_out > 100 - 8
    assert tally.stopped == "the cap of 100 tokens is reached"
    assert run(Recorded(), ASKS, journal, Terms(Caps(tokens=100))).answered == 0
    assert run(Recorded(), ASKS, journal, Terms(Caps(calls=60))).complete


def test_repeated_calls_pass_a_cap_by_no_more_than_what_was_on_its_way(journal: Journal) -> None:
    tally = run(Recorded(lambda _: Reply("x", calls=6), at_a_time=4), ASKS, journal, Terms(Caps(calls=30)))
    assert tally.stopped == "the cap of 30 calls is reached"
    assert tally.meter.calls <= 30 + 4 * 5


@pytest.mark.parametrize("again", [1, 2, 3])
def test_unreadable_answers_count_for_the_caps_of_every_later_run(tmp_path: Path, again: int) -> None:
    with faults.serve(faults.always("number content")) as server:
        model = OpenAICompatible("m", server.base_url, limits=Limits(connections=2, backoff=0.001))
        for _ in range(again):
            with Journal.open(tmp_path, {}) as journal:
                tally = run(model, ASKS, journal, Terms(Caps(tokens=400)))
        assert tally.stopped == "the cap of 400 tokens is reached"
        billed = 16 * len(server.seen)
        assert 400 - 40 < billed <= 400 + 2 * 32
    with Journal.read(tmp_path) as journal:
        totals = journal.totals()
    assert totals["tokens_in"] + totals["tokens_out"] == billed
    assert totals["calls"] == len(server.seen)


def test_money_of_every_role_counts_with_its_own_prices(journal: Journal) -> None:
    judge = Recorded(id="test/judge")
    prices = {"test/recorded": Prices(1e6, 1e6), "test/judge": Prices(1e5, 1e5)}
    assert run(judge, [replace(request, to="judge") for request in ASKS], journal, Terms(Caps(money=20), prices)).complete  # 0.3 each
    tally = run(Recorded(at_a_time=1), ASKS, journal, Terms(Caps(money=20 + 18), prices))
    assert tally.stopped == "the cap of $38.00 is reached"
    assert tally.answered == 5  # 3 each, 20 - 7 that the next may cost
    with pytest.raises(StudyError, match="the prices of test/recorded are unknown"):
        run(Recorded(), ASKS, journal, Terms(Caps(money=99), {"test/judge": prices["test/judge"]}))


def test_every_reply_is_counted_once_although_the_run_is_cancelled_while_it_is_written(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = journal.add

    def slowly(*given: Any) -> None:
        time.sleep(0.03)
        add(*given)

    monkeypatch.setattr(journal, "add", slowly)

    async def main() -> None:
        task = asyncio.create_task(elicit(Recorded(latency=0.001), ASKS, journal))
        await asyncio.sleep(0.05)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.005)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    totals = journal.totals()
    assert totals["calls"] == totals["replies"] > 0
    assert totals["tokens_in"] == 2 * totals["replies"]


def counting(stop: asyncio.Event, index: int) -> Callable[[Request], Reply]:
    """Answers, and asks to stop with the answer of that number."""
    seen = [0]

    def answer(request: Request) -> Reply:
        seen[0] += 1
        if seen[0] == index:
            stop.set()
        return Reply(name(request))

    return answer


@pytest.mark.parametrize("latency", [0.0, 0.001])
def test_nothing_new_is_asked_after_a_stop_and_what_is_on_its_way_is_kept(journal: Journal, latency: float) -> None:
    terms = Terms()
    model = Recorded(counting(terms.stop, 10), latency=latency)
    tally = run(model, ASKS, journal, terms)
    assert tally.stopped == "interrupted"
    assert len(model.asked) == 13  # ten answers, and three more were on their way
    assert numbers(tally) == (60, 0, 13, 0)
    assert journal.totals()["replies"] == 13
    assert run(Recorded(), ASKS, journal).complete


def test_a_model_that_never_waits_is_stopped_too(journal: Journal) -> None:
    terms = Terms()
    tally = run(Scripted(counting(terms.stop, 10)), MANY, journal, terms)
    assert (tally.stopped, tally.answered) == ("interrupted", 10)


def test_a_stop_before_the_start_asks_nothing(journal: Journal) -> None:
    terms = Terms()
    terms.stop.set()
    tally = run(Recorded(), ASKS, journal, terms)
    assert (tally.stopped, numbers(tally)) == ("interrupted", (60, 0, 0, 0))


def test_a_stop_waits_no_longer_than_its_grace(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "GRACE", 0.05)
    terms, closed = Terms(), list[bool]()

    class Stuck(Recorded):
        async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
            pulled = iter(requests)
            try:
                yield 0, Reply(name(next(pulled)))
                next(pulled)
                terms.stop.set()
                await asyncio.sleep(60)
            finally:
                closed.append(True)

    began = time.monotonic()
    tally = run(Stuck(), ASKS, journal, terms)
    assert 0.05 <= time.monotonic() - began < 30
    assert (tally.stopped, tally.answered, closed) == ("interrupted", 1, [True])
    assert texts(journal, ASKS[:2]) == ["0? 0", None]


def test_a_run_that_is_complete_when_it_is_stopped_was_not_interrupted(journal: Journal) -> None:
    terms = Terms()
    tally = run(Recorded(counting(terms.stop, 60)), ASKS, journal, terms)
    assert tally.complete
    assert numbers(tally) == (60, 0, 60, 0)


@pytest.mark.parametrize("slow", [0.0, 0.05])
def test_cancelling_loses_nothing_that_had_arrived(journal: Journal, monkeypatch: pytest.MonkeyPatch, slow: float) -> None:
    given, add = [0], journal.add

    def slowly(replies: Sequence[tuple[bytes, Reply]], *rest: Any) -> None:
        time.sleep(slow)
        add(replies, *rest)

    monkeypatch.setattr(journal, "add", slowly)

    def answer(request: Request) -> Reply:
        given[0] += 1
        return Reply(name(request))

    async def main() -> None:
        task = asyncio.create_task(elicit(Recorded(answer, latency=0.001), ASKS, journal))
        while given[0] < 25:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert journal.totals()["replies"] == given[0] < 60

    asyncio.run(main())


@pytest.mark.parametrize("times", [2, 3, 5])
def test_cancelling_again_loses_nothing_that_had_arrived(tmp_path: Path, times: int) -> None:
    given, opened = [0], Journal.open(tmp_path, {})
    add = opened.add

    def slowly(replies: Sequence[tuple[bytes, Reply]], *rest: Any) -> None:
        time.sleep(0.03)
        add(replies, *rest)

    opened.add = slowly  # type: ignore[method-assign, assignment]

    def answer(request: Request) -> Reply:
        given[0] += 1
        return Reply(name(request))

    async def main() -> None:
        with opened:
            task = asyncio.create_task(elicit(Recorded(answer, latency=0.001), ASKS, opened))
            while given[0] < 25:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            for _ in range(times):
                task.cancel()
                await asyncio.sleep(0.005)
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    with Journal.read(tmp_path) as reader:
        assert reader.totals()["replies"] == given[0] < 60


def test_who_watches_sees_only_what_is_on_disk(journal: Journal) -> None:
    seen = list[int]()

    def watch(tally: Tally) -> None:
        with Journal.read(journal.folder) as reader:
            assert reader.totals()["replies"] == tally.answered
        seen.append(tally.answered)

    run(Recorded(latency=0.0005), ASKS, journal, Terms(watch=watch))
    assert seen == sorted(set(seen))
    assert seen[-1] == 60


def test_a_watcher_that_fails_costs_no_reply(journal: Journal) -> None:
    given = [0]

    def watch(_: Tally) -> None:
        message = "the terminal is gone"
        raise BrokenPipeError(message)

    def answer(request: Request) -> Reply:
        given[0] += 1
        return Reply(name(request))

    with pytest.raises(BrokenPipeError):
        run(Recorded(answer, at_a_time=1), ASKS, journal, Terms(watch=watch))
    assert journal.totals()["replies"] == given[0] > 0


def test_a_model_that_cannot_be_closed_costs_no_reply(journal: Journal) -> None:
    class Careless(Recorded):
        async def answer(self, requests: Iterable[Request]) -> AsyncIterator[tuple[int, Reply]]:
            try:
                for index, request in enumerate(requests):
                    yield index, Reply(name(request))
                    await asyncio.sleep(60)
            finally:
                message = "the session is closed"
                raise OSError(message)

    async def main() -> None:
        task = asyncio.create_task(elicit(Careless(), ASKS, journal))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(OSError, match="the session is closed"):
            await task

    asyncio.run(main())
    assert journal.totals()["replies"] == 1


def test_while_the_disk_is_slow_replies_gather_and_none_is_lost(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    batches, threads, add = list[int](), set[int](), journal.add
    monkeypatch.setattr(engine, "GATHER", 100)

    def slowly(replies: Sequence[tuple[bytes, Reply]], *rest: Any) -> None:
        batches.append(len(replies))
        threads.add(threading.get_ident())
        time.sleep(0.005)
        add(replies, *rest)

    monkeypatch.setattr(journal, "add", slowly)
    tally = run(Scripted(lambda request: str(request.run), "scripted/function"), MANY, journal)
    assert tally.complete
    assert sum(batches) == len(MANY)
    assert max(batches) <= 100
    assert len(batches) < 100
    assert threading.get_ident() not in threads
    assert texts(journal, MANY, "scripted/function") == [str(request.run) for request in MANY]


@pytest.mark.parametrize("after", [0, 3])
def test_a_disk_that_is_full_stops_the_run_with_its_sentence(journal: Journal, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    writes, add = [0], journal.add

    def full(replies: Sequence[tuple[bytes, Reply]], *rest: Any) -> None:
        writes[0] += 1
        if writes[0] > after:
            message = "The disk is full."
            raise RunError(message)
        add(replies, *rest)

    monkeypatch.setattr(journal, "add", full)
    model = Recorded(at_a_time=1, latency=0.002)
    with pytest.raises(RunError, match="full"):
        run(model, ASKS, journal)
    assert len(model.asked) < 60
    monkeypatch.undo()
    written = journal.totals()["replies"]
    tally = run(Recorded(), ASKS, journal)
    assert tally.complete
    assert tally.before == written


def test_memory_does_not_grow_with_the_number_of_asks(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "GATHER", 50)
    people = [Persona(str(n), f"You are {n}. " + "x" * 300) for n in range(20)]
    grid = Grid(people, [Item(str(n), f"Question {n}?", Ordinal(("no", "yes"))) for n in range(10)], Elicitation(10))
    peaks = []
    for requests in (Grid(people[:2], grid.items, Elicitation(10)), grid):
        tracemalloc.start()
        run(Scripted(lambda request: f"{request.run:2000}", id=f"scripted/{len(requests)}"), requests, journal)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert [len(grid), journal.totals()["replies"]] == [2_000, 2_200]
    assert peaks[1] - peaks[0] < 400 * 1_800  # bytes: keys and positions while they are sorted; every reply has 2,000
