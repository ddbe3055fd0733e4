"""Does a persona's identity bias its judgement of evidence?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Verdict
from personametrics.data.sentences import PLAIN, instructions, with_instruction
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Sign, Study
from personametrics.studies.distortion import congruence
from personametrics.studies.distortion.world import known_world

USE = "letting personas judge evidence on matters that divide them"


@dataclass(frozen=True)
class Distortion(Study):
    """Accuracy on questions whose right answer favours one's own side, compared with questions that favour another side.

    Every pair of a persona's side and a question's side weighs the same, so that neither harder questions nor abler personas of one side
    look like bias; that needs personas of two sides or more. Questions whose answer favours no side are neutral: their accuracy is given
    with and without a persona, and chance adds no gap there. Control questions that do name a side (the same table about another thing)
    give a gap of their own, which is subtracted (Dash and others 2025).

    Attributes:
        identity: attribute of a persona that names its side, as the items' attribute `side` does.
        instructions: debiasing instructions to try as well, by name or as sentences of your own. The prompt still asks for the answer
            alone: thinking aloud needs a prompt that leaves room for it.
        margin: identity does not bend judgement if the whole interval of the gap lies within ± this share.
        level: coverage of the intervals.
    """

    identity: str = "politics"
    instructions: tuple[str, ...] = ()
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Does a persona's identity bias its judgement of evidence?"
    reads: ClassVar[Mapping[str, str]] = {
        "gold": "the right answer",
        "side": "the side that the right answer favours, or none",
        "identity": "the persona's side",
    }
    aim: ClassVar[tuple[str, Aim]] = ("gap", "zero")
    additive: ClassVar[bool] = True
    cite: ClassVar[tuple[str, ...]] = ("dash2025", "cameron2011")
    spread_group: ClassVar[str] = "identity"
    signs: ClassVar[Mapping[str, Sign]] = {
        "identity bends judgement": Sign(shows=("distortion",), spoils=("evaluation panel",), gravity=3),
        "no bend": Sign(clears=("distortion",), needed_for=("evaluation panel",)),
    }

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every question that has a side or is neutral, to the model alone and to every persona of a side."""
        asked = [item for item in items if item.attributes.get("side") and item.attributes.get("gold") in getattr(item.scale, "labels", ())]
        sides = {item.attributes["side"] for item in asked} - {congruence.NEUTRAL}
        ensure(len(sides) > 1, "distortion needs items of two sides or more. Give them the attributes gold (one of the labels) and side.")
        shared = sides & {persona.attributes.get(self.identity, "") for persona in personas}
        ensure(len(shared) > 1, f'distortion needs personas of two or more of the sides of "{self.identity}": {", ".join(sorted(sides))}.')
        requests = []
        for (name, sentence), item, persona in product(instructions(self.instructions).items(), asked, (None, *personas)):
            side = persona.attributes.get(self.identity, "") if persona else ""
            if persona is None or side in shared:
                columns = {column: item.attributes.get(column, "") for column in ("gold", "side", "topic")}
                runs = elicitation.ask(persona, item, {**columns, "identity": side, "instruction": name})
                requests += [with_instruction(request, sentence) for request in runs]
        return requests

    def estimate(self, responses: Responses) -> Finding:
        """Return accuracy by congruence, the gap, the odds ratio and the changes by instructions."""
        rows = congruence.right_answers(responses, self.reads)
        sides = sorted(set(rows.filter(congruence.PERSON)["identity"]) & set(rows["side"]) - {"", congruence.NEUTRAL})
        plain = rows.filter(pl.col("instruction") == PLAIN)
        estimates = congruence.plain_estimates(plain, sides, self.level) if len(sides) > 1 else []
        message = f"{responses.source}: distortion needs answers of personas of two or more sides to questions that favour each of them."
        ensure(estimates and estimates[0].name == "accuracy.congruent", message)
        for name in dict.fromkeys(rows["instruction"]):
            estimates += congruence.instruction_changes(rows, sides, name, self.level) if name != PLAIN else []
        evidence = {f"{by}s": congruence.accuracy_by_congruence(plain, by, sides) for by in ("item", "persona")}
        notices = congruence.panel_notices(rows, sides, estimates)
        return Finding("distortion", self.question, self._verdict(estimates), tuple(estimates), notices, evidence, self.cite)

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the intervals of the gap and of the odds ratio."""
        by_name = {estimate.name: estimate for estimate in estimates}
        gap, ratio = by_name.get("gap.net", by_name["gap"]), by_name["odds.ratio"]
        numbers = f"accuracy gap {gap:+.2f}, odds ratio {ratio:.1f}"
        if gap.side() == "above" and not ratio.low <= 1:  # an odds ratio without an interval does not contradict the gap
            sentence = f"Personas judge evidence correctly more often if the right answer suits them: {numbers}."
            return Verdict("identity bends judgement", sentence, unfit=(USE,))
        if gap.side() == "below" and not ratio.high >= 1:
            sentence = f"Personas judge evidence correctly less often if the right answer suits them: {numbers}."
            return Verdict("judgement against one's side", sentence, unfit=(USE,))
        if gap.side(self.margin) == "within":
            return Verdict("no bend", f"The gap lies within ±{self.margin:g}: {numbers}.", fit=(USE,))
        return Verdict("undecided", f"It is undecided whether identity biases judgement: {numbers}.", open=(USE,))

    known = staticmethod(known_world)
