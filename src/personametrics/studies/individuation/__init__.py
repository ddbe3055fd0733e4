"""Does a person's own profile predict that person?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.coding import plain
from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import quotient
from personametrics.stats.people.twins import identified
from personametrics.studies.individuation.matches import READS, Matched, matched, one_each

ARMS: Mapping[str, str] = {"own": "the own profile", "shuffled": "another person's profile", "none": "no profile"}
MEASURES: Mapping[str, Name] = {
    "accuracy": Name("share", "people", "share of answers that equal the person's"),
    "closeness": Name("share", "people", "1 − distance to the person's answer / range of the scale"),
    "logscore": Name("nats", "people", "log probability of the person's answer"),
}
CORRELATION = Name("correlation", "items", "a person's answer with one of the own twin, over people, mean over items")
SPREAD = Name("ratio", "items", "standard deviation of single answers over people, twins over humans, geometric mean over items")
WORST = 20
"""People shown whom their own profile predicts worst."""
PROFILE = "reading one person's simulated answers as that person's"


@dataclass(frozen=True)
class Individuation(Study):
    """People's real answers, met by a model under the own profile, under other people's, and under none.

    Attributes:
        human: people's answers, of the same ids of personas and items; None: attributes of the personas that are called like the item.
        others: a person's twin is looked for among the own and so many of other people.
        margin: a gain in accuracy is none where its whole interval lies below this.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    others: int = 10
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Does a person's own profile predict that person?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("closeness.gain.shuffled", "high")
    cite: ClassVar[tuple[str, ...]] = ("psych2026", "hoeffding1948", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every item that people answered, once without a profile, and of each of these people under the own.

        Another person's profile is not asked for: that prompt is the other person's own, so its answers are known already.
        """
        said = self._said(personas, items)
        asked = [item for item in items if sum((persona.id, item.id) in said for persona in personas) > 1]
        if not asked:
            message = (
                "individuation needs people's real answers, two to an item: give personas an attribute called like the item, or name human."
            )
            raise DesignError(message)
        found = []
        for item in asked:
            found += elicitation.ask(None, item, {"arm": "none", "human": ""})
            for persona in personas:
                if (persona.id, item.id) in said:
                    found += elicitation.ask(persona, item, {"arm": "own", "human": said[persona.id, item.id]})
        return found

    def _said(self, personas: Sequence[Persona], items: Sequence[Item]) -> dict[tuple[str, str], str]:
        """Real answers by person and item."""
        if self.human is None:
            told = {(p.id, item.id): plain(p.attributes.get(item.id, "")) for p in personas for item in items}
            told = {key: answer for key, answer in told.items() if answer}
        else:
            rows = answers(self.human).select("persona", "item", pl.col("answer").map_elements(plain, pl.String)).unique()
            told = {(persona, item): answer for persona, item, answer in one_each(rows, self.human.source).iter_rows()}
        scales = {item.id: getattr(item.scale, "labels", ()) for item in items}
        for (persona, item), answer in told.items():
            if item in scales and scales[item] and answer not in {plain(label) for label in scales[item]}:
                message = f'The answer "{answer}" of the person "{persona}" is not on the scale of the item "{item}"; spell it as there.'
                raise AnswerError(message)
        return told

    def estimate(self, responses: Responses) -> Finding:
        """Gains of the own profile, likeness of people and twins, and whether a twin can be found again."""
        both = matched(responses)
        pairs, found = both.rows.fill_nan(None), list[Estimate]()
        summed = Summed(pairs, self.level)
        for measure in (name for name in MEASURES if name in pairs.columns):
            known = MEASURES[measure]
            own = known._replace(meaning=f"{known.meaning}, under the own profile")
            found.append(_mean(summed, f"{measure}.own", own, pl.col(measure)))
            for arm in ("shuffled", "none"):
                if f"{measure}.{arm}" in pairs.columns:
                    means = known._replace(meaning=f"{known.meaning}: gain of the own profile over {ARMS[arm]}")
                    found.append(_mean(summed, f"{measure}.gain.{arm}", means, pl.col(measure) - pl.col(f"{measure}.{arm}")))
        if "correlation" in pairs.columns:
            found += [_over_items(summed, "correlation", CORRELATION), _over_items(summed, "spread", SPREAD)]
        found += self._identified(both)
        return Finding("individuation", self.question, self._verdict(found), tuple(found), evidence=_evidence(pairs), cite=self.cite)

    def _identified(self, both: Matched) -> Iterator[Estimate]:
        """How often the own twin is the nearest, and its rank."""
        drawn = min(self.others, len(both.names) - 2)
        if drawn < 1:
            return
        rows, rank = identified(both.alike, drawn)
        table = pl.DataFrame({"persona": both.names, "item": [""] * len(rows), "rows": rows, "rank": rank})
        summed = Summed(table, self.level, ("persona",))
        among = f"among itself and {drawn} of {len(rows) - 1} others, by these items"
        nearest = Name("share", "people", f"own twin is the nearest {among}; {1 / (drawn + 1):.2f} by chance")
        place = Name("rank", "people", f"expected rank of the own twin {among}; {1 + drawn / 2:g} by chance")
        yield from (_mean(summed, "identified", nearest, pl.col("rows")), _mean(summed, "rank", place, pl.col("rank")))

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the gain over another person's profile says."""
        gain = next((one for one in found if one.name == "accuracy.gain.shuffled"), None)
        if gain is None or not np.isfinite(gain.low):
            return Verdict("undecided", "Too few people or items to compare the own profile with another person's.", open=(PROFILE,))
        said = f"under the own profile {gain:+.2f} more answers are right than under another's"
        if gain.high < self.margin:  # first: a gain beyond doubt may still be too small for any use
            return Verdict("no individuation", f"{said.capitalize()}: less than {self.margin:g}.", unfit=(PROFILE,))
        if gain.low > 0:
            return Verdict("individual", f"{said.capitalize()}.", fit=(PROFILE,))
        return Verdict("undecided", f"{said.capitalize()}: the interval leaves it open.", open=(PROFILE,))

    def known(self) -> StudyWorld:
        """A fifth of the answers of a twin is the person's own beyond what anybody would say."""
        items = tuple(Item(f"q{at}", f"Question {at}?", Ordinal(("1", "2", "3", "4", "5"))) for at in range(10))
        said = np.random.default_rng(0).choice(5, (20, 10), p=(0.1, 0.2, 0.4, 0.2, 0.1)) + 1
        people = tuple(
            Persona(f"p{at}", f"You are person {at}.", {item.id: str(one) for item, one in zip(items, row, strict=True)})
            for at, row in enumerate(said)
        )

        def world(request: Request, heard: float = 0.2) -> Mapping[str, float]:
            odds = dict(zip("12345", (0.1, 0.2, 0.4, 0.2, 0.1), strict=True))
            own = request.about["human"]
            return {label: share * (1 - heard) + heard * (label == own) for label, share in odds.items()} if own else odds

        same = np.mean([(said[p] == said[q]).mean() for p in range(20) for q in range(20) if p != q])
        share = float(np.mean(np.array([0.1, 0.2, 0.4, 0.2, 0.1])[said - 1]))
        truth = {
            "accuracy.own": 0.8 * share + 0.2,
            "accuracy.gain.none": 0.2 * (1 - share),
            "accuracy.gain.shuffled": 0.2 * (1 - float(same)),
        }
        quiet = frozenset({"no individuation", "undecided"})
        return StudyWorld(people, items, world, truth, lambda request: world(request, 0.0), "individual", quiet, Elicitation(runs=3))


def _mean(summed: Summed, name: str, means: Name, value: pl.Expr) -> Estimate:
    """Mean over the rows that have a value; n counts people."""
    return summed.mean(name, means, value, n=summed.rows.filter(value.is_not_null())["persona"].n_unique())


def _over_items(summed: Summed, name: str, means: Name) -> Estimate:
    """Mean over items of what is a mean over people in each."""
    there = pl.col(name).is_not_null()
    items = summed.rows.filter(there)["item"].n_unique()
    sums = [pl.col(name) * pl.col("even"), there * pl.col("even")]
    ratio = means.unit == "ratio"
    return summed.estimate(name, means, sums, (lambda s: np.exp(quotient(s))) if ratio else quotient, n=items, ratio=ratio)


def _evidence(pairs: pl.DataFrame) -> Mapping[str, Rows]:
    """Items, and the people whom their own profile predicts worst."""
    shown = [name for name in pairs.columns if name.partition(".")[0] in MEASURES]
    items = [*shown, *(name for name in ("correlation", "spread") if name in pairs.columns)]
    people = pairs.group_by("persona", maintain_order=True).agg(pl.col(shown).mean()).sort("accuracy", "persona").head(WORST)
    return {
        "items": pairs.group_by("item", maintain_order=True).agg(pl.col(items).mean()).sort("item").to_dicts(),
        "people": people.to_dicts(),
    }
