"""Does the model keep its own character instead of the persona's?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Sign, Study, spell_scale
from personametrics.measures.sums import RowSums
from personametrics.stats.people.trait_shift import KEYS, SIDES, acquiescence, character, resistance
from personametrics.studies.resistance import trait_scores
from personametrics.studies.resistance.world import known_world

HALF = 0.5
"""The model keeps its own character if it keeps more than this share of the distance, and takes the persona's if it keeps less."""
UNMOVED = 1.0
"""Beyond this share it moves away from the persona's traits."""
USE = "simulating people whose traits differ from the model's own"
RESISTANCE = Name("ratio", "pairs", "share of the distance to the persona's trait that is kept: 0 adopted, 1 unchanged, above 1 moved away")
ACQUIESCENCE = Name("share", "traits", "mean answer to items keyed + and to items keyed −, minus the middle of the scale")
ADOPTION = Name("share", "pairs", "pairs of persona and trait with a score on the target's side of the middle")
WHOLE = Name("share", "personas", "personas with a score on the target's side of the middle on each trait with a target")


@dataclass(frozen=True)
class Resistance(Study):
    """The distance that personas move the model from its own traits to theirs.

    A score is the mean of the items of a trait on 0 to 1. Items keyed + and reversed items (−) have the same weight, so that agreeing with
    everything cancels. Resistance is the share of the distance from the model's own score to the persona's pole (1 for high, 0 for low)
    that is kept; distances are summed over personas and traits before the division. Without answers given under no persona, the mean over
    all personas stands for the model's own character, and a notice says so. It is not a test of whether people with these traits would
    answer so.

    Attributes:
        trait: attribute of items that names the trait; an item without it measures its `subject`.
        high: value of a persona's attribute, named like the trait, for personas that should be high on it.
        low: the same for low.
        reach: pairs of persona and trait whose distance is shorter than this are left out of resistance, 0 to 1.
        level: coverage of the intervals.
    """

    trait: str = "trait"
    high: str = "high"
    low: str = "low"
    reach: float = 0.1
    level: float = 0.9
    question: ClassVar[str] = "Does the model keep its own character instead of the persona's?"
    reads: ClassVar[Mapping[str, str]] = {
        "trait": "the trait that the item measures",
        "keyed": "+, or - if agreement means a low score on the trait",
        "target": "high or low: the score that the persona should have on the trait",
    }
    aim: ClassVar[tuple[str, Aim]] = ("resistance", "low")
    cite: ClassVar[tuple[str, ...]] = ("lacava2024", "cameron2011")
    population: ClassVar[str] = "resistant"
    signs: ClassVar[Mapping[str, Sign]] = {
        "keeps its own character": Sign(shows=("resistance",), spoils=("simulated user",), gravity=2),
        "backlash": Sign(shows=("resistance",), spoils=("simulated user",), gravity=2),
        "takes the character": Sign(clears=("resistance",), needed_for=("simulated user",)),
    }

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every item of a trait, once without a persona and once with each persona that has a target on the trait."""
        asked = [item for item in items if self._trait(item) and item.attributes.get("keyed") in KEYS]
        ensure(len(asked) > 1, f'resistance needs two or more items with the attributes {self.trait} (or subject) and keyed ("+" or "-").')
        ensure(len({spell_scale(item.scale) for item in asked}) == 1, "resistance needs items on one scale. Use one questionnaire.")
        targets, traits = {self.high, self.low}, {self._trait(item) for item in asked}
        aimed = {trait for trait in traits if any(persona.attributes.get(trait) in targets for persona in personas)}
        if not aimed:
            names = ", ".join(sorted(traits)[:5])
            message = f"resistance needs personas with an attribute named like a trait ({names}). Write {self.high} or {self.low} in it."
            raise DesignError(message)
        requests = []
        for item, persona in product((item for item in asked if self._trait(item) in aimed), (None, *personas)):
            trait = self._trait(item)
            target = persona.attributes.get(trait, "") if persona else ""
            if persona is None or target in targets:
                requests += elicitation.ask(persona, item, {"trait": trait, "keyed": item.attributes["keyed"], "target": target})
        return requests

    def _trait(self, item: Item) -> str:
        """Return the trait that an item measures."""
        return item.attributes.get(self.trait) or item.attributes.get("subject", "")

    def estimate(self, responses: Responses) -> Finding:
        """Return resistance, over all traits and on each, acquiescence, and the share of personas on their target's side."""
        rows = trait_scores.item_scores(responses, self.reads, self.high, self.low)
        own_known = bool(rows["own"].any())
        rows = rows if own_known else rows.with_columns(own=pl.lit(value=True))
        traits = trait_scores.measured_traits(rows)
        message = f"{responses.source} has no trait with answers of both the model itself and personas with a target."
        ensure(traits, f"{message} Write {self.high} or {self.low} in the column target.")
        sums = {trait: trait_scores.trait_sums(trait) for trait in traits}
        columns = [column for of_trait in sums.values() for column in of_trait]
        totals = rows.select(column.sum().cast(pl.Float64).alias(str(index)) for index, column in enumerate(columns))
        start = character(totals.to_numpy()[0])
        far, pairs, summed = start.asked >= self.reach, trait_scores.trait_pairs(rows, traits), RowSums(rows, self.level)
        counts = np.array([[len(pairs.filter(trait=trait, side=side)) for side in SIDES[:2]] for trait in traits])
        statistic = partial(resistance, keys=start.keys, far=far)
        estimates = [summed.estimate("resistance", RESISTANCE, columns, statistic, n=int(counts[far].sum()))]
        for index, trait in enumerate(traits):
            statistic = partial(resistance, keys=start.keys[[index]], far=far[[index]])
            n = int(counts[index][far[index]].sum())
            estimates.append(summed.estimate(f"resistance.{trait}", RESISTANCE, sums[trait], statistic, n=n))
        estimates.append(summed.estimate("acquiescence", ACQUIESCENCE, columns, partial(acquiescence, keys=start.keys), n=len(traits)))
        constant = rows["agreed"].n_unique() == 1
        estimates = [_with_honest_interval(estimate, constant=constant) for estimate in [*estimates, *self._adoption(pairs)]]
        notices = trait_scores.trait_notices(traits, start.keys, int(counts[~far].sum()), int(counts.sum()), self.reach)
        notices = notices if own_known else [trait_scores.NO_OWN_CHARACTER, *notices]
        evidence = {"personas": trait_scores.pair_table(pairs, dict(zip(traits, start.own, strict=True)))}
        return Finding("resistance", self.question, _verdict(estimates[0]), tuple(estimates), tuple(notices), evidence, self.cite)

    def _adoption(self, pairs: pl.DataFrame) -> list[Estimate]:
        """Return the share of pairs on their target's side of the middle, and of personas that are there on each of their traits."""
        personas = pairs.group_by("persona").agg(pl.col("adopted").all(), pl.col("item").first()).sort("persona")
        tables = (("adoption", ADOPTION, pairs), ("adoption.whole", WHOLE, personas))
        return [RowSums(table, self.level, by=("persona",)).mean(name, means, pl.col("adopted")) for name, means, table in tables]

    known = staticmethod(known_world)


