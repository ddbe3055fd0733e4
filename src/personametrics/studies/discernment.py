"""Do personas tell true headlines from false ones less well than the model alone?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import ClassVar

import polars as pl

from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Verdict
from personametrics.data.instructions import PLAIN, instructed, instructions
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.contrast import Contrasts, Group, first
from personametrics.stats.arrays import Floats

VERACITY = ("true", "false")
PERSON = pl.col("persona") != NOBODY
WORST = 20
USE = "letting personas tell true from false"


@dataclass(frozen=True)
class Discernment(Study):
    """Veracity discernment (VDA) of headlines that are rated on a numbered scale, of personas against the model without one.

    VDA = ½ [mean over true headlines of (r − low) / (high − low) + mean over false ones of (high − r) / (high − low)], as inferred from the
    published granularity: 1 is perfect, ½ is blind. Each identity weighs the same. A change is relative: −0.1 is a tenth less than alone.

    Attributes:
        identity: attribute of a persona by which changes are given.
        instructions: debiasing instructions to try as well, by name or as sentences of your own. The prompt still asks for the rating
            alone: thinking aloud needs a prompt that leaves room for it.
        lowest: rating of a headline that is surely false.
        highest: rating of one that is surely true.
        margin: personas change nothing where the whole interval of the change lies within ± this.
        level: coverage of the intervals.
    """

    identity: str = "politics"
    instructions: tuple[str, ...] = ()
    lowest: float = 1.0
    highest: float = 6.0
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Do personas tell true headlines from false ones less well than the model alone?"
    reads: ClassVar[Mapping[str, str]] = {"gold": "whether the headline is true or false", "identity": "the persona's group"}
    aim: ClassVar[tuple[str, Aim]] = ("change", "zero")
    cite: ClassVar[tuple[str, ...]] = ("dash2025", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every headline without a persona, and by every persona with the identity."""
        asked = [item for item in items if item.attributes.get("gold") in VERACITY and self._fits(item)]
        if {item.attributes["gold"] for item in asked} != set(VERACITY):
            reach = f"{self.lowest:g} to {self.highest:g}"
            message = f"discernment needs items with the attribute gold, true and false ones, rated with ordered numbers from {reach}."
            raise DesignError(message)
        if not any(persona.attributes.get(self.identity) for persona in personas):
            message = f'discernment needs personas with the attribute "{self.identity}".'
            raise DesignError(message)
        found = []
        for (name, sentence), item, persona in product(instructions(self.instructions).items(), asked, (None, *personas)):
            own = persona.attributes.get(self.identity, "") if persona else ""
            if persona is None or own:
                columns = {"gold": item.attributes["gold"], "identity": own, "instruction": name}
                found += [instructed(request, sentence) for request in elicitation.ask(persona, item, columns)]
        return found

    def _fits(self, item: Item) -> bool:
        """Its ratings are numbers that reach from the lowest to the highest."""
        if not isinstance(item.scale, Ordinal) or not all(label.lstrip("-").isdecimal() for label in item.scale.labels):
            return False
        places = item.scale.positions()
        return bool(places.min() == self.lowest and places.max() == self.highest)

    def estimate(self, responses: Responses) -> Finding:
        """VDA of the model and of personas, and by how much it changes; the column instruction may be missing."""
        rows = self._rows(responses)
        groups = sorted(set(rows.filter(PERSON)["identity"]) - {""})
        plain = rows.filter(pl.col("instruction") == PLAIN)
        found = self._vda(plain, groups)
        if not any(one.name == "change" for one in found):
            message = f"{responses.source}: discernment needs ratings of true and of false headlines, with and without a persona."
            raise DesignError(message)
        for name in (one for one in dict.fromkeys(rows["instruction"]) if one != PLAIN):
            there = _cells([PERSON & (pl.col("identity") == group) for group in groups]), _cells([~PERSON])
            under = Contrasts(rows.filter(pl.col("instruction") == name), self.level)
            means = Name("ratio", "headlines", f"the change under the instruction {name}, with and without a persona")
            found += under.estimate(f"change.under.{name}", means, there, _change)
        return Finding(
            "discernment", self.question, self._verdict(found), tuple(found), evidence={"headlines": _worst(plain)}, cite=self.cite
        )

    def _rows(self, responses: Responses) -> pl.DataFrame:
        """How well ratings fit the truth, for each persona, headline and instruction."""
        more = ["instruction"] if "instruction" in responses.frame.columns else []
        rows = answers(responses, {**self.reads, **dict.fromkeys(more, "")})
        rows = rows if more else rows.with_columns(instruction=pl.lit(PLAIN))
        by = [*self.reads, "instruction"]
        rows = rows.with_columns(pl.col(by).fill_null("")).with_columns(
            pl.col("instruction").replace("", PLAIN), gold=pl.col("gold").str.to_lowercase()
        )
        rows = rows.with_columns(place=(pl.col("answer").cast(pl.Float64, strict=False) - self.lowest) / (self.highest - self.lowest))
        for wrong, text in (
            (~pl.col("gold").is_in(VERACITY), "gold"),
            (~pl.col("place").is_between(0, 1).fill_null(value=False), "answer"),
        ):
            if len(bad := rows.filter(wrong)):
                wanted = "true or false" if text == "gold" else f"a number from {self.lowest:g} to {self.highest:g}"
                message = f'{responses.source}: the {text} "{bad[text][0]}" is not {wanted}, as discernment needs.'
                raise AnswerError(message)
        fit = pl.when(pl.col("gold") == "true").then("place").otherwise(1 - pl.col("place"))
        return rows.group_by("persona", "item", *by, maintain_order=True).agg(
            right=(pl.col("weight") * fit).sum(), weight=pl.col("weight").sum()
        )

    def _vda(self, rows: pl.DataFrame, groups: Sequence[str]) -> list[Estimate]:
        """Discernment, and its changes."""
        say, alone = Contrasts(rows, self.level).estimate, _cells([~PERSON])
        each = {group: _cells([PERSON & (pl.col("identity") == group)]) for group in groups}
        everyone = [cell for cells in each.values() for cell in cells]
        found = [
            *say("vda.none", _vda("of the model without a persona"), [alone], first),
            *say("vda.persona", _vda("of personas"), [everyone], first),
            *say("change", Name("ratio", "headlines", "VDA of personas over that of the model alone, minus 1"), [everyone, alone], _change),
        ]
        for group, cells in each.items():
            means = Name("ratio", "headlines", f"VDA of {group} over that of the model alone, minus 1")
            found += [*say(f"vda.{group}", _vda(f"of {group}"), [cells], first), *say(f"change.{group}", means, [cells, alone], _change)]
        return found

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the interval of the change says."""
        one = next(one for one in found if one.name == "change")
        reach = one.span("+.1%")
        said = f"{one.value:+.1%} ({reach})"
        if one.high < 0:
            return Verdict("personas cost discernment", f"Personas tell true from false less well: {said}.", unfit=(USE,))
        if one.low > 0:
            return Verdict("personas gain discernment", f"Personas tell true from false better: {said}.", fit=(USE,))
        if one.low > -self.margin and one.high < self.margin:
            return Verdict("no change", f"The change lies within ±{self.margin:.0%}: {said}.", fit=(USE,))
        return Verdict("undecided", f"The interval leaves it open: {said}.", open=(USE,))

    def known(self) -> StudyWorld:
        """The model discerns with 0.75, its personas with 0.65."""
        people = [
            Persona(f"{side} {at}", f"You are person {at}, {side}.", {"politics": side}) for side in ("left", "right") for at in range(6)
        ]
        scale = Ordinal(tuple("123456"))
        items = [Item(f"{gold} {at}", f"Headline {at}: {gold}?", scale, {"gold": gold}) for gold in VERACITY for at in range(10)]

        def world(request: Request, personas: float = 0.65) -> Mapping[str, float]:
            fit = personas if request.about["identity"] else 0.75
            up = fit if request.about["gold"] == "true" else 1 - fit
            return {str(at + 1): math.comb(5, at) * up**at * (1 - up) ** (5 - at) for at in range(6)}

        truth = {"vda.none": 0.75, "vda.persona": 0.65, "change": 0.65 / 0.75 - 1, "change.left": 0.65 / 0.75 - 1}
        null, quiet = partial(world, personas=0.75), frozenset({"no change", "undecided"})
        return StudyWorld(tuple(people), tuple(items), world, truth, null, "personas cost discernment", quiet)


def _vda(whose: str) -> Name:
    """Meaning of a discernment."""
    return Name("share", "headlines", f"veracity discernment {whose}: 1 is perfect, ½ is blind")


def _cells(who: Sequence[pl.Expr]) -> Group:
    """True and false headlines apart, so that each kind weighs half."""
    return [one & (pl.col("gold") == gold) for one in who for gold in VERACITY]


def _change(averages: Floats) -> Floats:
    """The first average relative to the second."""
    return averages[..., 0] / averages[..., 1] - 1


def _worst(rows: pl.DataFrame) -> list[dict[str, str | float | int | bool | None]]:
    """Headlines on which personas lose most."""
    fit = {
        name: pl.col("right").filter(who).sum() / pl.col("weight").filter(who).sum()
        for name, who in (("personas", PERSON), ("model", ~PERSON))
    }
    table = rows.group_by("item", "gold").agg(**fit).with_columns(pl.col("personas", "model").fill_nan(None))
    return table.with_columns(change=pl.col("personas") - pl.col("model")).sort("change", "item", nulls_last=True).head(WORST).to_dicts()
