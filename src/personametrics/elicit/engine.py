"""The engine: it sends the requests that have no reply, writes every reply down before it counts, and stops when asked to."""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from personametrics.data.errors import ModelError
from personametrics.data.model import Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import Caps, Meter, Prices, priced
from personametrics.elicit.journal import KEY, Journal, Keys

GRACE = 5.0
"""Seconds that replies on their way have to arrive after a stop."""
GATHER = 1024
"""Replies that may wait for the disk before nothing more is taken."""
IN_A_ROW = 50
"""Requests that may fail one after the other before the run is given up."""
INTERRUPTED = "interrupted"


@dataclass
class Tally:
    """The progress of a run.

    Attributes:
        wanted: number of different requests of the run.
        before: number of those that had a reply in the journal.
        meter: calls, tokens and money used now.
        answered: number of replies that came now.
        failed: number of requests that failed now; they are asked again when the run is resumed.
        stopped: why the run ended early; "" if it did not.
    """

    wanted: int
    before: int
    meter: Meter
    answered: int = 0
    failed: int = 0
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """True if every request has a reply."""
        return self.before + self.answered >= self.wanted

    def with_more(self, more: "Tally") -> "Tally":
        """Return this tally together with that of the requests after it."""
        counts = {name: getattr(self, name) + getattr(more, name) for name in ("wanted", "before", "answered", "failed")}
        return replace(more, **counts)


