"""Do lines agree with the persona and respond to the previous turn?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, Finding, Name, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Study
from personametrics.dialogues.dialogue import dialogue
from personametrics.dialogues.judge import judge_request
from personametrics.dialogues.script import script
from personametrics.dialogues.script import turns as turns_by_kind
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats
from personametrics.studies.coherence.line_verdicts import APT, IS_APT, IS_TRUE, READS, TRUE, cell_table, in_cell, line_rows, worst_lines
from personametrics.studies.coherence.world import copying_world

CELLS: Mapping[str, tuple[str, bool, bool]] = {
    "good": ("agree with the persona and respond to the previous turn", True, True),
    "aside": ("agree with the persona, but do not respond to the previous turn", True, False),
    "stranger": ("respond to the previous turn, but contradict the persona", False, True),
    "neither": ("do neither", False, False),
}
"""Cells of the table of both verdicts: what the lines do, and whether they are true to the persona and relevant."""
LIFT = Name("ratio", "lines", "both / (fidelity × relevance): below 1, lines that do one of the two do the other less often")
JOINT = Name("share", "lines", "harmonic mean of fidelity and relevance")
SHOWN = ("fidelity", "relevance", "joint", "both", "lift", "parroting")
"""Estimates that the verdict names."""
USE = "conversations in which a persona must stay itself and respond to the other speaker"
PARROTS = Verdict("parrots the card", "Lines repeat the persona's text instead of answering the turn", unfit=(USE,))
INCOHERENT = Verdict("incoherent", "Too few lines agree with the persona and respond to the previous turn", unfit=(USE,))
COHERENT = Verdict("coherent", "Lines agree with the persona and respond to the previous turn", fit=(USE,))
OPEN = Verdict("undecided", "It is undecided whether lines agree with the persona and respond to the previous turn", open=(USE,))


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
    question: ClassVar[str] = "Do lines agree with the persona and respond to the previous turn?"
    reads: ClassVar[Mapping[str, str]] = READS
    aim: ClassVar[tuple[str, Aim]] = ("joint", "high")
    cite: ClassVar[tuple[str, ...]] = ("hsu2025", "shea2023", "cameron2011")
    population: ClassVar[str] = "talkers"

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return lines in answer to turns in random order, and both verdicts on each line."""
        pool = turns_by_kind(items)
        message = "coherence needs personas, turns=1 or more, and items with the attributes kind=turn and turn (the kind of the turn)."
        ensure(pool and personas and self.turns > 0, message)
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
            _share("fidelity", "lines that agree with the persona", IS_TRUE, lines),
            _share("relevance", "lines that respond to the previous turn", IS_APT, lines),
            lines.estimate("joint", JOINT, sums, _harmonic, n=n),
            _share("both", "lines that agree with the persona and respond to the previous turn", IS_TRUE * IS_APT, lines),
            _share("both.worst", "lines that do both, if every unreadable verdict were bad", low, every),
            _share("both.best", "lines that do both, if every unreadable verdict were good", high, every),
            _share("unread", "verdicts that are unreadable or missing", unread, every),
        ]
        for name, (text, true, apt) in CELLS.items():
            estimates.append(_share(f"lines.{name}", f"lines that {text}", in_cell(true=true, apt=apt), lines))
        estimates.append(lines.estimate("lift", LIFT, sums, lambda t: t["both"] * t["lines"] / (t["true"] * t["apt"]), n=n, ratio=True))
        if "overlap" in judged.columns and len(texts := judged.filter(pl.col("overlap").is_not_null())):
            copied, with_text = (pl.col("overlap") >= self.parrot).cast(float), RowSums(texts, self.level)
            parroting = copied * in_cell(true=True, apt=False)
            estimates.append(_share("parroting", "lines that repeat the persona's text instead of responding", parroting, with_text))
            estimates.append(_share("overlap", "pairs of adjacent words that are in the persona's text too", pl.col("overlap"), with_text))
        verdict = self._verdict({estimate.name: estimate for estimate in estimates})
        evidence = {"cells": cell_table(judged), "lines": worst_lines(rows)}
        return Finding("coherence", self.question, verdict, tuple(estimates), evidence=evidence, cite=self.cite)

    def _verdict(self, estimates: Mapping[str, Estimate]) -> Verdict:
        """Return the verdict; verdicts that could not be read must not decide it."""
        shown = {name: estimates[name] for name in SHOWN if name in estimates and not np.isnan(estimates[name].value)}
        figures = [f"{name} {estimate if name == 'lift' else estimate.clipped():.2f}" for name, estimate in shown.items()]
        if (unread := estimates["unread"].value) > 0:
            worst, best = estimates["both.worst"].value, estimates["both.best"].value
            figures.append(f"{unread:.0%} of the verdicts are unreadable, so the share of both lies between {worst:.2f} and {best:.2f}")
        if "parroting" in estimates and estimates["parroting"].side(about=self.most) == "above":
            verdict = PARROTS
        elif estimates["both"].side(about=self.firm) == "below":
            verdict = INCOHERENT
        else:
            verdict = COHERENT if estimates["both.worst"].side(about=self.firm) == "above" else OPEN
        return replace(verdict, sentence=f"{verdict.sentence}: {'; '.join(figures)}.")

    known = staticmethod(copying_world)


def _share(name: str, meaning: str, column: pl.Expr, lines: RowSums) -> Estimate:
    """Return the mean of a column over lines."""
    sums = {"hits": column, "lines": pl.lit(1.0)}
    return lines.estimate(name, Name("share", "lines", meaning), sums, lambda t: t["hits"] / t["lines"], n=len(lines.rows))


def _harmonic(totals: Totals) -> Floats:
    """Return the harmonic mean of two shares, 0 where both are 0."""
    true, apt = totals["true"], totals["apt"]
    both = true + apt
    return np.where(both > 0, 2 * true * apt / np.where(both > 0, both * totals["lines"], 1.0), 0.0 * both)
