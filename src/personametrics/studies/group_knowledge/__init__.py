"""Does the model know the opinions of a group, but fail to answer as its members do?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Ordinal, Persona, Request, Responses, Study
from personametrics.measures.sums import RowSums
from personametrics.studies.group_knowledge import shares
from personametrics.studies.group_knowledge.world import known_world

SOURCES: Mapping[str, str] = {"direct": "shares that the model states", "simulated": "shares of simulated members who agree"}
MEMBERS, STATED = "shares of these groups from simulated members", "shares of these groups, asked for directly"


@dataclass(frozen=True)
class GroupKnowledge(Study):
    """The share of a group that agrees: as the model states it, as its simulated members answer, and in truth (Meister and others 2024).

    `error.*` is a root mean square over groups and statements, without the part that sampling alone makes: the sampling variance of a
    share (over members, or over reruns of the direct question) is subtracted from its squared error, which is exact. Intervals are made
    on squares, from each member's part in them (Hoeffding's projection), and turned into shares at the end. `distance.*` is the published
    form, the mean distance |share − truth|: total variation of agreeing or not. Compare it with its `floor.*`, the distance of a perfect
    source of this size. Truth from a human sample has noise of its own, which stays in both errors alike.

    Attributes:
        margin: it acts what it knows if the whole interval of the gap lies within ± this share.
        knows: it knows the groups if the whole interval of the direct error lies below this share, and does not if it lies above.
        whole: the direct answer that means everybody.
        human: people's answers, with the items' `trait` among their columns: truth for statements whose items have no attribute truth.
        level: coverage of the intervals.
    """

    margin: float = 0.05
    knows: float = 0.15
    whole: float = 100.0
    human: Responses | None = None
    level: float = 0.9
    question: ClassVar[str] = "Does the model know the opinions of a group, but fail to answer as its members do?"
    reads: ClassVar[Mapping[str, str]] = {
        "source": "direct or simulated",
        "group": "the group; for a persona, all of its groups, separated by |",
        "about": "the statement",
        "agree": "answers that count as agreement, separated by |; empty if the model was asked for a share",
        "truth": "true share of the group that agrees; one row of each group and statement is enough",
    }
    aim: ClassVar[tuple[str, Aim]] = ("gap", "zero")
    cite: ClassVar[tuple[str, ...]] = ("meister2024", "hoeffding1948", "cameron2011", "zou2008")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return the direct question about every group, without a persona, and the statements to every member of the group."""
        scales = {item.id: item.scale for item in items if isinstance(item.scale, Ordinal)}
        requests, groups = list[Request](), dict[str, set[tuple[str, str]]]()
        for item in items:
            trait, value, about = (item.attributes.get(name, "") for name in ("trait", "value", "about"))
            members = sum(persona.attributes.get(trait) == value for persona in personas)
            if trait and about in scales and members > 1 and (truth := self._truth(item, scales[about])):
                groups.setdefault(about, set()).add((trait, value))
                columns = {"source": "direct", "group": f"{trait}={value}", "about": about, "agree": "", "truth": truth}
                requests += elicitation.ask(None, item, columns)
        ensure(requests, "group_knowledge needs items with trait, value, truth and about (an item's id), and two personas of a group.")
        for item in items:
            requests += _ask_members(item, groups[item.id], personas, elicitation) if item.id in groups else []
        return requests

    def _truth(self, item: Item, scale: Ordinal) -> str:
        """Return the share of a group that agrees: the item's own, or that of people; "": unknown."""
        if "truth" in item.attributes or self.human is None:
            return item.attributes.get("truth", "")
        trait, value, about = (item.attributes[name] for name in ("trait", "value", "about"))
        return shares.human_share(self.human, trait, value, about, scale)

    def estimate(self, responses: Responses) -> Finding:
        """Return the errors of both sources and their gap."""
        errors = shares.member_errors(responses, self.reads, self.whole)
        members, statements = RowSums(errors, self.level), RowSums(errors, self.level, ("item",))
        error = "root mean square error of {}"
        squares = {source: (source, f"error.{source}", error.format(says)) for source, says in SOURCES.items()}
        direct = shares.root_mean_square(shares.mean_over_pairs(statements, *squares["direct"]))
        simulated = shares.root_mean_square(shares.mean_over_pairs(members, *squares["simulated"]))
        gap = shares.difference_of_errors(simulated, direct)
        estimates = [direct, simulated, gap]
        for source, says in SOURCES.items():
            meanings = {"distance": f"mean distance of truth and {says}", "floor": f"distance.{source} expected from sampling alone"}
            names = {f"{name}.{source}": meaning for name, meaning in meanings.items()}
            estimates += [shares.mean_over_pairs(statements, name, name, meaning) for name, meaning in names.items()]
        evidence = {"groups": shares.worst_pairs(errors)}
        return Finding("group_knowledge", self.question, self._verdict(direct, gap), tuple(estimates), evidence=evidence, cite=self.cite)

    def _verdict(self, direct: Estimate, gap: Estimate) -> Verdict:
        """Return the verdict by the direct error and the gap."""
        numbers = f"direct error {direct:.2f}, simulated minus direct error {gap:+.2f}"
        knowledge = direct.side(about=self.knows)
        if knowledge == "above" and gap.side(about=-self.margin) == "above":
            return Verdict("does not know", f"The model does not know these groups: {numbers}.", unfit=(MEMBERS, STATED))
        if gap.side() == "below":
            sentence = f"Simulated members are closer to the truth than the stated shares: {numbers}."
            return Verdict("acts better than it says", sentence, fit=(MEMBERS,), unfit=(STATED,))
        if knowledge == "below" and gap.side() == "above":
            sentence = f"The model knows these groups, but its simulated members are further from the truth than stated shares: {numbers}."
            return Verdict("knows but does not act", sentence, fit=(STATED,), unfit=(MEMBERS,))
        if knowledge == "below" and gap.side(self.margin) == "within":
            sentence = f"Simulated members are as close to the truth as the stated shares, within ±{self.margin:g}: {numbers}."
            return Verdict("acts what it knows", sentence, fit=(MEMBERS, STATED))
        return Verdict("undecided", f"It is undecided which shares are closer to the truth: {numbers}.", open=(MEMBERS, STATED))

    known = staticmethod(known_world)


def _ask_members(item: Item, groups: set[tuple[str, str]], personas: Sequence[Persona], elicitation: Elicitation) -> list[Request]:
    """Return the requests of a statement to every member of some groups."""
    agree = "|".join(shares.agreeing_labels(item.scale)) if isinstance(item.scale, Ordinal) else ""
    requests = []
    for persona in personas:
        own = "|".join(sorted(f"{trait}={value}" for trait, value in groups if persona.attributes.get(trait) == value))
        columns = {"source": "simulated", "group": own, "about": item.id, "agree": agree, "truth": ""}
        requests += elicitation.ask(persona, item, columns) if own else []
    return requests
