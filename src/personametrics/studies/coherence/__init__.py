"""Do lines hold the persona and respond to what was said?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.dialogues.dialogue import dialogue
from personametrics.dialogues.judge import judge_request
from personametrics.dialogues.script import script
from personametrics.dialogues.script import turns as turns_by_kind
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats
from personametrics.studies.coherence.line_verdicts import (
    APT,
    IS_APT,
    IS_TRUE,
    READS,
    TRUE,
    cell_table,
    in_cell,
    line_rows,
    worst_lines,
)
from personametrics.studies.coherence.world import copying_world

CELLS: Mapping[str, tuple[str, bool, bool]] = {
    "good": ("hold the persona and respond to what was said", True, True),
    "aside": ("hold the persona, but do not respond to what was said", True, False),
    "stranger": ("respond to what was said, but contradict the persona", False, True),
    "neither": ("do neither", False, False),
}
"""Cells of the table of both verdicts: what the lines do, and whether they are true to the persona and relevant."""
LIFT = Name("ratio", "lines", "lines that do both, over fidelity times relevance: below 1, one is at the cost of the other")
JOINT = Name("share", "lines", "harmonic mean of fidelity and relevance")
SHOWN = ("fidelity", "relevance", "joint", "both", "lift", "parroting")
"""Estimates that the verdict names."""
USE = "conversations in which a persona has to listen as well as to be itself"
PARROTS = Verdict("parrots the card", "Lines repeat the card instead of responding", unfit=(USE,))
INCOHERENT = Verdict("incoherent", "Too few lines hold the persona and respond to what was said", unfit=(USE,))
COHERENT = Verdict("coherent", "Lines hold the persona and respond to what was said", fit=(USE,))
OPEN = Verdict("undecided", "The intervals leave open whether lines hold the persona and respond to what was said", open=(USE,))


@dataclass(frozen=True)
class Coherence(Study):
    """Fidelity to the persona and relevance to the other's turn, line by line: pressed for one, a model may give up the other.

    Their harmonic mean is about as low as the lower of them; the share of lines that do both looks at single lines. A line that repeats the
    persona's card is true to it whatever was asked: such parroting is counted where it does not respond to the turn.

    Attributes:
        turns: number of lines of a dialogue; every run has another order of the turns.
        parrot: a line repeats the card if at least this share of its pairs of neighbouring words is in the card.
        most: personas parrot if more than this share of all lines does.
        firm: lines are coherent if more than this share is both true to the persona and relevant.
        seed: seed of the order of the turns.
        level: coverage of the intervals.
    """

    turns: int = 8
    parrot: float = 0.6
    most: float = 0.05
    firm: float = 0.7
    seed: int = 0
    level: float = 0.9
    question: ClassVar[str] = "Do lines hold the persona and respond to what was said?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("joint", "high")
    cite: ClassVar[tuple[str, ...]] = ("hsu2025", "shea2023", "cameron2011")
    population: ClassVar[str] = "talkers"

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return lines in answer to turns in random order, and both verdicts on each line."""
        pool = turns_by_kind(items)
        if not pool or not personas or self.turns < 1:
            message = "coherence needs personas, one turn or more, and items with the attributes kind=turn and turn (which kind of turn)."
            raise DesignError(message)
        requests: list[Request] = []
        for run in range(elicitation.runs):
            drawn = script(pool, self.turns, (self.seed, run))
            for persona in personas:
                columns = {"card": persona.text, "judged": ""}
                turns = [replace(turn, columns={**turn.columns, "asked": turn.text, **columns}) for turn in drawn]
                lines = dialogue(elicitation, persona, (f"script {run + 1}", turns), run).lines
                for turn, line in zip(turns, lines, strict=True):
                    requests += [line, judge_request(TRUE, {"background": persona.text, "line": line}, line.about, run)]
                    requests.append(judge_request(APT, {"turn": turn.text, "line": line}, line.about, run))
        return requests

    def estimate(self, responses: Responses) -> Finding:
        """Return fidelity, relevance, both together, and how they depend on each other."""
        rows = line_rows(responses)
        judged = rows.filter(IS_TRUE.is_not_null() & IS_APT.is_not_null())
        lines, every = RowSums(judged, self.level), RowSums(rows, self.level)
        sums, n = {"true": IS_TRUE, "apt": IS_APT, "both": IS_TRUE * IS_APT, "lines": pl.lit(1.0)}, len(judged)
        unread = (IS_TRUE.is_null().cast(float) + IS_APT.is_null().cast(float)) / 2
        low, high = (IS_TRUE.fill_null(value) * IS_APT.fill_null(value) for value in (0, 1))
        estimates = [
            _share("fidelity", "lines that hold the persona", IS_TRUE, lines),
            _share("relevance", "lines that respond to what was said", IS_APT, lines),
            lines.estimate("joint", JOINT, sums, _harmonic, n=n),
            _share("both", "lines that do both: the harmonic mean line by line", IS_TRUE * IS_APT, lines),
            _share("both.worst", "lines that do both, if every verdict that could not be read were a bad one", low, every),
            _share("both.best", "lines that do both, if every verdict that could not be read were a good one", high, every),
            _share("unread", "verdicts that could not be read, or are missing", unread, every),
        ]
        for name, (text, true, apt) in CELLS.items():
            estimates.append(_share(f"lines.{name}", f"lines that {text}", in_cell(true=true, apt=apt), lines))
        estimates.append(lines.estimate("lift", LIFT, sums, lambda t: t["both"] * t["lines"] / (t["true"] * t["apt"]), n=n, ratio=True))
        if "overlap" in judged.columns and len(texts := judged.filter(pl.col("overlap").is_not_null())):
            copied, with_text = (pl.col("overlap") >= self.parrot).cast(float), RowSums(texts, self.level)
            parroting = copied * in_cell(true=True, apt=False)
            estimates.append(_share("parroting", "lines that repeat the card and do not respond to what was said", parroting, with_text))
            estimates.append(_share("overlap", "pairs of neighbouring words of a line that are in the card", pl.col("overlap"), with_text))
        verdict = self._verdict({estimate.name: estimate for estimate in estimates})
        evidence = {"cells": cell_table(judged), "lines": worst_lines(rows)}
        return Finding("coherence", self.question, verdict, tuple(estimates), evidence=evidence, cite=self.cite)

    def _verdict(self, estimates: Mapping[str, Estimate]) -> Verdict:
        """Return the verdict; verdicts that could not be read must not decide it."""
        shown = {name: estimates[name] for name in SHOWN if name in estimates and not np.isnan(estimates[name].value)}
        figures = [f"{name} {estimate if name == 'lift' else estimate.clipped():.2f}" for name, estimate in shown.items()]
        if (unread := estimates["unread"].value) > 0:
            worst, best = estimates["both.worst"].value, estimates["both.best"].value
            figures.append(f"{unread:.0%} of the verdicts could not be read, so that both lies between {worst:.2f} and {best:.2f}")
        if "parroting" in estimates and estimates["parroting"].side(about=self.most) == "above":
            verdict = PARROTS
        elif estimates["both"].side(about=self.firm) == "below":
            verdict = INCOHERENT
        else:
            verdict = COHERENT if estimates["both.worst"].side(about=self.firm) == "above" else OPEN
        return replace(verdict, sentence=f"{verdict.sentence}: {'; '.join(figures)}.")

    def known(self) -> StudyWorld:
        """Return a world in which a third of all lines repeat the card, and one in which none does."""
        return copying_world()


def _share(name: str, meaning: str, column: pl.Expr, lines: RowSums) -> Estimate:
    """Return the mean of a column over lines."""
    sums = {"hits": column, "lines": pl.lit(1.0)}
    return lines.estimate(name, Name("share", "lines", meaning), sums, lambda t: t["hits"] / t["lines"], n=len(lines.rows))


def _harmonic(totals: Totals) -> Floats:
    """Return the harmonic mean of two shares, 0 where both are 0."""
    true, apt = totals["true"], totals["apt"]
    both = true + apt
    return np.where(both > 0, 2 * true * apt / np.where(both > 0, both * totals["lines"], 1.0), 0.0 * both)
