"""Do lines hold the persona and take up what was said?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.role import LINE
from personametrics.data.scale import FreeText, character_ngrams
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.dialogues.dialogue import dialogue
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, NO, YES, judged
from personametrics.dialogues.script import script, turns
from personametrics.measures.answers import answers
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats, quotient
from personametrics.studies.coherence.card_overlap import overlap

TRUE, APT = "prompt_to_line", "relevance"
GOOD: Mapping[str, tuple[str, str]] = {TRUE: (CONSISTENT, CONTRADICTS), APT: (YES, NO)}
"""By what is judged: the good verdict and the bad one."""
CELLS: Mapping[str, tuple[str, int, int]] = {
    "good": ("hold the persona and take up what was said", 1, 1),
    "aside": ("hold the persona, but do not take up what was said", 1, 0),
    "stranger": ("take up what was said, but contradict the persona", 0, 1),
    "neither": ("do neither", 0, 0),
}
KEY = ("persona", "item", "run", "turn")
C, R = pl.col(TRUE), pl.col(APT)
WORST = 20
"""Lines that the evidence shows."""
USE = "conversations in which a persona has to listen as well as to be itself"


@dataclass(frozen=True)
class Coherence(Study):
    """Fidelity to the persona and relevance to the other's turn, line by line and together: pressed for one, a model may give up the other.

    Their harmonic mean is as low as the lower of them; the share of lines that do both is the mean of that of single lines. A line that
    repeats its card holds the persona whatever was asked: such parroting is counted, where it does not answer.

    Attributes:
        turns: lines of a dialogue; every run is another order of the turns.
        parrot: a line repeats its card where at least this share of its neighbouring words stands in it.
        most: personas parrot where more than this share of all lines does.
        firm: lines are coherent where more than this share is both true to the persona and relevant.
        seed: of the order of the turns.
        level: coverage of the intervals.
    """

    turns: int = 8
    parrot: float = 0.6
    most: float = 0.05
    firm: float = 0.7
    seed: int = 0
    level: float = 0.9
    question: ClassVar[str] = "Do lines hold the persona and take up what was said?"
    reads: ClassVar[Mapping[str, str]] = {
        "judged": f"what was judged: {TRUE} ({CONSISTENT} or {CONTRADICTS}) or {APT} ({YES} or {NO}); empty for the line itself",
        "turn": "which line of the dialogue",
    }
    aim: ClassVar[tuple[str, Aim]] = ("joint", "high")
    cite: ClassVar[tuple[str, ...]] = ("hsu2025", "shea2023", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Lines in answer to drawn turns, and both verdicts on each."""
        pool = turns(items)
        if not pool or not personas or self.turns < 1:
            message = "coherence needs personas, one turn or more, and items with the attributes kind=turn and turn (which kind of turn)."
            raise DesignError(message)
        found: list[Request] = []
        for run in range(elicitation.runs):
            drawn = script(pool, self.turns, (self.seed, run))
            for persona in personas:
                told = [replace(one, columns={**one.columns, "asked": one.text, "card": persona.text, "judged": ""}) for one in drawn]
                lines = dialogue(elicitation, persona, (f"script {run + 1}", told), run).lines
                for said, line in zip(told, lines, strict=True):
                    found += [line, judged(TRUE, {"background": persona.text, "line": line}, line.about, run)]
                    found.append(judged(APT, {"turn": said.text, "line": line}, line.about, run))
        return found

    def estimate(self, responses: Responses) -> Finding:
        """Fidelity, relevance, both, and how far the one goes with the other."""
        every = self._lines(responses)
        known = every.filter(C.is_not_null() & R.is_not_null())
        summed, whole, n = Summed(known, self.level), Summed(every, self.level), len(known)
        one = pl.lit(1.0)

        def share(name: str, meaning: str, of: pl.Expr, among: pl.Expr = one, rows: Summed = summed) -> Estimate:
            return rows.estimate(name, Name("share", "lines", meaning), [of * among, among], quotient, n=len(rows.rows))

        found = [
            share("fidelity", "lines that hold the persona", C),
            share("relevance", "lines that take up what was said", R),
            summed.estimate("joint", Name("share", "lines", "harmonic mean of fidelity and relevance"), [C, R, one], _harmonic, n=n),
            share("both", "lines that do both: the harmonic mean line by line", C * R),
            share("both.worst", "the same, if every verdict that says neither were a bad one", C.fill_null(0) * R.fill_null(0), rows=whole),
            share("both.best", "the same, if every verdict that says neither were a good one", C.fill_null(1) * R.fill_null(1), rows=whole),
            share(
                "unread", "verdicts that say neither, or are missing", (C.is_null().cast(float) + R.is_null().cast(float)) / 2, rows=whole
            ),
        ]
        found += [
            share(f"lines.{name}", f"lines that {says}", (C if c else 1 - C) * (R if r else 1 - R)) for name, (says, c, r) in CELLS.items()
        ]
        lift = Name(
            "ratio", "lines", "lines that do both, per what chance makes of fidelity and relevance: below 1 the one costs the other"
        )
        found.append(
            summed.estimate("lift", lift, [C, R, C * R, one], lambda s: s[..., 2] * s[..., 3] / (s[..., 0] * s[..., 1]), n=n, ratio=True)
        )
        told = known.filter(pl.col("overlap").is_not_null()) if "overlap" in known.columns else known.clear()
        if len(told):
            worded, copied = Summed(told, self.level), (pl.col("overlap") >= self.parrot).cast(float)
            found.append(
                share("parroting", "lines that repeat the card and do not take up what was said", copied * C * (1 - R), rows=worded)
            )
            found.append(share("overlap", "word pairs of a line that stand in the card", pl.col("overlap"), rows=worded))
        evidence = {"cells": _cells(known), "lines": _worst(every)}
        return Finding("coherence", self.question, self._verdict(found), tuple(found), evidence=evidence, cite=self.cite)

    def _lines(self, responses: Responses) -> pl.DataFrame:
        """A row a line: both verdicts, from 0 to 1 or null, what was said, and how much of it is the card."""
        given = answers(responses, self.reads)
        run = pl.col("run") if responses.columns.run else pl.lit("0").alias("run")
        answer, weight = pl.col("answer").str.strip_chars().str.to_lowercase(), pl.col("weight")
        rows, c = responses.frame, responses.columns
        own = pl.col(c.run).cast(pl.String) if c.run else pl.lit("0")
        names = [pl.col(c.persona).cast(pl.String).alias("persona"), pl.col(c.item).cast(pl.String).alias("item"), own.alias("run")]
        more = [pl.col(name).cast(pl.String) for name in ("turn", "judged", "asked", "card") if name in rows.columns]
        rows = rows.select(*names, *more)
        found = rows.filter(pl.col("judged").is_in(list(GOOD))).select(KEY).unique(maintain_order=True)
        if found.is_empty():
            message = f'{responses.source}, column "judged", holds neither {TRUE} nor {APT}; both verdicts on each line are needed.'
            raise AnswerError(message)
        for kind, (good, bad) in GOOD.items():
            mine = given.with_columns(run, answer=answer).filter(pl.col("judged") == kind, pl.col("answer").is_in([good, bad]))
            value = (weight * (pl.col("answer") == good)).sum() / weight.sum()
            found = found.join(mine.group_by(KEY).agg(value.alias(kind)), KEY, "left", maintain_order="left")
        wrote = given.with_columns(run, line=pl.col("answer")).filter(pl.col("judged").fill_null("") == "").unique(KEY, maintain_order=True)
        found = found.join(wrote.select(*KEY, "line"), KEY, "left", maintain_order="left")
        if {"asked", "card"} <= set(rows.columns):
            found = found.join(rows.unique(KEY, maintain_order=True).drop("judged"), KEY, "left", maintain_order="left")
            pairs = found.select("line", "card").drop_nulls().unique()
            known = pl.Series("overlap", [overlap(*pair) for pair in pairs.iter_rows()], dtype=pl.Float64)
            found = found.join(pairs.with_columns(known), ["line", "card"], "left", maintain_order="left")
        # What was answered is the item that lines share; a script is no more than an order.
        return found.with_columns(item=pl.col("asked") if "asked" in found.columns else pl.concat_str("item", pl.lit(" "), "turn"))

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals say."""
        known = {one.name: one for one in found}
        names = ("fidelity", "relevance", "joint", "both", "lift", "parroting")
        shown = [known[name] for name in names if name in known and known[name].low <= known[name].high]
        told = "; ".join(f"{one.name} {one:.2f}" for one in shown)
        if (lost := known["unread"].value) > 0:
            worst, best = known["both.worst"].value, known["both.best"].value
            told += f"; {lost:.0%} of the verdicts say neither, so that both lies from {worst:.2f} to {best:.2f}"
        if "parroting" in known and known["parroting"].low > self.most:
            return Verdict("parrots the card", f"Lines repeat the card instead of answering: {told}.", unfit=(USE,))
        if known["both"].high < self.firm:
            return Verdict("incoherent", f"Too few lines hold the persona and take up what was said: {told}.", unfit=(USE,))
        if known["both.worst"].low > self.firm:
            return Verdict("coherent", f"Lines hold the persona and take up what was said: {told}.", fit=(USE,))
        return Verdict("undecided", f"The intervals leave it open: {told}.", open=(USE,))

    def known(self) -> StudyWorld:
        """A third of all lines repeat the card; or none does, and the one verdict says nothing of the other."""
        people = tuple(Persona(f"person {at}", f"You are Ada {at}. You keep bees and sell honey by the sea.") for at in range(12))
        scale = FreeText(character_ngrams)
        items = tuple(Item(f"turn {at}", f"What of matter {at}?", scale, {"kind": "turn", "turn": "chat"}) for at in range(8))
        parrot = {"A true answer.": 0.5, "A false answer.": 0.1, "I keep bees and sell honey by the sea.": 0.35, "A false aside.": 0.05}
        plain = {"A true answer.": 0.81, "A false answer.": 0.09, "A true aside.": 0.09, "A false aside.": 0.01}

        def world(request: Request, lines: Mapping[str, float] = parrot) -> Mapping[str, float]:
            if request.about["part"] == LINE:
                return lines
            line = request.messages[0].text.partition("<line>\n")[2].partition("\n</line>")[0]
            good, bad = GOOD[request.about["judged"]]
            holds = "false" not in line if request.about["judged"] == TRUE else "answer" in line
            return {good: float(holds), bad: float(not holds)}

        truth = {"fidelity": 0.85, "relevance": 0.6, "joint": 2 * 0.85 * 0.6 / 1.45, "both": 0.5, "lift": 0.5 / (0.85 * 0.6)}
        truth |= {"parroting": 0.35, "lines.good": 0.5, "lines.aside": 0.35, "lines.stranger": 0.1, "lines.neither": 0.05}
        quiet = frozenset({"coherent", "undecided"})
        return StudyWorld(people, items, world, truth, lambda request: world(request, plain), "parrots the card", quiet, Elicitation(2))


def _harmonic(sums: Floats) -> Floats:
    """Harmonic mean of two shares; 0 where both are."""
    both = sums[..., 0] + sums[..., 1]
    return np.where(both > 0, 2 * sums[..., 0] * sums[..., 1] / np.where(both > 0, both * sums[..., 2], 1.0), 0.0 * both)


def _cells(known: pl.DataFrame) -> Rows:
    """The table of two by two."""

    def number(c: int, r: int) -> float:
        return float(known.select(((C if c else 1 - C) * (R if r else 1 - R)).sum()).item())

    return [
        {"persona": says, "takes up what was said": number(c, 1), "does not": number(c, 0)}
        for c, says in ((1, "holds it"), (0, "contradicts it"))
    ]


def _worst(every: pl.DataFrame) -> Rows:
    """Lines that fail most, those that repeat the card first."""
    wanted = [name for name in ("persona", "run", "turn", "asked", "line", TRUE, APT, "overlap") if name in every.columns]
    order = [pl.sum_horizontal(C, R).alias(" sum")] + (
        [pl.col("overlap").fill_null(0.0).neg().alias(" copied")] if "overlap" in every.columns else []
    )
    shown = every.filter(C.is_not_null() | R.is_not_null()).with_columns(order)
    shown = shown.sort([one.meta.output_name() for one in order], maintain_order=True)
    return [dict(row) for row in shown.head(WORST).select(wanted).iter_rows(named=True)]
