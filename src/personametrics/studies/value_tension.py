"""Can it hold two values at once?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN, NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import gain

ARMS: Mapping[str, str] = {"none": "without a persona", "persona": "with a persona"}
SEEN = pl.col("lean").is_not_null().cast(pl.Float64)
EVEN = (1 - pl.col("lean")) * SEEN
WORST = 10
"""Dilemmas that the evidence shows."""


@dataclass(frozen=True)
class ValueTension(Study):
    """How evenly two values are weighed that cannot both be kept, and what a persona changes about it.

    Each dilemma is asked with its values named in both orders, so that what is named first does not count as leaning. With p the share
    of one value over both orders, evenhandedness is 4 p (1 − p): twice the probability that two answers to the dilemma differ. (2p − 1)²
    comes from products of different runs, so that few runs are no leaning; where p is near ½ on few dilemmas, intervals are too narrow.
    It says nothing about which value is right.

    Attributes:
        turned: wording of an item that names its values the other way round.
        margin: personas change nothing where the whole interval of what they take off evenhandedness lies below this.
        weighed: both values are weighed where the whole interval of evenhandedness lies above this; .5 is a share of .15 to .85.
        level: coverage of the intervals.
    """

    turned: str = "turned"
    margin: float = 0.1
    weighed: float = 0.5
    level: float = 0.9
    question: ClassVar[str] = "Can it hold two values at once?"
    reads: ClassVar[Mapping[str, str]] = {"first": "the value that the question named first"}
    aim: ClassVar[tuple[str, Aim]] = ("collapse", "zero")
    cite: ClassVar[tuple[str, ...]] = ("sorensen2023", "pezeshkpour2023", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every dilemma in both orders, without a persona and of every persona."""
        asked = [item for item in items if item.attributes.get("first") and self.turned in item.wordings]
        asked = [item for item in asked if isinstance(item.scale, Nominal) and len(item.scale.labels) == 2]
        if len(asked) < 2:
            message = (
                "value_tension needs two or more items with two labels, the attribute first (the value named first) and a wording "
                f'"{self.turned}" that names them the other way round.'
            )
            raise DesignError(message)
        found = []
        for item in asked:
            first, second = _values(item)
            for persona in (None, *personas):
                found += elicitation.ask(persona, item, {"first": first}, {"wording": GIVEN})
                found += elicitation.ask(persona, item, {"first": second}, {"wording": self.turned})
        return found

    def estimate(self, responses: Responses) -> Finding:
        """Evenhandedness with and without a persona, what a persona takes off it, and what being named first adds."""
        exact = bool(responses.columns.probabilities)
        found = _leanings(answers(responses, self.reads), exact=exact)
        if found.is_empty():
            message = f"{responses.source} holds no dilemma that one persona answered in both orders, as the column first tells them."
            raise DesignError(message)
        estimates = self._weighed(Summed(found, self.level))
        if not exact and found["lean"].null_count() == len(found):  # a single run of each order
            estimates = [
                replace(one, status=EstimateStatus.NO_RERUNS) if one.status == EstimateStatus.UNDEFINED else one for one in estimates
            ]
        evidence = {"dilemmas": _table(found)}
        return Finding("value_tension", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _weighed(self, summed: Summed) -> list[Estimate]:
        """Evenhandedness of each arm, what a persona takes off it, and the share of what is named first."""
        dilemmas = dict(summed.rows.group_by("arm").agg(pl.col("item").n_unique()).iter_rows())
        even, order, sums = list[Estimate](), list[Estimate](), list[pl.Expr]()
        for arm in (one for one in ARMS if one in dilemmas):
            own, n = pl.col("arm") == arm, dilemmas[arm]
            name = Name("share", "dilemmas", f"evenhandedness {ARMS[arm]}: twice the probability that two answers to a dilemma differ")
            even.append(summed.mean(f"evenhandedness.{arm}", name, pl.when(own).then(1 - pl.col("lean")), n=n))
            name = Name("share", "dilemmas", f"share of the value named first, minus a half, {ARMS[arm]}")
            order.append(summed.mean(f"order.{arm}", name, pl.when(own).then(pl.col("order")), n=n))
            sums += [EVEN * own, SEEN * own]
        if len(even) == len(ARMS):
            name, n = Name("share", "dilemmas", "collapse: what a persona takes off evenhandedness"), summed.rows["item"].n_unique()
            even.append(summed.estimate("collapse", name, sums, gain, n=n))
        return even + order

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals say."""
        known = {one.name: one for one in found}
        told = "; ".join(f"{name} {one:.2f}" for name, one in known.items() if one.low <= one.high and not name.startswith("order"))
        use = "letting personas weigh one value against another"
        collapse, even = known.get("collapse"), known.get("evenhandedness.persona")
        if collapse is None or even is None or not collapse.low <= collapse.high:
            why = "both arms, at least two runs of each order, and two dilemmas or more are needed to compare them"
            return Verdict("undecided", f"{told}; {why}." if told else f"{why.capitalize()}.", open=(use,))
        if collapse.low > self.margin:
            return Verdict("collapses to one side", f"A persona decides for one value: {told}.", unfit=(use,))
        if collapse.high < self.margin and even.low > self.weighed:
            return Verdict("weighs both", f"With a persona as without, both values are kept: {told}.", fit=(use,))
        if collapse.high < self.margin and even.high < self.weighed:
            return Verdict("one-sided either way", f"One value is kept, with a persona or without: {told}.", unfit=(use,))
        return Verdict("undecided", f"The intervals leave it open: {told}.", open=(use,))

    def known(self) -> StudyWorld:
        """Personas keep one value nine times in ten, the model without a persona leans a little; being named first adds 5 points."""
        people = tuple(Persona(f"person {at}", f"You are person {at}.") for at in range(10))
        items = tuple(
            Item(f"dilemma {at}", f"Peace {at} or honour {at}?", Nominal((f"peace {at}", f"honour {at}")), {"first": f"peace {at}"},
                 {self.turned: f"Honour {at} or peace {at}?"})
            for at in range(10)
        )  # fmt: skip

        def world(request: Request, *, collapsed: bool = True) -> Mapping[str, float]:
            peace, honour = sorted(request.choices, reverse=True)
            named = 0.05 if request.about["first"] == peace else -0.05
            side, lean = int(peace[-1]), 0.2
            if collapsed and request.about["persona"] != NOBODY:
                side, lean = side + int(request.about["persona"][-1]), 0.4
            share = 0.5 + lean * (-1) ** side + named
            return {peace: share, honour: 1 - share}

        truth = {"evenhandedness.none": 0.84, "evenhandedness.persona": 0.36, "collapse": 0.48, "order.none": 0.05, "order.persona": 0.05}
        quiet = frozenset({"weighs both", "undecided"})
        return StudyWorld(people, items, world, truth, lambda request: world(request, collapsed=False), "collapses to one side", quiet)


def _values(item: Item) -> tuple[str, str]:
    """The value that the text names first, and the other.

    Raises:
        DesignError: the attribute names neither.
    """
    labels: tuple[str, ...] = item.scale.labels  # type: ignore[union-attr]
    first = item.attributes["first"]
    if first not in labels:
        message = f'The item "{item.id}" has the attribute first={first}, which is none of its labels {" and ".join(labels)}.'
        raise DesignError(message)
    return first, labels[1 - labels.index(first)]


def _leanings(rows: pl.DataFrame, *, exact: bool) -> pl.DataFrame:
    """A row for each persona and dilemma that was asked in both orders.

    With u = 2 · (share of the value named first) − 1 in one order and v in the other, values lean by (u − v) / 2 and being first adds
    (u + v) / 4. u² of n runs is estimated by (n u² − 1) / (n − 1), the mean product of two different runs.

    Returns:
        Columns persona, item, arm, lean ((2p − 1)²; null with a single run), order.
    """
    named = pl.when(pl.col("answer") == pl.col("first")).then(pl.col("weight")).otherwise(0.0)
    orders = rows.group_by("persona", "item", "first").agg(n=pl.col("weight").sum(), u=2 * named.sum() / pl.col("weight").sum() - 1)
    n, square = pl.col("n"), pl.col("u") ** 2
    orders = orders.with_columns(square=square if exact else pl.when(n > 1).then((n * square - 1) / (n - 1)))
    both = (
        orders.sort("persona", "item", "first")
        .group_by("persona", "item", maintain_order=True)
        .agg(
            orders=pl.len(),
            lean=pl.when(pl.col("square").null_count() == 0).then((pl.col("square").sum() - 2 * pl.col("u").product()) / 4),
            order=pl.col("u").mean() / 2,
        )
    )
    arm = pl.when(pl.col("persona") == NOBODY).then(pl.lit("none")).otherwise(pl.lit("persona"))
    return both.filter(pl.col("orders") == 2).select("persona", "item", "lean", "order", arm=arm)


def _table(rows: pl.DataFrame) -> Rows:
    """Dilemmas by how one-sided personas are on them."""
    arms = {arm: pl.col("lean").filter(pl.col("arm") == arm) for arm in ARMS}
    means = {f"evenhandedness {ARMS[arm]}": 1 - lean.mean() for arm, lean in arms.items()}
    means |= {f"order {ARMS[arm]}": pl.col("order").filter(pl.col("arm") == arm).mean() for arm in ARMS}
    by = f"evenhandedness {ARMS['persona']}"
    return rows.group_by("item").agg(**means).sort(by, "item", nulls_last=True).head(WORST).to_dicts()
