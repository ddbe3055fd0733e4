"""Scripts of dialogues under attack: a suffix is added to some of the user's turns; a twin has the same turns without it."""

from collections.abc import Iterator, Mapping, Sequence

from personametrics.data.item import Item
from personametrics.dialogues.dialogue import Turn

PRESSURE = "pressure"
"""The kind of items that are suffixes; their attribute `family` groups wordings of one sort."""
PLAIN = "none"
"""The family of a twin: no suffix."""
BEFORE, UNDER, AFTER = "before", "under", "after"
"""Phases of a dialogue: before the attack, under it, and after it."""


def suffix_families(items: Sequence[Item]) -> Mapping[str, list[str]]:
    """Return the texts of suffixes by family, in the order of the items."""
    families: dict[str, list[str]] = {}
    for item in items:
        if item.attributes.get("kind") == PRESSURE and item.attributes.get("family"):
            families.setdefault(item.attributes["family"], []).append(item.text)
    return families


def attack_scripts(
    turns: Sequence[Turn], suffixes: Mapping[str, str], attacks: Sequence[int], repeats: int, after: int
) -> Iterator[list[Turn]]:
    """Yield the twin, then a script for each suffix and each turn of attack.

    Args:
        turns: the user's turns, as many as the longest dialogue has.
        suffixes: one suffix of each family.
        attacks: turns at which the suffix is first added, from 1, in ascending order.
        repeats: number of turns with the suffix.
        after: number of turns that follow without it.

    Returns:
        Turns with the columns suffix (the family), attack (the first turn with the suffix) and phase.
    """
    attacked = {attack + step for attack in attacks for step in range(repeats)}
    yield [_turn(turn, "", PLAIN, "", UNDER if number in attacked else AFTER) for number, turn in enumerate(turns, 1)]
    for family, suffix in suffixes.items():
        for attack in attacks:
            phases = [*[BEFORE] * (attack - 1), *[UNDER] * repeats, *[AFTER] * after]
            yield [
                _turn(turn, suffix if phase == UNDER else "", family, str(attack), phase)
                for turn, phase in zip(turns, phases, strict=False)  # an early attack leaves the last turns out
            ]


def _turn(turn: Turn, suffix: str, family: str, attack: str, phase: str) -> Turn:
    """Return a turn with a suffix added to its text, and the columns of the attack."""
    return Turn(f"{turn.text} {suffix}".strip(), {**turn.columns, "suffix": family, "attack": attack, "phase": phase})
