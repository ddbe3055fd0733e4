"""Does a simulated person stay consistent from line to line?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Nominal, Persona, Request, Responses, Sign, Study, StudyWorld
from personametrics.dialogues.dialogue import Dialogue, Turn, dialogue
from personametrics.dialogues.judge import reader_request
from personametrics.dialogues.script import script
from personametrics.dialogues.script import turns as turns_by_kind
from personametrics.dialogues.verdicts import PERSON, verdicts
from personametrics.studies.consistency.contradictions import NAMES, Measures
from personametrics.studies.consistency.judge import LL, PL, heard, in_conversation, known_requests, line_columns, verdict_requests
from personametrics.studies.consistency.world import pets_world

UNREAD: Mapping[str, str] = {"unparsable": "verdicts", "qa.unanswered": "the person's answers"}
"""Estimates of what could not be read, with the name of it."""
USE = "conversations in which a simulated person must stay consistent"


@dataclass(frozen=True)
class Consistency(Study):
    """Three measures of consistency that must be read together: lines against the card, lines against each other, and questions of fact.

    A verdict is good, bad or unknown. What the judge leaves unsaid counts as neither, and every measure is also given as it would be if all
    of that were bad, and if all were good. Dialogues are compared over as many lines as the shortest of them has.

    The judge is measured too: lines are judged again, with the answers in the other order, and against another persona's card; planted
    statements say what the card says, or something else. The errors found with these are taken off.

    Attributes:
        turns: number of lines of a dialogue; every run has another order of the turns.
        pairs: `all`: the judge reads each pair of lines; `index`: each line with all earlier ones at once, which is cheaper.
        every: questions of fact are asked after every this many lines; 0: at the end only.
        enough: a person is consistent if more than this share of what is judged is consistent.
        level: coverage of the intervals.
    """

    turns: int = 8
    pairs: Literal["all", "index"] = "all"
    every: int = 0
    enough: float = 0.9
    level: float = 0.9
    question: ClassVar[str] = "Does a simulated person stay consistent from line to line?"
    reads: ClassVar[Mapping[str, str]] = {"judged": "the question to the judge: prompt_to_line, line_to_line or reader"}
    aim: ClassVar[tuple[str, Aim]] = (PL, "high")
    additive: ClassVar[bool] = True
    cite: ClassVar[tuple[str, ...]] = ("abdulhai2025", "rogan1978", "cameron2011", "wilson1927", "korn1998")
    signs: ClassVar[Mapping[str, Sign]] = {"inconsistent": Sign(shows=("drift",), gravity=2)}
    population: ClassVar[str] = "talkers"

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return lines, verdicts on them, and questions of fact in every run; requests that measure the judge in the first."""
        pool = turns_by_kind(items)
        message = "consistency needs items of the kind turn (lines of the other speaker), turns=2 or more, and pairs=all or index."
        ensure(pool and self.turns > 1 and self.pairs in {"all", "index"}, message)
        facts = [item for item in items if item.attributes.get("fact") and isinstance(item.scale, Nominal)]
        elicitation = replace(elicitation, score=False)  # lines must be words
        scripts = [script(pool, self.turns, (run,)) for run in range(elicitation.runs)]
        named = [(f"script {run + 1}", turns) for run, turns in enumerate(scripts)]
        spoken = [[dialogue(elicitation, persona, turns, run) for run, turns in enumerate(named)] for persona in personas]
        requests: list[Request] = []
        for index, (persona, dialogues) in enumerate(zip(personas, spoken, strict=True)):
            for run_dialogue in dialogues:
                requests += [*run_dialogue.lines, *verdict_requests(persona, run_dialogue, index=self.pairs == "index")]
            other = (index + 1) % len(personas)
            requests += known_requests((persona, personas[other]), (dialogues[0], spoken[other][0]), facts)
            requests += self._questions((persona, elicitation), facts, scripts, dialogues)
        return requests

    def _questions(
        self, who: tuple[Persona, Elicitation], facts: Sequence[Item], scripts: Sequence[Sequence[Turn]], dialogues: Sequence[Dialogue]
    ) -> Iterator[Request]:
        """Yield questions of fact, to the person and to a reader of the dialogue."""
        persona, elicitation = who
        answered = [(fact, gold) for fact in facts if (gold := persona.attributes.get(fact.attributes["fact"], ""))]
        every = self.every or self.turns
        for turn in range(every, self.turns + 1, every):
            before = [spoken.until(turn) for spoken in dialogues]
            for fact, gold in answered:
                probes = elicitation.ask(persona, fact, {"gold": gold, "part": "probe"}, before=before.__getitem__)
                for probe in probes:
                    spoken = dialogues[probe.run]
                    columns = {**line_columns(spoken.lines[turn - 1]), "gold": gold}
                    yield in_conversation(replace(probe, about={**columns, **probe.about}), fact)
                    yield reader_request(heard(scripts[probe.run][:turn], spoken), fact, columns)

    def estimate(self, responses: Responses) -> Finding:
        """Return every measure with its bounds, their differences, the kinds of contradictions, and the errors of the judge."""
        measures = Measures(verdicts(responses), self.level, responses.source)
        estimates = tuple(measures.estimates)
        verdict = self._verdict({estimate.name: estimate for estimate in estimates})
        return Finding("consistency", self.question, verdict, estimates, tuple(measures.notices), measures.evidence, self.cite)

    def _verdict(self, estimates: Mapping[str, Estimate]) -> Verdict:
        """Return the verdict from the bounds of all measures; what could not be read must not decide it."""
        names = [name for name in (PL, LL, NAMES[PERSON]) if name in estimates]
        figures = "; ".join(f"{name} {estimates[name]:.2f}" for name in names if not np.isnan(estimates[name].value))
        if not figures:
            return Verdict("unknown", "No verdict could be read.", open=(USE,))
        judge = estimates.get("judge.tells")
        if judge and judge.side(about=0.5) == "below":
            text = f"The judge hardly recognises statements that contradict a persona's text ({judge.value:.2f}; 1 is perfect, 0 is chance)"
            return Verdict("unknown", f"{text}: {figures}.", open=(USE,))
        low, high = ({name: estimates[f"{name}.{end}_bound"] for name in names} for end in ("low", "high"))
        failing = [name for name in names if high[name].side(about=self.enough) == "below"]
        if failing:
            text = f"{' and '.join(failing)} {'is' if len(failing) == 1 else 'are'} below {self.enough:g}"
            return Verdict("inconsistent", f"{text}: {figures}.", unfit=(USE,))
        if all(low[name].side(about=self.enough) == "above" for name in names):
            return Verdict("consistent", f"All measures are above {self.enough:g}: {figures}.", fit=(USE,))
        if any(low[name].value < self.enough < high[name].value for name in names):
            return Verdict("unknown", f"The verdict depends on unreadable replies{_unread(estimates)}: {figures}.", open=(USE,))
        return Verdict("undecided", f"It is undecided whether all measures are above {self.enough:g}: {figures}.", open=(USE,))

    def known(self) -> StudyWorld:
        """Return a world in which three lines in ten contradict the card, and one in which none does."""
        return pets_world(replace(self, turns=4))


def _unread(estimates: Mapping[str, Estimate]) -> str:
    """Return how much could not be read, in brackets; "" if nothing is known of that."""
    shares = [f"{estimates[name].value:.0%} of {what}" for name, what in UNREAD.items() if name in estimates and estimates[name].value > 0]
    return f" ({' and '.join(shares)})" if shares else ""
