"""Estimates of the tokens and the price of requests before they are made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from personametrics.data.model import Model
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import WRITTEN, listed, tokens

SAMPLE = 200
"""Number of prompts that are counted; the others are assumed to be alike."""
FREE = "text"
"""Name of the scale of free text."""
BRIEF = 8
"""Assumed tokens of a label or a number without a pilot."""


@dataclass(frozen=True)
class Expected:
    """The expected use of requests, if none was made before: tokens to be read and written, and the price of both in words."""

    requests: int
    tokens_in: float
    tokens_out: float
    price: str

    @property
    def cost(self) -> float:
        """The cost of both, in tokens read."""
        return self.tokens_in + WRITTEN * self.tokens_out

    def __str__(self) -> str:
        """Return the use in words."""
        return f"{self.requests:,} requests, about {self.tokens_in:,.0f} tokens in and {self.tokens_out:,.0f} out; {self.price}"


def expected(requests: Iterable[Request], ids: Mapping[str, str], model: Model | None = None) -> Expected:
    """Return the expected use of requests, given with all that they wait for; `model` is the model itself, if it can count tokens."""
    parts: dict[str, list[Request]] = {}
    for request in requests:
        parts.setdefault(ids.get(request.to, ids[""]), []).append(request)
    read = {name: sum(_read(request, model if name == ids[""] else None) for request in _some(group)) for name, group in parts.items()}
    tokens_in = {name: read[name] / len(_some(group)) * len(group) for name, group in parts.items()}
    tokens_out = {name: float(sum(written(request) for request in group)) for name, group in parts.items()}
    prices = {name: listed(name) for name in parts}
    unknown = None in prices.values()
    sums = [price.of(tokens_in[name], tokens_out[name]) for name, price in prices.items() if price is not None]
    say = next((price.say for price in prices.values() if price is not None), str)
    price = "price unknown" if unknown else say(sum(sums))
    return Expected(sum(map(len, parts.values())), sum(tokens_in.values()), sum(tokens_out.values()), price)


def written(request: Request) -> float:
    """Return the approximate tokens of a reply; a free text is assumed to be half as long as it may be."""
    most = request.sampling.max_tokens
    return most / 2 if request.about.get("scale", FREE) == FREE and not request.choices else min(BRIEF, most)


def _read(request: Request, model: Model | None) -> float:
    """Return the tokens of a prompt, with those of the replies that will stand in it."""
    return tokens(request.messages, model) + sum(written(one) for message in request.messages for one in message.requests)


def _some(requests: list[Request]) -> list[Request]:
    """Return evenly spaced requests, at most `SAMPLE`."""
    return [requests[index] for index in np.unique(np.linspace(0, len(requests) - 1, SAMPLE).astype(int))]
