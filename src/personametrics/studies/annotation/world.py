"""A world of five annotators who mostly agree, and of a panel that is right on 35 % of the items."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import polars as pl
from scipy.stats import binom

from personametrics.data.columns import Columns
from personametrics.data.study import Item, Nominal, Persona, Request, Responses

LABELS = Nominal(("no", "yes"))
OTHER = {"yes": "no", "no": "yes"}
PERSONAS = tuple(Persona(f"persona {index}", f"You are number {index}.") for index in range(5))
ITEMS = tuple(Item(f"item {index}", f"Is {index} so?", LABELS) for index in range(60))
RUNS, RIGHT = 3, 0.35
"""Number of runs, and the probability that one answer of the panel is right."""
CLEAR = {item.id: (0.95, 0.85, 0.7)[index % 3] for index, item in enumerate(ITEMS)}
"""Probability that an annotator is right, by item."""
GOLD = {item.id: LABELS.labels[index % 2] for index, item in enumerate(ITEMS)}


def annotators() -> tuple[Responses, Mapping[str, float]]:
    """Return the labels of five annotators, and the true estimates of a panel that is compared with them."""
    rng = np.random.default_rng(0)
    right = {item: rng.random(5) < share for item, share in CLEAR.items()}
    labels = {item: [GOLD[item] if hit else OTHER[GOLD[item]] for hit in hits] for item, hits in right.items()}
    rows = [(f"annotator {index}", item, label) for item, given in labels.items() for index, label in enumerate(given)]
    human = Responses.read(pl.DataFrame(rows, ["persona", "item", "answer"], orient="row"), Columns(), LABELS)
    people = float(np.mean([hits.mean() for hits in right.values()]))
    answers = len(PERSONAS) * RUNS
    shares = {"agreement": float(binom.sf(answers // 2, answers, RIGHT)), "agreement.single": RIGHT}
    return human, {name: share * people + (1 - share) * (1 - people) for name, share in shares.items()}


def _label(request: Request, right: float | None = RIGHT) -> Mapping[str, float]:
    """Return the probabilities of both labels; None: as an annotator."""
    item = request.about["item"]
    share = CLEAR[item] if right is None else right
    return {GOLD[item]: share, OTHER[GOLD[item]]: 1 - share}


poor_panel = partial(_label, right=RIGHT)
humanlike_panel = partial(_label, right=None)
