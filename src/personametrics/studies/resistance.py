"""Does the model keep its own character?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal, spell_scale
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.scores import scored
from personametrics.measures.sums import Summed
from personametrics.stats.people.trait_shift import KEYS, SIDES, Flags, acquiescence, character, resistance

HALF = 0.5
"""The model keeps its own character where more than this share of the distance is kept, and takes the other's where less is."""
UNMOVED = 1.0
"""Beyond this it moves away from what was asked."""
MOST_ROWS = 60
"""Rows that the tables show, the worst first."""
MIDDLE = 0.5 - 1e-9
"""A persona is on its target's side where less than this is left to the pole."""


@dataclass(frozen=True)
class Resistance(Study):
    """How far personas move the model from its own traits to those they were given.

    A score is the mean of the items of a trait on 0 to 1, those keyed + and those reversed (−) weighing the same, so that agreeing with
    everything cancels. Of the distance from the model's own score to the persona's pole (1 for high, 0 for low), resistance is the share
    that is kept, the distances added up over personas and traits before they are divided. Without answers given under no persona, the
    mean over all personas stands for the model's own character, and a notice says so.

    Attributes:
        trait: attribute of items that names what they measure; items without it are of their `subject`.
        high: value of a persona's attribute, named like the trait, by which it is to be high.
        low: the same, low.
        reach: personas that are asked to move less than this are left out of resistance.
        level: coverage of the intervals.
    """

    trait: str = "trait"
    high: str = "high"
    low: str = "low"
    reach: float = 0.1
    level: float = 0.9
    question: ClassVar[str] = "Does the model keep its own character?"
    reads: ClassVar[Mapping[str, str]] = {
        "trait": "what the item measures",
        "keyed": "+, or - where agreeing means little of it",
        "target": "high or low: what the persona is to be on the trait",
    }
    aim: ClassVar[tuple[str, Aim]] = ("resistance", "low")
    cite: ClassVar[tuple[str, ...]] = ("lacava2024", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every item of a trait without a persona, and of every persona that has a target on it."""
        asked = [item for item in items if self._trait(item) and item.attributes.get("keyed") in KEYS]
        if len(asked) < 2:
            message = f'resistance needs two or more items with the attributes {self.trait} (or subject) and keyed ("+" or "-").'
            raise DesignError(message)
        if len({spell_scale(item.scale) for item in asked}) > 1:
            message = "resistance needs its items on one scale; pass those of one questionnaire."
            raise DesignError(message)
        aimed = {trait for trait in map(self._trait, asked) for one in personas if one.attributes.get(trait) in {self.high, self.low}}
        found = []
        for item, persona in product((item for item in asked if self._trait(item) in aimed), (None, *personas)):
            trait = self._trait(item)
            target = persona.attributes.get(trait, "") if persona else ""
            if persona is None or target in {self.high, self.low}:
                found += elicitation.ask(persona, item, {"trait": trait, "keyed": item.attributes["keyed"], "target": target})
        if not found:
            names = ", ".join(sorted({self._trait(item) for item in asked})[:5])
            message = f"resistance needs personas with an attribute named like a trait ({names}) that holds {self.high} or {self.low}."
            raise DesignError(message)
        return found

    def _trait(self, item: Item) -> str:
        """What an item measures."""
        return item.attributes.get(self.trait) or item.attributes.get("subject", "")

    def estimate(self, responses: Responses) -> Finding:
        """Resistance over all traits and for each, how many personas come out as asked, and how far anything is agreed with."""
        rows, notices = self._rows(responses)
        traits = _traits(rows)
        if not traits:
            message = (
                f"{responses.source} has no trait on which personas have a target, {self.high} or {self.low}, beside the model itself."
            )
            raise DesignError(message)
        summed, columns = Summed(rows, self.level), [_columns(trait) for trait in traits]
        every = [one for some in columns for one in some]
        known = character(rows.select(one.sum().cast(pl.Float64).alias(str(at)) for at, one in enumerate(every)).to_numpy()[0])
        far = known.asked >= self.reach
        pairs, tables = self._pairs(rows, dict(zip(traits, known.own, strict=True)))
        number = np.array([[len(pairs.filter(trait=trait, who=who)) for who in SIDES[:2]] for trait in traits])
        notices += _notices(traits, known.keys, int(number[~far].sum()), int(number.sum()), self.reach)
        means = Name("ratio", "pairs", "share of the distance to the persona's pole that is kept: 0 adopted, 1 unmoved, above 1 moved away")
        found = [summed.estimate("resistance", means, every, partial(resistance, keys=known.keys, far=far), n=int(number[far].sum()))]
        for at, trait in enumerate(traits):
            statistic = partial(resistance, keys=known.keys[[at]], far=far[[at]])
            found.append(summed.estimate(f"resistance.{trait}", means, columns[at], statistic, n=int(number[at][far[at]].sum())))
        agree = Name("share", "traits", "mean answer to items keyed + and to reversed ones, minus the middle of the scale")
        found.append(summed.estimate("acquiescence", agree, every, partial(acquiescence, keys=known.keys), n=len(traits)))
        constant = rows["agreed"].n_unique() == 1
        found = [_honest(one, constant=constant) for one in [*found, *self._adoption(pairs)]]
        return Finding("resistance", self.question, _verdict(found[0]), tuple(found), tuple(notices), {"personas": tables}, self.cite)

    def _rows(self, responses: Responses) -> tuple[pl.DataFrame, list[Notice]]:
        """Mean score of each persona on each item, towards the trait, with whose it is: high, low, or (own) the model's itself."""
        given = answers(responses, self.reads).filter(pl.col("trait").is_not_null(), pl.col("trait") != "")
        wrong = given.filter(~pl.col("keyed").is_in(KEYS).fill_null(value=False))["keyed"]
        if given.is_empty() or len(wrong):
            said = f'the direction "{wrong[0]}"; write + or - in "keyed"' if len(wrong) else 'no item of a trait; fill the column "trait"'
            message = f"{responses.source} has {said}."
            raise DesignError(message)
        keys = ["persona", "item", "trait", "keyed", "target"]
        mean = (pl.col("score") * pl.col("weight")).sum() / pl.col("weight").sum()
        rows = scored(responses, given).group_by(keys, maintain_order=True).agg(score=mean)
        towards = pl.when(pl.col("keyed") == "+").then("score").otherwise(1 - pl.col("score"))
        nobody = pl.col("persona") == NOBODY
        side = pl.when(pl.col("target") == self.high).then(pl.lit("high")).when(pl.col("target") == self.low).then(pl.lit("low"))
        rows = rows.with_columns(
            agreed="score", score=towards, who=pl.when(nobody).then(pl.lit("")).otherwise(side.otherwise(pl.lit(""))), own=nobody
        )
        if rows["own"].any():
            return rows, []
        text = "Nothing was answered without a persona: the mean over all personas stands for the model's own character."
        return rows.with_columns(own=pl.lit(value=True)), [Notice("no-own-character", text)]

    def _pairs(self, rows: pl.DataFrame, own: Mapping[str, float]) -> tuple[pl.DataFrame, Rows]:
        """Score of each persona on each trait that it has a target on, and the table of those that keep most."""
        there = rows.filter(pl.col("who") != "", pl.col("trait").is_in(list(own)))
        for by in (["persona", "trait", "who", "keyed"], ["persona", "trait", "who"]):
            there = there.group_by(by).agg(pl.col("score").mean())
        kept = pl.when(pl.col("who") == "high").then(1 - pl.col("score")).otherwise("score")
        pairs = there.with_columns(kept=kept, item="trait").sort(-kept.round(9), "persona", "trait")
        shown = pairs.head(MOST_ROWS).select("persona", "trait", target="who", score="score", kept="kept").to_dicts()
        return pairs, [row | {"own": float(own[row["trait"]])} for row in shown]

    def _adoption(self, pairs: pl.DataFrame) -> list[Estimate]:
        """Share of pairs on their target's side of the middle, and of personas who are so on every trait they were given."""
        pairs = pairs.with_columns(adopted=pl.col("kept") < MIDDLE)
        whole = pairs.group_by("persona").agg(pl.col("adopted").all(), pl.col("item").first()).sort("persona")
        each = Name("share", "pairs", "pairs of persona and trait on the target's side of the middle")
        every = Name("share", "personas", "personas on the target's side of the middle on every trait they were given")
        return [
            Summed(pairs, self.level, by=("persona",)).mean("adoption", each, pl.col("adopted")),
            Summed(whole, self.level, by=("persona",)).mean("adoption.whole", every, pl.col("adopted")),
        ]

    def known(self) -> StudyWorld:
        """Three quarters of every distance are kept, and a little of anything is agreed with; or a fifth is kept."""
        own = {"warmth": 0.7, "order": 0.5, "daring": 0.35}
        people = [
            Persona(f"person {at}", f"You are person {at}.", {trait: "high" if at >> bit & 1 else "low" for bit, trait in enumerate(own)})
            for at in range(16)
        ]
        scale = Ordinal(tuple("12345"))
        items = [
            Item(f"{trait} {key}{at}", f"Statement {at}, {key} on {trait}.", scale, {"trait": trait, "keyed": key})
            for trait, key, at in product(own, KEYS, range(2))
        ]

        def world(request: Request, kept: float = 0.75) -> Mapping[str, float]:
            score = start = own[request.about["trait"]]
            if target := request.about["target"]:
                score = (target == "high") + kept * (start - (target == "high"))
            agree = 0.04 + (score if request.about["keyed"] == "+" else 1 - score)
            return {choice: math.comb(4, at) * agree**at * (1 - agree) ** (4 - at) for at, choice in enumerate(request.choices)}

        truth = {"resistance": 0.75, **{f"resistance.{trait}": 0.75 for trait in own}, "acquiescence": 0.04}
        quiet = frozenset({"takes the character", "undecided"})
        return StudyWorld(
            tuple(people), tuple(items), world, truth, lambda request: world(request, 0.2), "keeps its own character", quiet, Elicitation(3)
        )


def _traits(rows: pl.DataFrame) -> list[str]:
    """Traits on which the model itself and personas with a target answered items of one direction."""
    there = rows.group_by("trait", "keyed").agg(pl.col("own").any(), told=(pl.col("who") != "").any())
    return there.filter("own", "told")["trait"].unique().sort().to_list()


def _columns(trait: str) -> list[pl.Expr]:
    """What is summed of a trait: scores and their number, by direction and side."""
    found = []
    for key, side in product(KEYS, SIDES):
        there = (pl.col("trait") == trait) & (pl.col("keyed") == key) & (pl.col("own") if side == "own" else pl.col("who") == side)
        found += [there * pl.col("score"), there]
    return found


def _honest(one: Estimate, *, constant: bool) -> Estimate:
    """No interval without width, for where nothing varies nothing is known of how it would; shares end at 0 and 1."""
    if one.low == one.high:
        return replace(one, low=math.nan, high=math.nan, status=EstimateStatus.CONSTANT if constant else EstimateStatus.NO_INTERVAL)
    share = one.name.startswith("adoption") and not math.isnan(one.low)
    return replace(one, low=max(one.low, 0.0), high=min(one.high, 1.0)) if share else one


def _notices(traits: Sequence[str], keys: Flags, near: int, pairs: int, reach: float) -> list[Notice]:
    """What is left out, and where agreement does not cancel."""
    found = []
    if near:
        text = f"{near} of {pairs} pairs of persona and trait are asked to move less than {reach:g} and are left out of resistance."
        found.append(Notice("near-target", text))
    if one := [trait for trait, both in zip(traits, keys, strict=True) if not both.all()]:
        text = f"{', '.join(one)}: items of one direction only, so that agreeing with everything looks like the trait."
        found.append(Notice("one-direction", text))
    return found


def _verdict(found: Estimate) -> Verdict:
    """Where the whole interval lies."""
    use = "simulating people whose traits are not the model's own"
    if math.isnan(found.low):
        return Verdict("undecided", f"How much of its own character the model keeps cannot be said: {found.status}.", open=(use,))
    said = f"{found:.2f} of the distance to the personas' traits is kept"
    if found.low > UNMOVED:
        return Verdict("backlash", f"Told to be otherwise, the model moves the other way: {said}.", unfit=(use,))
    if found.low > HALF:
        return Verdict("keeps its own character", f"The model stays nearer to itself than to the personas: {said}.", unfit=(use,))
    if found.high < HALF:
        return Verdict("takes the character", f"The model comes nearer to the personas than to itself: {said}.", fit=(use,))
    return Verdict("undecided", f"The interval leaves it open: {said}.", open=(use,))
