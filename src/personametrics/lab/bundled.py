"""Bundled personas and items, for those who bring none: unvalidated ones, and for the embedded toy model those of its own world."""

from personametrics.data import shipped
from personametrics.data.item import Item
from personametrics.data.model import TOY
from personametrics.data.persona import Persona


def personas(model: str, population: str) -> tuple[Persona, ...]:
    """Return bundled personas.

    Args:
        model: the id of the model that answers.
        population: those of the embedded toy model, by name; see `Study.population`.
    """
    if not model.startswith(TOY):
        return shipped.personas()
    from personametrics.models.embedded.society import panels  # noqa: PLC0415 (users of another model need none of it)

    return panels.POPULATIONS[population]()


def items(model: str) -> tuple[Item, ...]:
    """Return every bundled instrument; a study takes the items that it can use.

    Args:
        model: the id of the model that answers.
    """
    if not model.startswith(TOY):
        return shipped.items()
    from personametrics.models.embedded.society import panels  # noqa: PLC0415 (as above)

    return panels.battery()
