"""Dialogues for tests of remedies: what is asked, word by word, when a line is as given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from personametrics.data.persona import Persona
from personametrics.data.prompt import Place, Prompt
from personametrics.data.request import Request
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import Dialogue, Turn, dialogue
from personametrics.elicit.conversation import rounds

ADA = Persona("ada", "You are Ada, a nurse.")
TURNS = tuple(Turn(f"Question {index}?") for index in range(1, 5))


def nurse(place: Place = "system", who: Persona | None = ADA) -> Dialogue:
    """A dialogue of four turns."""
    return dialogue(Elicitation(prompt=Prompt(place=place)), who, ("script", TURNS))


def spoken(requests: Sequence[Request], says: Callable[[Request], str]) -> Mapping[int, Request]:
    """Every ask, by its `id`, with its words in their slots; a choice is the one that was chosen."""
    texts, spoken_requests = dict[int, str | None](), dict[int, Request]()
    for part in rounds(requests):
        for request in part:
            if request.compiled is not None:
                reply = request.compiled(request, lambda other: texts[id(other)])
                texts[id(request)] = reply.text
                spoken_requests[id(request)] = spoken_requests[id(reply.source)] if reply.source else request
                continue
            filled = replace(
                request,
                messages=tuple(message.filled([str(texts[id(other)]) for other in message.requests]) for message in request.messages),
            )
            spoken_requests[id(request)], texts[id(request)] = filled, says(filled)
    return spoken_requests
