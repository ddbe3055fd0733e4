"""Do simulated people answer like the people they represent, and do their groups differ as much?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from personametrics.data.finding import Estimate, Finding, Side, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Sign, Study, StudyWorld
from personametrics.measures.people import items_of_people, pair_up, require_people
from personametrics.studies.fidelity.comparison import Comparison, comparison_notices, people_notices
from personametrics.studies.fidelity.world import ITEMS, PERSONAS, agreeable, humanlike, people

RELATED = 0.5
"""Groups differ in the direction of people's groups if the whole interval of the correlation lies above this."""
SIMILAR = (0.8, 1.25)
"""A spread is like people's if its whole interval lies within this ratio."""
SAME_SIZE = (2 / 3, 3 / 2)
"""Group differences have the size of people's if the whole interval of the slope lies within this ratio."""
NEAR = 0.05
"""Distributions are alike if the whole interval of their distance beyond the floor lies below this total variation."""
SHARES = "shares of answers in the population"
GROUPS = "differences between groups, in direction and size"

DISTRIBUTIONS: Mapping[Side, Verdict] = {
    "above": Verdict("answers unlike people's", "The distribution of the panel's answers differs from people's", unfit=(SHARES,)),
    "below": Verdict("answers like people's", f"The panel's answers are distributed as people's are, within {NEAR:g}", fit=(SHARES,)),
    "undecided": Verdict("undecided", "It is undecided whether the distribution differs from people's", open=(SHARES,)),
}
"""Verdicts without groups, by the side of `NEAR` on which the distance beyond the floor lies."""
DIRECTIONS: Mapping[Side, Verdict] = {
    "below": Verdict("groups differ otherwise than in people", "The panel's groups do not differ as people's groups do", unfit=(GROUPS,)),
    "undecided": Verdict("undecided", "More items or people would show whether groups differ as in people", open=(GROUPS,)),
}
"""Verdicts by the side of `RELATED` on which the correlation of group differences lies; above it, their size decides."""
SIZES: Mapping[Side, Verdict] = {
    "above": Verdict("group differences exaggerated", "Simulated groups differ more than people's groups do", unfit=(GROUPS,)),
    "below": Verdict("group differences flattened", "Simulated groups differ less than people's groups do", unfit=(GROUPS,)),
}
"""Verdicts by the side of 1 on which the slope of group differences lies."""
SAME = Verdict("groups differ as in people", "Simulated groups differ as people's groups do, within the interval", fit=(GROUPS,))
OPEN_SIZE = Verdict("undecided", "Simulated groups differ in the direction of people's groups, but the size is undecided", open=(GROUPS,))


