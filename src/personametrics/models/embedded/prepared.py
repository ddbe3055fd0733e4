"""From an ask to tokens, or to the reason why it cannot be answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from personametrics.data.ask import Ask, Message, Sampling
from personametrics.models.embedded.vocabulary import Vocabulary
from personametrics.models.packing import Tokens, overlapping

STRANGE, FOREIGN = 0.1, 0.5
"""Shares of unknown words from which on a prompt is warned about, and refused."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An ask in tokens.

    Attributes:
        index: its position among the asks.
        ask: what is asked.
        tokens: of the prompt, up to where the answer begins.
        choices: of each choice, as they would follow the prompt.
        ends: whether the end of the answer belongs to every choice, because some begin with another.
        fault: why it cannot be answered; empty: it can.
        doubt: what makes its answer doubtful; empty: nothing.
    """

    index: int
    ask: Ask
    tokens: Tokens = ()
    choices: tuple[Tokens, ...] = ()
    ends: bool = False
    fault: str = ""
    doubt: str = ""

    @property
    def kind(self) -> tuple[bool, bool, Sampling]:
        """What asks must share to be worked on together."""
        return not self.fault, self.ask.score, self.ask.sampling


def prepare(vocabulary: Vocabulary, room: int, index: int, ask: Ask) -> Prepared:
    """Put an ask into tokens.

    Args:
        vocabulary: the words of the model.
        room: longest context, in tokens.
        index: position of the ask.
        ask: what is asked.
    """
    tokens = vocabulary.encode(ask.messages)
    choices = tuple(map(vocabulary.choice, ask.choices)) if ask.score else ()
    longest = max(map(len, choices), default=0) if ask.score else ask.sampling.max_tokens
    fault = _misused(vocabulary, ask) or _crowded(len(tokens) + longest, room)
    doubt = "" if fault else _strange(vocabulary, ask.messages)
    if doubt and vocabulary.unknown(ask.messages) > FOREIGN:
        fault = doubt
    return Prepared(index, ask, tokens, choices, overlapping(choices), fault, doubt)


def _misused(vocabulary: Vocabulary, ask: Ask) -> str:
    """Why an ask makes no sense to any model."""
    sampling = ask.sampling
    temperature, top_p = (1.0 if one is None else one for one in (sampling.temperature, sampling.top_p))
    sign = next((sign for message in ask.messages for sign in vocabulary.signs if sign in message.text), "")
    faults = {
        f'A message holds "{sign}", which the model takes for a sign of its own: leave it out.': bool(sign),
        "A word of more than 1,000 letters would be lost: leave it out, or put spaces into it.": vocabulary.lost(ask.messages),
        "There are no choices to give probabilities of: use a scale with labels, or ask for words.": ask.score and not ask.choices,
        "A choice is given twice: every choice must be another.": ask.score and len(set(ask.choices)) < len(ask.choices),
        f"temperature is {temperature}: it must be 0 or more.": not temperature >= 0,
        f"top_p is {top_p}: it must be more than 0 and at most 1.": not 0 < top_p <= 1,
        f"max_tokens is {sampling.max_tokens}: it must be 1 or more.": not ask.score and sampling.max_tokens < 1,
    }
    return next((fault for fault, found in faults.items() if found), "")


def _crowded(needed: int, room: int) -> str:
    """Why an ask does not fit."""
    if needed <= room:
        return ""
    return f"Prompt and answer take {needed:,} tokens and the model has room for {room:,}: shorten the persona or max_tokens."


def _strange(vocabulary: Vocabulary, messages: Sequence[Message]) -> str:
    """What to say about unknown words; empty: they are few."""
    share = vocabulary.unknown(messages)
    if share <= STRANGE:
        return ""
    example = next(word for message in messages for word in vocabulary.turn(message).unknown)
    return (
        f'{share:.0%} of the words of a prompt are unknown, such as "{example[:40]}": the embedded toy model knows a closed world of '
        f"{vocabulary.size:,} words; use --model openai:NAME or local:FOLDER for any other."
    )
