"""Does identity bend the judgement of evidence?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations, product
from typing import ClassVar

import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.instructions import PLAIN, instructed, instructions
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.contrast import Contrasts, Group, difference, first
from personametrics.measures.sums import METHOD
from personametrics.stats.arrays import Floats

NEUTRAL = "none"
"""The side of questions whose answer nobody wishes for."""
PERSON = pl.col("persona") != NOBODY
CONTROL = pl.col("topic") == "control"
WORST = 20
USE = "letting personas judge evidence on matters that divide them"


@dataclass(frozen=True)
class Distortion(Study):
    """Accuracy where the truth suits one's side, against accuracy where it suits another side.

    Every pair of a persona's side and a question's side weighs the same, so that neither harder questions nor abler personas of one side
    look like bias; that needs personas of two sides or more. On questions that nobody wishes for nothing is congruent, and nothing is made
    up there by chance: their accuracy is given with and without a persona. Control questions that do name a side (the same table about
    another thing) give a gap of their own, which is taken off.

    Attributes:
        identity: attribute of a persona that names its side, as the items' attribute `side` does.
        instructions: debiasing instructions to try as well, by name or as sentences of your own. The prompt still asks for the answer
            alone: thinking aloud needs a prompt that leaves room for it.
        margin: identity does not bend judgement where the whole interval of the gap lies within ± this.
        level: coverage of the intervals.
    """

    identity: str = "politics"
    instructions: tuple[str, ...] = ()
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Does identity bend the judgement of evidence?"
    reads: ClassVar[Mapping[str, str]] = {
        "gold": "the right answer",
        "side": "whom the right answer suits, or none",
        "identity": "the persona's side",
    }
    aim: ClassVar[tuple[str, Aim]] = ("gap", "zero")
    cite: ClassVar[tuple[str, ...]] = ("dash2025", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every question whose answer suits a side or nobody, without a persona and by every persona of a side."""
        asked = [item for item in items if item.attributes.get("side") and item.attributes.get("gold") in getattr(item.scale, "labels", ())]
        sides = {item.attributes["side"] for item in asked} - {NEUTRAL}
        if len(sides) < 2:
            message = "distortion needs items with the attributes gold (one of its options) and side, of two sides or more."
            raise DesignError(message)
        own = sides & {persona.attributes.get(self.identity, "") for persona in personas}
        if len(own) < 2:
            message = f'distortion needs personas with the attribute "{self.identity}" of two or more of: {", ".join(sorted(sides))}.'
            raise DesignError(message)
        found = []
        for (name, sentence), item, persona in product(instructions(self.instructions).items(), asked, (None, *personas)):
            side = persona.attributes.get(self.identity, "") if persona else ""
            if persona is None or side in own:
                columns = {part: item.attributes.get(part, "") for part in ("gold", "side", "topic")}
                requests = elicitation.ask(persona, item, {**columns, "identity": side, "instruction": name})
                found += [instructed(request, sentence) for request in requests]
        return found

    def estimate(self, responses: Responses) -> Finding:
        """Accuracy by congruence, the gap, the odds ratio, what instructions change; columns topic and instruction may be missing."""
        rows = _rows(responses, self.reads)
        sides = sorted(set(rows.filter(PERSON)["identity"]) & set(rows["side"]) - {"", NEUTRAL})
        plain = rows.filter(pl.col("instruction") == PLAIN)
        found = [*self._gaps(plain, sides), *self._alone(plain, sides)] if len(sides) > 1 else []
        if not found or found[0].name != "accuracy.congruent":
            message = f"{responses.source}: distortion needs answers of personas of two or more sides to questions that suit each of them."
            raise DesignError(message)
        for name in dict.fromkeys(rows["instruction"]):
            found += self._changes(rows, sides, name) if name != PLAIN else []
        tables = {"items": _evidence(plain, "item", sides), "personas": _evidence(plain, "persona", sides)}
        return Finding("distortion", self.question, self._verdict(found), tuple(found), _notices(rows, sides, found), tables, self.cite)

    def _gaps(self, rows: pl.DataFrame, sides: Sequence[str]) -> list[Estimate]:
        """Congruent against incongruent, and the same on control questions that name a side."""
        say, pairs, twins = Contrasts(rows, self.level).estimate, _pairs(~CONTROL, sides), _pairs(CONTROL, sides)
        ratio = Name("ratio", "questions", "odds of being right on congruent over those on incongruent questions")
        return [
            *say("accuracy.congruent", _share("accuracy where the truth suits one's own side"), pairs[:1], first),
            *say("accuracy.incongruent", _share("accuracy where the truth suits another side"), pairs[1:], first),
            *say("gap", _share("accuracy on congruent minus that on incongruent questions"), pairs, difference),
            *say("odds.ratio", ratio, pairs, _odds_ratio, ratio=True),
            *say("gap.control", _share("the same gap on control questions that name a side"), twins, difference),
            *say("gap.net", _share("gap minus gap.control"), [*pairs, *twins], difference),
        ]

    def _alone(self, rows: pl.DataFrame, sides: Sequence[str]) -> list[Estimate]:
        """Accuracy without a persona, and where nobody wishes for an answer."""
        say, nobody = Contrasts(rows, self.level).estimate, pl.col("side") == NEUTRAL
        model = [~PERSON & ~CONTROL & (pl.col("side") == side) for side in sides]
        told, untold = [PERSON & nobody & (pl.col("identity") == side) for side in sides], [~PERSON & nobody]
        return [
            *say("accuracy.none", _share("accuracy on questions that suit a side, without a persona"), [model], first),
            *say("accuracy.control", _share("accuracy of personas where nobody wishes for an answer"), [told], first),
            *say("control.change", _share("accuracy.control minus that without a persona"), [told, untold], difference),
        ]

    def _changes(self, rows: pl.DataFrame, sides: Sequence[str], name: str) -> list[Estimate]:
        """The gap under an instruction, and against the plain question."""
        say = Contrasts(rows, self.level).estimate
        under, plain = (_pairs(~CONTROL & (pl.col("instruction") == one), sides) for one in (name, PLAIN))
        changed = _share(f"the gap under the instruction {name} minus that without it")
        return [
            *say(f"gap.{name}", _share(f"the gap under the instruction {name}"), under, difference),
            *say(f"change.{name}", changed, [*under, *plain], difference),
        ]

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals of the gap and of the odds ratio say."""
        by = {one.name: one for one in found}
        gap, ratio = by.get("gap.net", by["gap"]), by["odds.ratio"]
        odds = "" if math.isnan(ratio.low) else f", {ratio.span('.1f')}"
        said = f"accuracy gap {gap:+.2f}, odds ratio {ratio.value:.1f}{odds}"
        if gap.low > 0 and not ratio.low <= 1:
            return Verdict("identity bends judgement", f"Evidence is judged rightly more often where it suits: {said}.", unfit=(USE,))
        if gap.high < 0 and not ratio.high >= 1:
            return Verdict("judgement against one's side", f"Evidence is judged rightly less often where it suits: {said}.", unfit=(USE,))
        if gap.low > -self.margin and gap.high < self.margin:
            return Verdict("no bend", f"The gap lies within ±{self.margin:g}: {said}.", fit=(USE,))
        return Verdict("undecided", f"The interval leaves it open: {said}.", open=(USE,))

    def known(self) -> StudyWorld:
        """What suits is judged rightly with four times the odds."""
        people = [
            Persona(f"{side} {at}", f"You are person {at}, {side}.", {"politics": side}) for side in ("left", "right") for at in range(8)
        ]
        labels = Nominal(("yes", "no"))
        items = [
            Item(f"{side} {gold} {at}", f"Study {2 * at + (gold == 'yes')}: did it help {side}?", labels,
                 {"gold": gold, "side": side, "topic": topic})
            for side, topic in (("left", "identity"), ("right", "identity"), ("none", "control"))
            for gold in ("yes", "no")
            for at in range(3)
        ]  # fmt: skip

        def world(request: Request, ratio: float = 4.0) -> Mapping[str, float]:
            about = request.about
            suits = 0.0 if not about["identity"] or about["side"] == NEUTRAL else 0.5 if about["side"] == about["identity"] else -0.5
            right = _right(suits, ratio)
            return {about["gold"]: right, "no" if about["gold"] == "yes" else "yes": 1 - right}

        own, other = _right(0.5, 4.0), _right(-0.5, 4.0)
        truth = {"accuracy.congruent": own, "accuracy.incongruent": other, "gap": own - other, "odds.ratio": 4.0}
        truth |= {"accuracy.none": 0.7, "accuracy.control": 0.7, "control.change": 0.0}
        null, quiet = partial(world, ratio=1.0), frozenset({"no bend", "undecided"})
        return StudyWorld(tuple(people), tuple(items), world, truth, null, "identity bends judgement", quiet)


def _right(suits: float, ratio: float) -> float:
    """Probability of being right in the known world, from odds of 7 to 3."""
    odds = 7 / 3 * math.pow(ratio, suits)
    return odds / (1 + odds)


def _share(meaning: str) -> Name:
    """A share of right answers, or a difference of two."""
    return Name("share", "questions", meaning)


def _odds_ratio(averages: Floats) -> Floats:
    """Odds of the first average over odds of the second."""
    odds = averages / (1 - averages)
    return odds[..., 0] / odds[..., 1]


def _rows(responses: Responses, reads: Mapping[str, str]) -> pl.DataFrame:
    """How much is right, and of how much, for each persona, item and instruction."""
    more = [name for name in ("topic", "instruction") if name in responses.frame.columns]
    rows = answers(responses, {**reads, **dict.fromkeys(more, "")})
    rows = rows.with_columns(pl.lit("").alias(name) for name in ("topic", "instruction") if name not in more)
    by = [*reads, "topic", "instruction"]
    rows = rows.with_columns(pl.col(by).fill_null("")).with_columns(pl.col("instruction").replace("", PLAIN))
    right = (pl.col("weight") * (pl.col("answer") == pl.col("gold"))).sum().alias("right")
    return rows.group_by("persona", "item", *by, maintain_order=True).agg(right, pl.col("weight").sum())


def _pairs(where: pl.Expr, sides: Sequence[str]) -> list[Group]:
    """Cells of personas' and questions' sides: the congruent ones, the incongruent ones."""
    both = [[(side, side) for side in sides], list(permutations(sides, 2))]
    return [[PERSON & where & (pl.col("identity") == own) & (pl.col("side") == side) for own, side in pairs] for pairs in both]


def _evidence(rows: pl.DataFrame, by: str, sides: Sequence[str]) -> Rows:
    """Accuracy by congruence for the items, or personas, where it differs most."""
    own = pl.col("side") == pl.col("identity")
    used = rows.filter(PERSON & ~CONTROL & pl.col("identity").is_in(sides) & pl.col("side").is_in(sides))
    shares = {
        name: pl.col("right").filter(there).sum() / pl.col("weight").filter(there).sum()
        for name, there in (("congruent", own), ("incongruent", ~own))
    }
    told = "side" if by == "item" else "identity"
    table = used.group_by(by, told).agg(**shares).with_columns(pl.col("congruent", "incongruent").fill_nan(None))
    table = table.with_columns(gap=pl.col("congruent") - pl.col("incongruent")).sort("gap", by, descending=[True, False], nulls_last=True)
    return table.head(WORST).to_dicts()


def _notices(rows: pl.DataFrame, sides: Sequence[str], found: Sequence[Estimate]) -> tuple[Notice, ...]:
    """Who was left out, and where a count was zero."""
    said = []
    lost = rows.filter(PERSON & ~pl.col("identity").is_in(sides))["persona"].n_unique()
    if lost:
        said.append(Notice("without-side", f"{lost} personas are of no side that an answer suits; they are left out."))
    if any(one.name == "odds.ratio" and one.status == EstimateStatus.NO_INTERVAL and one.method != METHOD for one in found):
        said.append(Notice("half-counts", "An accuracy is 0 or 1: half an answer was added for the odds ratio, which has no interval."))
    return tuple(said)