@dataclass(frozen=True)
class Fidelity(Study):
    """A comparison of a panel with human answers to the same items: distributions, group differences, spread and tracking of disagreement.

    Attributes:
        human: answers of people; their persona is the respondent. Needed to estimate anything.
        match: attribute of respondents by attribute of personas: they form the groups on either side; empty: everyone is one group.
        level: coverage of the intervals.
    """

    human: Responses | None = None
    match: Mapping[str, str] = field(default_factory=dict)
    level: float = 0.9
    question: ClassVar[str] = "Do simulated people answer like the people they represent, and do their groups differ as much?"
    aim: ClassVar[tuple[str, Aim]] = ("excess.tv", "low")
    cite: ClassVar[tuple[str, ...]] = ("spearman1904", "lin1991", "kish1965", "hoeffding1948")
    signs: ClassVar[Mapping[str, Sign]] = {"groups differ as in people": Sign(needed_for=("one persona for one annotator",))}

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every persona and every item that people answered; the attributes that form groups become columns."""
        asked = items_of_people("fidelity", items, self.human)
        groups = {persona.id: {name: persona.attributes.get(name, "") for name in self.match} for persona in personas}
        return [request for persona in personas for item in asked for request in elicitation.ask(persona, item, groups[persona.id])]

    def estimate(self, responses: Responses) -> Finding:
        """Return how close recorded answers come to those of people; two common items and a common group are needed."""
        people = require_people("fidelity", self.human)
        panel, human = pair_up(responses, people, self.match)
        comparison = Comparison(panel, human, self.level)
        parts = {"distances": comparison.distances()} if panel.labels else {}
        parts |= {"differences": comparison.differences()} if len(panel.groups) > 1 else {}
        parts |= {"spread": comparison.spread(), "tracking": comparison.tracking()}
        estimates = tuple(estimate for group, _ in parts.values() for estimate in group)
        notices = (*comparison_notices(responses, panel, human), *people_notices(people))
        evidence = {name: table for name, (_, table) in parts.items()}
        verdict = _verdict({estimate.name: estimate for estimate in estimates})
        return Finding("fidelity", self.question, verdict, estimates, notices, evidence, self.cite)

    def known(self) -> StudyWorld:
        """Return a world whose panel agrees more often than people, and one whose panel answers as people do."""
        study, quiet = replace(self, human=people()), frozenset({"answers like people's", "undecided"})
        return StudyWorld(PERSONAS, ITEMS, agreeable, {}, humanlike, "answers unlike people's", quiet, study=study)


def _verdict(estimates: Mapping[str, Estimate]) -> Verdict:
    """Return the verdict on groups, or without groups on distributions; and add the spread of answers."""
    if "difference.slope" in estimates:
        verdict = _group_verdict(estimates["difference.correlation"], estimates["difference.slope"])
    elif "distance.tv" in estimates:
        verdict = _distribution_verdict(estimates["distance.tv"], estimates["floor.tv"], estimates["excess.tv"])
    else:
        return Verdict("unknown", "Numbers can be compared between groups only. Name with --match the attribute that forms groups.")
    spread = estimates["spread.ratio"]
    if math.isnan(spread.low):
        return verdict
    text = f"the spread of answers within a group (standard deviation {spread.value:.2f} times as large as in people, {spread.span()})"
    if SIMILAR[0] <= spread.low and spread.high <= SIMILAR[1]:
        return replace(verdict, fit=(*verdict.fit, text))
    if spread.side(about=1) == "undecided":
        return replace(verdict, open=(*verdict.open, text))
    return replace(verdict, unfit=(*verdict.unfit, text))


def _distribution_verdict(distance: Estimate, floor: Estimate, excess: Estimate) -> Verdict:
    """Return the verdict on distributions."""
    if math.isnan(excess.low):
        return Verdict("unknown", "Distributions cannot be compared: there are too few answers or items.", open=(SHARES,))
    figures = (
        f"total variation distance {distance.value:.2f}, of which {floor.value:.2f} is expected if panel and people are one population"
    )
    figures += f"; the remaining part is {excess.clipped(-1.0).span()}"
    verdict = DISTRIBUTIONS[excess.side(about=NEAR)]
    return replace(verdict, sentence=f"{verdict.sentence} ({figures}).")


def _group_verdict(correlation: Estimate, slope: Estimate) -> Verdict:
    """Return the verdict on group differences: on their direction, then on their size."""
    if math.isnan(correlation.low) or math.isnan(slope.low):
        text = "Group differences cannot be compared: they are hardly larger than the noise of the group means."
        return Verdict("unknown", text, open=(GROUPS,))
    same_size = SAME_SIZE[0] <= slope.low and slope.high <= SAME_SIZE[1]
    by_size = SIZES.get(slope.side(about=1), SAME if same_size else OPEN_SIZE)
    verdict = DIRECTIONS.get(correlation.side(about=RELATED), by_size)
    figures = f"slope {slope.value:.2f}, {slope.span()}; correlation {correlation.value:.2f}, {correlation.span()}; corrected for noise"
    return replace(verdict, sentence=f"{verdict.sentence} ({figures}).")
