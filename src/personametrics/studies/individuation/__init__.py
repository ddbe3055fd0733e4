"""Does a person's own profile predict that person's answers better than other profiles do?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Sign, Study
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import quotient
from personametrics.stats.people.twins import identification
from personametrics.studies.individuation.matches import READS, Matches, answers_of_people, by_item_and_person, match_people
from personametrics.studies.individuation.world import known_world

ARMS: Mapping[str, str] = {"shuffled": "another person's profile", "none": "no profile"}
MEASURES: Mapping[str, Name] = {
    "accuracy": Name("share", "people", "share of answers that equal the person's answer"),
    "closeness": Name("share", "people", "1 − (distance to the person's answer) / (range of the scale)"),
    "logscore": Name("nats", "people", "log probability of the person's answer"),
}
CORRELATION = Name("correlation", "items", "correlation over people of a person's answer and an answer of the twin, mean over items")
SPREAD = Name("ratio", "items", "standard deviation of single answers, ratio of twins to people; geometric mean over items")
USE = "taking one person's simulated answers as that person's own answers"


@dataclass(frozen=True)
class Individuation(Study):
    """People's real answers, predicted by a model under their own profile, under other people's, and under none (Psych-201, 2026).

    It asks whether a profile predicts its person more than anybody else. Answers that match a population do not show that.

    Attributes:
        human: people's answers, with the same ids of personas and items; None: attributes of the personas with the id of an item.
        others: number of other people among whom a person's own twin has to be identified.
        margin: the profile does not individuate if the whole interval of the gain in accuracy lies below this share.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    others: int = 10
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Does a person's own profile predict that person's answers better than other profiles do?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("closeness.gain.shuffled", "high")
    cite: ClassVar[tuple[str, ...]] = ("psych2026", "hoeffding1948", "cameron2011")
    signs: ClassVar[Mapping[str, Sign]] = {
        "individual": Sign(needed_for=("personalised adapter",)),
        "no individuation": Sign(spoils=("personalised adapter",)),
    }

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every item that people answered, once without a profile and to each of these people under their own.

        Another person's profile is not asked for: that prompt is the other person's own, so its answers are in the table already.
        """
        real = answers_of_people(personas, items, self.human)
        asked = [item for item in items if sum((persona.id, item.id) in real for persona in personas) > 1]
        ensure(asked, "individuation needs two people's answers to an item. Set human, or give personas an attribute named like the item.")
        requests = []
        for item in asked:
            requests += elicitation.ask(None, item, {"arm": "none", "human": ""})
            for persona in personas:
                if (persona.id, item.id) in real:
                    requests += elicitation.ask(persona, item, {"arm": "own", "human": real[persona.id, item.id]})
        return requests

    def estimate(self, responses: Responses) -> Finding:
        """Return the gains of people's own profiles, the likeness of people and twins, and how often a twin is identified."""
        matches = match_people(responses)
        pairs, estimates = matches.rows.fill_nan(None), list[Estimate]()
        sums = RowSums(pairs, self.level)
        for measure in (name for name in MEASURES if name in pairs.columns):
            unit, counts, meaning = MEASURES[measure]
            means = Name(unit, counts, f"{meaning}, under the person's own profile")
            estimates.append(_mean(sums, f"{measure}.own", means, pl.col(measure)))
            for arm in (arm for arm in ARMS if f"{measure}.{arm}" in pairs.columns):
                means = Name(unit, counts, f"{meaning}: gain of the person's own profile over {ARMS[arm]}")
                estimates.append(_mean(sums, f"{measure}.gain.{arm}", means, pl.col(measure) - pl.col(f"{measure}.{arm}")))
        if "correlation" in pairs.columns:
            estimates += [_over_items(sums, "correlation", CORRELATION), _over_items(sums, "spread", SPREAD)]
        estimates += self._identification(matches)
        verdict, evidence = self._verdict(estimates), by_item_and_person(pairs)
        return Finding("individuation", self.question, verdict, tuple(estimates), evidence=evidence, cite=self.cite)

    def _identification(self, matches: Matches) -> Iterator[Estimate]:
        """Yield how often a person's own twin is the nearest, and its rank."""
        drawn = min(self.others, len(matches.people) - 2)
        if drawn < 1:
            return
        nearest, rank = identification(matches.closeness, drawn)
        table = pl.DataFrame({"persona": matches.people, "item": [""] * len(nearest), "nearest": nearest, "rank": rank})
        sums, among = RowSums(table, self.level, ("persona",)), f"among itself and {drawn} of {len(nearest) - 1} others, on these items"
        share = Name("share", "people", f"how often a person's own twin is the nearest {among}; {1 / (drawn + 1):.2f} by chance")
        place = Name("rank", "people", f"expected rank of a person's own twin {among}; {1 + drawn / 2:g} by chance")
        yield from (_mean(sums, "identified", share, pl.col("nearest")), _mean(sums, "rank", place, pl.col("rank")))

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the gain over another person's profile."""
        gain = next((estimate for estimate in estimates if estimate.name == "accuracy.gain.shuffled"), None)
        if gain is None or not math.isfinite(gain.low):
            return Verdict("undecided", "There are too few people or items for a comparison with other profiles.", open=(USE,))
        number = f"Accuracy under a person's own profile minus accuracy under another person's profile is {gain:+.2f}"
        if gain.side(about=self.margin) == "below":  # first: a gain beyond doubt may still be too small for any use
            return Verdict("no individuation", f"{number}, less than {self.margin:g}.", unfit=(USE,))
        if gain.side() == "above":
            return Verdict("individual", f"{number}.", fit=(USE,))
        return Verdict("undecided", f"{number}. It is undecided whether there is a gain.", open=(USE,))

    known = staticmethod(known_world)


def _mean(sums: RowSums, name: str, means: Name, value: pl.Expr) -> Estimate:
    """Return the mean over the rows that have a value; n counts people."""
    return sums.mean(name, means, value, n=sums.rows.filter(value.is_not_null())["persona"].n_unique())


def _over_items(sums: RowSums, name: str, means: Name) -> Estimate:
    """Return the mean over items of a mean over people."""
    present, ratio = pl.col(name).is_not_null(), means.unit == "ratio"
    columns = [pl.col(name) * pl.col("even"), present * pl.col("even")]
    statistic = (lambda totals: np.exp(quotient(totals))) if ratio else quotient
    return sums.estimate(name, means, columns, statistic, n=sums.rows.filter(present)["item"].n_unique(), ratio=ratio)
