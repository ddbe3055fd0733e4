"""The bundled personas and questionnaires, for studies without their own; they are not validated."""

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
    """Return the bundled panel: 24 personas, balanced over politics, job, schooling, faith, age and five traits, their attributes.

    Examples:
        >>> panel = personas()
        >>> len(panel), panel[0].attributes["job"], panel[0].attributes["curious"]
        (24, 'nurse', 'low')
    """
    with as_file(FOLDER / PANEL) as path:
        return read_personas(path)


@cache
def instruments() -> tuple[str, ...]:
    """Return the names of the bundled questionnaires.

    Examples:
        >>> instruments()[:4], len(instruments())
        (('controls', 'dilemmas', 'evidence', 'games'), 13)
    """
    return tuple(sorted(file.name.removesuffix(".csv") for file in FOLDER.iterdir() if file.name.endswith(".csv") and file.name != PANEL))


def items(*names: str) -> tuple[Item, ...]:
    """Return the items of the named `instruments` in this order, each once, or of all; ids are unique over all of them.

    Raises:
        StudyError: an instrument does not exist.

    Examples:
        >>> len(items()), items("dilemmas")[0].scale
        (302, Nominal(labels=('kindness', 'honesty')))
    """
    return tuple(item for name in dict.fromkeys(names or instruments()) for item in _read(name))


@cache
def _read(name: str) -> tuple[Item, ...]:
    """Return the items of one questionnaire."""
    if name not in instruments():
        message = f'Unknown instrument "{name}". {options(name, instruments(), 30)}.'
        raise StudyError(message)
    with as_file(FOLDER / f"{name}.csv") as path:
        return read_items(path)
