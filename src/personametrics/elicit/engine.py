"""Asks what is missing, writes every reply down before it counts, and stops when told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from personametrics.data.ask import Ask
from personametrics.data.errors import ModelError
from personametrics.data.model import Model
from personametrics.data.outcome import Outcome
from personametrics.data.reply import Reply
from personametrics.elicit.journal import KEY, Journal, Keys
from personametrics.elicit.prices import Caps, Meter, Prices

GRACE = 5.0
"""Seconds that what is on its way gets to arrive after a stop."""
GATHER = 1024
"""Replies that may wait for the disk before nothing more is taken."""
IN_A_ROW = 50
"""Asks that may fail one after the other before the run is given up."""


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


@dataclass(frozen=True)
class Terms:
    """Under what terms a run is made.

    Attributes:
        caps: what may be used at most.
        prices: to count money.
        watch: called after each write.
        stop: set it to end early: nothing more is asked, and what is on its way has five seconds to arrive.
    """

    caps: Caps = field(default_factory=Caps)
    prices: Prices | None = None
    watch: Callable[[Tally], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)


def keys_of(asks: Sequence[Ask], model: str) -> Keys:
    """(N,) the key of each ask."""
    return np.fromiter((np.void(ask.key(model)) for ask in asks), np.dtype((np.void, KEY)), len(asks))


def missing(keys: Keys, journal: Journal) -> npt.NDArray[np.int64]:
    """Positions of the asks without a reply, the first of equal ones, in order."""
    _, first = np.unique(keys, return_index=True)
    first.sort()
    return first[~np.isin(keys[first], journal.keys())]


async def elicit(model: Model, asks: Sequence[Ask], journal: Journal, terms: Terms | None = None) -> Tally:
    """Get a reply to every ask that has none.

    Args:
        model: what answers.
        asks: lazily made; equal asks share one reply.
        journal: where replies are kept.
        terms: caps, prices, who watches and who may stop it.

    Returns:
        How far the run is.

    Raises:
        ModelError: no ask can be answered.
        RunError: the journal cannot be written.
    """
    terms = terms or Terms()
    keys = keys_of(asks, model.id)
    wanted, todo = len(np.unique(keys)), missing(keys, journal)
    run = _Run(model, asks, keys, journal, terms, Tally(wanted, wanted - len(todo), Meter(model, terms.caps, terms.prices)))
    work, halt = asyncio.ensure_future(run.ask(todo)), asyncio.ensure_future(terms.stop.wait())
    try:
        await asyncio.wait({work, halt}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            run.tally.stopped = "interrupted"
            await asyncio.wait({work}, timeout=GRACE)
    finally:
        halt.cancel()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    return run.tally


@dataclass
class _Run:
    """One pass over what is missing.

    Attributes:
        arrived: replies that are not on disk yet, with the position of their ask.
        row: how many asks failed one after the other.
    """

    model: Model
    asks: Sequence[Ask]
    keys: Keys
    journal: Journal
    terms: Terms
    tally: Tally
    arrived: list[tuple[int, Reply]] = field(default_factory=list)
    row: int = 0

    async def ask(self, todo: npt.NDArray[np.int64]) -> None:
        """Ask until nothing is missing or something stops the run; a cap is looked at again once nothing is on its way."""
        asked = 0
        while asked < len(todo) and not self.tally.stopped:
            pulled = _Pull(self, todo[asked:])
            try:
                await self._take(self.model.answer(pulled), pulled.todo)
            except ModelError as error:
                if not (self.tally.before or self.tally.answered):
                    raise
                self.tally.stopped = str(error).rstrip(".")
            asked += pulled.count
            if pulled.cap and not pulled.count:
                self.tally.stopped = f"{pulled.cap} is reached"
            elif not pulled.cap and asked < len(todo) and not self.tally.stopped:
                message = f"{self.model.id} stopped answering after {asked} of {len(todo)} asks."
                raise ModelError(message)

    async def _take(self, answers: AsyncIterator[tuple[int, Reply]], todo: npt.NDArray[np.int64]) -> None:
        """Take replies as they come; while one write reaches the disk, the next replies gather."""
        writer: asyncio.Future[None] = asyncio.ensure_future(self._write())
        try:
            async for index, reply in answers:
                self.arrived.append((int(todo[index]), reply))
                if writer.done():
                    writer.result()
                    writer = asyncio.ensure_future(self._write())
                if len(self.arrived) >= GATHER:
                    await asyncio.shield(writer)
        finally:
            if hasattr(answers, "aclose"):
                await answers.aclose()
            await asyncio.shield(writer)
            await self._write()

    async def _write(self) -> None:
        """Write down what has arrived, and only then count it."""
        while self.arrived:
            batch, self.arrived = self.arrived, []
            await asyncio.to_thread(self.journal.add, [(self.keys[position].tobytes(), reply) for position, reply in batch])
            for position, reply in batch:
                self._count(position, reply)
            self.terms.watch(self.tally)

    def _count(self, position: int, reply: Reply) -> None:
        """One more reply; too many failures in a row end the run."""
        self.tally.meter.settle(position, reply)
        if reply.outcome != Outcome.FAILED:
            self.tally.answered += 1
            self.row = 0
            return
        self.tally.failed += 1
        self.row += 1
        if self.row >= IN_A_ROW and not self.tally.stopped:
            self.tally.stopped = f"{self.row} asks in a row failed, the last because {reply.detail.rstrip('.')}"


class _Pull:
    """Hands out the missing asks one by one, as long as nothing stops the run.

    Attributes:
        count: how many were handed out.
        cap: the cap that left no room for the next; "" if none.
    """

    def __init__(self, run: _Run, todo: npt.NDArray[np.int64]) -> None:
        self.run, self.todo = run, todo
        self.count, self.cap = 0, ""

    def __iter__(self) -> "_Pull":
        return self

    def __next__(self) -> Ask:
        if self.run.tally.stopped or self.cap or self.count >= len(self.todo):
            raise StopIteration
        position = int(self.todo[self.count])
        ask = self.run.asks[position]
        self.cap = self.run.tally.meter.take(position, ask)
        if self.cap:
            raise StopIteration
        self.count += 1
        return ask
