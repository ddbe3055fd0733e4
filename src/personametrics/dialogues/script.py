"""Scripts of dialogues: the turns of the other side, drawn from items, and the requests for verdicts on every line."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from personametrics.data.item import Item
from personametrics.data.request import Request
from personametrics.dialogues.dialogue import Dialogue, Turn
from personametrics.dialogues.judge import judge_request

TURN = "turn"
"""The kind of items that are turns; also the name of their attribute with the kind of turn."""
ASSISTANT = "assistant"
"""The kind of verdict on every line: whether an assistant speaks."""


def turns(items: Sequence[Item], kinds: Sequence[str] = ()) -> Mapping[str, tuple[str, ...]]:
    """Return the texts of items of the kind `turn`, by the kind of turn (empty: of all kinds), in the order of the items."""
    texts: dict[str, tuple[str, ...]] = {}
    for item in items:
        kind = item.attributes.get(TURN, "") if item.attributes.get("kind") == TURN else ""
        if kind and (not kinds or kind in kinds):
            texts[kind] = (*texts.get(kind, ()), item.text)
    return texts


def script(pool: Mapping[str, Sequence[str]], number: int, seed: Sequence[int]) -> list[Turn]:
    """Return turns in random order: kinds as equally often as possible, and no text twice while others remain.

    Examples:
        >>> [turn.text for turn in script({"chat": ["How are you?"], "meta": ["What are you?"]}, 2, [0, 0])]
        ['How are you?', 'What are you?']
    """
    rng = np.random.default_rng(list(seed))
    texts = {kind: [entries[place] for place in rng.permutation(len(entries))] for kind, entries in pool.items()}
    kinds = [str(kind) for _ in range(-(-number // len(pool))) for kind in rng.permutation(list(pool))][:number]
    turns = []
    for place in rng.permutation(number):
        kind = kinds[place]
        entries = texts[kind]
        turns.append(Turn(entries[kinds[:place].count(kind) % len(entries)], {"kind": kind}))
    return turns


def verdicts(dialogue: Dialogue, run: int) -> Iterator[Request]:
    """Yield the requests for verdicts on whether an assistant speaks, one for each line, with the columns of the line."""
    for line in dialogue.lines:
        about = {name: value for name, value in line.about.items() if name not in {"part", "scale", "run"}}
        yield judge_request(ASSISTANT, {"line": line}, about, run)
