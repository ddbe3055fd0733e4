"""Notices about the resistance of a panel."""

from collections.abc import Sequence

from personametrics.data.notice import Notice
from personametrics.stats.arrays import Flags

NO_OWN_CHARACTER = Notice(
    "no-own-character", "No answer was given without a persona, so the mean over all personas stands for the model's own character."
)


def trait_notices(traits: Sequence[str], keys: Flags, near: int, pairs: int, reach: float) -> list[Notice]:
    """Return what is left out of resistance, and traits on which agreement does not cancel.

    Args:
        traits: names of the T traits.
        keys: (T, 2) True for directions with items.
        near: number of pairs of persona and trait that are left out.
        pairs: number of all pairs.
        reach: shortest distance that counts.
    """
    notices = []
    if near:
        text = f"{near} of {pairs} pairs of persona and trait have a distance below {reach:g} and are left out of resistance."
        notices.append(Notice("near-target", text))
    if single := [trait for trait, both in zip(traits, keys, strict=True) if not both.all()]:
        text = f"The items of {', '.join(single)} have one direction only, so that agreeing with everything looks like the trait."
        notices.append(Notice("one-direction", text))
    return notices
