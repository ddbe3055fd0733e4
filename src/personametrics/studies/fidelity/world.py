"""A world of people of whom 40 to 60 % agree with each statement, and of a panel that agrees more often."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.study import Item, Nominal, Persona, Request, Responses

SCALE = Nominal(("no", "yes"))
SHARES: Mapping[str, float] = {f"statement {index}": 0.4 + 0.2 * (index % 11) / 10 for index in range(30)}
"""Share of people who agree with each statement."""
PERSONAS = tuple(Persona(f"persona {index}", f"You are number {index}.") for index in range(20))
ITEMS = tuple(Item(name, f"{name}.", SCALE) for name in SHARES)


def people() -> Responses:
    """Return the answers of 100 people."""
    rows = [(f"person {who}", name, "yes" if who < 100 * share else "no") for name, share in SHARES.items() for who in range(100)]
    return Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), SCALE)


def agreeable(request: Request, more: float = 0.3) -> Mapping[str, float]:
    """Return the probabilities of an answer of the panel, which agrees more often than people."""
    yes = SHARES[request.about["item"]] + more
    return {"no": 1 - yes, "yes": yes}


humanlike = partial(agreeable, more=0.0)
"""The panel that answers as people do."""
