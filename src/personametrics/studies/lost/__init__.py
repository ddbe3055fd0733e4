"""Does a persona perform worse if information comes one sentence at a time?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Nominal, Ordinal, Persona, Request, Responses, Study
from personametrics.measures.answers import answers
from personametrics.measures.sums import RowSums
from personametrics.studies.lost import arm_scores
from personametrics.studies.lost.arms import ARMS, CHANGES, OUTCOMES, PERSONA, SHARDED, TASK, arm_requests, shards
from personametrics.studies.lost.world import known_world

USE = "conversations that reveal a persona and its task bit by bit"


@dataclass(frozen=True)
class Lost(Study):
    """A persona and a task, given at once, at once as a list, or one sentence a turn with a reply to each (Laban and others 2025).

    Each arm ends with two questions: the task, which is solved or not, and a self-description, which fits the card or not by a judge's
    verdict. Scores are 0 or 100. Aptitude and unreliability are percentiles of the runs of one persona and task, averaged over these; with
    scores of two values they move with the share of right answers and with the number of runs, so arms are compared at equal runs. At
    once, the self-description is asked without a task: there a persona counts once, however many tasks it has.

    Attributes:
        margin: nothing is lost if the whole interval of a change lies within ± this, in points of 100.
        level: coverage of the intervals; those of changes hold together.
    """

    margin: float = 10.0
    level: float = 0.9
    question: ClassVar[str] = "Does a persona perform worse if information comes one sentence at a time?"
    reads: ClassVar[Mapping[str, str]] = {
        "arm": "full, concat or sharded",
        "scored": "outcome for which the answer is scored: task or persona; empty for other lines",
        "gold": "the right answer; consistent for a verdict on a line",
    }
    aim: ClassVar[tuple[str, Aim]] = ("unreliability.sharded", "low")
    cite: ClassVar[tuple[str, ...]] = ("laban2025", "cameron2011", "wilson1927", "korn1998")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return, for every arm, the lines of the conversation, the task, the self-description and a verdict on it."""
        tasks = [item for item in items if isinstance(item.scale, Nominal | Ordinal) and len(shards(item)) > 1]
        tasks = [item for item in tasks if item.attributes.get("gold") in getattr(item.scale, "labels", ())]
        ensure(tasks and personas, "lost needs personas, and items with labels, gold (a label), shard.1 (the question) and shard.2.")
        ensure(not elicitation.score, "lost compares runs of conversations. Ask for two or more runs, and switch off score (--score).")
        cells = ((arm, persona, item) for persona in personas for item in tasks for arm in ARMS)
        return [request for arm, persona, item in cells for request in arm_requests(arm, persona, item, elicitation)]

    def estimate(self, responses: Responses) -> Finding:
        """Return mean, aptitude and unreliability in every arm, and their changes between arms over the same personas and tasks."""
        ensure(not responses.columns.probabilities, "lost needs drawn answers, since probabilities have no percentiles. Switch off score.")
        cells = arm_scores.scored_cells(answers(responses, self.reads), responses.source)
        estimates = [estimate for outcome in OUTCOMES for estimate in self._numbers(cells.filter(pl.col("scored") == outcome), outcome)]
        estimates += self._unread(responses)
        evidence = {"cells": arm_scores.worst_cells(cells)}
        notices, verdict = arm_scores.uneven_runs(cells), self._verdict(estimates)
        return Finding("lost", self.question, verdict, tuple(estimates), notices, evidence, self.cite)

    def _numbers(self, cells: pl.DataFrame, outcome: str) -> Iterator[Estimate]:
        """Yield the numbers of one outcome in every arm, each followed by its changes."""
        if cells.is_empty():
            return
        prefix = "" if outcome == TASK else f"{outcome}."
        each, personas = RowSums(cells, self.level), RowSums(arm_scores.by_persona(cells), self.level, ("persona",))
        together = RowSums(cells, 1 - (1 - self.level) / (len(OUTCOMES) * len(CHANGES)))
        for number, says in arm_scores.NUMBERS.items():
            meaning = f"{OUTCOMES[outcome]} ({says})"
            for arm in ARMS:
                sums = personas if outcome == PERSONA and arm != SHARDED else each
                yield arm_scores.number_in_arm(sums, f"{prefix}{number}.{arm}", f"{number}.{arm}", f"{meaning}, {ARMS[arm]}")
            for change in CHANGES:
                yield arm_scores.change_between_arms(together, f"{prefix}{number}.{change}", number, meaning)

    def _unread(self, responses: Responses) -> Iterator[Estimate]:
        """Yield the share of scored answers that are missing in each arm; they count neither as right nor as wrong."""
        rows = responses.frame.select(pl.col("arm", "scored").cast(pl.String), answered=pl.Series(responses.answered))
        for arm, says in ARMS.items():
            scored = rows.filter(pl.col("arm") == arm, pl.col("scored").is_in(list(OUTCOMES)))
            means = Name("share", "answers", f"answers and verdicts that are refused, unreadable or missing, {says}")
            if len(scored):
                value = 1 - float(scored["answered"].sum()) / len(scored)
                yield Estimate(f"unread.{arm}", value, math.nan, math.nan, self.level, len(scored), "count", EstimateStatus.OK, means)

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the effect of the turns, without that of the wording."""
        defined = [estimate for estimate in estimates if not math.isnan(estimate.value)]
        endings = ("mean.turns", "unreliability.turns", "mean.lost")
        means, spreads, lost = ([estimate for estimate in defined if estimate.name.endswith(ending)] for ending in endings)
        numbers = ", ".join(f"{estimate.name} {estimate:+.0f}" for estimate in (*means, *spreads, *lost))
        if any(mean.side() == "below" for mean in means):
            sentence = f"Given turn by turn, the same sentences lead to lower scores than in a list: {numbers} points of 100."
            return Verdict("lost in conversation", sentence, unfit=(USE,))
        if any(spread.side() == "above" for spread in spreads):
            sentence = f"Runs differ more if information is given turn by turn: {numbers} points of 100."
            return Verdict("less reliable", sentence, unfit=(USE,))
        if len(means) == len(OUTCOMES) and all(mean.side(self.margin) == "within" for mean in means):
            return Verdict("not lost", f"Scores are as high turn by turn, within ±{self.margin:g} points of 100: {numbers}.", fit=(USE,))
        sentence = f"It is undecided whether scores are lower turn by turn: {numbers} points of 100."
        return Verdict("undecided", sentence if numbers else "A comparison needs answers of a persona and task in two arms.", open=(USE,))

    known = staticmethod(known_world)
