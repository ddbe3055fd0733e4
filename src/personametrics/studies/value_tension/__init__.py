"""Can a persona take both of two conflicting values into account?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.prompt import GIVEN
from personametrics.data.study import Aim, Elicitation, Item, Nominal, Persona, Request, Responses, Sign, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats
from personametrics.studies.value_tension.leanings import ARMS, dilemma_table, leanings
from personametrics.studies.value_tension.world import known_world

USE = "letting personas weigh one value against another"
FIGURES: Mapping[str, str] = {
    "evenhandedness.none": "evenhandedness without a persona",
    "evenhandedness.persona": "with a persona",
    "collapse": "difference",
}
"""Estimates that the verdict names, in its words."""
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
    question: ClassVar[str] = "Can a persona take both of two conflicting values into account?"
    reads: ClassVar[Mapping[str, str]] = {"first": "the value that the question named first"}
    aim: ClassVar[tuple[str, Aim]] = ("collapse", "zero")
    additive: ClassVar[bool] = True
    cite: ClassVar[tuple[str, ...]] = ("sorensen2023", "pezeshkpour2023", "cameron2011")
    signs: ClassVar[Mapping[str, Sign]] = {"collapses to one side": Sign(shows=("distortion",), gravity=1)}

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every dilemma in both orders, without a persona and with each persona."""
        dilemmas = [item for item in items if item.attributes.get("first") and self.turned in item.wordings]
        dilemmas = [item for item in dilemmas if isinstance(item.scale, Nominal) and len(item.scale.labels) == 2]
        ensure(len(dilemmas) > 1, f'value_tension needs two items with two labels, the attribute first, and a wording "{self.turned}".')
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
        ensure(len(rows), f'{responses.source} has no dilemma that one persona answered in both orders. Check the column "first".')
        estimates = self._estimates(RowSums(rows, self.level))
        if not exact and rows["lean"].null_count() == len(rows):  # a single run of each order
            estimates = [estimate.undefined_for(EstimateStatus.NO_RERUNS) for estimate in estimates]
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
            name = Name("share", "dilemmas", f"how often the value named first is chosen, minus one half; answers {ARMS[arm]}")
            order.append(summed.mean(f"order.{arm}", name, pl.when(in_arm).then(pl.col("order")), n=n))
            known = pl.col("lean").is_not_null() & in_arm
            sums |= {f"{arm} even": pl.when(known).then(1 - pl.col("lean")), f"{arm} n": known}
        if len(even) == len(ARMS):
            name = Name("share", "dilemmas", "collapse: evenhandedness without a persona minus evenhandedness with a persona")
            even.append(summed.estimate("collapse", name, sums, _collapse, n=summed.rows["item"].n_unique()))
        return even + order

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return what the intervals say."""
        by_name = {estimate.name: estimate for estimate in estimates}
        shown = {name: words for name, words in FIGURES.items() if name in by_name and by_name[name].low <= by_name[name].high}
        ends = {name: by_name[name].clipped(-1.0 if name == "collapse" else 0.0) for name in shown}
        figures = ", ".join(f"{words} {ends[name]:.2f}" for name, words in shown.items())
        collapse, even = by_name.get("collapse"), by_name.get("evenhandedness.persona")
        if collapse is None or even is None or not collapse.low <= collapse.high:
            sentence = f"{figures}, but {NEEDED}." if figures else f"{NEEDED}."
            return Verdict("undecided", sentence[0].upper() + sentence[1:], open=(USE,))
        if collapse.low > self.margin:
            return Verdict("collapses to one side", f"With a persona, one value determines the answers: {figures}.", unfit=(USE,))
        side = even.side(about=self.weighed) if collapse.high < self.margin else "undecided"
        return {
            "above": Verdict("weighs both", f"Both values count, with and without a persona: {figures}.", fit=(USE,)),
            "below": Verdict("one-sided either way", f"One value decides, with and without a persona: {figures}.", unfit=(USE,)),
        }.get(side, Verdict("undecided", f"It is undecided whether both values count: {figures}.", open=(USE,)))

    def known(self) -> StudyWorld:
        """Return a world in which personas collapse to one value."""
        return known_world(self.turned)


def _collapse(totals: Totals) -> Floats:
    """Return mean evenhandedness without a persona minus the mean with one."""
    return totals["none even"] / totals["none n"] - totals["persona even"] / totals["persona n"]


def _values(item: Item) -> tuple[str, str]:
    """Return the value that the text names first, and the other."""
    labels: tuple[str, ...] = item.scale.labels  # type: ignore[union-attr]
    first = item.attributes["first"]
    ensure(first in labels, f'The item "{item.id}" has the attribute first={first}, which is not one of its labels {" and ".join(labels)}.')
    return first, labels[1 - labels.index(first)]
