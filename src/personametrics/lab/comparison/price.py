"""The price of the arms of a comparison."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personametrics.data.finding import Rows
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.conversation import Talk, everything
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN, WRITTEN, Prices, listed, tokens
from personametrics.elicit.journal import Journal
from personametrics.lab.task import Task, exchanges


@dataclass(frozen=True)
class Used:
    """The usage of one arm, by the model and by the models of other roles.

    Attributes:
        money: price of all tokens; None where the prices of one model are unknown.
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

    Equal requests for texts that the model had to write first (`drafts`) count once.
    """
    used_by = {request.to: [0.0, 0.0] for request in everything([*task.requests, *drafts])}
    requests, estimated = 0, False
    for request, reply in [*_replies(task, task.requests), *dict(_replies(task, drafts)).items()]:
        read, wrote = reply.tokens_in, reply.tokens_out
        requests, estimated = requests + 1, estimated or read is None or wrote is None
        used_by[request.to][0] += tokens(request.messages) if read is None else read
        used_by[request.to][1] += len(reply.text or "") / LETTERS_A_TOKEN if wrote is None else wrote
    prices = {role: listed(task.ids.get(role, task.ids[""])) for role in used_by}
    paid = [price.of(*used_by[role]) for role, price in prices.items() if price]
    money = sum(paid) if len(paid) == len(prices) else None
    tokens_in, tokens_out = map(sum, zip(*used_by.values(), strict=True))
    return Used(requests, tokens_in, tokens_out, money, estimated)


def _replies(task: Task, requests: Sequence[Request]) -> list[tuple[Request, Reply]]:
    """Return all requests that have a reply, dependencies included, with that reply."""
    if not requests:
        return []
    talk = Talk(everything(requests), task.ids, task.elicitation.room)
    with Journal.read(task.session.folder) as journal:
        deque(talk.resolve(journal), 0)
        settled = [(request, key) for request, key in exchanges(talk) if key]
        replies = journal.replies([key for _, key in settled])
        return [(request, reply) for (request, _), reply in zip(settled, replies, strict=True) if reply]


def prices(arms: Mapping[str, Used], model: str, shared: int) -> tuple[Rows, str]:
    """Return a table of what the arms used, and a sentence that says how much more the second (with the remedy) uses than the first.

    The currency is that of the model; `shared` is the number of requests that both of these arms make.
    """
    columns = ("arm", "asks", "tokens read", "tokens written", "money")
    rows = [
        dict(zip(columns, (name, arm.requests, round(arm.tokens_in), round(arm.tokens_out), arm.money), strict=True))
        for name, arm in arms.items()
    ]
    before, after = list(arms.values())[:2]
    about = "about " if before.estimated or after.estimated else ""
    parts = [f"It makes {after.requests / before.requests:.2g}× the requests"]
    parts += [f"{about}{after.tokens_in / before.tokens_in:.2g}× the tokens read"] if before.tokens_in else []
    parts += [f"{about}{after.tokens_out / before.tokens_out:.2g}× the tokens written"] if before.tokens_out else []
    say = (listed(model) or Prices(0, 0)).say
    paid = f" ({say(after.money)} against {say(before.money)})" if before.money and after.money else ""
    return rows, f"{', '.join(parts)}{paid}. Both arms share {shared:,} requests."
