"""Bundled personas and items, for those who bring none: unvalidated ones, and for the embedded toy model those of its own world."""

from personametrics.data import library
from personametrics.data.item import Item
from personametrics.data.model import TOY
from personametrics.data.persona import Persona


def personas(model: str, population: str) -> tuple[Persona, ...]:
    """Return bundled personas for the model with an id; for the embedded toy model the population of a name (`Study.population`)."""
    if not model.startswith(TOY):
        return library.personas()
    from personametrics.models.embedded.society import panels  # noqa: PLC0415 (users of another model need none of it)

    return panels.POPULATIONS[population]()


def items(model: str) -> tuple[Item, ...]:
    """Return the items of every bundled instrument for the model with an id; a study takes those that it can use."""
    if not model.startswith(TOY):
        return library.items()
    from personametrics.models.embedded.society import panels  # noqa: PLC0415 (as above)

    return panels.battery()
