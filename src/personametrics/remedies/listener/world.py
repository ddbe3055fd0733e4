"""A world in which answers lean on the model's prior, and the effect of a listener is known."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import RemedyWorld
from personametrics.data.request import Request
from personametrics.data.scale import Ordinal
from personametrics.data.study import Elicitation
from personametrics.stats.arrays import Floats

LABELS, PERSONAS = ("1", "2", "3", "4", "5"), 15


def prior_world(preferred: Callable[[Floats], Floats]) -> RemedyWorld:
    """Return a world in which four fifths of every answer are the prior's; in the null world all personas are the same.

    Every favourite label is that of three personas, and the effect of the listener, a function of their label probabilities, is known, so
    the slope on the prior is known too.
    """
    personas = tuple(Persona(f"person {index}", f"You are person {index}.") for index in range(PERSONAS))
    items = tuple(Item(f"statement {index}", f"Statement {index}.", Ordinal(LABELS), {"kind": "opinion"}) for index in range(16))

    def world(request: Request, *, same: bool) -> Mapping[str, float]:
        item, persona = int(request.about["item"].split()[1]), request.about["persona"].removeprefix("person ")
        row = 0 if persona == NOBODY else 1 + int(persona)
        return dict(zip(LABELS, _answers(item, same=same)[row].tolist(), strict=True))

    every = np.stack([_answers(item) for item in range(len(items))])
    prior, before, after = every[:, :1], every[:, 1:], np.stack([preferred(rows[1:]) for rows in every])
    change = {"slope": _slope(prior, after) - _slope(prior, before)}
    worlds = (partial(world, same=same) for same in (False, True))
    return RemedyWorld("prior_pull", personas, items, next(worlds), change, next(worlds), Elicitation(1, score=True))


def _answers(item: int, *, same: bool = False) -> Floats:
    """Return label probabilities (1 + personas, 5) in the known world, first without a persona, then of each persona."""
    prior = _shares(7 * item)
    opinions = [_shares(item + persona * (not same)) for persona in range(PERSONAS)]
    return np.array([prior, *(0.8 * prior + 0.2 * opinion for opinion in opinions)])


def _shares(favourite: int) -> Floats:
    """Return the label probabilities (5,) with a favourite label."""
    return np.where(np.arange(len(LABELS)) == favourite % len(LABELS), 0.9, 0.025)


def _slope(prior: Floats, own: Floats) -> float:
    """Return the slope of mean answers on the prior's, from (items, 1, 5) and (items, personas, 5) probabilities."""
    x, y = (shares @ np.arange(5.0) for shares in (prior, own))
    x = x - x.mean()
    return float((x * y).sum() / (x**2).sum() / y.shape[1])
