"""What asks will take at most, before any of them is made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from personametrics.data.ask import Ask
from personametrics.data.model import Model
from personametrics.elicit.prices import WRITTEN, listed, tokens

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
        asks: how many.
        tokens_in: to be read.
        tokens_out: to be written.
        price: of both, in words.
    """

    asks: int
    tokens_in: float
    tokens_out: float
    price: str

    @property
    def cost(self) -> float:
        """Of both, in tokens read."""
        return self.tokens_in + WRITTEN * self.tokens_out

    def __str__(self) -> str:
        """All of it in words."""
        return f"{self.asks:,} asks, about {self.tokens_in:,.0f} tokens in and {self.tokens_out:,.0f} out; {self.price}"


def expected(asks: Iterable[Ask], ids: Mapping[str, str], model: Model | None = None) -> Expected:
    """What asks will take.

    Args:
        asks: with all that they wait for.
        ids: the id of who plays each part; "" is the model itself, which plays every part that is not named.
        model: counts its own tokens, where it can.
    """
    parts: dict[str, list[Ask]] = {}
    for ask in asks:
        parts.setdefault(ids.get(ask.to, ids[""]), []).append(ask)
    read = {name: sum(_read(ask, model if name == ids[""] else None) for ask in _some(those)) for name, those in parts.items()}
    tokens_in = {name: read[name] / len(_some(those)) * len(those) for name, those in parts.items()}
    tokens_out = {name: float(sum(written(ask) for ask in those)) for name, those in parts.items()}
    prices = {name: listed(name) for name in parts}
    unknown = None in prices.values()
    sums = [one.of(tokens_in[name], tokens_out[name]) for name, one in prices.items() if one is not None]
    say = next((one.say for one in prices.values() if one is not None), str)
    price = "no price known" if unknown else say(sum(sums))
    return Expected(sum(map(len, parts.values())), sum(tokens_in.values()), sum(tokens_out.values()), price)


def written(ask: Ask) -> float:
    """Tokens of a reply, about; a free text is taken to be half as long as it may be."""
    most = ask.sampling.max_tokens
    return most / 2 if ask.about.get("scale", FREE) == FREE and not ask.choices else min(BRIEF, most)


def _read(ask: Ask, model: Model | None) -> float:
    """Tokens of a prompt, with those of replies that are to stand in it."""
    return tokens(ask.messages, model) + sum(written(one) for message in ask.messages for one in message.said)


def _some(asks: list[Ask]) -> list[Ask]:
    """Some of them, evenly."""
    return [asks[at] for at in np.unique(np.linspace(0, len(asks) - 1, SAMPLE).astype(int))]
