"""The choice of the best line among candidates, computed from verdicts."""

from collections.abc import Mapping, Sequence

from personametrics.data.request import Compiled, Message, Replies, Request, slot
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS

POINTS = {CONSISTENT: 1, CONTRADICTS: -1}
"""The points of a verdict; an unreadable or missing verdict counts 0."""


def choice(candidates: Sequence[Request], verdicts: Sequence[Request], about: Mapping[str, str]) -> Request:
    """Return the compiled request for the best of some candidates; its reply is the reply of the best candidate.

    The requests for verdicts are the same number for each candidate, in the order of the candidates.
    """
    messages = tuple(Message("user", "\n".join(map(slot, range(len(requests)))), tuple(requests)) for requests in (candidates, verdicts))
    return Request(messages, about=about, compiled=best_reply)


def best_candidate(request: Request, replies: Replies) -> Request | None:
    """Return the candidate of a request made by `choice` with the most points, the first of equals; None if no candidate has a reply."""
    candidates, verdicts = (message.requests for message in request.messages)
    each = len(verdicts) // len(candidates)
    groups = [verdicts[index * each : (index + 1) * each] for index in range(len(candidates))]
    points = [sum(POINTS.get(replies(verdict) or "", 0) for verdict in group) for group in groups]
    replied = [index for index, candidate in enumerate(candidates) if replies(candidate) is not None]
    return candidates[max(replied, key=points.__getitem__)] if replied else None


def best_reply(request: Request, replies: Replies) -> Compiled:
    """Return the reply of the best candidate; the arguments are those of `best_candidate`."""
    best = best_candidate(request, replies)
    return Compiled(None) if best is None else Compiled(replies(best), best)
