"""A world of 200 people, of whom 30 to 70 % agree with each of 24 statements, and a panel that agrees more often."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.study import Elicitation, Item, Ordinal, Persona, Request, Responses, Study, StudyWorld

SCALE = Ordinal(("no", "yes"))
SHARES = {f"statement {index}": 0.3 + 0.4 * (index % 9) / 8 for index in range(24)}
"""Share of people who agree with each statement."""
PEOPLE, PERSONAS, BIAS = 200, 40, 0.2


def known_world(study: Study) -> StudyWorld:
    """Return that world, and one in which the panel agrees as often as people do."""

    def world(request: Request, bias: float = BIAS) -> Mapping[str, float]:
        yes = SHARES[request.about["item"]] + bias
        return {"no": 1 - yes, "yes": yes}

    elicitation = Elicitation(runs=5)
    panel = [share + BIAS for share in SHARES.values()]
    noise = float(np.mean([yes * (1 - yes) for yes in panel])) / (PERSONAS * elicitation.runs)
    return StudyWorld(
        personas=tuple(Persona(f"persona {index}", f"You are number {index}.") for index in range(PERSONAS)),
        items=tuple(Item(name, f"{name}.", SCALE) for name in SHARES),
        world=world,
        truth={"error": BIAS**2 + noise, "bias": BIAS},
        null=lambda request: world(request, 0.0),
        verdict="numbers unlike people's",
        quiet=frozenset({"numbers like people's", "undecided"}),
        elicitation=elicitation,
        study=study.set(human=_human()),
    )


def _human() -> Responses:
    """Return the answers of the people."""
    draws = np.random.default_rng(0).random((PEOPLE, len(SHARES)))
    agreed = draws < np.array(list(SHARES.values()))
    answers = [(person, *answer) for person, row in enumerate(agreed) for answer in zip(SHARES, row, strict=True)]
    rows = [(f"person {person}", statement, "yes" if agrees else "no") for person, statement, agrees in answers]
    return Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), SCALE)
