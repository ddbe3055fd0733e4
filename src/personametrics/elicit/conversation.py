"""Requests that wait for one another: dialogues with their partners, and judges of their lines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from personametrics.data.model import Model
from personametrics.data.reply import Reply
from personametrics.data.scale import parse_scale
from personametrics.data.study import Request, Room
from personametrics.dialogues.rewriting import in_waiting_order
from personametrics.elicit.costs.prices import tokens
from personametrics.elicit.engine import Tally, Terms, elicit
from personametrics.elicit.journal import Journal
from personametrics.parse.replies import parse

LOST = "the line before it has no reply"
OUTGREW = "the dialogue is longer than {} tokens"
TRUNCATED = "truncated"
"""Column that says whether the beginning of a dialogue was left out."""


def rounds(requests: Sequence[Request]) -> list[list[Request]]:
    """Return requests and all that they wait for, each once, in rounds: a round can be sent when those before it are answered."""
    depth: dict[int, int] = {}
    result: list[list[Request]] = []
    for last in requests:
        for request in in_waiting_order(last, depth):
            level = 1 + max((depth[id(other)] for message in request.messages for other in message.requests), default=-1)
            depth[id(request)] = level
            result += [[] for _ in range(level + 1 - len(result))]
            result[level].append(request)
    return result


def everything(requests: Sequence[Request]) -> list[Request]:
    """Return requests and all that they wait for, each once, without compiled ones, which no model answers."""
    return [request for ready in rounds(requests) for request in ready if request.compiled is None]


def meaning(request: Request, text: str | None) -> str | None:
    """Return the answer that a text gives if the request has choices, and otherwise the text; None if it has neither."""
    if text is None or not request.choices:
        return text
    return parse(Reply(text), request, parse_scale(request.about["scale"]), "label").answer


@dataclass
class Talk:
    """Requests that wait for one another, with their replies so far.

    Attributes:
        requests: the requests; those that they wait for are included by themselves.
        ids: id of the model in each role; "" is the model itself, which takes every role that is not named.
        room: the most tokens of a prompt.
        counts: model that can count tokens; None: tokens are estimated.
        role: role, in the ledger, of requests that name none; "" is the model itself.
        resolved: whether every round was looked up.
    """

    requests: Sequence[Request]
    ids: Mapping[str, str]
    room: Room = field(default_factory=Room)
    counts: Model | None = None
    role: str = ""
    resolved: bool = field(default=False, init=False)
    _texts: dict[int, str | None] = field(default_factory=dict, init=False)
    _keys: dict[int, bytes] = field(default_factory=dict, init=False)
    _lost: dict[int, str] = field(default_factory=dict, init=False)
    _cut: set[int] = field(default_factory=set, init=False)
    _chosen: dict[int, Request] = field(default_factory=dict, init=False)

    def model(self, request: Request) -> str:
        """Return the id of the model that answers a request."""
        return self.ids.get(request.to, self.ids[""])

    def resolve(self, journal: Journal) -> Iterator["Round"]:
        """Yield round after round the requests that can be sent; their replies are looked up when the next round is asked for.

        Filled requests are not kept but made again where they are needed: thousands of dialogues would hold every line once a turn.
        """
        waiting = rounds(self.requests)
        later = sum(request.compiled is None for ready in waiting for request in ready)
        for ready in waiting:
            for request in ready:
                if request.compiled is not None:
                    self._compile(request)
            sent = [request for request in ready if request.compiled is None]
            filled = {id(request): complete for request in sent if (complete := self._filled(request)) is not None}
            keys = {index: request.key(self.model(request)) for index, request in filled.items()}
            self._keys |= keys
            later -= len(sent)
            yield Round(dict(zip(keys.values(), filled.values(), strict=True)), later)
            self._texts |= dict(zip(keys, journal.texts(keys.values()), strict=True))
        self.resolved = True

    def _compile(self, request: Request) -> None:
        """Note the reply to a compiled request; if it repeats the reply to another, the other stands for it."""
        assert request.compiled is not None  # noqa: S101 (checked before)
        reply = request.compiled(request, lambda other: meaning(other, self._texts.get(id(other))))
        self._texts[id(request)], source = reply.text, reply.source
        if source is not None:
            self._chosen[id(request)], self._keys[id(request)] = source, self._keys[id(source)]
            self._cut |= {id(request)} if id(source) in self._cut else set()
        elif self._texts[id(request)] is None:
            reasons = (self._lost.get(id(other)) for message in request.messages for other in message.requests)
            self._lost[id(request)] = next(filter(None, reasons), LOST)

    def _filled(self, request: Request) -> Request | None:
        """Return a request with the replies that it waits for in its messages; None if one is missing, or there is not enough room."""
        if (source := self._chosen.get(id(request))) is not None:
            filled = self._filled(source)
            return filled and replace(filled, about=self._about(request))
        if not request.waits:
            return request
        messages = []
        for message in request.messages:
            replies = [self._texts.get(id(other)) for other in message.requests]
            if None in replies:
                first = message.requests[replies.index(None)]
                self._lost[id(request)] = self._lost.get(id(first), LOST)
                return None
            messages.append(message.filled([str(reply) for reply in replies]))
        return self._fitted(replace(request, messages=tuple(messages)), request)

    def _fitted(self, request: Request, waiting: Request) -> Request | None:
        """Return a request that is short enough, if need be without the oldest turns after the first message; None if it may not be cut."""
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
        """Return the columns of a request; if room is limited, with the column that says whether it was truncated."""
        if not (self.room.tokens and request.waits):
            return request.about
        return {**request.about, TRUNCATED: "yes" if id(request) in self._cut else "no"}

    def filled(self) -> list[tuple[Request, str]]:
        """Return every request as it was sent, with the reason why it could not be sent: "" if it could."""
        return [(request if reason else self._filled(request) or request, reason) for request, _, reason in self.outcomes()]

    @property
    def texts(self) -> list[str | None]:
        """The reply to every request, or its meaning if the request has choices; None if it has no reply."""
        return [meaning(request, self._texts.get(id(request))) for request in self.requests]

    def outcomes(self) -> Iterator[tuple[Request, bytes, str]]:
        """Yield every request, not filled, with its key, and the reason why it could not be sent: "" if it could."""
        for request in self.requests:
            key = self._keys.get(id(request), b"")
            about = self._about(request) if key else request.about
            reason = "" if key else self._lost.get(id(request), LOST)
            yield (request if about is request.about else replace(request, about=about)), key, reason


class Round(NamedTuple):
    """The requests that can be sent at once, by their keys (equal ones once), and the greatest number of requests in later rounds."""

    requests: Mapping[bytes, Request]
    later: int


async def converse(talk: Talk, models: Mapping[str, Model], journal: Journal, terms: Terms) -> Tally:
    """Send round after round the requests without a reply: all dialogues go on together, one turn at a time.

    Every line is in the journal when it has come, so that a run that was stopped anywhere continues where it was.
    """
    total: Tally | None = None
    for ready, later in talk.resolve(journal):
        roles = {key: request.to if request.to in models else "" for key, request in ready.items()}
        left = len(ready) + later
        for role in dict.fromkeys(roles.values()):
            keys = [key for key in ready if roles[key] == role]
            left -= len(keys)
            tally = await elicit(models[role], [ready[key] for key in keys], journal, _counting(terms, total, left), keys, talk.role)
            total = tally if total is None else total.with_more(tally)
            if tally.stopped:
                return replace(total, stopped=tally.stopped, wanted=total.wanted + left)
    assert total is not None  # noqa: S101 (a talk has requests)
    return total


def _counting(terms: Terms, before: Tally | None, left: int) -> Terms:
    """Return terms whose watcher also sees the replies of earlier rounds, and the requests still to come."""

    def watch(tally: Tally) -> None:
        whole = tally if before is None else before.with_more(tally)
        terms.watch(replace(whole, wanted=whole.wanted + left))

    return replace(terms, watch=watch)
