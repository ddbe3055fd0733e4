"""The price of the arms of a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personametrics.data.finding import Rows
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.conversation import Talk, everything
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN, WRITTEN, Prices, listed, tokens
from personametrics.elicit.journal import Journal
from personametrics.lab.task import Task


@dataclass(frozen=True)
class Used:
    """The usage of one arm.

    Attributes:
        requests: number of replies.
        tokens_in: tokens read, by the model and by the models of other roles.
        tokens_out: tokens written.
        money: price of both; None where the prices of one model are unknown.
        estimated: whether some replies did not report their tokens, which are then estimated from the letters.
    """

    requests: int
    tokens_in: float
    tokens_out: float
    money: float | None
    estimated: bool

    @property
    def cost(self) -> float:
        """The cost: money where there are prices, else tokens read."""
        return self.money or self.tokens_in + WRITTEN * self.tokens_out


def used(task: Task, drafts: Sequence[Request] = ()) -> Used:
    """Return what an arm used, as far as it was asked; replies that it shares with another arm count in both.

    Args:
        task: the arm.
        drafts: requests for texts that the model had to write first; of these, equal ones count once.
    """
    found = {request.to: [0.0, 0.0] for request in everything([*task.requests, *drafts])}
    requests, estimated = 0, False
    for request, reply in [*_replies(task, task.requests), *dict(_replies(task, drafts)).items()]:
        read, wrote = reply.tokens_in, reply.tokens_out
        requests, estimated = requests + 1, estimated or read is None or wrote is None
        found[request.to][0] += tokens(request.messages) if read is None else read
        found[request.to][1] += len(reply.text or "") / LETTERS_A_TOKEN if wrote is None else wrote
    known = {part: listed(task.ids.get(part, task.ids[""])) for part in found}
    paid = [one.of(*found[part]) if (one := known[part]) else None for part in found]
    money = None if None in paid else sum(one for one in paid if one is not None)
    tokens_in, tokens_out = map(sum, zip(*found.values(), strict=True))
    return Used(requests, tokens_in, tokens_out, money, estimated)


def _replies(task: Task, requests: Sequence[Request]) -> list[tuple[Request, Reply]]:
    """Return all requests that have a reply, dependencies included, with that reply."""
    if not requests:
        return []
    talk = Talk(everything(requests), task.ids, task.elicitation.room)
    with Journal.read(task.session.folder) as journal:
        for _ in talk.resolve(journal):
            pass
        settled = [(request, key) for (request, why), (_, key, _) in zip(talk.filled(), talk.outcomes(), strict=True) if not why]
        replies = journal.replies([key for _, key in settled])
        return [(request, reply) for (request, _), reply in zip(settled, replies, strict=True) if reply]


def prices(arms: Mapping[str, Used], model: str, shared: int) -> tuple[Rows, str]:
    """Return a table of what the arms used, and a sentence that says how much more the remedy uses.

    Args:
        arms: by name; the first without the remedy, the second with it.
        model: id of the model, for the sign of its currency.
        shared: number of requests that both of these make.
    """
    rows = [
        {
            "arm": name,
            "asks": one.requests,
            "tokens read": round(one.tokens_in),
            "tokens written": round(one.tokens_out),
            "money": one.money,
        }
        for name, one in arms.items()
    ]
    before, after = list(arms.values())[:2]
    about = "about " if before.estimated or after.estimated else ""
    parts = [f"It makes {after.requests / before.requests:.2g}× the requests"]
    parts += [f"{about}{after.tokens_in / before.tokens_in:.2g}× the tokens read"] if before.tokens_in else []
    parts += [f"{about}{after.tokens_out / before.tokens_out:.2g}× the tokens written"] if before.tokens_out else []
    say = (listed(model) or Prices(0, 0)).say
    paid = f" ({say(after.money)} against {say(before.money)})" if before.money and after.money else ""
    return rows, f"{', '.join(parts)}{paid}; {shared:,} requests are shared by both arms."
