"""Asks that wait for one another: dialogues whose lines the model says, partners who answer them, judges who read them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from personametrics.data.ask import Ask
from personametrics.data.errors import StudyError
from personametrics.data.model import Model
from personametrics.data.outcome import Outcome
from personametrics.data.study import Room
from personametrics.elicit.engine import Tally, Terms, elicit
from personametrics.elicit.journal import Journal
from personametrics.elicit.prices import tokens

LOST = "what it answers to was never said"
OUTGREW = "the dialogue outgrew {} tokens"
TRUNCATED = "truncated"
"""Column that says whether the beginning of a dialogue was left out."""


def rounds(asks: Sequence[Ask]) -> list[list[Ask]]:
    """Asks and all those that they wait for, each once, in rounds: of each round every ask can be asked when those before are answered.

    Raises:
        StudyError: an ask waits for itself.
    """
    depth: dict[int, int] = {}
    found: list[list[Ask]] = []
    for ask in asks:
        for one in _waited_for(ask, depth):
            level = 1 + max((depth[id(other)] for message in one.messages for other in message.said), default=-1)
            depth[id(one)] = level
            found += [[] for _ in range(level + 1 - len(found))]
            found[level].append(one)
    return found


def _waited_for(ask: Ask, done: Mapping[int, int]) -> Iterator[Ask]:
    """An ask after all that it waits for; without recursion, for dialogues may be long."""
    stack, open_ = [(ask, False)], set[int]()
    while stack:
        one, seen = stack.pop()
        if id(one) in done:
            continue
        if seen:
            open_.discard(id(one))
            yield one
            continue
        if id(one) in open_:
            message = "A prompt waits for its own reply."
            raise StudyError(message)
        open_.add(id(one))
        stack.append((one, True))
        stack += [(other, False) for message in one.messages for other in message.said if id(other) not in done]


@dataclass
class Talk:
    """Asks that wait for one another, as far as they are answered.

    Attributes:
        asks: all that are wanted; those that they wait for come of themselves.
        ids: id of the model that plays each part; "" is the model itself, which plays every part that is not named.
        room: how long a prompt may grow.
        counts: model that knows its tokens; None: they are estimated.
    """

    asks: Sequence[Ask]
    ids: Mapping[str, str]
    room: Room = field(default_factory=Room)
    counts: Model | None = None
    _said: dict[int, str | None] = field(default_factory=dict, init=False)
    _ready: dict[int, Ask] = field(default_factory=dict, init=False)
    _lost: dict[int, str] = field(default_factory=dict, init=False)

    def model(self, ask: Ask) -> str:
        """The id of who is asked."""
        return self.ids.get(ask.to, self.ids[""])

    def hear(self, journal: Journal) -> Iterator[list[Ask]]:
        """Round after round the asks that can be asked; what they are answered is looked up when the next round is wanted."""
        for part in rounds(self.asks):
            ready = [(ask, filled) for ask in part if (filled := self._filled(ask)) is not None]
            self._ready |= {id(ask): filled for ask, filled in ready}
            yield [filled for _, filled in ready]
            replies = journal.replies([filled.key(self.model(filled)) for _, filled in ready])
            for (ask, _), reply in zip(ready, replies, strict=True):
                self._said[id(ask)] = reply.text if reply is not None and reply.outcome == Outcome.ANSWERED else None

    def _filled(self, ask: Ask) -> Ask | None:
        """An ask with what was said before in its messages; None where something was never said, or there is no room."""
        if not ask.waits:
            return ask
        messages = []
        for message in ask.messages:
            replies = [self._said.get(id(one)) for one in message.said]
            if None in replies:
                first = next(one for one, reply in zip(message.said, replies, strict=True) if reply is None)
                self._lost[id(ask)] = self._lost.get(id(first), LOST)
                return None
            messages.append(message.spoken([str(reply) for reply in replies]))
        return self._fitted(replace(ask, messages=tuple(messages)), ask)

    def _fitted(self, ask: Ask, waiting: Ask) -> Ask | None:
        """An ask that is short enough; of one that may be truncated, without the oldest turns after the first message."""
        if not self.room.tokens:
            return ask
        messages, cut = ask.messages, False
        while tokens(messages, self.counts) > self.room.tokens:
            if self.room.overflow == "stop" or len(messages) < 4:
                self._lost[id(waiting)] = OUTGREW.format(self.room.tokens)
                return None
            messages, cut = (messages[0], *messages[3:]), True
        return replace(ask, messages=messages, about={**ask.about, TRUNCATED: "yes" if cut else "no"})

    def settled(self) -> list[tuple[Ask, str]]:
        """Every ask that is wanted, as it was asked, and why it was not: "" where it was."""
        return [(self._ready.get(id(ask), ask), "" if id(ask) in self._ready else self._lost.get(id(ask), LOST)) for ask in self.asks]


async def converse(talk: Talk, cast: Mapping[str, Model], journal: Journal, terms: Terms) -> Tally:
    """Ask round after round what is missing: all dialogues go on together, a batch a turn.

    Every line is in the journal when it has come, so that a run that was stopped anywhere goes on where it was.

    Args:
        talk: what is asked.
        cast: who plays which part; "" is the model itself.
        journal: where replies are kept.
        terms: caps, prices, who watches and who may stop it.
    """
    total: Tally | None = None
    for part in talk.hear(journal):
        for name in dict.fromkeys(ask.to if ask.to in cast else "" for ask in part):
            mine = [ask for ask in part if (ask.to if ask.to in cast else "") == name]
            tally = await elicit(cast[name], mine, journal, _counting(terms, total))
            total = tally if total is None else total.with_more(tally)
            if tally.stopped:
                return replace(total, stopped=tally.stopped)
    assert total is not None  # noqa: S101 (asks are many)
    return total


def _counting(terms: Terms, before: Tally | None) -> Terms:
    """Terms under which whoever watches sees what came in earlier rounds too."""
    return terms if before is None else replace(terms, watch=lambda tally: terms.watch(before.with_more(tally)))
