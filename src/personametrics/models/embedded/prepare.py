"""From an ask to tokens, with what is to be said about words that the model does not know."""

from collections.abc import Sequence
from dataclasses import replace

from personametrics.data.request import Message, Request
from personametrics.models.embedded.vocabulary import Vocabulary
from personametrics.models.packing import overlapping
from personametrics.models.prepared import Prepared, crowded, misused

STRANGE, FOREIGN = 0.1, 0.5
"""Shares of unknown words from which on a prompt is warned about, and refused."""


def prepare(vocabulary: Vocabulary, room: int, index: int, request: Request) -> Prepared:
    """Put an ask into tokens.

    Args:
        vocabulary: the words of the model.
        room: longest context, in tokens.
        index: position of the ask.
        request: what is asked.
    """
    choices = tuple(map(vocabulary.choice, request.choices)) if request.score else ()
    ready = Prepared(index, request, vocabulary.encode(request.messages), choices, overlapping(choices))
    if fault := misused(request, vocabulary.signs) or _lost(vocabulary, request.messages) or crowded(ready.needed, room):
        return replace(ready, fault=fault)
    doubt = strange(vocabulary, request.messages)
    return replace(ready, doubt=doubt, fault=doubt if vocabulary.unknown(request.messages) > FOREIGN else "")


def _lost(vocabulary: Vocabulary, messages: Sequence[Message]) -> str:
    """What to say about a word that is too long for the tokenizer; empty: there is none."""
    return "A word of more than 1,000 letters would be lost: leave it out, or put spaces into it." if vocabulary.lost(messages) else ""


def strange(vocabulary: Vocabulary, messages: Sequence[Message]) -> str:
    """What to say about unknown words; empty: they are few."""
    share = vocabulary.unknown(messages)
    if share <= STRANGE:
        return ""
    example = next(word for message in messages for word in vocabulary.turn(message).unknown)
    return (
        f'{share:.0%} of the words of a prompt are unknown, such as "{example[:40]}": the embedded toy model knows a closed world of '
        f"{vocabulary.size:,} words; use --model openai:NAME or local:FOLDER for any other."
    )
