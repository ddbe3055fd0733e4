import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personametrics.data.errors import ModelError, StudyError
from personametrics.models.traffic import GaveUpError, Limits, RejectedError, Traffic, TransientError, retry_after

T = TypeVar("T")


class Instant(selectors.DefaultSelector):
    """Waits by moving the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for nothing"
        self.now += timeout
        return super().select(0)


class Virtual(asyncio.SelectorEventLoop):
    """A loop whose time passes only while everybody waits."""

    def __init__(self) -> None:
        self.instant = Instant()
        super().__init__(self.instant)

    def time(self) -> float:
        return self.instant.now


def run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=Virtual) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


class Scenario:
    """Attempts that fail in the given ways, one after the other, and then succeed; when each was made."""

    def __init__(self, *troubles: Exception, latency: float = 0.0) -> None:
        self.troubles, self.latency, self.times = list(troubles), latency, list[float]()

    async def __call__(self) -> str:
        self.times.append(now())
        await asyncio.sleep(self.latency)
        if self.troubles:
            raise self.troubles.pop(0)
        return "done"


def busy(after: float | None = None) -> TransientError:
    return TransientError("429: busy", after, congested=True)


def refused() -> TransientError:
    return TransientError("cannot connect", reached=False)


async def crowd(traffic: Traffic, attempts: Sequence[Callable[[], Awaitable[T]]]) -> list[tuple[T, int] | BaseException]:
    return await asyncio.gather(*(traffic.call(attempt) for attempt in attempts), return_exceptions=True)


def test_an_attempt_that_fails_in_passing_is_made_again_and_counted() -> None:
    scenario = Scenario(TransientError("500"), busy(), TransientError("dropped"))
    assert run(Traffic(Limits(), "here").call(scenario)) == ("done", 4)
    assert len(scenario.times) == 4


@pytest.mark.parametrize(("congested", "first"), [(False, 0.5), (True, 2.0)])
def test_waits_are_jittered_below_a_limit_that_doubles(congested: bool, first: float) -> None:
    waits = []
    for _ in range(200):
        scenario = Scenario(*(TransientError("trouble", congested=congested) for _ in range(4)))
        run(Traffic(Limits(backoff=0.5), "here").call(scenario))
        waits.append([later - sooner for sooner, later in pairwise(scenario.times)])
    for index, column in enumerate(zip(*waits, strict=True)):
        longest = first * 2**index
        assert 0.8 * longest < max(column) <= longest + 1e-6
        assert min(column) < 0.2 * longest


def test_after_the_last_attempt_it_gives_up_and_says_why_and_how_often() -> None:
    with pytest.raises(GaveUpError, match="3 attempts failed, the last one with: 503") as caught:
        run(Traffic(Limits(attempts=3), "here").call(Scenario(*[TransientError("503")] * 3)))
    assert caught.value.calls == 3


def test_what_no_repetition_mends_is_not_repeated() -> None:
    scenario = Scenario(busy(), RejectedError("400: too long"))
    with pytest.raises(GaveUpError, match=r"^400: too long$") as caught:
        run(Traffic(Limits(), "here").call(scenario))
    assert caught.value.calls == 2


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 0.0), (7.0, 7.0), (100.0, 60.0)])
def test_the_server_says_how_long_to_wait_up_to_a_minute(asked: float, waited: float) -> None:
    scenario = Scenario(busy(asked))
    run(Traffic(Limits(), "here").call(scenario))
    assert scenario.times[1] - scenario.times[0] == pytest.approx(waited)


def test_all_calls_wait_when_one_is_told_to() -> None:
    async def main() -> list[float]:
        traffic, late = Traffic(Limits(), "here"), Scenario()
        first = asyncio.create_task(traffic.call(Scenario(busy(30))))
        await asyncio.sleep(1)
        await traffic.call(late)
        await first
        return late.times

    assert run(main()) == [pytest.approx(30)]


def test_a_server_that_wants_an_hour_ends_the_run() -> None:
    with pytest.raises(ModelError, match="here asks for a pause of 3600 s"):
        run(Traffic(Limits(), "here").call(Scenario(busy(3600))))


def test_a_server_that_was_never_reached_ends_the_run() -> None:
    with pytest.raises(ModelError, match="No server answers at here"):
        run(Traffic(Limits(attempts=2), "here").call(Scenario(refused(), refused())))


def test_ten_refused_connections_before_any_answer_end_the_run_without_waiting_for_the_last_attempt() -> None:
    traffic = Traffic(Limits(attempts=50), "here")
    scenarios = [Scenario(*(refused() for _ in range(50))) for _ in range(8)]
    results = run(crowd(traffic, scenarios))
    assert any(isinstance(result, ModelError) for result in results)
    assert min(len(scenario.times) for scenario in scenarios) <= 3


def test_a_server_that_restarts_loses_no_call_and_one_that_is_gone_ends_the_run() -> None:
    async def main() -> list[tuple[str, int] | BaseException]:
        traffic = Traffic(Limits(attempts=2), "here")
        for _ in range(2):
            await traffic.call(Scenario())
            assert all(result == ("done", 2) for result in await crowd(traffic, [Scenario(refused()) for _ in range(40)]))
            lost = await crowd(traffic, [Scenario(refused(), refused()) for _ in range(9)])
            assert all(isinstance(result, GaveUpError) for result in lost)
        return await crowd(traffic, [Scenario(refused(), refused())])

    (last,) = run(main())
    assert isinstance(last, ModelError)


def test_when_stopped_what_is_under_way_ends_and_what_waits_does_not_begin() -> None:
    async def slow() -> str:
        await asyncio.sleep(5)
        return "paid for"

    async def main() -> tuple[list[tuple[str, int] | BaseException], float, BaseException]:
        traffic, waiting = Traffic(Limits(), "here"), Scenario(TransientError("500", 50))
        attempts: list[Callable[[], Awaitable[str]]] = [slow, waiting]
        tasks = asyncio.create_task(crowd(traffic, attempts))
        await asyncio.sleep(1)
        traffic.stop()
        results = await tasks
        (late,) = await crowd(traffic, [Scenario()])
        assert isinstance(late, BaseException)
        return results, now(), late

    (paid, waited), ended, late = run(main())
    assert paid == ("paid for", 1)
    assert isinstance(waited, ModelError)
    assert isinstance(late, ModelError)
    assert ended == pytest.approx(5)


async def simulated(capacity: int, calls: int, traffic: Traffic) -> tuple[list[int], float, int]:
    """A server that answers `capacity` calls at a time, one second each, and refuses more: windows, seconds, failures."""
    serving, windows, failed, running = 0, [], 0, set[asyncio.Task[tuple[None, int]]]()

    async def attempt() -> None:
        nonlocal serving
        await asyncio.sleep(0.01)
        if serving >= capacity:
            raise busy()
        serving += 1
        await asyncio.sleep(1)
        serving -= 1

    for _ in range(calls):
        while len(running) >= traffic.window:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            failed += sum(task.exception() is not None for task in done)
        windows.append(traffic.window)
        running.add(asyncio.create_task(traffic.call(attempt)))
    await asyncio.wait(running)
    return windows, now(), failed


@pytest.mark.parametrize("capacity", [2, 8, 30])
def test_the_window_settles_near_what_the_server_can_do(capacity: int) -> None:
    windows, seconds, failed = run(simulated(capacity, 60 * capacity, Traffic(Limits(connections=64), "here")))
    settled = windows[len(windows) // 3 :]
    assert max(settled) <= capacity + 2
    assert sum(settled) / len(settled) > 0.6 * capacity
    assert seconds < 2 * 60
    assert failed == 0


def test_without_congestion_the_window_doubles_each_round_trip_up_to_the_connections() -> None:
    windows, seconds, _ = run(simulated(1000, 500, Traffic(Limits(connections=40), "here")))
    assert windows[0] == 8
    assert max(windows) == 40
    assert seconds < 20


def test_a_jam_that_many_calls_meet_halves_the_window_once_and_the_next_one_again() -> None:
    async def main() -> list[int]:
        traffic, windows = Traffic(Limits(), "here"), []
        for _ in range(5):
            windows.append(traffic.window)
            await crowd(traffic, [Scenario(busy(5), latency=0.1) for _ in range(8)])
        return windows

    assert run(main()) == [8, 4, 2, 1, 1]


def test_failures_that_are_no_congestion_leave_the_window_alone() -> None:
    traffic = Traffic(Limits(), "here")
    run(crowd(traffic, [Scenario(TransientError("dropped")) for _ in range(8)]))
    assert traffic.window >= 8


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1, 2000),
    st.floats(100, 1e5),
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 500), st.integers(0, 3)), min_size=1, max_size=40),
)
def test_no_minute_has_more_than_its_calls_and_its_tokens(requests: float, tokens: float, arrivals: list[tuple[float, float, int]]) -> None:
    begun: list[tuple[float, float]] = []

    async def one(traffic: Traffic, delay: float, cost: float, failures: int) -> None:
        async def attempt() -> None:
            nonlocal failures
            begun.append((now(), cost))
            failures -= 1
            if failures >= 0:
                raise busy()

        await asyncio.sleep(delay)
        await traffic.call(attempt, cost)

    async def main() -> None:
        traffic = Traffic(Limits(requests_per_minute=requests, tokens_per_minute=tokens), "here")
        await asyncio.gather(*(one(traffic, *arrival) for arrival in arrivals))

    run(main())
    assert len(begun) == sum(1 + failures for _, _, failures in arrivals)
    for start, _ in begun:
        minute = [cost for time, cost in begun if start <= time < start + 60 - 1e-6]
        assert len(minute) < requests + 1
        assert sum(minute) <= tokens + max(minute) + 1e-6


def test_a_rate_is_used_up() -> None:
    async def main() -> float:
        await crowd(Traffic(Limits(requests_per_minute=120), "here"), [Scenario() for _ in range(61)])
        return now()

    assert run(main()) == pytest.approx(30, abs=0.01)


def test_retry_after_is_read_as_seconds_or_as_a_date_and_nothing_else() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after("12") == 12
    assert retry_after(" 0.5 ") == 0.5
    assert 85 < (retry_after(date) or 0) <= 90
    assert [retry_after(value) for value in (None, "", "soon", "-3", "nan", "inf", "1e3", "١")] == [None] * 8


@pytest.mark.parametrize(
    "wrong", [{"connections": 0}, {"attempts": 0}, {"timeout": 0.0}, {"requests_per_minute": -1.0}, {"backoff": float("nan")}]
)
def test_a_limit_that_cannot_be_kept_is_named(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    needed = "of at least 1" if name in {"connections", "attempts"} else "above 0"
    with pytest.raises(StudyError, match=rf"limits\.{name} is .*\. Write a number {needed}\."):
        Limits(**wrong)
