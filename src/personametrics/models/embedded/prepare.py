"""The conversion of a request to tokens, with warnings about words that the model does not know."""

from collections.abc import Sequence
from dataclasses import replace

from personametrics.data.request import Message, Request
from personametrics.models.embedded.vocabulary import Vocabulary
from personametrics.models.packing import overlapping
from personametrics.models.prepared import Prepared, length_fault, request_fault

STRANGE, FOREIGN = 0.1, 0.5
"""The shares of unknown words above which a prompt is warned about, and above which it is refused."""


def prepare(vocabulary: Vocabulary, room: int, index: int, request: Request) -> Prepared:
    """Turn a request into tokens.

    Args:
        vocabulary: vocabulary of the model.
        room: longest context, in tokens.
        index: position of the request.
        request: the request.
    """
    choices = tuple(map(vocabulary.choice, request.choices)) if request.score else ()
    ready = Prepared(index, request, vocabulary.encode(request.messages), choices, overlapping(choices))
    if fault := request_fault(request, vocabulary.signs) or _lost(vocabulary, request.messages) or length_fault(ready.needed, room):
        return replace(ready, fault=fault)
    doubt = strange(vocabulary, request.messages)
    return replace(ready, doubt=doubt, fault=doubt if vocabulary.unknown(request.messages) > FOREIGN else "")


def _lost(vocabulary: Vocabulary, messages: Sequence[Message]) -> str:
    """Return a message about a word that is too long for the tokenizer; empty: all words fit."""
    return "A word of more than 1,000 letters would be lost. Leave it out, or put spaces into it." if vocabulary.lost(messages) else ""


def strange(vocabulary: Vocabulary, messages: Sequence[Message]) -> str:
    """Return a message about unknown words; empty: they are few."""
    share = vocabulary.unknown(messages)
    if share <= STRANGE:
        return ""
    example = next(word for message in messages for word in vocabulary.turn(message).unknown)
    return (
        f'{share:.0%} of the words of a prompt are unknown, such as "{example[:40]}": the embedded toy model knows a closed world of '
        f"{vocabulary.size:,} words. Use --model openai:NAME or local:FOLDER for other texts."
    )
