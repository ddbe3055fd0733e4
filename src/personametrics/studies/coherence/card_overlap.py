"""How much of a line is the card itself."""

import re
from collections.abc import Mapping
from itertools import pairwise

SECOND: Mapping[str, str] = {
    "i": "you", "i'm": "you are", "me": "you", "am": "are", "my": "your", "mine": "yours", "myself": "yourself", "was": "were",
    "you're": "you are",
}  # fmt: skip
"""The first person, as a card would say it."""
WORDS = re.compile(r"[\w']+")


def overlap(line: str, card: str) -> float:
    """(0 to 1) share of a line's neighbouring words that stand beside each other in the card as well, both in the second person.

    Words one by one are shared by any two texts; pairs hardly are, unless one was copied. It does not see a card in other words.

    Args:
        line: what was said; of a single word the share is that word's.
        card: what the persona was told.

    Examples:
        >>> overlap("I am Ada, and I keep bees.", "You are Ada. You keep bees by the sea.")
        0.666...
        >>> overlap("How nice of you to ask.", "You are Ada. You keep bees by the sea.")
        0.0
    """
    own, told = _words(line), _words(card)
    if len(own) < 2:
        return float(bool(own) and own[0] in told)
    known = set(pairwise(told))
    return sum(pair in known for pair in pairwise(own)) / (len(own) - 1)


def _words(text: str) -> list[str]:
    """Words in the second person."""
    return [word for found in WORDS.findall(text.casefold().replace("’", "'")) for word in SECOND.get(found, found).split()]
