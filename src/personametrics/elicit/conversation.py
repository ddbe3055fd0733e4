"""Asks that wait for one another: dialogues whose lines the model says, partners who answer them, judges who read them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from personametrics.data.model import Model
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.scale import parse_scale
from personametrics.data.study import Room
from personametrics.dialogues.rewriting import waited_for
from personametrics.elicit.costs.prices import tokens
from personametrics.elicit.engine import Tally, Terms, elicit
from personametrics.elicit.journal import Journal
from personametrics.parse.replies import parse

LOST = "what it answers to was never said"
OUTGREW = "the dialogue outgrew {} tokens"
TRUNCATED = "truncated"
"""Column that says whether the beginning of a dialogue was left out."""


def rounds(requests: Sequence[Request]) -> list[list[Request]]:
    """Asks and all those that they wait for, each once, in rounds: of each round every ask can be asked when those before are answered.

    Raises:
        StudyError: an ask waits for itself.
    """
    depth: dict[int, int] = {}
    found: list[list[Request]] = []
    for request in requests:
        for one in waited_for(request, depth):
            level = 1 + max((depth[id(other)] for message in one.messages for other in message.said), default=-1)
            depth[id(one)] = level
            found += [[] for _ in range(level + 1 - len(found))]
            found[level].append(one)
    return found


def everything(requests: Sequence[Request]) -> list[Request]:
    """Asks and all those that they wait for, each once, without those that nobody is asked."""
    return [request for part in rounds(requests) for request in part if request.compiled is None]


def meant(request: Request, text: str | None) -> str | None:
    """What a reply means where one of several answers was asked for, and otherwise the reply; None: nothing."""
    if text is None or not request.choices:
        return text
    return parse(Reply(text), request, parse_scale(request.about["scale"]), "label").answer


@dataclass
class Talk:
    """Asks that wait for one another, as far as they are answered.

    Attributes:
        requests: all that are wanted; those that they wait for come of themselves.
        ids: id of the model that plays each part; "" is the model itself, which plays every part that is not named.
        room: how long a prompt may grow.
        counts: model that knows its tokens; None: they are estimated.
        heard: whether every round was.
    """

    requests: Sequence[Request]
    ids: Mapping[str, str]
    room: Room = field(default_factory=Room)
    counts: Model | None = None
    heard: bool = field(default=False, init=False)
    _said: dict[int, str | None] = field(default_factory=dict, init=False)
    _keys: dict[int, bytes] = field(default_factory=dict, init=False)
    _lost: dict[int, str] = field(default_factory=dict, init=False)
    _cut: set[int] = field(default_factory=set, init=False)
    _chosen: dict[int, Request] = field(default_factory=dict, init=False)

    def model(self, request: Request) -> str:
        """The id of who is asked."""
        return self.ids.get(request.to, self.ids[""])

    def hear(self, journal: Journal) -> Iterator["Round"]:
        """Round after round what can be asked; what is answered is looked up when the next round is wanted.

        What was asked is filled again where it is wanted, and not kept: thousands of dialogues would hold every line once a turn.
        """
        waiting = rounds(self.requests)
        later = sum(request.compiled is None for part in waiting for request in part)
        for part in waiting:
            for request in part:
                if request.compiled is not None:
                    self._resolve(request)
            ready = {id(request): filled for request in part if request.compiled is None and (filled := self._filled(request)) is not None}
            keys = {one: filled.key(self.model(filled)) for one, filled in ready.items()}
            self._keys |= keys
            later -= sum(request.compiled is None for request in part)
            yield Round(dict(zip(keys.values(), ready.values(), strict=True)), later)
            self._said |= dict(zip(keys, journal.said(keys.values()), strict=True))
        self.heard = True

    def _resolve(self, request: Request) -> None:
        """Note what an ask says that nobody is asked; where that is a reply to another, it stands for that one."""
        assert request.compiled is not None  # noqa: S101 (asked before)
        reply = request.compiled(request, lambda other: meant(other, self._said.get(id(other))))
        self._said[id(request)], one = reply.text, reply.source
        if one is not None:
            self._chosen[id(request)], self._keys[id(request)] = one, self._keys[id(one)]
            self._cut |= {id(request)} if id(one) in self._cut else set()
        elif self._said[id(request)] is None:
            known = (self._lost.get(id(other)) for message in request.messages for other in message.said)
            self._lost[id(request)] = next(filter(None, known), LOST)

    def _filled(self, request: Request) -> Request | None:
        """An ask with what was said before in its messages; None where something was never said, or there is no room."""
        if (one := self._chosen.get(id(request))) is not None:
            filled = self._filled(one)
            return filled and replace(filled, about=self._about(request))
        if not request.waits:
            return request
        messages = []
        for message in request.messages:
            replies = [self._said.get(id(one)) for one in message.said]
            if None in replies:
                first = next(one for one, reply in zip(message.said, replies, strict=True) if reply is None)
                self._lost[id(request)] = self._lost.get(id(first), LOST)
                return None
            messages.append(message.spoken([str(reply) for reply in replies]))
        return self._fitted(replace(request, messages=tuple(messages)), request)

    def _fitted(self, request: Request, waiting: Request) -> Request | None:
        """An ask that is short enough; of one that may be truncated, without the oldest turns after the first message."""
        if not self.room.tokens:
            return request
        messages = request.messages
        while tokens(messages, self.counts) > self.room.tokens:
            if self.room.overflow == "stop" or len(messages) < 4:
                self._lost[id(waiting)] = OUTGREW.format(self.room.tokens)
                return None
            messages = (messages[0], *messages[3:])
            self._cut.add(id(waiting))
        return replace(request, messages=messages, about=self._about(waiting))

    def _about(self, request: Request) -> Mapping[str, str]:
        """Columns of an ask; where room is short, whether it was truncated."""
        return (
            {**request.about, TRUNCATED: "yes" if id(request) in self._cut else "no"}
            if self.room.tokens and request.waits
            else request.about
        )

    def settled(self) -> list[tuple[Request, str]]:
        """Every ask that is wanted, as it was asked, and why it was not: "" where it was."""
        return [(request if why else self._filled(request) or request, why) for request, _, why in self.outcomes()]

    @property
    def words(self) -> list[str | None]:
        """What was said to every ask that is wanted; of a verdict what it means; None: nothing."""
        return [meant(request, self._said.get(id(request))) for request in self.requests]

    def outcomes(self) -> Iterator[tuple[Request, bytes, str]]:
        """Every ask that is wanted, its words still in their slots, with its key, and why it was not asked: "" where it was."""
        for request in self.requests:
            key = self._keys.get(id(request), b"")
            about = self._about(request) if key else request.about
            yield (
                request if about is request.about else replace(request, about=about),
                key,
                "" if key else self._lost.get(id(request), LOST),
            )


class Round(NamedTuple):
    """What can be asked at once.

    Attributes:
        requests: by their keys; equal ones once.
        later: asks of rounds to come, at most.
    """

    requests: Mapping[bytes, Request]
    later: int


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
    for part, later in talk.hear(journal):
        casts = {key: request.to if request.to in cast else "" for key, request in part.items()}
        left = len(part) + later
        for name in dict.fromkeys(casts.values()):
            mine = [key for key in part if casts[key] == name]
            left -= len(mine)
            tally = await elicit(cast[name], [part[key] for key in mine], journal, _counting(terms, total, left), mine)
            total = tally if total is None else total.with_more(tally)
            if tally.stopped:
                return replace(total, stopped=tally.stopped, wanted=total.wanted + left)
    assert total is not None  # noqa: S101 (asks are many)
    return total


def _counting(terms: Terms, before: Tally | None, left: int) -> Terms:
    """Terms under which whoever watches sees what came in earlier rounds too, and what is still to come."""

    def watch(tally: Tally) -> None:
        whole = tally if before is None else before.with_more(tally)
        terms.watch(replace(whole, wanted=whole.wanted + left))

    return replace(terms, watch=watch)
