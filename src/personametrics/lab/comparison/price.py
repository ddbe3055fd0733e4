"""What the arms of a comparison took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personametrics.data.finding import Rows
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.conversation import Talk, everything
from personametrics.elicit.costs.prices import LETTERS_A_TOKEN, WRITTEN, Prices, listed, tokens
from personametrics.elicit.journal import Journal
from personametrics.lab.run import Session


@dataclass(frozen=True)
class Used:
    """What one arm took.

    Attributes:
        requests: replies, one each.
        tokens_in: tokens read, by the model and by those who play other parts.
        tokens_out: tokens written.
        money: for these; None where no prices are known of one of them.
        estimated: whether some did not count their tokens, which are then estimated from the letters.
    """

    requests: int
    tokens_in: float
    tokens_out: float
    money: float | None
    estimated: bool

    @property
    def cost(self) -> float:
        """In money where it costs any, else in tokens read."""
        return self.money or self.tokens_in + WRITTEN * self.tokens_out


def used(session: Session, drafts: Sequence[Request] = ()) -> Used:
    """What a session took, as far as it was asked; replies that it shares with another arm count in both.

    Args:
        session: one arm.
        drafts: what the model had to write before; of these, equal ones count once.
    """
    found = {request.to: [0.0, 0.0] for request in everything([*session.requests, *drafts])}
    requests, estimated = 0, False
    for request, reply in [*_replies(session, session.requests), *dict(_replies(session, drafts)).items()]:
        read, wrote = reply.tokens_in, reply.tokens_out
        requests, estimated = requests + 1, estimated or read is None or wrote is None
        found[request.to][0] += tokens(request.messages) if read is None else read
        found[request.to][1] += len(reply.text or "") / LETTERS_A_TOKEN if wrote is None else wrote
    known = {part: listed(session.ids.get(part, session.model)) for part in found}
    paid = [one.of(*found[part]) if (one := known[part]) else None for part in found]
    money = None if None in paid else sum(one for one in paid if one is not None)
    tokens_in, tokens_out = map(sum, zip(*found.values(), strict=True))
    return Used(requests, tokens_in, tokens_out, money, estimated)


def _replies(session: Session, requests: Sequence[Request]) -> list[tuple[Request, Reply]]:
    """Asks and those they wait for, each with what was said before it, and its reply; without those that have none."""
    if not requests:
        return []
    talk = Talk(everything(requests), session.ids, session.elicitation.room)
    with Journal.read(session.folder) as journal:
        for _ in talk.hear(journal):
            pass
        settled = [(request, key) for (request, why), (_, key, _) in zip(talk.settled(), talk.outcomes(), strict=True) if not why]
        replies = journal.replies([key for _, key in settled])
        return [(request, reply) for (request, _), reply in zip(settled, replies, strict=True) if reply]


def prices(arms: Mapping[str, Used], model: str, shared: int) -> tuple[Rows, str]:
    """A table of what the arms took, and in a sentence how much more the remedy takes.

    Args:
        arms: by name; the first without the remedy, the second with it.
        model: its id, for the sign of its money.
        shared: asks of both of these.
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
    parts = [f"It takes {after.requests / before.requests:.2g}× the asks"]
    parts += [f"{about}{after.tokens_in / before.tokens_in:.2g}× the tokens read"] if before.tokens_in else []
    parts += [f"{about}{after.tokens_out / before.tokens_out:.2g}× the tokens written"] if before.tokens_out else []
    say = (listed(model) or Prices(0, 0)).say
    paid = f" ({say(after.money)} against {say(before.money)})" if before.money and after.money else ""
    return rows, f"{', '.join(parts)}{paid}; {shared:,} asks are shared by both arms."
