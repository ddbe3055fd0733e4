"""Does a persona get lost where things are told bit by bit?"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl
import polars.selectors as cs

from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.role import LINE
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.dialogues.dialogue import Turn, dialogue
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, VERDICT, judged
from personametrics.measures.answers import answers
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.mover import difference
from personametrics.stats.people.aptitude import aptitude, expected

FULL, CONCAT, SHARDED = "full", "concat", "sharded"
ARMS: Mapping[str, str] = {FULL: "told at once", CONCAT: "told at once in a list", SHARDED: "told bit by bit"}
TASK, PERSONA = "task", "persona"
OUTCOMES: Mapping[str, str] = {TASK: "tasks solved", PERSONA: "what a persona says of itself fits its card"}
NUMBERS: Mapping[str, str] = {
    "mean": "mean",
    "aptitude": "90th percentile of the runs of one persona and task",
    "unreliability": "90th minus 10th percentile of these runs",
}
CHANGES: Mapping[str, tuple[str, str]] = {"lost": (SHARDED, FULL), "turns": (SHARDED, CONCAT)}
"""Arms that are compared: all that telling bit by bit changes, and what of it the turns do, not the wording."""
WHO = "Who are you? Describe yourself in two sentences, with what you were told about yourself."
WORST = 10
"""Personas and tasks that the evidence shows."""
RUNS = 4
"""Of each question in the known world."""
USE = "conversations in which a persona and its task come out bit by bit"


@dataclass(frozen=True)
class Lost(Study):
    """Who one is and what is to be done, told at once, at once as a list, or one sentence a turn, with the model answering each.

    At the end of each the task is asked for, and who one is: the first is right or wrong, of the second a judge says whether it fits the
    card. Scores are 0 or 100. Aptitude and unreliability are percentiles of the runs of one persona and task, averaged over these; with
    scores of two values they move with the share of right answers and with the number of runs, so arms are compared at equal runs.
    Who one is, told at once, is asked without a task: there a persona counts once, however many tasks it has.

    Attributes:
        margin: nothing is lost where the whole interval of a change lies within ± this.
        level: coverage of the intervals; those of changes hold together.
    """

    margin: float = 10.0
    level: float = 0.9
    question: ClassVar[str] = "Does a persona get lost where things are told bit by bit?"
    reads: ClassVar[Mapping[str, str]] = {
        "arm": "full, concat or sharded",
        "scored": "what the answer is scored for: task or persona; empty for other lines",
        "gold": "the right answer; of a verdict on a line, consistent",
    }
    aim: ClassVar[tuple[str, Aim]] = ("unreliability.sharded", "low")
    cite: ClassVar[tuple[str, ...]] = ("laban2025", "cameron2011", "wilson1927", "korn1998")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """In every arm, the task and who one is, with a verdict on that; the lines between are asked for as well."""
        tasks = [item for item in items if isinstance(item.scale, Nominal | Ordinal) and len(shards(item)) > 1]
        tasks = [item for item in tasks if item.attributes.get("gold") in getattr(item.scale, "labels", ())]
        if not tasks or not personas:
            message = (
                "lost needs personas, and items with labels and the attributes gold (one of them), shard.1 (what is to be found), shard.2 …"
            )
            raise DesignError(message)
        if elicitation.score:
            message = "lost compares runs of conversations: ask for two or more answers each, not for label probabilities."
            raise DesignError(message)
        return [request for persona in personas for item in tasks for arm in ARMS for request in _told(arm, persona, item, elicitation)]

    def estimate(self, responses: Responses) -> Finding:
        """Mean, aptitude and unreliability in every arm, and what changes between arms over the same personas and tasks."""
        if responses.columns.probabilities:
            message = "lost reads answers that were drawn: percentiles of runs cannot be read off label probabilities."
            raise DesignError(message)
        cells = _cells(answers(responses, self.reads).filter(pl.col("scored").is_in(list(OUTCOMES))), responses.source)
        found: list[Estimate] = []
        for outcome, says in OUTCOMES.items():
            own = cells.filter(pl.col("scored") == outcome)
            prefix = "" if outcome == TASK else f"{outcome}."
            summed = Summed(own, self.level)
            together = Summed(own, 1 - (1 - self.level) / (len(OUTCOMES) * len(CHANGES)))
            alone = Summed(_once(own), self.level, ("persona",))
            for name, what in NUMBERS.items() if len(own) else ():
                for arm in ARMS:
                    one = alone if outcome == PERSONA and arm != SHARDED else summed
                    found.append(self._level(one, f"{prefix}{name}", arm, f"{says}, {what}, {ARMS[arm]}"))
                found += [self._change(together, f"{prefix}{name}", change, f"{says}, {what}") for change in CHANGES]
        found += self._unread(responses)
        notices, evidence = _uneven(cells), {"cells": _worst(cells)}
        return Finding("lost", self.question, self._verdict(found), tuple(found), notices, evidence, self.cite)

    def _unread(self, responses: Responses) -> Iterator[Estimate]:
        """How much of what is scored has no answer: it counts neither as right nor as wrong."""
        rows = responses.frame.select(pl.col("arm", "scored").cast(pl.String), known=pl.Series(responses.answered))
        for arm, says in ARMS.items():
            own = rows.filter(pl.col("arm") == arm, pl.col("scored").is_in(list(OUTCOMES)))
            means = Name("share", "answers", f"answers and verdicts that are refused, unreadable or missing, {says}")
            if len(own):
                value = 1 - float(own["known"].sum()) / len(own)
                yield Estimate(f"unread.{arm}", value, math.nan, math.nan, self.level, len(own), "count", EstimateStatus.OK, means)

    def _level(self, summed: Summed, name: str, arm: str, meaning: str) -> Estimate:
        """A number in an arm."""
        column = f"{name.rpartition('.')[2]}.{arm}"
        there = pl.col(column).is_not_null()
        n, counts = len(summed.rows.filter(there)), "cells" if len(summed.by) > 1 else "personas"
        one = summed.share(f"{name}.{arm}", Name("points of 100", counts, meaning), [pl.col(column) / 100, there], n=n)
        return _said(replace(one, value=100 * one.value, low=100 * one.low, high=100 * one.high))

    def _change(self, summed: Summed, name: str, change: str, meaning: str) -> Estimate:
        """How much a number differs between two arms, over what both have; where no cell differs, by what is known of either arm alone."""
        first, second = (pl.col(f"{name.rpartition('.')[2]}.{arm}") for arm in CHANGES[change])
        there = first.is_not_null() & second.is_not_null()
        one, other = (ARMS[arm] for arm in CHANGES[change])
        means = Name("points of 100", "cells", f"{meaning}: {one} minus {other}, over the same personas and tasks")
        n = len(summed.rows.filter(there))
        found = summed.estimate(f"{name}.{change}", means, [(first - second) * there, there], _mean, n=n)
        if found.low == found.high:
            alone = (summed.share(name, means, [arm / 100 * there, there], n=n).interval for arm in (first, second))
            ends = difference(*alone)
            found = replace(found, low=100 * ends.low, high=100 * ends.high, method="MOVER of Wilson's intervals")
        return _said(found)

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals say of the turns, not of the wording."""
        known = {one.name: one for one in found}
        means = [one for one in found if one.name.endswith("mean.turns") and one.low <= one.high]
        spread = [one for one in found if one.name.endswith("unreliability.turns") and one.low <= one.high]
        shown = [*means, *spread, *(known[name] for name in ("mean.lost", "persona.mean.lost") if name in known)]
        told = "; ".join(f"{one.name} {one.value:+.0f} ({one.low:+.0f} to {one.high:+.0f})" for one in shown)
        if any(one.high < 0 for one in means):
            return Verdict(
                "lost in conversation", f"The same words told turn by turn leave it worse off than in a list: {told}.", unfit=(USE,)
            )
        if any(one.low > 0 for one in spread):
            return Verdict("less reliable", f"Told turn by turn its runs lie further apart: {told}.", unfit=(USE,))
        if len(means) == len(OUTCOMES) and all(-self.margin < one.low and one.high < self.margin for one in means):
            return Verdict("not lost", f"Told turn by turn it does as well, within ±{self.margin:g} points: {told}.", fit=(USE,))
        return Verdict("undecided", f"The intervals leave it open: {told or 'no persona and task was asked in both arms'}.", open=(USE,))

    def known(self) -> StudyWorld:
        """Told in turns, three in ten tasks are solved and six in ten personas kept; or eight in ten of both, however they are told."""
        people = tuple(Persona(f"person {at}", f"You are number {at}. You live by the sea.") for at in range(5))
        parts = [{"shard.1": f"How many are there on day {at}?", "shard.2": "Two came first."} for at in range(5)]
        numbers = Nominal(tuple("2345"))
        items = tuple(Item(f"sum {at}", " ".join(one.values()), numbers, one | {"gold": "4"}) for at, one in enumerate(parts))

        def world(request: Request, turns: tuple[float, float] = (0.3, 0.6)) -> Mapping[str, float]:
            solves, keeps = turns if request.about["arm"] == SHARDED else (0.8, 0.8)
            if request.about["part"] == VERDICT:
                fits = "sea" in request.messages[0].text.partition("<line>")[2]
                return {CONSISTENT: float(fits), CONTRADICTS: float(not fits)}
            if request.about["part"] == LINE:
                return (
                    {"I live by the sea.": keeps, "I am an assistant.": 1 - keeps}
                    if request.messages[-1].text.endswith(WHO)
                    else {"I see.": 1.0}
                )
            return {"4": solves, "3": 1 - solves, "2": 0.0, "5": 0.0}

        truth = {f"aptitude.{SHARDED}": 100 * float(expected(0.3, RUNS).aptitude)}  # of the others nearly all runs reach 100
        for prefix, after in (("", 0.3), ("persona.", 0.6)):
            plain, turned = expected(0.8, RUNS), expected(after, RUNS)
            for name, one, other in (("mean", plain.mean, turned.mean), ("unreliability", plain.unreliability, turned.unreliability)):
                levels = {f"{prefix}{name}.{arm}": float(other if arm == SHARDED else one) for arm in ARMS}
                changes = {f"{prefix}{name}.{change}": float(other - one) for change in CHANGES}
                truth |= {name: 100 * value for name, value in (levels | changes).items()}
        quiet = frozenset({"not lost", "undecided"})
        return StudyWorld(
            people, items, world, truth, lambda request: world(request, (0.8, 0.8)), "lost in conversation", quiet, Elicitation(RUNS)
        )


