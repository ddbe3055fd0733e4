"""Do personas tell true headlines from false ones less well than the model alone?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import polars as pl

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Estimate, Finding, Name, Verdict
from personametrics.data.sentences import PLAIN, instructions, with_instruction
from personametrics.data.study import Aim, Elicitation, Item, Ordinal, Persona, Request, Responses, Study
from personametrics.measures.contrast import Contrasts, Group, first
from personametrics.stats.arrays import Floats
from personametrics.studies.discernment.ratings import PERSON, VERACITY, missing_ratings, score_ratings, worst_headlines
from personametrics.studies.discernment.world import known_world

USE = "letting personas tell true headlines from false ones"


@dataclass(frozen=True)
class Discernment(Study):
    """Veracity discernment (VDA) of headlines on a numbered scale, of personas and of the model without one (Dash and others 2025).

    VDA = ½ [mean over true headlines of (r − low) / (high − low) + mean over false ones of (high − r) / (high − low)], as inferred from the
    published granularity: 1 is perfect, ½ is blind. Each identity weighs the same. A change is relative: −0.1 is a tenth less than alone.
    It is not accuracy on facts: a rater who finds every headline plausible is blind, not wrong.

    Attributes:
        identity: attribute of a persona by which changes are given.
        instructions: debiasing instructions to try as well, by name or as sentences of your own. The prompt still asks for the rating
            alone: thinking aloud needs a prompt that leaves room for it.
        lowest: rating of a headline that is surely false.
        highest: rating of one that is surely true.
        margin: personas change nothing if the whole interval of the change lies within ± this ratio.
        level: coverage of the intervals.
    """

    identity: str = "politics"
    instructions: tuple[str, ...] = ()
    lowest: float = 1.0
    highest: float = 6.0
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Do personas tell true headlines from false ones less well than the model alone?"
    reads: ClassVar[Mapping[str, str]] = {"gold": "true for a true headline, false for a false one", "identity": "the persona's group"}
    aim: ClassVar[tuple[str, Aim]] = ("change", "zero")
    additive: ClassVar[bool] = True
    cite: ClassVar[tuple[str, ...]] = ("dash2025", "cameron2011")
    spread_group: ClassVar[str] = "identity"

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every headline, to the model alone and to every persona with the identity, under every instruction."""
        headlines = [item for item in items if item.attributes.get("gold") in VERACITY and self._reaches_ends(item)]
        if {item.attributes["gold"] for item in headlines} != set(VERACITY):
            scale = f"{self.lowest:g} to {self.highest:g}"
            message = f"discernment needs true and false items, rated with ordered numbers from {scale}. Give them the attribute gold."
            raise DesignError(message)
        message = f'discernment needs personas with the attribute "{self.identity}". Add it, or set identity to another attribute.'
        ensure(any(persona.attributes.get(self.identity) for persona in personas), message)
        requests = []
        for (name, sentence), item, persona in product(instructions(self.instructions).items(), headlines, (None, *personas)):
            group = persona.attributes.get(self.identity, "") if persona else ""
            if persona is None or group:
                columns = {"gold": item.attributes["gold"], "identity": group, "instruction": name}
                requests += [with_instruction(request, sentence) for request in elicitation.ask(persona, item, columns)]
        return requests

    def _reaches_ends(self, item: Item) -> bool:
        """Return True if the ratings of an item are numbers that reach from the lowest to the highest."""
        if not isinstance(item.scale, Ordinal) or not all(label.lstrip("-").isdecimal() for label in item.scale.labels):
            return False
        places = item.scale.positions()
        return bool(places.min() == self.lowest and places.max() == self.highest)

    def estimate(self, responses: Responses) -> Finding:
        """Return the VDA of the model and of personas, and its changes; the column instruction may be missing."""
        rows = score_ratings(responses, self.reads, self.lowest, self.highest)
        plain, groups = rows.filter(pl.col("instruction") == PLAIN), sorted(set(rows.filter(PERSON)["identity"]) - {""})
        if missing := missing_ratings(plain, groups):
            message = f"{responses.source} lacks ratings that discernment needs. Add ratings of {', of '.join(missing)}."
            raise DesignError(message)
        estimates = self._vda(plain, groups)
        for name in (name for name in dict.fromkeys(rows["instruction"]) if name != PLAIN):
            under = Contrasts(rows.filter(pl.col("instruction") == name), self.level)
            means = Name("ratio", "headlines", f"change, if answers with and without a persona have the instruction {name}")
            estimates += under.estimate(f"change.under.{name}", means, (_all_members(groups), _by_veracity(~PERSON)), _relative_change)
        evidence = {"headlines": worst_headlines(plain)}
        return Finding("discernment", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _vda(self, rows: pl.DataFrame, groups: Sequence[str]) -> list[Estimate]:
        """Return the discernment of the model, of all personas and of each group, and the changes."""
        estimate, model = Contrasts(rows, self.level).estimate, _by_veracity(~PERSON)
        everyone = _all_members(groups)
        change = Name("ratio", "headlines", "VDA of personas divided by VDA of the model alone, minus 1")
        estimates = [
            *estimate("vda.none", _vda_of("the model without a persona"), [model], first),
            *estimate("vda.persona", _vda_of("personas"), [everyone], first),
            *estimate("change", change, [everyone, model], _relative_change),
        ]
        for group in groups:
            change = Name("ratio", "headlines", f"VDA of {group} divided by VDA of the model alone, minus 1")
            estimates += estimate(f"vda.{group}", _vda_of(group), [_all_members([group])], first)
            estimates += estimate(f"change.{group}", change, [_all_members([group]), model], _relative_change)
        return estimates

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the interval of the change."""
        change = next(estimate for estimate in estimates if estimate.name == "change")
        side, number = change.side() if change.side() != "undecided" else change.side(self.margin), f"{change:+.1%}"
        claim = "Personas tell true headlines from false ones"
        return {
            "below": Verdict("personas cost discernment", f"{claim} less well than the model alone: {number}.", unfit=(USE,)),
            "above": Verdict("personas gain discernment", f"{claim} better than the model alone: {number}.", fit=(USE,)),
            "within": Verdict("no change", f"The change lies within ±{self.margin:.0%}: {number}.", fit=(USE,)),
            "undecided": Verdict("undecided", f"It is undecided whether discernment changes: {number}.", open=(USE,)),
        }[side]

    known = staticmethod(known_world)


def _vda_of(whose: str) -> Name:
    """Return the meaning of a discernment."""
    return Name("share", "headlines", f"veracity discernment (VDA) of {whose}: 1 is perfect, ½ is chance level")


def _by_veracity(who: pl.Expr) -> Group:
    """Return the ratings of true and of false headlines as two cells, so that each kind weighs half."""
    return [who & (pl.col("gold") == gold) for gold in VERACITY]


def _all_members(groups: Sequence[str]) -> Group:
    """Return the ratings by personas of some groups, two cells for each group."""
    return [cell for group in groups for cell in _by_veracity(PERSON & (pl.col("identity") == group))]


def _relative_change(averages: Floats) -> Floats:
    """Return the first average relative to the second, minus 1."""
    return averages[..., 0] / averages[..., 1] - 1
