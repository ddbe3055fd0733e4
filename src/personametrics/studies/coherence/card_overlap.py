"""The share of a line that is copied from the persona's card."""

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
    """Return the share of a line's pairs of neighbouring words that are neighbours in the card too, 0 to 1.

    Both texts are compared in the second person. Single words are shared by any two texts, but pairs hardly are, unless the line was
    copied. A card in other words is not recognised.

    Args:
        line: the line; of a single word, the share is 1 if the word is in the card.
        card: the persona's card.

    Examples:
        >>> overlap("I am Ada, and I keep bees.", "You are Ada. You keep bees by the sea.")
        0.666...
        >>> overlap("How nice of you to ask.", "You are Ada. You keep bees by the sea.")
        0.0
    """
    words, card_words = _words(line), _words(card)
    if len(words) < 2:
        return float(bool(words) and words[0] in card_words)
    card_pairs = set(pairwise(card_words))
    return sum(pair in card_pairs for pair in pairwise(words)) / (len(words) - 1)


def _words(text: str) -> list[str]:
    """Return the words of a text in the second person."""
    return [word for match in WORDS.findall(text.casefold().replace("’", "'")) for word in SECOND.get(match, match).split()]
