"""Can it hold two values at once?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import GIVEN
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Sign, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats
from personametrics.studies.value_tension.leanings import ARMS, dilemma_table, leanings
from personametrics.studies.value_tension.world import known_world

USE = "letting personas weigh one value against another"
NEEDED = "the comparison needs answers with and without a persona, two runs of each order, and two dilemmas"


@dataclass(frozen=True)
class ValueTension(Study):
    """The balance between two conflicting values, and the change of the balance by a persona.

    Each dilemma is asked with its values named in both orders, so that the order does not count as leaning. With p the share of one value
    over both orders, evenhandedness is 4 p (1 − p): twice the probability that two answers to the dilemma differ. (2p − 1)² is computed
    from products of different runs, so that few runs do not look like leaning; where p is near 0.5 on few dilemmas, intervals are too
    narrow. The study does not say which value is right.

    Attributes:
        turned: wording of an item that names its values in the other order.
        margin: personas change nothing if the whole interval of what they take off evenhandedness lies below this.
        weighed: both values are weighed if the whole interval of evenhandedness lies above this; 0.5 is a share of 0.15 to 0.85.
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
    signs: ClassVar[Mapping[str, Sign]] = {"collapses to one side": Sign(shows=("distortion",), gravity=1)}

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every dilemma in both orders, without a persona and with each persona."""
        dilemmas = [item for item in items if item.attributes.get("first") and self.turned in item.wordings]
        dilemmas = [item for item in dilemmas if isinstance(item.scale, Nominal) and len(item.scale.labels) == 2]
        if len(dilemmas) < 2:
            message = (
                "value_tension needs two or more items with two labels. Give each the attribute first (the value named first) and a "
                f'wording "{self.turned}" that names the values in the other order.'
            )
            raise DesignError(message)
        requests = []
        for item in dilemmas:
            first, second = _values(item)
            for persona in (None, *personas):
                requests += elicitation.ask(persona, item, {"first": first}, {"wording": GIVEN})
                requests += elicitation.ask(persona, item, {"first": second}, {"wording": self.turned})
        return requests

    def estimate(self, responses: Responses) -> Finding:
        """Return evenhandedness with and without a persona, their difference, and the effect of being named first."""
        exact = bool(responses.columns.probabilities)
        rows = leanings(answers(responses, self.reads), exact=exact)
        if rows.is_empty():
            message = f'{responses.source} has no dilemma that one persona answered in both orders. Check the column "first".'
            raise DesignError(message)
        estimates = self._estimates(RowSums(rows, self.level))
        if not exact and rows["lean"].null_count() == len(rows):  # a single run of each order
            unknown = EstimateStatus.UNDEFINED
            single = EstimateStatus.NO_RERUNS
            estimates = [replace(estimate, status=single) if estimate.status == unknown else estimate for estimate in estimates]
        evidence = {"dilemmas": dilemma_table(rows)}
        return Finding("value_tension", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _estimates(self, summed: RowSums) -> list[Estimate]:
        """Return evenhandedness of each arm, the difference of both, and the effect of being named first in each arm."""
        dilemmas = dict(summed.rows.group_by("arm").agg(pl.col("item").n_unique()).iter_rows())
        even, order, sums = list[Estimate](), list[Estimate](), dict[str, pl.Expr]()
        for arm in (arm for arm in ARMS if arm in dilemmas):
            in_arm, n = pl.col("arm") == arm, dilemmas[arm]
            name = Name("share", "dilemmas", f"evenhandedness {ARMS[arm]}: twice the probability that two answers to a dilemma differ")
            even.append(summed.mean(f"evenhandedness.{arm}", name, pl.when(in_arm).then(1 - pl.col("lean")), n=n))
            name = Name("share", "dilemmas", f"share of the value named first, minus a half, {ARMS[arm]}")
            order.append(summed.mean(f"order.{arm}", name, pl.when(in_arm).then(pl.col("order")), n=n))
            known = pl.col("lean").is_not_null() & in_arm
            sums |= {f"{arm} even": pl.when(known).then(1 - pl.col("lean")), f"{arm} n": known}
        if len(even) == len(ARMS):
            name = Name("share", "dilemmas", "collapse: evenhandedness without a persona minus that with a persona")
            even.append(summed.estimate("collapse", name, sums, _collapse, n=summed.rows["item"].n_unique()))
        return even + order

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return what the intervals say."""
        by_name = {estimate.name: estimate for estimate in estimates}
        figures = _figures(by_name)
        collapse, even = by_name.get("collapse"), by_name.get("evenhandedness.persona")
        if collapse is None or even is None or not collapse.low <= collapse.high:
            sentence = f"{figures}, but {NEEDED}." if figures else f"{NEEDED}."
            return Verdict("undecided", sentence[0].upper() + sentence[1:], open=(USE,))
        if collapse.low > self.margin:
            return Verdict("collapses to one side", f"With a persona, one value decides: {figures}.", unfit=(USE,))
        return {
            (True, "above"): Verdict("weighs both", f"With a persona as without, both values count: {figures}.", fit=(USE,)),
            (True, "below"): Verdict("one-sided either way", f"With a persona as without, one value decides: {figures}.", unfit=(USE,)),
        }.get(
            (collapse.high < self.margin, even.side(about=self.weighed)),
            Verdict("undecided", f"The intervals do not decide: {figures}.", open=(USE,)),
        )

    def known(self) -> StudyWorld:
        """Return a world in which personas collapse to one value."""
        return known_world(self.turned)


def _collapse(totals: Totals) -> Floats:
    """Return mean evenhandedness without a persona minus the mean with one."""
    return totals["none even"] / totals["none n"] - totals["persona even"] / totals["persona n"]


def _figures(by_name: Mapping[str, Estimate]) -> str:
    """Return the figures of the verdict that have an interval, "" if there are none."""
    shown = [
        ("evenhandedness.none", "evenhandedness without a persona", 0.0),
        ("evenhandedness.persona", "with a persona", 0.0),
        ("collapse", "difference", -1.0),
    ]
    known = [
        (by_name[name].clipped(low), words) for name, words, low in shown if name in by_name and by_name[name].low <= by_name[name].high
    ]
    return ", ".join(f"{words} {estimate:.2f}" for estimate, words in known)


def _values(item: Item) -> tuple[str, str]:
    """Return the value that the text names first, and the other.

    Raises:
        DesignError: the attribute names neither.
    """
    labels: tuple[str, ...] = item.scale.labels  # type: ignore[union-attr]
    first = item.attributes["first"]
    if first not in labels:
        message = f'The item "{item.id}" has the attribute first={first}, which is not one of its labels {" and ".join(labels)}.'
        raise DesignError(message)
    return first, labels[1 - labels.index(first)]
