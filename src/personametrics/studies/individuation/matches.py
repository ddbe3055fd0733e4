"""People's real answers beside those that a model gave for them: one row a person and item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal
from personametrics.measures.answers import answers, cells
from personametrics.stats.arrays import Floats, Ints
from personametrics.stats.people.twins import likeness, own_and_others

READS: Mapping[str, str] = {"human": "the person's real answer", "arm": "own, shuffled or none: whose profile was told"}
LEAST = 1e-6
"""A probability below this counts as this in a logarithm."""
MOST = 1000
"""So many people, the first, are compared with each other's twins."""


@dataclass(frozen=True, eq=False)
class Matched:
    """People and their twins.

    Attributes:
        rows: persona, item, even (1 / people who answered the item); accuracy, closeness (ordered scales) and logscore (labels) of the own
            twin; the same under other profiles, such as accuracy.shuffled; correlation and spread, whose mean over people is the item's.
            NaN where there is none.
        names: people who are compared with each other's twins.
        alike: (N, N) mean closeness, or accuracy, of each person's answers to each twin's; −∞ where they have no item in common.
    """

    rows: pl.DataFrame
    names: Sequence[str]
    alike: Floats


def matched(responses: Responses) -> Matched:
    """Put people's answers beside those of the model.

    Without recorded answers under another person's profile, the twins of all other people stand in for them: same profile, same prompt.

    Args:
        responses: answers with the columns human and arm.

    Raises:
        ColumnError: a column is missing.
        DesignError: no answer under an own profile has a person's beside it.
        AnswerError: a person has two real answers to an item.
    """
    found = answers(responses, READS).with_columns(pl.col("answer", "human").map_elements(plain, pl.String))
    own = found.filter(pl.col("arm") == "own", pl.col("human").fill_null("") != "", pl.col("persona") != NOBODY)
    if own.is_empty():
        message = f'{responses.source} has no answers in the arm "own" with a real one in the column "human".'
        raise DesignError(message)
    human = one_each(own.select("persona", "item", "human").unique(maintain_order=True), responses.source)
    scale = _Scale(responses, [*found["answer"], *human["human"]])
    shares = {arm: cells(part, "persona", "item") for (arm,), part in found.group_by("arm", maintain_order=True)}
    names = human["persona"].unique(maintain_order=True).to_list()[:MOST]
    place = {name: at for at, name in enumerate(names)}
    alike, both, rows = np.zeros((len(names),) * 2), np.zeros((len(names),) * 2), []
    for (item,), part in human.group_by("item", maintain_order=True):
        people = part["persona"].to_list()
        said = scale.codes(part["human"].to_list())
        told = {arm: scale.shares(one.filter(pl.col("item") == item), people) for arm, one in shares.items()}
        table, near = _compared(scale, said, told)
        answered = int(np.isfinite(told["own"][0][0]).sum())
        rows.append(part.select("persona", "item").with_columns(**table, even=pl.lit(1 / max(answered, 1))))
        at = np.array([place.get(name, -1) for name in people])
        kept = np.flatnonzero(at >= 0)
        here = np.ix_(at[kept], at[kept])
        alike[here] += near[np.ix_(said[kept], kept)]
        both[here] += 1
    return Matched(pl.concat(rows), names, np.where(both > 0, alike / np.maximum(both, 1), -np.inf))


def one_each(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """Rows of persona, item and answer.

    Raises:
        AnswerError: a person has two answers to an item.
    """
    twice = rows.filter(pl.struct("persona", "item").is_duplicated())
    if len(twice):
        message = f'{source}: the person "{twice[0, 0]}" has two real answers to the item "{twice[0, 1]}"; keep one.'
        raise AnswerError(message)
    return rows


class _Scale:
    """Labels, where they lie, and the shares of answers on them."""

    def __init__(self, responses: Responses, seen: Sequence[str]) -> None:
        known = [plain(label) for label in responses.labelled.labels] if responses.labelled else []
        self.exact = responses.exact is not None
        self.labels = list(dict.fromkeys([*known, *sorted(set(seen))]))
        self.place = {label: at for at, label in enumerate(self.labels)}
        self.positions = self._positions(responses)

    def _positions(self, responses: Responses) -> Floats | None:
        """(L,) where the labels lie; None without order."""
        if isinstance(responses.scale, Numeric):
            return np.array([float(label) for label in self.labels])
        if not isinstance(responses.labelled, Ordinal):
            return None
        if len(self.labels) > len(responses.labelled.labels):
            strange = self.labels[len(responses.labelled.labels)]
            message = f'{responses.source}: the real answer "{strange}" is not on the scale of the answers; spell it as there.'
            raise AnswerError(message)
        return responses.labelled.positions()

    def codes(self, said: Sequence[str]) -> Ints:
        """(N,) label of each answer."""
        return np.array([self.place[one] for one in said], np.int64)

    def shares(self, rows: pl.DataFrame, people: Sequence[str]) -> tuple[Floats, Floats]:
        """(L, N) share of each label, NaN where a person has no answer, and (N,) how many; answers without a persona are everybody's."""
        share, n = np.zeros((len(self.labels), len(people))), np.zeros(len(people))
        for_all, known = rows.filter(pl.col("persona") == NOBODY), pl.DataFrame({"persona": people, "at": range(len(people))})
        if len(for_all):
            share[self.codes(for_all["answer"].to_list())] = for_all["share"].to_numpy()[:, None]
            n[:] = for_all["n"][0]
        own = rows.join(known, "persona")
        at = own["at"].to_numpy()
        share[:, at] = 0.0
        share[self.codes(own["answer"].to_list()), at] = own["share"].to_numpy()
        n[at] = own["n"].to_numpy()
        return np.where(n > 0, share, np.nan), n


def _compared(scale: _Scale, said: Ints, told: Mapping[str, tuple[Floats, Floats]]) -> tuple[dict[str, pl.Series], Floats]:
    """Columns of one item, and (L, N) how near each twin is to each label."""
    found: dict[str, Floats] = {}
    scores = {arm: _scores(scale, *one) for arm, one in told.items()}
    here = np.isfinite(told["own"][0][0])
    for measure, table in scores["own"].items():
        own, others = np.full((2, len(said)), np.nan)
        own[here], others[here] = own_and_others(table[:, here], said[here])
        found |= {measure: own, f"{measure}.shuffled": others}
        for arm in sorted(scores.keys() - {"own"}):
            found[f"{measure}.{arm}"] = scores[arm][measure][said, np.arange(len(said))]
    if scale.positions is not None:
        share = told["own"][0][:, here]
        mean = scale.positions @ share
        alike = likeness(scale.positions[said[here]], mean, scale.positions**2 @ share - mean**2)
        for name, values in (("correlation", alike.correlation_rows), ("spread", alike.spread_rows)):
            found[name] = np.full(len(said), np.nan)
            found[name][here] = values
    near = scores["own"].get("closeness", scores["own"]["accuracy"])
    return {name: pl.Series(values) for name, values in found.items()}, near


def _scores(scale: _Scale, share: Floats, n: Floats) -> dict[str, Floats]:
    """(L, N) what answers score where the person said label l, by measure."""
    found = {"accuracy": share}
    if scale.positions is not None and np.ptp(scale.positions) > 0:
        apart = np.abs(scale.positions[:, None] - scale.positions) / np.ptp(scale.positions)
        found["closeness"] = (1 - apart) @ share
    smooth = np.maximum(share, LEAST) if scale.exact else (n * share + 0.5) / (n + len(share) / 2)
    return found | {"logscore": np.log(smooth)}
