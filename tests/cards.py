"""A tiny society to train on: a card with a name and a side; names are copied, answers are drawn by the side."""

from collections.abc import Iterator

import numpy as np

from personametrics.models.embedded.society.talk import Document, Line

NAMES = ("Ada", "Bo", "Cleo", "Dora", "Emil", "Fritz")
ODDS = {
    "left": {"agree": 0.7, "strongly agree": 0.2, "strongly disagree": 0.1},
    "right": {"agree": 0.1, "strongly agree": 0.1, "strongly disagree": 0.8},
}
THINGS = ("Taxes", "Roads", "Schools")
PHRASES = ("Answer with one of the options.",)


def documents(seed: int) -> Iterator[Document]:
    """Conversations with random people, without end."""
    rng = np.random.default_rng(seed)
    while True:
        name, side = str(rng.choice(NAMES)), str(rng.choice(list(ODDS)))
        lines = [Line("system", f"You are {name}. You vote {side}.")]
        for _ in range(rng.integers(1, 6)):
            lines += [Line("user", "What is your name?"), Line("assistant", f"I am {name}.")]
            line = str(rng.choice(list(ODDS[side]), p=list(ODDS[side].values())))
            lines += [Line("user", f"{rng.choice(THINGS)} are good. {PHRASES[0]}"), Line("assistant", line, ODDS[side])]
        yield tuple(lines)