@dataclass(frozen=True)
class Terms:
    """The terms of a run: its limits, and who watches it.

    Attributes:
        caps: the most that the run directory may use, earlier calls and every role included.
        prices: prices of every model, or by the id of the model (those that it lacks are looked up among the listed ones); None: money is
            not counted.
        watch: function that is called with the progress after each write.
        stop: event that ends the run early: nothing more is asked, and replies on their way have five seconds to arrive.
    """

    caps: Caps = field(default_factory=Caps)
    prices: Prices | Mapping[str, Prices] | None = None
    watch: Callable[[Tally], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


def keys_of(requests: Sequence[Request], model: str) -> Keys:
    """Return the (N,) keys of requests to a model."""
    return np.fromiter((np.void(request.key(model)) for request in requests), np.dtype((np.void, KEY)), len(requests))


def missing(keys: Keys, journal: Journal) -> npt.NDArray[np.int64]:
    """Return the positions of the keys without a reply, the first of equal ones, in order."""
    _, first = np.unique(keys, return_index=True)
    first.sort()
    return first[~journal.holds(keys[first])]


async def elicit(
    model: Model,
    requests: Sequence[Request],
    journal: Journal,
    terms: Terms | None = None,
    keys: Sequence[bytes] | None = None,
    role: str = "",
) -> Tally:
    """Get a reply to every request that has none.

    Args:
        model: the model that answers.
        requests: perhaps made lazily; equal requests share one reply.
        journal: keeps the replies.
        terms: caps, prices, who watches and who may stop it.
        keys: the keys of the requests, if they were computed before.
        role: the role, in the ledger, of requests that name none; "" is the model itself.

    Raises:
        ModelError: no request can be answered.
        RunError: the journal cannot be written, or is damaged.
        StudyError: a cap in money needs a price that is unknown.
    """
    terms = terms or Terms()
    names = keys_of(requests, model.id) if keys is None else np.frombuffer(b"".join(keys), np.dtype((np.void, KEY)))
    wanted, todo = len(np.unique(names)), missing(names, journal)
    run = _Run(model, requests, names, journal, terms, Tally(wanted, wanted - len(todo), _meter(model, journal, terms)), role)
    work, halt = asyncio.ensure_future(run.ask(todo)), asyncio.ensure_future(terms.stop.wait())
    try:
        await asyncio.wait({work, halt}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            run.tally.stopped = run.tally.stopped or INTERRUPTED
            await asyncio.wait({work}, timeout=GRACE)
    finally:
        halt.cancel()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        run.keep()
    return run.tally


def _meter(model: Model, journal: Journal, terms: Terms) -> Meter:
    """Return the meter of a model, which starts with all that the run directory has used, whatever the role."""
    spent = None
    if terms.caps.money is not None:
        spent = sum(
            prices.of(entry.tokens_in, entry.tokens_out)
            for entry in journal.ledger()
            if (prices := priced(terms.prices, entry.model or model.id)) is not None
        )
    return Meter(model, terms.caps, priced(terms.prices, model.id), journal.totals(), spent)


@dataclass
class _Run:
    """One pass over the missing replies.

    Attributes:
        arrived: positions and replies that are not on disk yet.
        row: number of requests that failed one after the other.
        writing: held while replies are written, so that each is written once.
    """

    model: Model
    requests: Sequence[Request]
    keys: Keys
    journal: Journal
    terms: Terms
    tally: Tally
    role: str = ""
    arrived: list[tuple[int, Reply]] = field(default_factory=list)
    row: int = 0
    writing: threading.Lock = field(default_factory=threading.Lock)

    async def ask(self, todo: npt.NDArray[np.int64]) -> None:
        """Ask until nothing is missing or something stops the run; a cap is considered again once nothing is on its way."""
        asked = 0
        while asked < len(todo) and not self.tally.stopped:
            pulled = _Pull(self, todo[asked:])
            try:
                await self._take(self.model.answer(pulled), pulled)
                self._check_all(pulled, asked, len(todo))
            except ModelError as error:
                if not (self.tally.before or self.tally.answered):
                    raise
                self.tally.stopped = str(error).rstrip(".")
            asked += pulled.count
            if pulled.cap and not pulled.count:
                self.tally.stopped = f"{pulled.cap} is reached"

    def _check_all(self, pulled: "_Pull", asked: int, wanted: int) -> None:
        """Raise an error unless a model that ended by itself took every request and answered every request that it took."""
        done = asked + pulled.count - len(pulled.open)
        if not self.tally.stopped and (pulled.open or (not pulled.cap and done < wanted)):
            message = f"{self.model.id} stopped answering after {done} of {wanted} requests."
            raise ModelError(message)

    async def _take(self, answers: AsyncIterator[tuple[int, Reply]], pulled: "_Pull") -> None:
        """Take replies as they come; while one write reaches the disk, the next replies gather."""
        writer: asyncio.Future[None] = asyncio.ensure_future(self._write())
        try:
            async for index, reply in answers:
                self._came(pulled.settle(index), reply)
                if writer.done():
                    writer.result()
                    writer = asyncio.ensure_future(self._write())
                if len(self.arrived) >= GATHER:
                    await asyncio.shield(writer)
        finally:
            try:
                if hasattr(answers, "aclose"):
                    await answers.aclose()
            finally:
                try:
                    await asyncio.shield(writer)
                finally:
                    await self._write()

    async def _write(self) -> None:
        """Write down what has arrived, and only then count it."""
        while self.arrived:
            written = await asyncio.to_thread(self.keep)
            failed = sum(reply.outcome == ReplyOutcome.FAILED for reply in written)
            self.tally.failed += failed
            self.tally.answered += len(written) - failed
            self.terms.watch(self.tally)

    def keep(self) -> list[Reply]:
        """Write down at once what has arrived, and return it; a run that was cancelled while it wrote calls it from another thread."""
        with self.writing:
            batch = self.arrived[:]
            if batch:
                pairs = [(self.keys[position].tobytes(), reply) for position, reply in batch]
                self.journal.add(pairs, [self.requests[position] for position, _ in batch], self.model.id, self.role)
            del self.arrived[: len(batch)]
        return [reply for _, reply in batch]

    def _came(self, position: int, reply: Reply) -> None:
        """Count one more reply; too many failures in a row end the run. Probabilities that are not numbers are a failure."""
        self.tally.meter.settle(position, reply)
        if reply.probabilities is not None and not all(map(math.isfinite, reply.probabilities.values())):
            detail = "the model gave probabilities that are not numbers"
            reply = replace(reply, outcome=ReplyOutcome.FAILED, probabilities=None, detail=detail)
        self.arrived.append((position, reply))
        self.row = self.row + 1 if reply.outcome == ReplyOutcome.FAILED else 0
        if self.row >= IN_A_ROW and not self.tally.stopped:
            self.tally.stopped = f"{self.row} requests in a row failed, the last one with this reason: {reply.detail.rstrip('.')}"


class _Pull:
    """The missing requests one by one, as long as nothing stops the run.

    Attributes:
        count: number of requests that were handed out.
        open: indices of those without a reply.
        cap: the cap that left no room for the next; "" if none did.
    """

    def __init__(self, run: _Run, todo: npt.NDArray[np.int64]) -> None:
        self.run, self.todo = run, todo
        self.count, self.open, self.cap = 0, set[int](), ""

    def __iter__(self) -> "_Pull":
        return self

    def __next__(self) -> Request:
        if self.run.terms.stop.is_set() and not self.run.tally.stopped:
            self.run.tally.stopped = INTERRUPTED
        if self.run.tally.stopped or self.cap or self.count >= len(self.todo):
            raise StopIteration
        position = int(self.todo[self.count])
        request = self.run.requests[position]
        self.cap = self.run.tally.meter.take(position, request)
        if self.cap:
            raise StopIteration
        self.open.add(self.count)
        self.count += 1
        return request

    def settle(self, index: int) -> int:
        """Return the position of the request that a reply belongs to; refuse a reply to a request that is not open."""
        if index not in self.open:
            message = f"{self.run.model.id} answered request {index}, which is not open. Correct its method `answer`."
            raise ModelError(message)
        self.open.remove(index)
        return int(self.todo[index])
