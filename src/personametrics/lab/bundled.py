"""Personas and items for those who bring none: unvalidated ones, and for the embedded toy model those of its own world."""

from personametrics.data import shipped
from personametrics.data.item import Item
from personametrics.data.model import TOY
from personametrics.data.persona import Persona

SAID = "The items are those that come with the library; nobody has validated them."


def personas(model: str, study: str) -> tuple[Persona, ...]:
    """Whom to ask.

    Args:
        model: the id of what answers.
        study: its name; some need people of their own.
    """
    if not model.startswith(TOY):
        return shipped.personas()
    from personametrics.models.embedded.society import panels  # noqa: PLC0415 (whoever asks another model needs none of it)

    if study in {"consistency", "coherence"}:
        return panels.talkers()
    return panels.resistant() if study == "resistance" else panels.strong(24)


def items(model: str) -> tuple[Item, ...]:
    """What to ask: every instrument; a study takes what it can use.

    Args:
        model: the id of what answers.
    """
    if not model.startswith(TOY):
        return shipped.items()
    from personametrics.models.embedded.society import panels  # noqa: PLC0415 (as above)

    return panels.battery()
