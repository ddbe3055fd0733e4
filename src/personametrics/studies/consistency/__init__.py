"""Does a simulated person stay who it is, line after line?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate
from personametrics.data.finding import Finding, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.dialogues.dialogue import Dialogue, Turn, dialogue
from personametrics.dialogues.judge import indexed, judged, read
from personametrics.dialogues.script import script
from personametrics.dialogues.script import turns as turns_of
from personametrics.dialogues.verdicts import FALSE, OTHER, PERSON, TRUE, verdicts
from personametrics.studies.consistency.contradictions import NAMES, Measures
from personametrics.studies.consistency.judge_errors import LL, PL

SAID = "{} – {{}}."
"""How a fact is stated where its item does not say."""
UNREAD: Mapping[str, str] = {"unparsable": "verdicts", "qa.unanswered": "the person's answers"}
USE = "conversations in which a simulated person has to stay who it is"


@dataclass(frozen=True)
class Consistency(Study):
    """Three measures of one thing, which must be read together: lines against the card, lines against each other, and questions of fact.

    A verdict is good, bad or unknown. What a judge leaves unsaid counts as neither, and every measure is given as it would be if all of
    that were bad, and if it were good. Dialogues are compared over as many lines as the shortest of them has.

    The judge is measured as well: lines are judged again, with the answers named in the other order, and against another persona's card;
    statements are planted that say what the card says, or something else. Errors found with these are taken off.

    Attributes:
        turns: lines of a dialogue; every run has an order of turns of its own.
        pairs: whether a judge reads `all` pairs of lines, or each line with all before it at once (`index`), which is cheaper.
        every: questions of fact are asked after every so many lines; 0: at the end only.
        enough: a person is consistent that is so in more than this share of what is judged.
        level: coverage of the intervals.
    """

    turns: int = 8
    pairs: Literal["all", "index"] = "all"
    every: int = 0
    enough: float = 0.9
    level: float = 0.9
    question: ClassVar[str] = "Does a simulated person stay who it is, line after line?"
    reads: ClassVar[Mapping[str, str]] = {"judged": "what was judged: prompt_to_line, line_to_line, reader"}
    aim: ClassVar[tuple[str, Aim]] = (PL, "high")
    cite: ClassVar[tuple[str, ...]] = ("abdulhai2025", "rogan1978", "cameron2011", "wilson1927", "korn1998")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Lines, verdicts on them, and questions of fact, in every run of every persona; the judge is measured in the first."""
        pool = turns_of(items)
        if not pool or self.turns < 2 or self.pairs not in {"all", "index"}:
            message = "consistency needs items of the kind turn (what the other side says), turns=2 or more, and pairs=all or index."
            raise DesignError(message)
        facts = [item for item in items if item.attributes.get("fact") and isinstance(item.scale, Nominal)]
        elicitation = replace(elicitation, score=False)  # what is said must be words
        scripts = [script(pool, self.turns, (run,)) for run in range(elicitation.runs)]
        told = [
            [dialogue(elicitation, persona, (f"script {run + 1}", said), run) for run, said in enumerate(scripts)] for persona in personas
        ]
        found: list[Request] = []
        for at, (persona, dialogues) in enumerate(zip(personas, told, strict=True)):
            for said in dialogues:
                found += [*said.lines, *self._judged(persona, said)]
            other = (at + 1) % len(personas)
            found += _measured((persona, personas[other]), (dialogues[0], told[other][0]), facts)
            found += self._asked((persona, elicitation), facts, scripts, dialogues)
        return found

    def _judged(self, persona: Persona, said: Dialogue) -> Iterator[Request]:
        """Verdicts on every line, and on every pair."""
        for at, line in enumerate(said.lines):
            yield judged(PL, {"background": persona.text, "line": line}, _columns(line))
            if self.pairs == "index" and at:
                yield indexed(said.lines[:at], line, _columns(line))
            for before, earlier in enumerate(said.lines[:at] if self.pairs == "all" else (), 1):
                yield judged(LL, {"earlier": earlier, "line": line}, {**_columns(line), "earlier": str(before)})

    def _asked(
        self, who: tuple[Persona, Elicitation], facts: Sequence[Item], scripts: Sequence[Sequence[Turn]], told: Sequence[Dialogue]
    ) -> Iterator[Request]:
        """Questions of fact, to the person and to a reader."""
        persona, elicitation = who
        known = [(fact, gold) for fact in facts if (gold := persona.attributes.get(fact.attributes["fact"], ""))]
        every = self.every or self.turns
        for turn in range(every, self.turns + 1, every):
            heard = [list(_heard(turns[:turn], said)) for turns, said in zip(scripts, told, strict=True)]
            ends = [said.until(turn) for said in told]
            for fact, gold in known:
                probes = elicitation.ask(persona, fact, {"gold": gold, "part": "probe"}, before=ends.__getitem__)
                for run, probe in enumerate(probes):
                    columns = {**_columns(told[run].lines[turn - 1]), "gold": gold}
                    yield _plainly(replace(probe, about={**columns, **probe.about}), fact)
                    yield read(heard[run], fact, columns)

    def estimate(self, responses: Responses) -> Finding:
        """Every measure with its bounds, how they differ, what kinds of contradictions there are, and how good the judge is."""
        measures = Measures(verdicts(responses), self.level, responses.source)
        found = measures.estimates
        evidence = measures.evidence
        return Finding("consistency", self.question, self._verdict(found), tuple(found), tuple(measures.notices), evidence, self.cite)

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals say; what a judge left unsaid may decide nothing."""
        known = {one.name: one for one in found}
        names = [name for name in (PL, LL, NAMES[PERSON]) if name in known]
        said = "; ".join(f"{name} {one.value:.2f} ({one.low:.2f} to {one.high:.2f})" for name in names if (one := known[name]).value >= 0)
        if not said:
            return Verdict("unknown", "No verdict could be read.", open=(USE,))
        low, high = ({name: known[f"{name}.{end}_bound"] for name in names} for end in ("low", "high"))
        tells = known.get("judge.tells")
        if tells and tells.high < 0.5:
            sentence = f"The judge hardly tells what contradicts a card from what does not ({tells.value:.2f} of 1): {said}."
            return Verdict("unknown", sentence, open=(USE,))
        worn = [name for name in names if high[name].high < self.enough]
        if worn:
            return Verdict("inconsistent", f"{' and '.join(worn)}: below {self.enough:g}: {said}.", unfit=(USE,))
        if all(one.low > self.enough for one in low.values()):
            return Verdict("consistent", f"All are above {self.enough:g}: {said}.", fit=(USE,))
        if any(low[name].value < self.enough < high[name].value for name in names):
            missing = [f"{known[name].value:.0%} of {what}" for name, what in UNREAD.items() if name in known and known[name].value > 0]
            return Verdict("unknown", f"It depends on what could not be read, {' and '.join(missing)}: {said}.", open=(USE,))
        return Verdict("undecided", f"The intervals leave it open: {said}.", open=(USE,))

    def known(self) -> StudyWorld:
        """Three lines in ten name another pet than the card; where there is nothing to find, none does."""
        pets = ("cat", "dog")
        people = [Persona(f"person {at}", f"Number {at} has a {pets[at % 2]}.", {"pet": pets[at % 2]}) for at in range(12)]
        turns = [Item(f"turn {at}", f"Subject {at}?", Nominal(("yes", "no")), {"kind": "turn", "turn": "chat"}) for at in range(4)]
        fact = Item("pet", "Which pet?", Nominal(pets), {"kind": "fact", "fact": "pet", "says": "I have a {}."})

        def world(request: Request, wrong: float = 0.3) -> Mapping[str, float]:
            text = request.messages[-1].text
            if request.to:
                return {_right(text, request.about.get("judged", "")): 1.0}
            own, other = (f"I have a {pet}." for pet in (pets if f" has a {pets[0]}." in request.messages[0].text else pets[::-1]))
            if request.choices:
                return {own: 1 - wrong / 2, other: wrong / 2}
            return {other: wrong, own: 0.4, "So it goes.": 0.6 - wrong}

        truth = {PL: 0.7, LL: 1 - 2 * 0.3 * 0.4, NAMES[PERSON]: 0.85, "unparsable": 0.0, "drift": 0.0, "judge.found": 1.0, "shuffled": 0.6}
        study = replace(self, turns=4)
        quiet = frozenset({"consistent", "undecided"})
        elicitation = Elicitation(runs=2)
        return StudyWorld(
            tuple(people), (*turns, fact), world, truth, lambda request: world(request, 0.0), "inconsistent", quiet, elicitation, study
        )


def _right(text: str, kind: str) -> str:
    """What a judge says who is never wrong, in the known world."""
    if kind == "reader":
        said = [pet for pet in text.split() if pet in {"cat.", "dog."}]
        return said[-1].removesuffix(".") if said else "not told"
    return "contradicts" if "cat." in text and "dog." in text else "consistent"


def _columns(line: Request) -> dict[str, str]:
    """Columns of what is asked about a line."""
    known = line.about
    return {name: known[name] for name in ("persona", "item", "turn")} | {"dialogue": known["run"], "kind": known.get("kind", "")}


def _heard(turns: Sequence[Turn], said: Dialogue) -> Iterator[tuple[str, str | Request]]:
    """A dialogue as a reader reads it."""
    for turn, line in zip(turns, said.lines, strict=False):
        yield "Other", turn.text
        yield "Person", line


def _plainly(probe: Request, fact: Item) -> Request:
    """A question that is asked as in a conversation, where its item says how it is answered; else with its options."""
    if "says" not in fact.attributes:
        return probe
    labels: tuple[str, ...] = fact.scale.labels  # type: ignore[union-attr]
    *before, last = probe.messages
    return replace(
        probe,
        messages=(*before, replace(last, text=fact.text)),
        choices=tuple(fact.attributes["says"].format(label) for label in labels),
        labels=labels,
    )


def _measured(who: tuple[Persona, Persona], told: tuple[Dialogue, Dialogue], facts: Sequence[Item]) -> Iterator[Request]:
    """What a judge is asked to see how good it is: lines again, turned, and of another; statements that are known to be right or wrong."""
    (persona, other), (said, others) = who, told
    card = {"background": persona.text}
    for line, foreign in zip(said.lines, others.lines, strict=True):
        yield judged(PL, {**card, "line": line}, _columns(line), run=1)
        yield judged(PL, {**card, "line": line}, _columns(line), turned=True)
        if persona is not other:
            yield judged(PL, {**card, "line": foreign}, {**_columns(line), "plant": OTHER})
    for fact in facts:
        says = fact.attributes.get("says", SAID.format(fact.text))
        name = fact.attributes["fact"]
        own, wrong = persona.attributes.get(name, ""), other.attributes.get(name, "")
        columns = {**_columns(said.lines[0]), "item": fact.id}
        for value, plant in ((own, TRUE), (wrong, FALSE)):
            if own and value and (value != own or plant == TRUE):
                yield judged(PL, {**card, "line": says.format(value)}, {**columns, "plant": plant})
