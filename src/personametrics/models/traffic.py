"""Calls to an endpoint that may be busy, slow or out of order: retries, how many at a time, how many a minute."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from personametrics.data.errors import ModelError, StudyError

T = TypeVar("T")

FIRST = 8
"""Calls at a time before anything is known about the server."""
LONGEST = 60.0
"""Longest single wait, in seconds."""
PATIENCE = 300.0
"""Longest wait that a server may ask for before the run is given up, in seconds."""
HOPELESS = 10
"""Connections in a row that may fail."""
UNREADABLE = 2
"""Unreadable answers to one call after which it is given up."""


@dataclass(frozen=True)
class Limits:
    """Limits on the use of an endpoint.

    Attributes:
        connections: most calls at a time.
        requests_per_minute: most calls begun in any minute, retries included; None: no limit.
        tokens_per_minute: estimated tokens of the calls begun in any minute, at most this plus one call; None: no limit.
        timeout: seconds for one attempt, from connecting to the last byte.
        attempts: number of attempts before the reply to a request is `failed`.
        backoff: longest first wait after a failure, in seconds; four times that if the server is congested.

    Raises:
        StudyError: a limit is not a positive number.
    """

    connections: int = 64
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    timeout: float = 120.0
    attempts: int = 6
    backoff: float = 0.5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            least = 1 if name in {"connections", "attempts"} else 0
            if value is not None and not (value > 0 and least <= value < float("inf")):
                message = f"limits.{name} is {value}. Write a number {'of at least 1' if least else 'above 0'}."
                raise StudyError(message)


class TransientError(Exception):
    """An attempt that may succeed later, after the seconds that a server asks for; it may be congested, or not reached at all."""

    def __init__(self, reason: str, after: float | None = None, *, congested: bool = False, reached: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.after, self.congested, self.reached = reason, after, congested, reached


class UnreadableError(TransientError):
    """An attempt that was answered, and perhaps billed, but not readably; the next answer may be readable, so one more is made."""


class RejectedError(Exception):
    """An attempt that fails however often it is repeated."""


class GaveUpError(Exception):
    """A call that was given up for a reason, after some attempts (`calls`)."""

    def __init__(self, reason: str, calls: int) -> None:
        super().__init__(reason)
        self.reason, self.calls = reason, calls


@dataclass
class Traffic:
    """The calls to one endpoint, which share what each of them learns about it.

    The number of calls at a time follows TCP's congestion control (Chiu & Jain 1989, doi:10.1016/0169-7552(89)90019-6). It grows by one for
    each success until the server is congested for the first time (429, 503, timeout), then by one for each window of successes; it is
    halved, at most once a round trip, when the server is congested again. A call keeps its place while it waits to be repeated, and the
    number does not grow until a call that met congestion is through: a server in trouble gets no new calls.
    A wait is drawn between 0 and backoff · 2^attempt (full jitter), unless the server gives one. Calls are evenly spaced, without bursts.
    Errors name the endpoint by `where` it is.
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
        """The number of calls that may be under way now (1 to `limits.connections`)."""
        return max(1, int(min(self._window, self.limits.connections)))

    async def call(self, attempt: Callable[[], Awaitable[T]], tokens: float = 0) -> tuple[T, int]:
        """Attempt until it succeeds, and return what the last attempt returned, and the number of attempts.

        Args:
            attempt: function that makes one attempt; it raises `TransientError` if another may succeed, `UnreadableError` if only one more
                is worth making, `RejectedError` if none will succeed.
            tokens: estimate of the tokens of one attempt.

        Raises:
            GaveUpError: the attempt was rejected, or failed too often.
            ModelError: no call can succeed.
        """
        jams = unreadable = 0
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
                unreadable += isinstance(trouble, UnreadableError)
                last = calls == self.limits.attempts or unreadable >= UNREADABLE
                self._failed(trouble, sent, last=last)
                if last:
                    break
                await self._sleep(self._wait(trouble, calls))
        except RejectedError as error:
            raise GaveUpError(str(error), calls) from None
        finally:
            self._jams -= jams
        message = f"{calls} attempt{'s' if calls > 1 else ''} failed, the last one with: {trouble.reason}"
        raise GaveUpError(message, calls)

    def stop(self) -> None:
        """Let calls that are under way end, and begin or repeat none: calls that wait raise `ModelError`."""
        self._over.set()

    async def _turn(self, tokens: float) -> float:
        """Wait until a call may begin, and return the time when it does."""
        clock, limits = asyncio.get_running_loop().time, self.limits
        while (now := clock()) < self._free or self._over.is_set():
            await self._sleep(self._free - now)
        cost = max(1 / (limits.requests_per_minute or float("inf")), tokens / (limits.tokens_per_minute or float("inf")))
        self._free = max(self._free, now + 60 * cost)
        return now

    async def _sleep(self, seconds: float) -> None:
        """Sleep; raise ModelError if calls are stopped before the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return
        message = f"No more calls are made to {self.where}."
        raise ModelError(message)

    def _wait(self, trouble: TransientError, calls: int) -> float:
        """Return the seconds until the next attempt."""
        if trouble.after is not None:
            return min(trouble.after, LONGEST)
        longest = self.limits.backoff * (4 if trouble.congested else 1) * 2 ** (calls - 1)
        return random.uniform(0, min(longest, LONGEST))  # noqa: S311

    def _succeeded(self) -> None:
        """Make room for more calls, since one was answered."""
        self._reached, self._lost = True, 0
        if not self._jams:
            self._window = min(self._window + (1 if self._slow_start else 1 / self._window), self.limits.connections)

    def _failed(self, trouble: TransientError, sent: float, *, last: bool) -> None:
        """Make room for fewer calls, since an attempt failed; raise ModelError if no server is there, or it asks for a long pause."""
        now, after = asyncio.get_running_loop().time(), trouble.after or 0
        if after > PATIENCE:
            message = (
                f"{self.where} asks for a pause of {after:.0f} s ({trouble.reason}). Run the command later. All replies so far are kept."
            )
            raise ModelError(message)
        if trouble.congested:
            self._slow_start = False
            self._free = max(self._free, now + min(after, LONGEST))
            if sent > self._cut:  # earlier calls met the same jam
                self._window, self._cut = max(1.0, self.window / 2), now
        self._reached |= trouble.reached
        # Before the first answer every attempt counts, later only last ones: a server may restart.
        self._lost = 0 if trouble.reached else self._lost + (last or not self._reached)
        if self._lost >= HOPELESS or (last and not self._reached):
            message = f"No server answers at {self.where} ({trouble.reason}). Start the server, or correct base_url."
            raise ModelError(message)


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, as a number or an HTTP date; None if it holds neither.

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
