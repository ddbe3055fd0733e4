"""Dialogues for tests of remedies: what is asked, word by word, when a line is as given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from personametrics.data.ask import Ask
from personametrics.data.dialogues.dialogue import Dialogue, Turn, dialogue
from personametrics.data.dialogues.unasked import UNASKED, resolved
from personametrics.data.persona import Persona
from personametrics.data.prompt import Place, Prompt
from personametrics.data.study import Asking
from personametrics.elicit.talk import rounds

ADA = Persona("ada", "You are Ada, a nurse.")
TURNS = tuple(Turn(f"Question {at}?") for at in range(1, 5))


def nurse(place: Place = "system", who: Persona | None = ADA) -> Dialogue:
    """A dialogue of four turns."""
    return dialogue(Asking(prompt=Prompt(place=place)), who, ("script", TURNS))


def spoken(asks: Sequence[Ask], says: Callable[[Ask], str]) -> Mapping[int, Ask]:
    """Every ask, by its `id`, with its words in their slots; a choice is the one that was chosen."""
    texts, found = dict[int, str | None](), dict[int, Ask]()
    for part in rounds(asks):
        for ask in part:
            if ask.to in UNASKED:
                texts[id(ask)], one = resolved(ask, lambda other: texts[id(other)])
                found[id(ask)] = found[id(one)] if one else ask
                continue
            filled = replace(ask, messages=tuple(one.spoken([str(texts[id(other)]) for other in one.said]) for one in ask.messages))
            found[id(ask)], texts[id(ask)] = filled, says(filled)
    return found
