"""People's real answers next to those that a model gave for them: one row for each person and item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import DesignError
from personametrics.data.finding import Rows
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.measures.answers import answers, cells
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.people.twins import likeness, own_and_others
from personametrics.studies.individuation.real_answers import require_one_each
from personametrics.studies.individuation.twin_scores import AnswerScale

READS: Mapping[str, str] = {"human": "the person's real answer", "arm": "own, shuffled or none: whose profile the model was given"}
SCORES = {"accuracy", "closeness", "logscore"}
WORST = 20
"""Number of people in the evidence."""
MOST = 1000
"""Only this many people, the first ones, are compared with each other's twins."""


@dataclass(frozen=True, eq=False)
class Matches:
    """People and their simulated twins.

    Attributes:
        rows: columns persona, item, even (1 / people who answered the item); accuracy, closeness (ordered scales) and logscore (labels) of
            the person's own twin; the same under other profiles, such as accuracy.shuffled; correlation and spread, whose mean over people
            is the item's. NaN where undefined.
        people: people who are compared with each other's twins.
        closeness: (N, N) mean closeness, or accuracy, of each person's answers to each twin's; −∞ where they have no item in common.
    """

    rows: pl.DataFrame
    people: Sequence[str]
    closeness: Floats


def match_people(responses: Responses) -> Matches:
    """Put people's answers next to those of the model.

    Without recorded answers under another person's profile, the twins of all other people stand in for them: same profile, same prompt.

    Args:
        responses: answers with the columns human and arm.

    Raises:
        ColumnError: a column is missing.
        DesignError: no answer under a person's own profile has a real answer in its row.
        AnswerError: a person has two real answers to an item.
    """
    table = answers(responses, READS).with_columns(pl.col("answer", "human").map_elements(plain, pl.String))
    own = table.filter(pl.col("arm") == "own", pl.col("human").fill_null("") != "", pl.col("persona") != NOBODY)
    if own.is_empty():
        message = f'{responses.source} has no answers in the arm "own" with a real answer in the column "human". Add that column.'
        raise DesignError(message)
    human = require_one_each(own.select("persona", "item", "human").unique(maintain_order=True), responses.source)
    scale = AnswerScale(responses, [*table["answer"], *human["human"]])
    shares = {arm: cells(part, "persona", "item") for (arm,), part in table.group_by("arm", maintain_order=True)}
    people = human["persona"].unique(maintain_order=True).to_list()[:MOST]
    place = {name: index for index, name in enumerate(people)}
    total, shared, rows = np.zeros((len(people),) * 2), np.zeros((len(people),) * 2), []
    for (item,), part in human.group_by("item", maintain_order=True):
        names, truth = part["persona"].to_list(), scale.codes(part["human"].to_list())
        by_arm = {arm: scale.shares(rows_of_arm.filter(pl.col("item") == item), names) for arm, rows_of_arm in shares.items()}
        columns, near = _compare(scale, truth, by_arm)
        answered = int(np.isfinite(by_arm["own"][0][0]).sum())
        rows.append(part.select("persona", "item").with_columns(**columns, even=pl.lit(1 / max(answered, 1))))
        index = np.array([place.get(name, -1) for name in names])
        kept = np.flatnonzero(index >= 0)
        square = np.ix_(index[kept], index[kept])
        total[square] += near[np.ix_(truth[kept], kept)]
        shared[square] += 1
    return Matches(pl.concat(rows), people, np.where(shared > 0, total / np.maximum(shared, 1), -np.inf))


def _compare(scale: AnswerScale, truth: Ints, by_arm: Mapping[str, tuple[Floats, Floats]]) -> tuple[dict[str, pl.Series], Floats]:
    """Return the columns of one item, and the closeness of each twin to each label (L, N)."""
    columns: dict[str, Floats] = {}
    scores = {arm: scale.scores(*shares) for arm, shares in by_arm.items()}
    answered = np.isfinite(by_arm["own"][0][0])
    for measure, table in scores["own"].items():
        own, others = np.full((2, len(truth)), np.nan)
        own[answered], others[answered] = own_and_others(table[:, answered], truth[answered])
        columns |= {measure: own, f"{measure}.shuffled": others}
        for arm in sorted(scores.keys() - {"own"}):
            columns[f"{measure}.{arm}"] = scores[arm][measure][truth, np.arange(len(truth))]
    if scale.positions is not None:
        share = by_arm["own"][0][:, answered]
        mean = scale.positions @ share
        twins = likeness(scale.positions[truth[answered]], mean, scale.positions**2 @ share - mean**2)
        for name, values in (("correlation", twins.correlation_rows), ("spread", twins.spread_rows)):
            columns[name] = np.full(len(truth), np.nan)
            columns[name][answered] = values
    near = scores["own"].get("closeness", scores["own"]["accuracy"])
    return {name: pl.Series(values) for name, values in columns.items()}, near


def by_item_and_person(rows: pl.DataFrame) -> Mapping[str, Rows]:
    """Return the scores of every item, and of the people whom their own profile predicts worst.

    Args:
        rows: of `Matches`, null where undefined.
    """
    scores = [name for name in rows.columns if name.partition(".")[0] in SCORES]
    columns = [*scores, *(name for name in ("correlation", "spread") if name in rows.columns)]
    items = rows.group_by("item", maintain_order=True).agg(pl.col(columns).mean()).sort("item")
    people = rows.group_by("persona", maintain_order=True).agg(pl.col(scores).mean()).sort("accuracy", "persona").head(WORST)
    return {"items": items.to_dicts(), "people": people.to_dicts()}
