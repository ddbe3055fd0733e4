"""People and their simulated twins: answers, scores, and matches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import AnswerError, ensure
from personametrics.data.finding import Rows
from personametrics.data.study import NOBODY, Item, Numeric, Ordinal, Persona, Responses
from personametrics.measures.answers import answers, cells
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.people.twins import likeness, own_and_others

LEAST = 1e-6
"""The least probability in a logarithm."""
READS: Mapping[str, str] = {"human": "the person's real answer", "arm": "own, shuffled or none: the profile that the model was given"}
SCORES = {"accuracy", "closeness", "logscore"}
WORST = 20
"""Number of people in the evidence."""
MOST = 1000
"""Only this many people, the first ones, are compared with each other's twins."""


def answers_of_people(personas: Sequence[Persona], items: Sequence[Item], human: Responses | None) -> dict[tuple[str, str], str]:
    """Return real answers by person and item."""
    if human is None:
        given = {(persona.id, item.id): plain(persona.attributes.get(item.id, "")) for persona in personas for item in items}
        given = {key: answer for key, answer in given.items() if answer}
    else:
        rows = answers(human).select("persona", "item", pl.col("answer").map_elements(plain, pl.String)).unique()
        given = {(persona, item): answer for persona, item, answer in require_one_each(rows, human.source).iter_rows()}
    scales = {item.id: getattr(item.scale, "labels", ()) for item in items}
    for (persona, item), answer in given.items():
        if item in scales and scales[item] and answer not in {plain(label) for label in scales[item]}:
            message = f'The answer "{answer}" of the person "{persona}" is not on the scale of the item "{item}". Spell it as on the scale.'
            raise AnswerError(message)
    return given


def require_one_each(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return rows of persona, item and answer."""
    twice = rows.filter(pl.struct("persona", "item").is_duplicated())
    if len(twice):
        message = f'{source}: the person "{twice[0, 0]}" has two real answers to the item "{twice[0, 1]}". Keep one.'
        raise AnswerError(message)
    return rows


class AnswerScale:
    """The labels of an answer table, their places, and the shares of answers on them.

    Attributes:
        labels: L labels; those of the scale come first.
        positions: (L,) places of the labels; None without an order.
        exact: answers are label probabilities.
    """

    def __init__(self, responses: Responses, answers: Sequence[str]) -> None:
        """Collect the labels."""
        labels = [plain(label) for label in responses.labelled.labels] if responses.labelled else []
        self.exact = responses.exact is not None
        self.labels = list(dict.fromkeys([*labels, *sorted(set(answers))]))
        self._code = {label: code for code, label in enumerate(self.labels)}
        self.positions = self._positions(responses)

    def _positions(self, responses: Responses) -> Floats | None:
        """Return the places of the labels."""
        if isinstance(responses.scale, Numeric):
            return np.array([float(label) for label in self.labels])
        if not isinstance(responses.labelled, Ordinal):
            return None
        if len(self.labels) > len(responses.labelled.labels):
            strange = self.labels[len(responses.labelled.labels)]
            message = f'{responses.source}: the real answer "{strange}" is not on the scale of the answers. Spell it as on the scale.'
            raise AnswerError(message)
        return responses.labelled.positions()

    def codes(self, answers: Sequence[str]) -> Ints:
        """Return the code of the label of each answer (N,)."""
        return np.array([self._code[answer] for answer in answers], np.int64)

    def shares(self, rows: pl.DataFrame, people: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the share of each label for each person (L, N), NaN without an answer, and the number of answers (N,)."""
        share, n = np.zeros((len(self.labels), len(people))), np.zeros(len(people))
        for_all = rows.filter(pl.col("persona") == NOBODY)
        if len(for_all):
            share[self.codes(for_all["answer"].to_list())] = for_all["share"].to_numpy()[:, None]
            n[:] = for_all["n"][0]
        own = rows.join(pl.DataFrame({"persona": people, "index": range(len(people))}), "persona")
        index = own["index"].to_numpy()
        share[:, index] = 0.0
        share[self.codes(own["answer"].to_list()), index] = own["share"].to_numpy()
        n[index] = own["n"].to_numpy()
        return np.where(n > 0, share, np.nan), n

    def scores(self, share: Floats, n: Floats) -> dict[str, Floats]:
        """Return the scores of twins by measure, each (L, N): the score if the person's answer is label l, from shares (L, N)."""
        scores = {"accuracy": share}
        if self.positions is not None and np.ptp(self.positions) > 0:
            distance = np.abs(self.positions[:, None] - self.positions) / np.ptp(self.positions)
            scores["closeness"] = (1 - distance) @ share
        smooth = np.maximum(share, LEAST) if self.exact else (n * share + 0.5) / (n + len(share) / 2)
        return scores | {"logscore": np.log(smooth)}


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
    """
    table = answers(responses, READS).with_columns(pl.col("answer", "human").map_elements(plain, pl.String))
    own = table.filter(pl.col("arm") == "own", pl.col("human").fill_null("") != "", pl.col("persona") != NOBODY)
    ensure(len(own), f'{responses.source} has no answers in the arm "own" with a real answer in the column "human". Add that column.')
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
    """Return the scores of every item, and of the people whom their own profile predicts worst."""
    scores = [name for name in rows.columns if name.partition(".")[0] in SCORES]
    columns = [*scores, *(name for name in ("correlation", "spread") if name in rows.columns)]
    items = rows.group_by("item", maintain_order=True).agg(pl.col(columns).mean()).sort("item")
    people = rows.group_by("persona", maintain_order=True).agg(pl.col(scores).mean()).sort("accuracy", "persona").head(WORST)
    return {"items": items.to_dicts(), "people": people.to_dicts()}
