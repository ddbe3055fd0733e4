"""Asks what is missing, writes every reply down before it counts, and stops when told."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from personametrics.data.errors import ModelError
from personametrics.data.model import Model
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import Caps, Meter, Prices
from personametrics.elicit.journal import KEY, Journal, Keys

GRACE = 5.0
"""Seconds that what is on its way gets to arrive after a stop."""
GATHER = 1024
"""Replies that may wait for the disk before nothing more is taken."""
IN_A_ROW = 50
"""Asks that may fail one after the other before the run is given up."""
INTERRUPTED = "interrupted"


@dataclass
class Tally:
    """How far a run is.

    Attributes:
        wanted: different asks of the run.
        before: of them, replies that were in the journal.
        meter: calls, tokens and money used now.
        answered: replies that came now.
        failed: asks that failed now; they are asked again when the run is resumed.
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
        """Whether every ask has a reply."""
        return self.before + self.answered >= self.wanted

    def with_more(self, more: "Tally") -> "Tally":
        """This tally and that of what was asked after it."""
        counts = {name: getattr(self, name) + getattr(more, name) for name in ("wanted", "before", "answered", "failed")}
        return replace(more, **counts)


@dataclass(frozen=True)
class Terms:
    """Under what terms a run is made.

    Attributes:
        caps: what the run may use at most, what its directory holds already included.
        prices: to count money.
        watch: called after each write.
        stop: set it to end early: nothing more is asked, and what is on its way has five seconds to arrive.
    """

    caps: Caps = field(default_factory=Caps)
    prices: Prices | None = None
    watch: Callable[[Tally], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


def keys_of(requests: Sequence[Request], model: str) -> Keys:
    """(N,) the key of each ask."""
    return np.fromiter((np.void(request.key(model)) for request in requests), np.dtype((np.void, KEY)), len(requests))


def missing(keys: Keys, journal: Journal) -> npt.NDArray[np.int64]:
    """Positions of the asks without a reply, the first of equal ones, in order."""
    _, first = np.unique(keys, return_index=True)
    first.sort()
    return first[~journal.holds(keys[first])]


async def elicit(
    model: Model, requests: Sequence[Request], journal: Journal, terms: Terms | None = None, known: Sequence[bytes] | None = None
) -> Tally:
    """Get a reply to every ask that has none.

    Args:
        model: what answers.
        requests: lazily made; equal asks share one reply.
        journal: where replies are kept.
        terms: caps, prices, who watches and who may stop it.
        known: the keys of the asks, where they were made before.

    Returns:
        How far the run is.

    Raises:
        ModelError: no ask can be answered.
        RunError: the journal cannot be written.
    """
    terms = terms or Terms()
    keys = keys_of(requests, model.id) if known is None else np.frombuffer(b"".join(known), np.dtype((np.void, KEY)))
    wanted, todo = len(np.unique(keys)), missing(keys, journal)
    meter = Meter(model, terms.caps, terms.prices, journal.totals())
    run = _Run(model, requests, keys, journal, terms, Tally(wanted, wanted - len(todo), meter))
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


@dataclass
class _Run:
    """One pass over what is missing.

    Attributes:
        arrived: replies that are not on disk yet, with their keys.
        row: how many asks failed one after the other.
    """

    model: Model
    requests: Sequence[Request]
    keys: Keys
    journal: Journal
    terms: Terms
    tally: Tally
    arrived: list[tuple[bytes, Reply]] = field(default_factory=list)
    row: int = 0

    async def ask(self, todo: npt.NDArray[np.int64]) -> None:
        """Ask until nothing is missing or something stops the run; a cap is looked at again once nothing is on its way."""
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
        """A model that ends by itself has taken every ask and answered every ask that it took.

        Raises:
            ModelError: it has not.
        """
        done = asked + pulled.count - len(pulled.open)
        if not self.tally.stopped and (pulled.open or (not pulled.cap and done < wanted)):
            message = f"{self.model.id} stopped answering after {done} of {wanted} asks."
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
            batch = self.arrived[:]
            await asyncio.to_thread(self.journal.add, batch)
            del self.arrived[: len(batch)]
            failed = sum(reply.outcome == ReplyOutcome.FAILED for _, reply in batch)
            self.tally.failed += failed
            self.tally.answered += len(batch) - failed
            self.terms.watch(self.tally)

    def keep(self) -> None:
        """Write down at once what a run that was cancelled in the middle of writing has not; what is there already stays as it is."""
        if self.arrived:
            self.journal.add(self.arrived)

    def _came(self, position: int, reply: Reply) -> None:
        """One more reply: it is paid for, and if it is one too many that failed in a row, the run ends.

        Probabilities that are no numbers are a failure.
        """
        self.tally.meter.settle(position, reply)
        if reply.probabilities is not None and not all(map(math.isfinite, reply.probabilities.values())):
            reply = replace(
                reply, outcome=ReplyOutcome.FAILED, probabilities=None, detail="the model gave probabilities that are no numbers"
            )
        self.arrived.append((self.keys[position].tobytes(), reply))
        self.row = self.row + 1 if reply.outcome == ReplyOutcome.FAILED else 0
        if self.row >= IN_A_ROW and not self.tally.stopped:
            self.tally.stopped = f"{self.row} asks in a row failed, the last because {reply.detail.rstrip('.')}"


class _Pull:
    """Hands out the missing asks one by one, as long as nothing stops the run.

    Attributes:
        count: how many were handed out.
        open: of them, those without a reply, by their index.
        cap: the cap that left no room for the next; "" if none.
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
        """The position of the ask that a reply is to.

        Raises:
            ModelError: the model was not given it, or answered it before.
        """
        if index not in self.open:
            message = f"{self.run.model.id} answered ask {index}, which it was not given or had answered; its `answer` is broken."
            raise ModelError(message)
        self.open.remove(index)
        return int(self.todo[index])