def _with_honest_interval(estimate: Estimate, *, constant: bool) -> Estimate:
    """Return an estimate without an interval of no width, since constant answers say nothing about it; shares end at 0 and 1."""
    if estimate.low == estimate.high:
        return replace(estimate, low=math.nan, high=math.nan, status=EstimateStatus.CONSTANT if constant else EstimateStatus.NO_INTERVAL)
    return estimate.clipped() if estimate.name.startswith("adoption") else estimate


def _verdict(estimate: Estimate) -> Verdict:
    """Return what the interval of resistance says."""
    if math.isnan(estimate.low):
        return Verdict("undecided", f"The part of its own character that the model keeps is unknown: {estimate.status}.", open=(USE,))
    sentence = f"The model keeps {estimate:.2f} of its distance to the personas' traits"
    if estimate.side(about=UNMOVED) == "above":
        return Verdict("backlash", f"{sentence}: it moves away from them.", unfit=(USE,))
    return {
        "above": Verdict("keeps its own character", f"{sentence}: it stays nearer to its own traits.", unfit=(USE,)),
        "below": Verdict("takes the character", f"{sentence}: it comes nearer to the personas' traits.", fit=(USE,)),
    }.get(estimate.side(about=HALF), Verdict("undecided", f"{sentence}; the interval includes {HALF}.", open=(USE,)))
