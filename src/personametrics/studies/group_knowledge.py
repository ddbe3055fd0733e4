"""Does it know the group but fail to act it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
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
from personametrics.stats.intervals.mover import difference

WORST = 8
"""Rows of evidence."""
SOURCES: Mapping[str, str] = {"direct": "what the model says of groups", "simulated": "how simulated members of them answer"}
PAIR = ("group", "about")


@dataclass(frozen=True)
class GroupKnowledge(Study):
    """What share of a group agrees: as the model says when asked, as its simulated members answer, and in truth.

    `error.*` is a root mean square over groups and statements, without what sampling alone makes: from the squared error of a share its
    sampling variance (over members; over reruns of the direct question) is taken off, which is exact. Intervals are made on squares, from
    each member's part in them (Hoeffding's projection), and turned into shares at the end. `distance.*` is the published form, the mean
    distance |share − truth|: total variation of agreeing or not. Read it beside its `floor.*`, which a perfect source of this size would
    show. Truth from a human sample has noise of its own, which stays in both errors alike.

    Attributes:
        margin: it acts what it knows where the whole interval of the gap lies within ± this.
        knows: it knows the groups where the whole interval of the direct error lies below this, and does not where it lies above.
        whole: the direct answer that means everybody.
        human: answers of people, with the items' `trait` among their columns: truth for statements whose items have no attribute truth.
        level: coverage of the intervals.
    """

    margin: float = 0.05
    knows: float = 0.15
    whole: float = 100.0
    human: Responses | None = None
    level: float = 0.9
    question: ClassVar[str] = "Does it know the group but fail to act it?"
    reads: ClassVar[Mapping[str, str]] = {
        "source": "direct or simulated",
        "group": "the group that is meant; of a persona all of its groups, with | between",
        "about": "the statement",
        "agree": "answers that agree, with | between; empty where a share was asked for",
        "truth": "share of the group that agrees; empty where another row of group and statement has it",
    }
    aim: ClassVar[tuple[str, Aim]] = ("gap", "zero")
    cite: ClassVar[tuple[str, ...]] = ("meister2024", "hoeffding1948", "cameron2011", "zou2008")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """The share of every group without a persona, and the statement itself of every member of the group."""
        scales = {item.id: item.scale for item in items if isinstance(item.scale, Ordinal)}
        found, meant = list[Request](), dict[str, set[tuple[str, str]]]()
        for item in items:
            trait, value, about = (item.attributes.get(name, "") for name in ("trait", "value", "about"))
            members = sum(persona.attributes.get(trait) == value for persona in personas)
            if trait and about in scales and members > 1 and (truth := self._truth(item, scales[about])):
                meant.setdefault(about, set()).add((trait, value))
                columns = {"source": "direct", "group": f"{trait}={value}", "about": about, "agree": "", "truth": truth}
                found += elicitation.ask(None, item, columns)
        if not found:
            message = (
                "group_knowledge needs items with the attributes trait, value, truth and about (the id of an item on an ordinal scale), "
                "and two or more personas with that value."
            )
            raise DesignError(message)
        return found + [request for item in items if item.id in meant for request in _acted(item, meant[item.id], personas, elicitation)]

    def _truth(self, item: Item, scale: Ordinal) -> str:
        """Share of a group that agrees: the item's own, or that of the people asked; empty where there is none."""
        trait, value, about = (item.attributes[name] for name in ("trait", "value", "about"))
        if "truth" in item.attributes or self.human is None:
            return item.attributes.get("truth", "")
        self.human.attribute(trait)  # a person has one value
        c, rows = self.human.columns, self.human.frame.filter(pl.Series(self.human.answered))
        rows = rows.filter(pl.col(c.item).cast(pl.String) == about, pl.col(trait).cast(pl.String) == value)
        agreed = rows.filter(pl.col(c.answer).cast(pl.String).is_in(_agreeing(scale)))
        return f"{len(agreed) / len(rows):.4f}" if len(rows) else ""

    def estimate(self, responses: Responses) -> Finding:
        """Errors of both sources, and their gap."""
        parts = self._parts(responses)
        members, asked = Summed(parts, self.level), Summed(parts, self.level, ("item",))
        pairs = parts.select(PAIR).n_unique()

        def mean(summed: Summed, column: str, name: str, meaning: str) -> Estimate:
            sums = [pl.col(column) * pl.col("part"), pl.col("part")]
            return summed.estimate(name, Name("share", "groups × statements", meaning), sums, quotient, n=pairs)

        direct = _root(mean(asked, "direct", "error.direct", f"{SOURCES['direct']} against the truth, root mean square"))
        simulated = _root(mean(members, "simulated", "error.simulated", f"{SOURCES['simulated']} against the truth, root mean square"))
        gap = _gap(simulated, direct)
        found = [direct, simulated, gap]
        for source, said in SOURCES.items():
            apart, floor = f"distance.{source}", f"floor.{source}"
            found.append(mean(asked, apart, apart, f"{said} against the truth, mean distance"))
            found.append(mean(asked, floor, floor, f"{apart} if only sampling set it apart from the truth"))
        evidence = {"groups": _worst(parts)}
        return Finding("group_knowledge", self.question, self._verdict(direct, gap), tuple(found), evidence=evidence, cite=self.cite)

    def _parts(self, responses: Responses) -> pl.DataFrame:
        """One row a group, statement and member, with its part in the group's squared error; part sums to 1 over a group's members."""
        rows = answers(responses, self.reads).with_columns(pl.col("group").str.split("|")).explode("group")
        agrees = pl.col("agree").str.split("|").list.contains(pl.col("answer")).cast(pl.Float64)
        truth = _truth(rows, responses.source)
        told = _direct(rows, self.whole, exact=bool(responses.columns.probabilities), source=responses.source).join(truth, PAIR)
        acted = rows.filter(pl.col("source") == "simulated").group_by("persona", *PAIR, maintain_order=True)
        members = acted.agg(share=(pl.col("weight") * agrees).sum() / pl.col("weight").sum())
        parts = members.join(told, PAIR, maintain_order="left").filter(pl.len().over(PAIR) > 1)
        if parts.is_empty():
            message = (
                f"{responses.source}: no group and statement has a truth, two or more personas, and a direct answer given twice "
                "(or as label probabilities)."
            )
            raise DesignError(message)
        off, n = pl.col("share") - pl.col("truth"), pl.len().over(PAIR)
        whole = (off.sum().over(PAIR) ** 2 - (off**2).sum().over(PAIR)) / (n * (n - 1))  # mean product of two members' errors
        others = (off.sum().over(PAIR) - off) / (n - 1)
        chance = pl.col("share").var().over(PAIR) / n
        parts = parts.with_columns(simulated=2 * off * others - whole, part=1 / n)
        parts = parts.with_columns(error=pl.col("said") - pl.col("truth"), mean=pl.col("share").mean().over(PAIR))
        return parts.with_columns(
            (pl.col("error") ** 2 - pl.col("noise")).alias("direct"),
            pl.col("error").abs().alias("distance.direct"),
            (pl.col("mean") - pl.col("truth")).abs().alias("distance.simulated"),
            (2 / np.pi * pl.col("noise")).sqrt().alias("floor.direct"),
            (2 / np.pi * chance).sqrt().alias("floor.simulated"),
            item=pl.col("about"),
        )

    def _verdict(self, direct: Estimate, gap: Estimate) -> Verdict:
        """What the errors say."""
        said = f"Asked, it is {direct.value:.2f} off ({direct.span()}); acted, by {gap.value:+.2f} more ({gap.span('+.2f')})."
        use, request = "shares of these groups from simulated members", "shares of these groups, asked for directly"
        if direct.low > self.knows and gap.low > -self.margin:
            return Verdict("does not know", said, unfit=(use, request))
        if gap.high < 0:
            return Verdict("acts better than it says", said, fit=(use,), unfit=(request,))
        if direct.high < self.knows and gap.low > 0:
            return Verdict("knows but does not act", said, fit=(request,), unfit=(use,))
        if direct.high < self.knows and -self.margin < gap.low and gap.high < self.margin:
            return Verdict("acts what it knows", said, fit=(use, request))
        return Verdict("undecided", said, open=(use, request))

    def known(self) -> StudyWorld:
        """It says the truth of both sides, and its simulated members exaggerate it."""
        labels, tens = Ordinal(("no", "unsure", "yes")), Ordinal(tuple(str(ten) for ten in range(0, 101, 10)))
        people = tuple(Persona(f"person {at}", f"You are person {at}.", {"side": ("left", "right")[at % 2]}) for at in range(24))
        items = [Item(f"statement {at}", f"Statement {at}.", labels) for at in range(12)]
        for at, side in [(at, side) for at in range(12) for side in ("left", "right")]:
            share = 0.3 + 0.2 * (side == "right") + 0.2 * (at % 2)
            told = {"trait": "side", "value": side, "about": f"statement {at}", "truth": f"{share:.2f}"}
            items.append(Item(f"{side} {at}", f"Of 100 on the {side}, how many agree with statement {at}?", tens, told))

        def world(request: Request, exaggerated: float = 3.0) -> Mapping[str, float]:
            if request.about["source"] == "direct":
                percent = 100 * float(request.about["truth"])
                return {label: max(0.0, 1 - abs(float(label) - percent) / 20) / 2 for label in tens.labels}
            at, right = int(request.about["about"].split()[1]), request.about["group"] == "side=right"
            share = 0.5 + exaggerated * (0.3 + 0.2 * right + 0.2 * (at % 2) - 0.5)
            share = min(max(share, 0.0), 1.0)
            return {"no": (1 - share) / 2, "unsure": (1 - share) / 2, "yes": share}

        off = float(np.sqrt(np.mean([0.3**2, 0.0, 0.0, 0.3**2])))
        truth = {"error.direct": 0.0, "error.simulated": off, "gap": off}
        quiet = frozenset({"acts what it knows", "undecided"})
        return StudyWorld(people, tuple(items), world, truth, lambda request: world(request, 1.0), "knows but does not act", quiet)


