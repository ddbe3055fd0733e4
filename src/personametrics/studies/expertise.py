"""Do expert or ignorant personas change the model's accuracy?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Nominal, Persona, Request, Responses, Sign, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import quotient, quotient_difference

ARMS: Mapping[str, str] = {
    "none": "without a persona",
    "expert": "of personas in their own field",
    "other": "of personas in another field",
    "ignorant": "of personas who know little",
}
RIGHT = pl.col("weight") * (pl.col("answer") == pl.col("gold"))
USE = "taking a persona's answers to questions of fact as the model's best answers"


@dataclass(frozen=True)
class Expertise(Study):
    """Accuracy of personas on questions with a right answer, compared with the model without a persona (Basil and others 2025).

    All arms answer the same questions, so differences are paired by question. It is not a test of what a persona would know in life.

    Attributes:
        field: attribute of a persona that names its field, as the items' attribute `domain` does.
        ignorant: attribute and value of personas who know little.
        margin: accuracy does not change if the whole interval of every difference lies within ± this share.
        level: coverage of the intervals; those of the differences hold together.
    """

    field: str = "job"
    ignorant: tuple[str, str] = ("schooling", "early")
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Do expert or ignorant personas change the model's accuracy?"
    reads: ClassVar[Mapping[str, str]] = {"gold": "the right answer", "arm": "none, expert, other or ignorant"}
    aim: ClassVar[tuple[str, Aim]] = ("gain.expert", "high")
    additive: ClassVar[bool] = True
    cite: ClassVar[tuple[str, ...]] = ("basil2025", "cameron2011")
    signs: ClassVar[Mapping[str, Sign]] = {"personas cost accuracy": Sign(shows=("distortion",), spoils=("evaluation panel",), gravity=2)}

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every question of a field, to the model alone and to every persona that falls into an arm."""
        questions = [item for item in items if item.attributes.get("gold") and item.attributes.get("domain")]
        ensure(len(questions) > 1, "expertise needs two or more items with the attributes gold and domain. Add them.")
        requests = []
        for item in questions:
            for persona in (None, *personas):
                if arm := self._arm(persona, item):
                    columns = {"gold": item.attributes["gold"], "domain": item.attributes["domain"], "arm": arm}
                    requests += elicitation.ask(persona, item, columns)
        message = f'expertise needs personas with the attribute "{self.field}" (a domain of the items) or {"=".join(self.ignorant)}.'
        ensure({"expert", "ignorant"} & {request.about["arm"] for request in requests}, message)
        return requests

    def _arm(self, persona: Persona | None, item: Item) -> str:
        """Return the arm of an answer; "": the persona does not say what it knows."""
        if persona is None:
            return "none"
        name, low = self.ignorant
        if persona.attributes.get(name) == low:
            return "ignorant"
        field = persona.attributes.get(self.field, "")
        return ("expert" if field == item.attributes["domain"] else "other") if field else ""

    def estimate(self, responses: Responses) -> Finding:
        """Return accuracy in every arm, and its difference to accuracy without a persona, paired by question."""
        rows = answers(responses, self.reads)
        arms, n = [arm for arm in ARMS if (rows["arm"] == arm).any()], rows["item"].n_unique()
        others, sums = [arm for arm in arms if arm != "none"], RowSums(rows, self.level)
        means = {arm: Name("share", "questions", f"accuracy {ARMS[arm]}") for arm in arms}
        estimates = [sums.estimate(f"accuracy.{arm}", means[arm], _right_and_all(arm), quotient, n=n) for arm in arms]
        together = RowSums(rows, 1 - (1 - self.level) / max(1, len(others)))  # the verdict looks at all gains at once
        for arm in others if "none" in arms else []:
            gain = Name("difference", "questions", f"accuracy {ARMS[arm]} minus accuracy without a persona; simultaneous intervals")
            both = [*_right_and_all(arm), *_right_and_all("none")]
            estimates.append(together.estimate(f"gain.{arm}", gain, both, quotient_difference, n=n))
        return Finding("expertise", self.question, self._verdict(estimates), tuple(estimates), cite=self.cite)

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the differences of accuracy."""
        gains = {estimate.name.removeprefix("gain."): estimate for estimate in estimates if estimate.name.startswith("gain.")}
        if not gains:
            return Verdict("undecided", "Accuracy cannot be compared: answers with and without a persona are needed.", open=(USE,))
        numbers = "; ".join(f"{arm} {difference:+.2f}" for arm, difference in gains.items())
        sides = {difference.side() for difference in gains.values()}
        if "below" in sides:
            return Verdict("personas cost accuracy", f"Accuracy is lower in at least one arm with personas: {numbers}.", unfit=(USE,))
        if "above" in sides:
            return Verdict("personas gain accuracy", f"Accuracy is higher in at least one arm with personas: {numbers}.", fit=(USE,))
        if all(difference.side(self.margin) == "within" for difference in gains.values()):
            return Verdict("no change", f"All changes of accuracy lie within ±{self.margin:g}: {numbers}.", fit=(USE,))
        return Verdict("undecided", f"It is undecided whether accuracy changes: {numbers}.", open=(USE,))

    def known(self) -> StudyWorld:
        """Return a world in which experts gain nothing and ignorant personas lose 25 percentage points."""
        fields = ("law", "farming", "nursing")
        people = [Persona(f"{job} {index}", f"You are person {index}, of {job}.", {"job": job}) for job in fields for index in range(4)]
        people += [Persona(f"early {index}", f"You left school, person {index}.", {"schooling": "early"}) for index in range(6)]
        labels = Nominal(("yes", "no", "maybe"))
        numbered = [(f"{field} {index}", f"Question {index} of {field}?", field) for field in fields for index in range(8)]
        items = [Item(name, text, labels, {"gold": "yes", "domain": field}) for name, text, field in numbered]

        def world(request: Request, loss: float = 0.25) -> Mapping[str, float]:
            right = 0.75 - loss * (request.about["arm"] == "ignorant")
            return {"yes": right, "no": (1 - right) / 2, "maybe": (1 - right) / 2}

        truth = {"accuracy.none": 0.75, "gain.expert": 0.0, "gain.other": 0.0, "gain.ignorant": -0.25}
        quiet = frozenset({"no change", "undecided"})
        return StudyWorld(tuple(people), tuple(items), world, truth, lambda request: world(request, 0.0), "personas cost accuracy", quiet)


def _right_and_all(arm: str) -> list[pl.Expr]:
    """Return the weight of right answers in an arm, and that of all its answers."""
    return [RIGHT * (pl.col("arm") == arm), pl.col("weight") * (pl.col("arm") == arm)]
