"""Calls to an endpoint that may be busy, slow or out of order: retries, how many at a time, how many a minute."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from personametrics.data.errors import ModelError, StudyError

T = TypeVar("T")

FIRST = 8
"""Calls at a time before anything is known."""
LONGEST = 60.0
"""Seconds that one wait may last …"""
PATIENCE = 300.0
"""… and what a server may ask for before the run is given up."""
HOPELESS = 10
"""Connections in a row that may fail."""


@dataclass(frozen=True)
class Limits:
    """How an endpoint may be used.

    Attributes:
        connections: most calls at a time.
        requests_per_minute: most calls begun in any minute, retries included; None: any.
        tokens_per_minute: estimated tokens of the calls begun in any minute, at most this plus one call; None: any.
        timeout: seconds for one attempt, from connecting to the last byte.
        attempts: how often an ask is tried before its reply is `failed`.
        backoff: longest first wait after a failure, seconds; four times that where the server is congested.

    Raises:
        StudyError: a limit that is no positive number.
    """

    connections: int = 64
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float = 120.0
    attempts: int = 6
    backoff: float = 0.5

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self)):
            value = getattr(self, name)
            least = 1 if name in {"connections", "attempts"} else 0
            if value is not None and not (value > 0 and least <= value < float("inf")):
                message = f"limits.{name}: {value} cannot be kept; give a number above 0{', at least 1' if least else ''}."
                raise StudyError(message)


class TransientError(Exception):
    """An attempt that may succeed later.

    Attributes:
        reason: what happened.
        after: seconds that the server asks to wait.
        congested: the server has too much to do.
        reached: somebody answered the phone.
    """

    def __init__(self, reason: str, after: float | None = None, *, congested: bool = False, reached: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.after, self.congested, self.reached = reason, after, congested, reached


class RejectedError(Exception):
    """An attempt that no repetition mends."""


class GaveUpError(Exception):
    """A call that was not answered.

    Attributes:
        reason: why, in one sentence.
        calls: attempts made.
    """

    def __init__(self, reason: str, calls: int) -> None:
        super().__init__(reason)
        self.reason, self.calls = reason, calls


@dataclass
class Traffic:
    """The calls to one endpoint: all of them see what any of them learns.

    How many at a time: TCP's congestion control (Chiu & Jain 1989, doi:10.1016/0169-7552(89)90019-6). One more for each success until the
    server is congested for the first time (429, 503, timeout), then one more for each window of successes; half, at most once a round
    trip, when it is congested again. A call keeps its place while it waits to be repeated, and until a call that met congestion is through
    there are no more at a time: a server in trouble gets no new calls.
    Waits: full jitter, drawn between 0 and backoff · 2^attempt, unless the server says how long. Rates: calls evenly spaced, no bursts.

    Attributes:
        limits: how the endpoint may be used.
        where: what the endpoint is called in errors.
    """

    limits: Limits
    where: str
    _window: float = field(default=FIRST, init=False)
    _slow_start: bool = field(default=True, init=False)
    _cut: float = field(default=float("-inf"), init=False)
    _jams: int = field(default=0, init=False)
    _free: float = field(default=float("-inf"), init=False)
    _reached: bool = field(default=False, init=False)
    _lost: int = field(default=0, init=False)
    _over: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @property
    def window(self) -> int:
        """(1 to `limits.connections`) how many calls may be under way now."""
        return max(1, int(min(self._window, self.limits.connections)))

    async def call(self, attempt: Callable[[], Awaitable[T]], tokens: float = 0) -> tuple[T, int]:
        """Attempt until it succeeds.

        Args:
            attempt: makes one attempt; raises `TransientError` if another may succeed, `RejectedError` if none will.
            tokens: estimate of what one attempt costs.

        Returns:
            What the last attempt returned, and how many were made.

        Raises:
            GaveUpError: rejected, or too many attempts.
            ModelError: no call can succeed.
        """
        jams = 0
        try:
            for calls in range(1, self.limits.attempts + 1):
                sent = await self._turn(tokens)
                try:
                    result = await attempt()
                except TransientError as error:
                    trouble = error
                else:
                    self._succeeded()
                    return result, calls
                jams, self._jams = jams + trouble.congested, self._jams + trouble.congested
                last = calls == self.limits.attempts
                self._failed(trouble, sent, last=last)
                if not last:
                    await self._sleep(self._wait(trouble, calls))
        except RejectedError as error:
            raise GaveUpError(str(error), calls) from None
        finally:
            self._jams -= jams
        message = f"{calls} attempt{'s' if calls > 1 else ''} failed, the last with: {trouble.reason}"
        raise GaveUpError(message, calls)

    def stop(self) -> None:
        """What is under way may end, but nothing is begun or repeated: calls that wait raise `ModelError`."""
        self._over.set()

    async def _turn(self, tokens: float) -> float:
        """Wait until a call may begin; the time when it does.

        Raises:
            ModelError: none may.
        """
        clock, limits = asyncio.get_running_loop().time, self.limits
        while (now := clock()) < self._free or self._over.is_set():
            await self._sleep(self._free - now)
        cost = max(1 / (limits.requests_per_minute or float("inf")), tokens / (limits.tokens_per_minute or float("inf")))
        self._free = max(self._free, now + 60 * cost)
        return now

    async def _sleep(self, seconds: float) -> None:
        """Sleep.

        Raises:
            ModelError: it was over before.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return
        message = f"No more calls are made to {self.where}."
        raise ModelError(message)

    def _wait(self, trouble: TransientError, calls: int) -> float:
        """(seconds) until the next attempt."""
        if trouble.after is not None:
            return min(trouble.after, LONGEST)
        longest = self.limits.backoff * (4 if trouble.congested else 1) * 2 ** (calls - 1)
        return random.uniform(0, min(longest, LONGEST))  # noqa: S311

    def _succeeded(self) -> None:
        """A call was answered: room for more."""
        self._reached, self._lost = True, 0
        if not self._jams:
            self._window = min(self._window + (1 if self._slow_start else 1 / self._window), self.limits.connections)

    def _failed(self, trouble: TransientError, sent: float, *, last: bool) -> None:
        """An attempt failed: room for fewer, or for none.

        Raises:
            ModelError: nobody is there, or wants to be left alone for long.
        """
        now, after = asyncio.get_running_loop().time(), trouble.after or 0
        if after > PATIENCE:
            message = f"{self.where} asks to be left alone for {after:.0f} s ({trouble.reason}): run again later, answers are kept."
            raise ModelError(message)
        if trouble.congested:
            self._slow_start = False
            self._free = max(self._free, now + min(after, LONGEST))
            if sent > self._cut:  # what was sent before tells of the same jam
                self._window, self._cut = max(1.0, self.window / 2), now
        self._reached |= trouble.reached
        # Before anybody answered every attempt counts, later only those that were the last: a server may restart.
        self._lost = 0 if trouble.reached else self._lost + (last or not self._reached)
        if self._lost >= HOPELESS or (last and not self._reached):
            message = f"No server answers at {self.where} ({trouble.reason}): start it, or correct base_url."
            raise ModelError(message)


def retry_after(value: str | None) -> float | None:
    """(seconds) what a `Retry-After` header asks for: a number or an HTTP date; None where it says neither.

    Examples:
        >>> retry_after("2"), retry_after("Thu, 01 Jan 1970 00:00:00 GMT"), retry_after("soon")
        (2.0, 0.0, None)
    """
    if value is None or re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", value):
        return None if value is None else float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
