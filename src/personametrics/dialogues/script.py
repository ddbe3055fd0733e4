"""Scripts of dialogues: what the other side says, turn after turn, drawn from items of kinds; and the judge who hears every line."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from personametrics.data.item import Item
from personametrics.data.request import Request
from personametrics.dialogues.dialogue import Dialogue, Turn
from personametrics.dialogues.judge import judged

TURN = "turn"
"""The kind of items that are turns; and their attribute that says which kind of turn."""
ASSISTANT = "assistant"
"""What the judge is asked of every line: whether an assistant speaks."""


def turns(items: Sequence[Item], kinds: Sequence[str] = ()) -> Mapping[str, tuple[str, ...]]:
    """Texts of turns by their kind, in the order of the items.

    Args:
        items: of which those of kind `turn` are taken.
        kinds: of turns that are wanted; none: all there are.
    """
    found: dict[str, tuple[str, ...]] = {}
    for item in items:
        kind = item.attributes.get(TURN, "") if item.attributes.get("kind") == TURN else ""
        if kind and (not kinds or kind in kinds):
            found[kind] = (*found.get(kind, ()), item.text)
    return found


def script(pool: Mapping[str, Sequence[str]], number: int, seed: Sequence[int]) -> list[Turn]:
    """Turns in an order that is drawn: every kind equally often, as far as the number allows, and no text twice while others are left.

    Args:
        pool: texts by kind.
        number: of turns.
        seed: of the draw, such as a seed and a run.

    Examples:
        >>> [turn.text for turn in script({"chat": ["How are you?"], "meta": ["What are you?"]}, 2, [0, 0])]
        ['How are you?', 'What are you?']
    """
    rng = np.random.default_rng(list(seed))
    texts = {kind: [own[at] for at in rng.permutation(len(own))] for kind, own in pool.items()}
    kinds = [str(kind) for _ in range(-(-number // len(pool))) for kind in rng.permutation(list(pool))][:number]
    found = []
    for at in rng.permutation(number):
        kind = kinds[at]
        own = texts[kind]
        found.append(Turn(own[kinds[:at].count(kind) % len(own)], {"kind": kind}))
    return found


def verdicts(one: Dialogue, run: int) -> Iterator[Request]:
    """Whether an assistant speaks in each line of a dialogue, as a judge hears it; with the columns of the line."""
    for line in one.lines:
        about = {name: value for name, value in line.about.items() if name not in {"part", "scale", "run"}}
        yield judged(ASSISTANT, {"line": line}, about, run)
