"""Entropy of answers in the given condition, with how far other ways of asking move them."""

import math

import numpy as np
import polars as pl
from scipy.special import xlogy

from personametrics.data.prompt import GIVEN
from personametrics.data.study import Responses
from personametrics.stats.variance.cells import Cells
from personametrics.stats.variance.disagreement import pairs

PERSON = frozenset({"persona", "item"})
EVERYTHING = PERSON | {"condition"}


def entropy_and_excess(responses: Responses, cells: Cells) -> pl.DataFrame:
    """Return one row for each persona and item: entropy as given, and excess disagreement among all other ways of asking.

    The given condition is left out of the excess, since its sampling error would be in both.

    Columns: persona and item (codes as text), n (1), entropy (bits) and excess; no rows if nothing can be compared.
    """
    names = responses.conditions.names if responses.conditions else ()
    given = next((code for code, name in enumerate(names) if set(name.split(" / ")) == {GIVEN}), 0)
    in_given = cells.codes[:, cells.facets.index("condition")] == given
    if cells.counts is None or len(names) < 3 or in_given.all() or not in_given.any():
        return pl.DataFrame()
    others = cells.only(~in_given)
    disagreements, (group, _) = pairs(others).within(["persona", "item"]), others.groups(["persona", "item"])
    excess = disagreements[PERSON] - disagreements[EVERYTHING]
    group_of = dict(zip(map(tuple, cells.codes[~in_given, :2].tolist()), group.tolist(), strict=True))
    shares = cells.counts[in_given] / cells.counts[in_given].sum(1, keepdims=True)
    entropy = -xlogy(shares, shares).sum(1) / math.log(2)
    return pl.DataFrame(
        [
            {"persona": str(place[0]), "item": str(place[1]), "n": 1.0, "entropy": float(bits), "excess": float(excess[group_of[place]])}
            for place, bits in zip(map(tuple, cells.codes[in_given, :2].tolist()), entropy, strict=True)
            if place in group_of and np.isfinite(excess[group_of[place]])
        ]
    )
