"""Does the model know when it is guessing?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate
from personametrics.data.finding import Finding, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, parse_scale
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.sums import RowSums
from personametrics.studies.self_knowledge.calibration import areas_under_curves, calibration_errors, mean_over_answers, unsteadiness
from personametrics.studies.self_knowledge.certainties import RIGHT, SURE, W, by_bin, by_question, certain_answers, rerun_doubt
from personametrics.studies.self_knowledge.world import known_world

MODEL = pl.col("persona") == NOBODY
USE = "trusting the certainty that it states"


@dataclass(frozen=True)
class SelfKnowledge(Study):
    """Stated certainty compared with accuracy, on questions with a right answer (Guo and others 2017; Geifman & El-Yaniv 2017).

    Every option of a question is put back as the answer given, and its certainty is requested. So each answer comes with the certainty of
    that very answer, and no request depends on a reply. Recorded answers may carry a column `certainty` (0 to 100) instead. The estimates
    are those of personas, where there are any. It is not a test of whether the model is right: a bad guesser who knows it is calibrated.

    Attributes:
        follow_up: the question after an answer.
        scale: certainties that may be stated, in percent.
        kind: the attribute `kind` of the items to ask; items without that attribute are asked too.
        sure: an answer counts as sure from this certainty on, in percent.
        bins: number of bins of stated certainty, for the calibration error.
        margin: certainty is calibrated if the whole interval of certainty minus accuracy lies within ± this share.
        level: coverage of the intervals.
    """

    follow_up: str = "How sure are you that this is right, in percent?"
    scale: str = "30|40|50|60|70|80|90|100"
    kind: str = "knowledge"
    sure: float = 80.0
    bins: int = 10
    margin: float = 0.05
    level: float = 0.9
    question: ClassVar[str] = "Does the model know when it is guessing?"
    reads: ClassVar[Mapping[str, str]] = {
        "gold": "the right answer",
        "certainty_of": "the answer whose certainty this row states, empty for an answer itself; or a column certainty next to each answer",
    }
    aim: ClassVar[tuple[str, Aim]] = ("overconfidence", "zero")
    cite: ClassVar[tuple[str, ...]] = ("dong2024", "guo2017", "geifman2017", "geifman2018", "traub2024", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every question, to the model alone and to every persona, each followed by the certainty of each option."""
        questions = [item for item in items if item.attributes.get("kind", self.kind) == self.kind and isinstance(item.scale, Nominal)]
        questions = [item for item in questions if item.attributes.get("gold") in item.scale.labels]  # type: ignore[union-attr]
        if len(questions) < 2:
            message = "self_knowledge needs two or more items with labels. Give each the attribute gold, which is one of its labels."
            raise DesignError(message)
        certainty, requests = Item("certainty", self.follow_up, parse_scale(self.scale)), list[Request]()
        for item in questions:
            for persona in (None, *personas):
                gold = {"gold": item.attributes["gold"]}
                requests += (asked := elicitation.ask(persona, item, {**gold, "certainty_of": ""}))
                first = asked[0]
                for mark, option in zip(first.choices, first.labels, strict=True):
                    columns = {"persona": first.about["persona"], "item": item.id, **gold, "certainty_of": option}
                    before = (*first.messages, Message("assistant", mark))
                    after = elicitation.ask(None, certainty, columns)
                    requests += [replace(request, messages=(*before, *request.messages)) for request in after]
        return requests

    def estimate(self, responses: Responses) -> Finding:
        """Return accuracy, stated certainty, their difference, and the gain from taking only the sure answers."""
        given, stated = certain_answers(responses, self.reads)
        if stated.is_empty():
            message = f"{responses.source} has no answer with its certainty. Add rows whose certainty_of is that answer."
            raise DesignError(message)
        exact, model_only = bool(responses.columns.probabilities), stated.select(MODEL.all()).item()
        by, kept = (("item",), MODEL) if model_only else (("persona", "item"), ~MODEL)
        main, model = RowSums(stated.filter(kept), self.level, by), stated.filter(MODEL)
        estimates = [*self._means(main), *areas_under_curves(main, endless=exact), *calibration_errors(main, self.bins)]
        estimates.append(unsteadiness(RowSums(rerun_doubt(given.filter(kept), exact=exact), self.level, by)))
        if not model_only and len(model):
            meaning = "stated certainty minus accuracy, without a persona"
            estimates.append(mean_over_answers(RowSums(model, self.level, ("item",)), "overconfidence.none", meaning, SURE - RIGHT))
        evidence = {"calibration": by_bin(main.rows, self.bins), "questions": by_question(main.rows)}
        return Finding("self_knowledge", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _means(self, main: RowSums) -> list[Estimate]:
        """Return the means over answers."""
        sure, percent = self.sure / 100 - 1e-9 <= SURE, f"a certainty of {self.sure:g} % or more"
        return [
            mean_over_answers(main, "accuracy", "answers that are right", RIGHT),
            mean_over_answers(main, "certainty", "mean stated certainty", SURE),
            mean_over_answers(main, "overconfidence", "stated certainty minus accuracy", SURE - RIGHT),
            mean_over_answers(
                main, "brier", "mean squared difference of certainty and being right", (SURE - RIGHT) ** 2, unit="squared share"
            ),
            mean_over_answers(main, "sure.coverage", f"answers with {percent}", sure),
            mean_over_answers(main, "sure.accuracy", f"accuracy at {percent}", RIGHT, W * sure),
        ]

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the interval of certainty minus accuracy."""
        by_name = {estimate.name: estimate for estimate in estimates}
        over, means = by_name["overconfidence"], f"certainty {by_name['certainty'].value:.2f}, accuracy {by_name['accuracy'].value:.2f}"
        if math.isnan(over.low):
            return Verdict("undecided", f"There are too few questions for an interval: {means}.", open=(USE,))
        numbers = f"{means}, difference {over:+.2f}"
        return {
            "above": Verdict("overconfident", f"The model is surer than it is right: {numbers}.", unfit=(USE,)),
            "below": Verdict("underconfident", f"The model is right more often than it is sure: {numbers}.", unfit=(USE,)),
            "within": Verdict("calibrated", f"On average it is as sure as it is right, within ±{self.margin:g}: {numbers}.", fit=(USE,)),
            "undecided": Verdict("undecided", f"The interval leaves it open: {numbers}.", open=(USE,)),
        }[over.side(self.margin)]

    def known(self) -> StudyWorld:
        """Return a world in which everybody is surer than right by 20 percentage points."""
        return known_world()