def shards(item: Item) -> tuple[str, ...]:
    """The parts of a task, in order: what is to be found first."""
    found: list[str] = []
    while part := item.attributes.get(f"shard.{len(found) + 1}", "").strip():
        found.append(part)
    return tuple(found)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a card.

    Examples:
        >>> sentences("You are Ada, 3.5 feet tall. You keep bees! Who knows?")
        ('You are Ada, 3.5 feet tall.', 'You keep bees!', 'Who knows?')
    """
    return tuple(part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part)


def _told(arm: str, persona: Persona, item: Item, elicitation: Elicitation) -> Iterator[Request]:
    """Everything that is asked in an arm of one persona and task."""
    card, task = sentences(persona.text), shards(item)
    told, asked, turns = {
        FULL: (persona.text, item.text, ()),
        CONCAT: (_listed(card), _listed(task), ()),
        SHARDED: (card[0], task[0], (*card[1:], *task)),
    }[arm]
    columns = {"arm": arm, "scored": "", "gold": ""}
    script = [Turn(text, columns) for text in (*turns, WHO)]
    who, what = replace(persona, text=told), replace(item, text=asked, wordings={})
    talks = [dialogue(elicitation, who, (item.id, script), run) for run in range(elicitation.runs)]
    known = {**columns, "part": "probe", "scored": TASK, "gold": item.attributes["gold"]}
    yield from elicitation.ask(who, what, known, before=lambda run: talks[run].until(len(turns)))
    for run, talk in enumerate(talks):
        yield from talk.lines
        about = {**talk.lines[-1].about, "scored": PERSONA, "gold": CONSISTENT}
        yield judged("prompt_to_line", {"background": persona.text, "line": talk.lines[-1]}, about, run)


def _listed(parts: Sequence[str]) -> str:
    """Parts as a list."""
    return "\n".join(f"- {part}" for part in parts)


def _cells(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """A row for each persona, task and outcome: the numbers in every arm, and runs."""
    by = ["persona", "item", "scored"]
    rows = rows.filter(pl.col("arm").is_in(list(ARMS)))
    if rows.is_empty():
        message = f"{source} holds no answer whose arm is {', '.join(ARMS)} and which is scored for {' or '.join(OUTCOMES)}."
        raise AnswerError(message)
    right = 100.0 * (pl.col("answer").str.strip_chars() == pl.col("gold"))
    each = rows.group_by(*by, "arm", maintain_order=True).agg(right.alias("scores"))
    width = int(each["scores"].list.len().max())  # type: ignore[arg-type]
    padded = np.full((len(each), width), np.nan)
    for row, scores in zip(padded, each["scores"], strict=True):
        row[: len(scores)] = scores.to_numpy()
    numbers = [pl.Series(name, one).fill_nan(None) for name, one in zip(NUMBERS, aptitude(padded), strict=True)]
    each = each.with_columns(*numbers, runs=pl.col("scores").list.len())
    found = each.select(by).unique(maintain_order=True)
    for arm in ARMS:
        own = each.filter(pl.col("arm") == arm).select(*by, *(pl.col(name).alias(f"{name}.{arm}") for name in (*NUMBERS, "runs")))
        found = found.join(own, by, "left", maintain_order="left")
    return found


def _once(cells: pl.DataFrame) -> pl.DataFrame:
    """A row for each persona: told at once, it is asked who it is without a task, so that its cells hold the same answers."""
    return cells.group_by("persona", maintain_order=True).agg(pl.lit("").alias("item"), cs.numeric().mean())


def _uneven(cells: pl.DataFrame) -> tuple[Notice, ...]:
    """Percentiles of more runs are others."""
    runs = [pl.col(f"runs.{arm}") for arm in ARMS]
    uneven = int(cells.select((pl.max_horizontal(runs) > pl.min_horizontal(runs)).sum()).item())
    text = f"In {uneven} of {len(cells)} cells the arms have unequal numbers of answers: aptitude and unreliability depend on that number."
    return (Notice("uneven-runs", text),) if uneven else ()


def _mean(sums: Floats) -> Floats:
    """The first sum over the second."""
    return sums[..., 0] / sums[..., 1]


def _said(one: Estimate) -> Estimate:
    """A number that single runs leave undefined says so."""
    return replace(one, status=EstimateStatus.NO_RERUNS) if one.status == EstimateStatus.UNDEFINED and one.n == 0 else one


def _worst(cells: pl.DataFrame) -> Rows:
    """Personas and tasks that lose most."""
    shown = cells.with_columns(lost=pl.col(f"mean.{SHARDED}") - pl.col(f"mean.{FULL}")).drop_nulls("lost")
    wanted = ["persona", "item", "scored", *(f"{name}.{arm}" for arm in ARMS for name in ("mean", "unreliability"))]
    return [dict(row) for row in shown.sort("lost", "persona", "item").head(WORST).select(wanted).iter_rows(named=True)]
