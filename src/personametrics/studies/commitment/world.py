"""A world of games about towns: a secret choice is drawn again from what fits, a written choice is kept."""

from collections.abc import Mapping
from functools import partial

from personametrics.data.study import Item, Nominal, Request, StudyWorld

TOWNS = tuple("ABCDEF")
FITS = 0.94
"""Probability of a reveal that fits all that was said before."""


def towns_world() -> StudyWorld:
    """Return a world in which a secret choice is drawn again at each reveal, and one in which it is kept."""
    items = tuple(item for index in range(12) for item in _game(index))
    secret, written = FITS**2 / 3 + (1 - FITS) ** 2 / 3, FITS**2 + (1 - FITS) ** 2 / 5
    truth = {"agreement.secret": secret, "agreement.written": written, "agreement.gain": written - secret}
    truth |= {"consistency.secret": FITS, "consistency.written": FITS, "consistency.gain": 0.0}
    quiet = frozenset({"one character", "undecided"})
    return StudyWorld((), items, _reveal, truth, partial(_reveal, kept=True), "superposition", quiet)


def _game(index: int) -> list[Item]:
    """Return both arms of a game: three towns fit what was said, or the one that was written down."""
    town, *others = (TOWNS[(index + step) % 6] for step in (0, 2, 3))
    shared = {"turn.2": "Is it by the sea?", "reply.2": "Yes."}
    games = []
    for arm, fits, reply in (("secret", (town, *others), "I have one."), ("written", (town,), f"I choose {town}.")):
        columns = {"game": f"game {index}", "arm": arm, "fits": "|".join(fits)}
        opening = {"turn.1": f"Think of a town, for the time number {index}.", "reply.1": reply}
        games.append(Item(f"game {index} {arm}", "Which town is it?", Nominal(TOWNS), {**columns, **opening, **shared}))
    return games


def _reveal(request: Request, *, kept: bool = False) -> Mapping[str, float]:
    """Return the probabilities of a reveal."""
    fits = request.about["fits"].split("|")[: 1 if kept else None]
    return {town: FITS / len(fits) if town in fits else 0.06 / (6 - len(fits)) for town in TOWNS}
