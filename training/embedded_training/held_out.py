"""The statements, wordings and people that are held out of training, so that a check on them shows what was understood, not remembered."""

from personametrics.models.embedded.society.people import Person

STATEMENTS = frozenset(
    {"taxes.matters", "church.harm", "guns.support", "cars.worry", "welfare.good", "army.without", "marriage.support", "nature.harm"}
)
"""Statements that are held out in every wording."""
WORDINGS = frozenset(
    {
        ("technology.good", "formal"),
        ("travel.worry", "blunt"),
        ("saving.harm", "formal"),
        ("newcomers.matters", "blunt"),
        ("guns.good", "blunt"),
    }
)
"""Statements that the training includes, but never in this wording."""
COMBINATIONS = frozenset({("young", "right", "devout"), ("old", "left", "godless"), ("middle", "centre", "doubting")})
"""Combinations of age, politics and faith."""


def is_held_out(person: Person) -> bool:
    """Return True if a person's combination of age, politics and faith is held out."""
    return tuple(person.traits.get(trait, "") for trait in ("age", "politics", "faith")) in COMBINATIONS
