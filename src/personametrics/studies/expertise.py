"""Do expert or ignorant personas change accuracy?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import gain, quotient

ARMS: Mapping[str, str] = {
    "none": "without a persona",
    "expert": "of personas whose field it is",
    "other": "of personas of another field",
    "ignorant": "of personas who know little",
}
RIGHT = pl.col("weight") * (pl.col("answer") == pl.col("gold"))


@dataclass(frozen=True)
class Expertise(Study):
    """Accuracy of personas on questions with a right answer, against the model without a persona, on the same questions.

    Attributes:
        field: attribute of a persona that names its field, as the items' attribute `domain` does.
        ignorant: attribute and value of personas who know little.
        margin: accuracies are the same where the whole interval of their difference lies within ± this.
        level: coverage of the intervals.
    """

    field: str = "job"
    ignorant: tuple[str, str] = ("schooling", "early")
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Do expert or ignorant personas change accuracy?"
    reads: ClassVar[Mapping[str, str]] = {"gold": "the right answer", "arm": "none, expert, other or ignorant"}
    aim: ClassVar[tuple[str, Aim]] = ("gain.expert", "high")
    cite: ClassVar[tuple[str, ...]] = ("basil2025", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every question of a field without a persona, and of every persona that falls into an arm."""
        asked = [item for item in items if item.attributes.get("gold") and item.attributes.get("domain")]
        if len(asked) < 2:
            message = "expertise needs two or more items with the attributes gold and domain."
            raise DesignError(message)
        found = []
        for item in asked:
            for persona in (None, *personas):
                arm = self._arm(persona, item)
                if arm:
                    found += elicitation.ask(
                        persona, item, {"gold": item.attributes["gold"], "domain": item.attributes["domain"], "arm": arm}
                    )
        if not {"expert", "ignorant"} & {request.about["arm"] for request in found}:
            message = f'expertise needs personas with the attribute "{self.field}" (a domain of the items) or {"=".join(self.ignorant)}.'
            raise DesignError(message)
        return found

    def _arm(self, persona: Persona | None, item: Item) -> str:
        """The arm of an answer; none for personas that tell nothing about what they know."""
        if persona is None:
            return "none"
        name, low = self.ignorant
        if persona.attributes.get(name) == low:
            return "ignorant"
        field = persona.attributes.get(self.field, "")
        return ("expert" if field == item.attributes["domain"] else "other") if field else ""

    def estimate(self, responses: Responses) -> Finding:
        """Accuracy in every arm, and its difference to that without a persona, paired by question."""
        rows = answers(responses, self.reads)
        arms, questions = [arm for arm in ARMS if (rows["arm"] == arm).any()], rows["item"].n_unique()
        others = [arm for arm in arms if arm != "none"]
        summed = Summed(rows, self.level)
        found = [
            summed.estimate(f"accuracy.{arm}", Name("share", "questions", f"accuracy {ARMS[arm]}"), _sums(arm), quotient, n=questions)
            for arm in arms
        ]
        together = Summed(rows, 1 - (1 - self.level) / max(1, len(others)))  # the verdict looks at all gains at once
        for arm in others if "none" in arms else []:
            means = Name("difference", "questions", f"accuracy {ARMS[arm]} minus that without one; all gains hold together")
            sums = [*_sums(arm), *_sums("none")]
            found.append(together.estimate(f"gain.{arm}", means, sums, gain, n=questions))
        return Finding("expertise", self.question, self._verdict(found), tuple(found), cite=self.cite)

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the differences say."""
        gains = {one.name.removeprefix("gain."): one for one in found if one.name.startswith("gain.")}
        said = "; ".join(f"{arm} {one:+.2f}" for arm, one in gains.items())
        lost = [arm for arm, one in gains.items() if one.high < 0]
        won = [arm for arm, one in gains.items() if one.low > 0]
        use = "taking its answers to questions of fact as the model's best"
        if lost:
            return Verdict("personas cost accuracy", f"Accuracy against no persona: {said}.", unfit=(use,))
        if won:
            return Verdict("personas gain accuracy", f"Accuracy against no persona: {said}.", fit=(use,))
        if gains and all(-self.margin < one.low and one.high < self.margin for one in gains.values()):
            return Verdict("no change", f"All differences lie within ±{self.margin:g}: {said}.", fit=(use,))
        return Verdict("undecided", f"The intervals leave it open: {said}.", open=(use,))

    def known(self) -> StudyWorld:
        """Experts gain nothing, ignorant personas lose a quarter."""
        fields = ("law", "farming", "nursing")
        people = [Persona(f"{field} {at}", f"You are person {at}, of {field}.", {"job": field}) for field in fields for at in range(4)]
        people += [Persona(f"early {at}", f"You left school, person {at}.", {"schooling": "early"}) for at in range(6)]
        labels = Nominal(("yes", "no", "maybe"))
        items = [
            Item(f"{field} {at}", f"Question {at} of {field}?", labels, {"gold": "yes", "domain": field})
            for field in fields
            for at in range(8)
        ]

        def world(request: Request, lost: float = 0.25) -> Mapping[str, float]:
            right = 0.75 - lost * (request.about["arm"] == "ignorant")
            return {"yes": right, "no": (1 - right) / 2, "maybe": (1 - right) / 2}

        truth = {"accuracy.none": 0.75, "gain.expert": 0.0, "gain.other": 0.0, "gain.ignorant": -0.25}
        quiet = frozenset({"no change", "undecided"})
        return StudyWorld(tuple(people), tuple(items), world, truth, lambda request: world(request, 0.0), "personas cost accuracy", quiet)


def _sums(arm: str) -> list[pl.Expr]:
    """What is right in an arm, and of how much."""
    return [RIGHT * (pl.col("arm") == arm), pl.col("weight") * (pl.col("arm") == arm)]
