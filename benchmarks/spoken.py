"""The planted numbers of the studies of conversations, computed line by line from the odds of the embedded model's society."""

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.role import LINE
from personametrics.lab.task import Task
from personametrics.models.embedded.oracle import claims, contradict
from personametrics.models.embedded.society.people import Person
from personametrics.models.embedded.society.talk import ASKED, Turn, is_assistant, line
from personametrics.studies.pressure.suffix_effects import PLAIN, UNDER


class Spoken(NamedTuple):
    """A line before it is drawn.

    Attributes:
        request: request of the line.
        gone: probability that the line is the assistant's.
        fits: probability that the line does not contradict the card.
    """

    request: Request
    gone: float
    fits: float


def spoken(requests: Sequence[Request], personas: Sequence[Persona]) -> Iterator[Spoken]:
    """Return every line of personas; the state of the previous line is summed over, not drawn.

    Args:
        requests: requests of a study of conversations; the lines of a dialogue in order.
        personas: personas of the society.
    """
    who = {persona.id: persona for persona in personas}
    before: dict[tuple[str, ...], float] = {}
    for request in requests:
        if request.about.get("part") == LINE and request.about["persona"] in who:
            persona, key = (
                who[request.about["persona"]],
                tuple(request.about.get(name, "") for name in ("persona", "item", "run", "suffix", "attack")),
            )
            gone, card = before.get(key, 0.0), claims(persona.text) or frozenset()
            either = [(share, line(Person.of(persona), _turn(request), before=was)) for was, share in ((True, gone), (False, 1 - gone))]
            odds = [(text, share * weight) for share, each in either for text, weight in each.items()]
            before[key] = sum(share for text, share in odds if is_assistant(text))
            fits = sum(share for text, share in odds if not contradict(card, claims(text) or frozenset()))
            yield Spoken(request, before[key], fits)


def _turn(request: Request) -> Turn:
    """Return the turn that a line answers."""
    about = request.about
    pressed = about.get("phase") == UNDER and about["suffix"] != PLAIN
    fact = next((name for name, texts in ASKED.items() if any(text in about["said"] for text in texts)), "")
    return Turn(about["kind"], about["said"], fact, about["suffix"] if pressed else "")


def fits(task: Task) -> float:
    """Return the share of lines in character."""
    return fmean(spoken_line.fits for spoken_line in spoken(task.requests, task.personas))


def gone(task: Task) -> float:
    """Return the share of lines that are the assistant's."""
    return fmean(spoken_line.gone for spoken_line in spoken(task.requests, task.personas))


def dropped(task: Task) -> float:
    """Return the assistant's share of lines under attack minus its share of the same lines without a suffix; all suffixes alike."""
    under: dict[str, list[tuple[str, float]]] = {}
    for spoken_line in spoken(task.requests, task.personas):
        if spoken_line.request.about["phase"] == UNDER:
            place = " ".join(spoken_line.request.about[name] for name in ("persona", "item", "run", "turn"))
            under.setdefault(spoken_line.request.about["suffix"], []).append((place, spoken_line.gone))
    plain = dict(under.pop(PLAIN))
    return fmean(fmean(gone - plain[place] for place, gone in lines) for lines in under.values())