def _agreeing(scale: Ordinal) -> list[str]:
    """Labels above the middle of a scale."""
    places = scale.positions()
    return [label for label, place in zip(scale.labels, places, strict=True) if place > (places.min() + places.max()) / 2]


def _acted(item: Item, groups: set[tuple[str, str]], personas: Sequence[Persona], elicitation: Elicitation) -> list[Request]:
    """A statement, asked of every member of a group that is meant."""
    agree = "|".join(_agreeing(item.scale)) if isinstance(item.scale, Ordinal) else ""
    found = []
    for persona in personas:
        own = "|".join(sorted(f"{trait}={value}" for trait, value in groups if persona.attributes.get(trait) == value))
        columns = {"source": "simulated", "group": own, "about": item.id, "agree": agree, "truth": ""}
        found += elicitation.ask(persona, item, columns) if own else []
    return found


def _truth(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """The truth of every group and statement.

    Raises:
        AnswerError: it is no share, or there are two.
    """
    given = rows.filter(pl.col("truth").str.strip_chars() != "").select(*PAIR, "truth").unique(maintain_order=True)
    found = given.with_columns(pl.col("truth").cast(pl.Float64, strict=False)).unique(maintain_order=True)
    wrong = given.filter(~found["truth"].is_between(0, 1).fill_null(value=False)) if len(found) == len(given) else given.head(0)
    two = found.filter(pl.struct(PAIR).is_duplicated())
    if len(wrong) or len(two):
        group, about, value = (wrong if len(wrong) else two).row(0)
        message = f'{source}, column "truth": {value} of "{group}" and "{about}" is no share from 0 to 1, or not the only one.'
        raise AnswerError(message)
    return found


def _direct(rows: pl.DataFrame, whole: float, *, exact: bool, source: str) -> pl.DataFrame:
    """What is said of every group and statement, with its sampling variance.

    Raises:
        AnswerError: it is no number.
    """
    told = rows.filter(pl.col("source") == "direct").with_columns(value=pl.col("answer").cast(pl.Float64, strict=False) / whole)
    if told["value"].null_count():
        strange = told.filter(pl.col("value").is_null())["answer"][0]
        message = f'{source}: the direct answer "{strange}" is no number, such as 60 for 60 of {whole:g}.'
        raise AnswerError(message)
    mean = (pl.col("weight") * pl.col("value")).sum() / pl.col("weight").sum()
    noise = pl.lit(0.0) if exact else pl.col("value").var() / pl.len()
    return told.group_by(PAIR, maintain_order=True).agg(said=mean, noise=noise).filter(pl.col("noise").is_not_null())


def _root(squared: Estimate) -> Estimate:
    """A mean square as its root; below 0 it counts as 0."""
    value, low, high = np.sqrt(np.maximum(squared.interval[:3], 0.0)).tolist()
    status = EstimateStatus.NEGATIVE if squared.value < 0 and squared.status == EstimateStatus.OK else squared.status
    return replace(squared, value=value, low=low, high=high, method=f"squares less sampling noise, {squared.method}", status=status)


def _gap(simulated: Estimate, direct: Estimate) -> Estimate:
    """The difference of two errors."""
    ends = difference(simulated.interval, direct.interval)
    means = simulated.known._replace(meaning="error.simulated minus error.direct")
    return replace(simulated, name="gap", value=ends.value, low=ends.low, high=ends.high, method="MOVER of both errors", means=means)


def _worst(parts: pl.DataFrame) -> Rows:
    """Groups and statements whose simulated members are farthest off."""
    every = parts.select(*PAIR, "truth", direct="said", simulated="mean", members=pl.len().over(PAIR)).unique(PAIR, maintain_order=True)
    off = (pl.col("simulated") - pl.col("truth")).abs().round(9)
    return every.sort(off, *PAIR, descending=[True, False, False]).head(WORST).to_dicts()
