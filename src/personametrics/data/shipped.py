"""Personas and questionnaires that come with the library, for studies that bring none; nobody has validated them."""

from functools import cache
from importlib.resources import as_file, files

from personametrics.data.errors import StudyError, options
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.roster import read_items, read_personas

FOLDER = files("personametrics.instruments")
PANEL = "personas.csv"


@cache
def personas() -> tuple[Persona, ...]:
    """The shipped panel: 24 people, balanced over politics, job, schooling, faith, age and five traits, which are their attributes.

    Examples:
        >>> panel = personas()
        >>> len(panel), panel[0].attributes["job"], panel[0].attributes["curious"]
        (24, 'nurse', 'low')
    """
    with as_file(FOLDER / PANEL) as path:
        return read_personas(path)


@cache
def instruments() -> tuple[str, ...]:
    """Names of the shipped questionnaires.

    Examples:
        >>> instruments()[:4], len(instruments())
        (('controls', 'dilemmas', 'evidence', 'games'), 13)
    """
    return tuple(sorted(one.name.removesuffix(".csv") for one in FOLDER.iterdir() if one.name.endswith(".csv") and one.name != PANEL))


def items(*names: str) -> tuple[Item, ...]:
    """Items of the shipped questionnaires; ids are unique over all of them.

    Args:
        names: of `instruments`, in the order wanted; none: all of them. One that is named twice counts once.

    Raises:
        StudyError: there is no such instrument.

    Examples:
        >>> len(items()), items("dilemmas")[0].scale
        (302, Nominal(labels=('kindness', 'honesty')))
    """
    return tuple(item for name in dict.fromkeys(names or instruments()) for item in _read(name))


@cache
def _read(name: str) -> tuple[Item, ...]:
    """Items of one questionnaire."""
    if name not in instruments():
        message = f'There is no instrument "{name}": {options(name, instruments(), 30)}.'
        raise StudyError(message)
    with as_file(FOLDER / f"{name}.csv") as path:
        return read_items(path)
