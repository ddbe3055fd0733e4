"""Do opinions correlate as they do in people?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Estimate, Finding, Notice, Side, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Numeric, Ordinal, Persona, Request, Responses, Study, spell_scale
from personametrics.studies.belief_structure.constraint import Alone, Compared, ConstraintEstimates, Sides, pair_rows, read_sides
from personametrics.studies.belief_structure.world import blocks_world

LOOSE = 0.2
"""Opinions are unstructured if the whole interval of the constraint lies below this correlation."""
ALPHA = 0.05
"""Largest probability by chance at which correlations count as structure."""
SIMILAR = (0.8, 1.25)
"""Opinions correlate as strongly as in people if the whole interval of the ratio lies within these …"""
NEAR = 0.1
"""… and in the same way if the whole interval of the distance beyond the floor lies below this."""
USE = "conclusions from correlations between opinions"

STRUCTURED = Verdict("structured", "Opinions correlate", open=(f"{USE}: human answers would show whether they do so in people",))
UNSTRUCTURED = Verdict("unstructured", f"Opinions correlate only weakly, by less than {LOOSE:g}", unfit=(USE,))
MORE_PERSONAS = Verdict("undecided", "More personas would show whether opinions correlate", open=(USE,))
TIGHTNESS: Mapping[Side, Verdict] = {
    "above": Verdict("tied tighter than in people", "Opinions correlate more strongly than in people", unfit=(USE,)),
    "below": Verdict("looser", "Opinions correlate less strongly than in people", unfit=(USE,)),
}
"""Verdicts by the side of 1 on which the ratio of the constraints lies."""
OTHERWISE = Verdict("tied otherwise than in people", "Opinions correlate in another pattern than in people", unfit=(USE,))
ALIKE = Verdict("tied as in people", "Opinions correlate as in people", fit=(USE,))
OPEN = Verdict("undecided", "It is undecided whether opinions correlate as in people", open=(USE,))


@dataclass(frozen=True)
class BeliefStructure(Study):
    """Correlations of items over personas, by themselves or compared with those of people.

    Constraint is the root mean square correlation of two items. Dimension says the same as a number of independent items that would vary
    like these. The noise of single answers is taken out where items were asked again. People are asked once, so compared with them both
    sides show what single answers do. Squared correlations of few personas are too high by chance; the jackknife takes that out. Panel and
    people count as separate samples: where personas were made from these very people, the floor is too high. Intervals hold for other
    personas, not for other items.

    Attributes:
        human: answers of people to the same items; their persona is the respondent. None: the panel by itself.
        kind: of items with an attribute `kind`, only those of this kind are asked.
        deals: number of shuffles of personas, for the test and for the floor.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    kind: str = "opinion"
    deals: int = 200
    level: float = 0.9
    question: ClassVar[str] = "Do opinions correlate as they do in people?"
    aim: ClassVar[tuple[str, Aim]] = ("constraint", "high")
    cite: ClassVar[tuple[str, ...]] = (
        "converse1964", "bretherton1999", "spearman1904", "efron1981", "fieller1954", "phipson2010", "good2005"
    )  # fmt: skip

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every item on an ordered scale, without controls, for every persona."""
        asked = [item for item in items if item.attributes.get("kind", self.kind) == self.kind]
        asked = [item for item in asked if isinstance(item.scale, Ordinal | Numeric)]
        if self.human is not None:
            asked = [item for item in asked if item.id in set(self.human.items.names)]
        if len(asked) < 2 or len(personas) < 3:
            where = "" if self.human is None else " that people answered too"
            message = f'belief_structure needs 3 or more personas and 2 or more items of kind "{self.kind}" on an ordered scale{where}.'
            raise DesignError(message)
        ensure(len({spell_scale(item.scale) for item in asked}) == 1, "belief_structure needs items on one scale. Use one questionnaire.")
        return [request for item, persona in product(asked, personas) for request in elicitation.ask(persona, item)]

    def estimate(self, responses: Responses) -> Finding:
        """Return constraint and dimension of the panel, and how its correlations differ from those of people."""
        read = read_sides(responses, self.human)
        engine = ConstraintEstimates(self.level, self.deals, read.runs)
        panel = engine.alone(read.sides[0])
        estimates: list[Estimate] = [*panel]
        if self.human is None:
            chance = engine.chance(read.sides[0])
            estimates.append(chance)
            verdict = _verdict(panel, chance)
        else:
            compared = engine.compared(*read.sides)
            estimates += [*engine.alone(read.sides[1], ".human"), *compared]
            verdict = _verdict_with_people(compared)
        evidence = {"pairs": pair_rows(read.items, read.sides)}
        return Finding("belief_structure", self.question, verdict, tuple(estimates), self._notices(read), evidence, self.cite)

    def _notices(self, read: Sides) -> tuple[Notice, ...]:
        """Return whether noise could be taken out, and the items that are left out."""
        notices = []
        if not read.reruns:
            text = "Some personas or people were asked only once, so the correlations include the noise of single answers"
            text += " on both sides." if self.human else " and are weaker than the correlations of the opinions."
            notices.append(Notice("with-noise", text))
        if count := len(read.left_out):
            listed = ", ".join(read.left_out[:5]) + (" …" if count > 5 else "")
            text = f"{count} {'item is' if count == 1 else 'items are'} left out, since personas differ on them by little more than noise: "
            notices.append(Notice("no-spread", f"{text}{listed}."))
        return tuple(notices)

    known = staticmethod(blocks_world)


def _verdict(panel: Alone, chance: Estimate) -> Verdict:
    """Return the verdict on a panel by itself."""
    constraint = panel.constraint
    if constraint.side() == "above" and chance.value <= ALPHA:
        verdict = STRUCTURED
    else:
        verdict = UNSTRUCTURED if constraint.side(about=LOOSE) == "below" else MORE_PERSONAS
    figures = f"root mean square correlation {constraint:.2f}, probability of such correlations by chance {chance.value:.3f}"
    return replace(verdict, sentence=f"{verdict.sentence}: {figures}.")


def _verdict_with_people(compared: Compared) -> Verdict:
    """Return the verdict on a panel compared with people."""
    ratio, excess = compared.ratio, compared.excess
    if math.isnan(ratio.low) or math.isnan(excess.low):
        return Verdict("undecided", "More personas or people would show how strongly opinions correlate.", open=(USE,))
    alike = SIMILAR[0] < ratio.low and ratio.high < SIMILAR[1] and excess.side(about=NEAR) == "below"
    by_pattern = OTHERWISE if excess.side(about=NEAR) == "above" else ALIKE if alike else OPEN
    verdict = TIGHTNESS.get(ratio.side(about=1), by_pattern)
    figures = f"root mean square correlation {ratio.value:.2f} times as high as in people ({ratio.span()})"
    figures += f"; correlations differ from people's by {excess:.2f} beyond sampling"
    return replace(verdict, sentence=f"{verdict.sentence}: {figures}.")
