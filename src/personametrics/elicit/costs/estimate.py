"""What asks will take at most, before any of them is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from personametrics.data.model import Model
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import WRITTEN, listed, tokens

SAMPLE = 200
"""Prompts that are counted; the rest is taken to be like them."""
FREE = "text"
"""The scale of what is answered in words."""
BRIEF = 8
"""Tokens written for a label or a number, where no pilot says how many."""


@dataclass(frozen=True)
class Expected:
    """What asks will take, if none of them was made before.

    Attributes:
        requests: how many.
        tokens_in: to be read.
        tokens_out: to be written.
        price: of both, in words.
    """

    requests: int
    tokens_in: float
    tokens_out: float
    price: str

    @property
    def cost(self) -> float:
        """Of both, in tokens read."""
        return self.tokens_in + WRITTEN * self.tokens_out

    def __str__(self) -> str:
        """All of it in words."""
        return f"{self.requests:,} asks, about {self.tokens_in:,.0f} tokens in and {self.tokens_out:,.0f} out; {self.price}"


def expected(requests: Iterable[Request], ids: Mapping[str, str], model: Model | None = None) -> Expected:
    """What asks will take.

    Args:
        requests: with all that they wait for.
        ids: the id of who plays each part; "" is the model itself, which plays every part that is not named.
        model: counts its own tokens, where it can.
    """
    parts: dict[str, list[Request]] = {}
    for request in requests:
        parts.setdefault(ids.get(request.to, ids[""]), []).append(request)
    read = {name: sum(_read(request, model if name == ids[""] else None) for request in _some(those)) for name, those in parts.items()}
    tokens_in = {name: read[name] / len(_some(those)) * len(those) for name, those in parts.items()}
    tokens_out = {name: float(sum(written(request) for request in those)) for name, those in parts.items()}
    prices = {name: listed(name) for name in parts}
    unknown = None in prices.values()
    sums = [one.of(tokens_in[name], tokens_out[name]) for name, one in prices.items() if one is not None]
    say = next((one.say for one in prices.values() if one is not None), str)
    price = "no price known" if unknown else say(sum(sums))
    return Expected(sum(map(len, parts.values())), sum(tokens_in.values()), sum(tokens_out.values()), price)


def written(request: Request) -> float:
    """Tokens of a reply, about; a free text is taken to be half as long as it may be."""
    most = request.sampling.max_tokens
    return most / 2 if request.about.get("scale", FREE) == FREE and not request.choices else min(BRIEF, most)


def _read(request: Request, model: Model | None) -> float:
    """Tokens of a prompt, with those of replies that are to stand in it."""
    return tokens(request.messages, model) + sum(written(one) for message in request.messages for one in message.said)


def _some(requests: list[Request]) -> list[Request]:
    """Some of them, evenly."""
    return [requests[at] for at in np.unique(np.linspace(0, len(requests) - 1, SAMPLE).astype(int))]
