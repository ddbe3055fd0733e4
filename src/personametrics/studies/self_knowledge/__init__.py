"""Does the model know when it is only guessing?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Verdict
from personametrics.data.study import NOBODY, Aim, Elicitation, Item, Message, Nominal, Persona, Request, Responses, Study, parse_scale
from personametrics.measures.sums import RowSums
from personametrics.studies.self_knowledge import calibration
from personametrics.studies.self_knowledge.world import known_world

MODEL = pl.col("persona") == NOBODY
USE = "trusting the certainty that the model states"


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
    question: ClassVar[str] = "Does the model know when it is only guessing?"
    reads: ClassVar[Mapping[str, str]] = {
        "gold": "the right answer",
        "certainty_of": "the answer whose certainty this row states, empty for an answer itself; or use a column certainty instead",
    }
    aim: ClassVar[tuple[str, Aim]] = ("overconfidence", "zero")
    cite: ClassVar[tuple[str, ...]] = ("dong2024", "guo2017", "geifman2017", "geifman2018", "traub2024", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every question, to the model alone and to every persona, each followed by the certainty of each option."""
        questions = [item for item in items if item.attributes.get("kind", self.kind) == self.kind and isinstance(item.scale, Nominal)]
        questions = [item for item in questions if item.attributes.get("gold") in item.scale.labels]  # type: ignore[union-attr]
        ensure(len(questions) > 1, "self_knowledge needs two or more items with labels. Give each the attribute gold, one of its labels.")
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
        given, stated = calibration.certain_answers(responses, self.reads)
        ensure(len(stated), f"{responses.source} has no answer with its certainty. Add rows whose certainty_of is that answer.")
        exact, model_only = bool(responses.columns.probabilities), stated.select(MODEL.all()).item()
        by, kept = (("item",), MODEL) if model_only else (("persona", "item"), ~MODEL)
        main, model = RowSums(stated.filter(kept), self.level, by), stated.filter(MODEL)
        estimates = [*calibration.means_over_answers(main, self.sure / 100), *calibration.areas_under_curves(main, endless=exact)]
        estimates += calibration.calibration_errors(main, self.bins)
        estimates.append(calibration.unsteadiness(RowSums(calibration.rerun_doubt(given.filter(kept), exact=exact), self.level, by)))
        if not model_only and len(model):
            alone, excess = RowSums(model, self.level, ("item",)), calibration.SURE - calibration.RIGHT
            meaning = "stated certainty minus accuracy, without a persona"
            estimates.append(calibration.mean_over_answers(alone, "overconfidence.none", meaning, excess))
        evidence = {"calibration": calibration.by_bin(main.rows, self.bins), "questions": calibration.by_question(main.rows)}
        return Finding("self_knowledge", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the interval of certainty minus accuracy."""
        by_name = {estimate.name: estimate for estimate in estimates}
        over, means = by_name["overconfidence"], f"certainty {by_name['certainty'].value:.2f}, accuracy {by_name['accuracy'].value:.2f}"
        if math.isnan(over.low):
            return Verdict("undecided", f"There are too few questions for an interval: {means}.", open=(USE,))
        numbers = f"{means}, difference {over:+.2f}"
        return {
            "above": Verdict("overconfident", f"The model states more certainty than its accuracy justifies: {numbers}.", unfit=(USE,)),
            "below": Verdict("underconfident", f"The model states less certainty than its accuracy justifies: {numbers}.", unfit=(USE,)),
            "within": Verdict("calibrated", f"On average, certainty equals accuracy within ±{self.margin:g}: {numbers}.", fit=(USE,)),
            "undecided": Verdict("undecided", f"It is undecided whether certainty equals accuracy: {numbers}.", open=(USE,)),
        }[over.side(self.margin)]

    known = staticmethod(known_world)
