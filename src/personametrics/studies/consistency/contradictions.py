"""How consistent dialogues are, from the verdicts on them: measures with bounds, kinds of contradictions, and the judge's own errors."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from functools import cached_property

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Rows
from personametrics.data.notice import Notice
from personametrics.dialogues.judge import READER
from personametrics.dialogues.verdicts import PERSON, REAL
from personametrics.measures.panel import FEW
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats
from personametrics.studies.consistency.judge_errors import (
    FIRST,
    GOOD,
    KNOWN,
    LL,
    PL,
    UNKNOWN,
    UNTOLD,
    difference,
    judge_errors,
    summed_by_script,
)

NAMES: Mapping[str, str] = {PL: PL, LL: LL, PERSON: "qa.person", READER: "qa.reader"}
"""By metric, the name of its estimate."""
MEANS: Mapping[str, tuple[str, str]] = {
    PL: ("lines", "lines that do not contradict the persona's card"),
    LL: ("pairs", "pairs of lines of one dialogue that do not contradict each other"),
    PERSON: ("answers", "questions of fact that the simulated person answers, within its dialogue, as the card does"),
    READER: ("answers", "questions of fact that a reader of the dialogue alone answers as the card does, of those that he finds answered"),
}
BOUNDS: Mapping[str, tuple[float, str]] = {"low": (0.0, "bad"), "high": (1.0, "good")}
"""What counts of the unknown at the two bounds of a measure."""
WORST = 20
"""Dialogues that the evidence shows."""


class Measures:
    """Everything that verdicts say.

    Attributes:
        rows: as `verdicts` gives them; verdicts on lines beyond the shortest dialogue are left out.
        level: coverage of the intervals.
    """

    def __init__(self, rows: pl.DataFrame, level: float, source: str) -> None:
        """Args: source: what messages call the table.

        Raises:
            AnswerError: there is no verdict.
        """
        self.level = level
        self.rows, self.length, self.longest = matched(rows)
        self.real = self.rows.filter(FIRST)
        self.metrics = [name for name in NAMES if (self.real["metric"] == name).any()]
        if not self.metrics:
            message = f"{source} holds no verdict: no row whose column judged is {', '.join(NAMES)}."
            raise AnswerError(message)

    @cached_property
    def estimates(self) -> list[Estimate]:
        """All of them, in an order that is always the same."""
        return [*self._measures(), *self._gaps(), *self._kinds(), *self._spread(), *judge_errors(self.rows, self.level)]

    @cached_property
    def _lines(self) -> Summed:
        """Verdicts on lines and pairs."""
        return summed_by_script(self.real.filter(pl.col("metric").is_in([PL, LL])), self.level)

    @cached_property
    def _questions(self) -> Summed:
        """Answers to questions of fact."""
        rows = self.real.filter(pl.col("metric").is_in([PERSON, READER]))
        return Summed(rows, self.level, ("persona", "item") if rows["item"].n_unique() >= FEW else ("persona",))

    @cached_property
    def _real(self) -> Summed:
        """All of them."""
        return summed_by_script(self.real, self.level)

    def _measures(self) -> list[Estimate]:
        """Each measure; its bounds hold together, as the verdict looks at all of them."""
        found, level = [], 1 - (1 - self.level) / len(self.metrics)
        for metric in self.metrics:
            summed, here = self._lines if metric in {PL, LL} else self._questions, pl.col("metric") == metric
            (counts, words), name = MEANS[metric], NAMES[metric]
            rows = summed.rows.filter(here)
            n, unread = int(rows["known"].sum()), int(rows["unknown"].sum())
            found.append(summed.share(name, Name("share", counts, words), [GOOD * here, KNOWN * here], n=n))
            together = copy(summed)
            together.level = level
            for end, (weight, what) in BOUNDS.items():
                means = Name(
                    "share", counts, f"{words}, if all that could not be read were {what}; the bounds of all measures hold together"
                )
                sums = [(GOOD + weight * UNKNOWN) * here, (KNOWN + UNKNOWN) * here]
                found.append(together.share(f"{name}.{end}_bound", means, sums, n=n + unread))
        return [*found, *self._unread()]

    def _unread(self) -> list[Estimate]:
        """What judges and readers left unsaid."""
        judge, reader = ((pl.col("metric") != PERSON).cast(pl.Float64), (pl.col("metric") == READER).cast(pl.Float64))
        means, n = Name("share", "verdicts", "verdicts that could not be read"), len(self.real.filter(judge > 0))
        every = (KNOWN + UNKNOWN + UNTOLD) * judge
        found = [self._real.share("unparsable", means, [UNKNOWN * judge, every], n=n)]
        if PERSON in self.metrics:
            means, own = (
                Name("share", "answers", "questions of fact to which the person gave none of the answers"),
                pl.col("metric") == PERSON,
            )
            sums = [UNKNOWN * own, (KNOWN + UNKNOWN) * own]
            found.append(self._questions.share("qa.unanswered", means, sums, n=len(self.real.filter(own))))
        if READER in self.metrics:
            means = Name("share", "questions", "questions of fact of which the reader found an answer in the dialogue")
            sums = [KNOWN * reader, (KNOWN + UNTOLD) * reader]
            found.append(self._questions.share("qa.told", means, sums, n=len(self.real.filter(reader > 0))))
        return found

    def _gaps(self) -> list[Estimate]:
        """How measures differ."""
        found = []
        for one, other in ((LL, PL), (PERSON, PL), (READER, PERSON)):
            if {one, other} <= set(self.metrics):
                means = Name("difference", "dialogues", f"{NAMES[one]} minus {NAMES[other]}: how far apart two measures of consistency are")
                sums = [part * (pl.col("metric") == metric) for metric in (one, other) for part in (GOOD, KNOWN)]
                found.append(self._real.estimate(f"gap.{NAMES[one]}", means, sums, difference, n=self._dialogues))
        return found

    @cached_property
    def _dialogues(self) -> int:
        """How many dialogues there are."""
        return self._lines.rows.select("persona", "item", "dialogue").n_unique()

    def _kinds(self) -> list[Estimate]:
        """Slips, lasting ones, drift, and contradictions of which the card knows nothing; only where lines have numbers."""
        lines = self.real.filter((pl.col("metric") == PL) & pl.col("turn").is_not_null())
        if lines.is_empty():
            return []
        by = ["persona", "item", "dialogue"]
        lines = lines.sort(*by, "turn").with_columns(bad=(KNOWN - GOOD).cast(pl.Float64))
        near = sum((pl.col("bad").shift(step).over(by).fill_null(0.0) for step in (1, -1)), pl.lit(0.0))
        late = pl.col("turn") > self.length / 2
        lines = lines.with_columns(lasting=pl.col("bad") * (near > 0), late=late.cast(pl.Float64))
        summed, n = summed_by_script(lines, self.level), int(lines["known"].sum())
        bad, lasting, late = pl.col("bad"), pl.col("lasting"), pl.col("late")
        slips = Name("share", "lines", "lines that contradict the card alone: the line before and the line after do not")
        lasts = Name("share", "lines", "lines that contradict the card next to another that does")
        drift = Name("difference", "lines", f"{PL} in the second half of the dialogues minus that in the first")
        found = [
            summed.share("slips", slips, [bad - lasting, KNOWN], n=n),
            summed.share("lasting", lasts, [lasting, KNOWN], n=n),
            summed.estimate("drift", drift, [GOOD * late, KNOWN * late, GOOD * (1 - late), KNOWN * (1 - late)], difference, n=n),
        ]
        return [*found, *self._beyond(lines)]

    def _beyond(self, lines: pl.DataFrame) -> list[Estimate]:
        """Pairs that contradict each other though the card contradicts neither."""
        by = ["persona", "item", "dialogue"]
        fine = lines.filter(GOOD == 1).select(*by, "turn").unique()
        pairs = self.real.filter((pl.col("metric") == LL) & pl.col("earlier").is_not_null())
        pairs = pairs.join(fine, [*by, "turn"], how="semi").join(fine, left_on=[*by, "earlier"], right_on=[*by, "turn"], how="semi")
        if pairs.is_empty():
            return []
        means = Name("share", "pairs", "pairs of lines that contradict each other though neither contradicts the card: made-up facts")
        pairs = pairs.sort(*by, "turn", "earlier")
        return [summed_by_script(pairs, self.level).share("factual", means, [KNOWN - GOOD, KNOWN], n=int(pairs["known"].sum()))]

    def _spread(self) -> list[Estimate]:
        """Of each measure of whole dialogues, how much of the variance lies between personas, and how much between runs of one."""
        found = []
        for metric in (name for name in (PL, LL) if name in self.metrics):
            by = ["persona", "item", "dialogue"]
            dialogues = self.real.filter(pl.col("metric") == metric).group_by(by, maintain_order=True).agg(GOOD.sum(), KNOWN.sum())
            scored = dialogues.filter(KNOWN > 0).with_columns(x=GOOD / KNOWN)
            one = scored.group_by("persona", maintain_order=True).agg(
                n=pl.len().cast(pl.Float64), x=pl.col("x").sum(), xx=(pl.col("x") ** 2).sum()
            )
            n, x, xx = pl.col("n"), pl.col("x"), pl.col("xx")
            one = one.with_columns(pairs=n * (n - 1) / 2, apart=(n * xx - x**2).clip(0.0), item=pl.lit(""))
            sums = [n, x, xx, pl.col("pairs"), pl.col("apart")]
            summed = Summed(one, self.level, ("persona",))
            for name, statistic, unit, words in SPREADS:
                means = Name(unit, "dialogues", words.format(NAMES[metric]))
                made = summed.estimate(f"{name}.{NAMES[metric]}", means, sums, statistic, n=len(scored))
                found.append(replace(made, status=EstimateStatus.NO_RERUNS) if made.status == EstimateStatus.UNDEFINED else made)
        return found

    @property
    def notices(self) -> list[Notice]:
        """Traps."""
        found = []
        if self.longest > self.length:
            text = (
                f"Dialogues are of different lengths, up to {self.longest} lines: only the first {self.length} lines of each are compared."
            )
            found.append(Notice("length", text))
        if LL not in self.metrics or PL not in self.metrics:
            missing = PL if PL not in self.metrics else LL
            found.append(
                Notice("one-measure", f"{missing} is missing, and one measure of consistency alone can look good where another collapses.")
            )
        return found

    @property
    def evidence(self) -> Mapping[str, Rows]:
        """Dialogues by how little they are consistent."""
        by = ["persona", "item", "dialogue"]
        judged = self.real.filter(pl.col("metric").is_in([PL, LL]))
        share = judged.group_by(*by, "metric", maintain_order=True).agg(value=GOOD.sum() / KNOWN.sum(), unread=UNKNOWN.sum())
        columns = [
            share.filter(pl.col("metric") == metric).select(*by, pl.col("value").alias(metric), pl.col("unread").alias(f"{metric} unread"))
            for metric in (PL, LL)
            if metric in self.metrics
        ]
        if not columns:
            return {}
        table = columns[0] if len(columns) == 1 else columns[0].join(columns[1], by, how="left", maintain_order="left")
        return {"dialogues": table.sort(table.columns[3], *by, nulls_last=True).head(WORST).fill_nan(None).to_dicts()}


def matched(rows: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
    """Verdicts on as many lines as the shortest dialogue has, that number, and that of the longest; 0 where lines have no numbers."""
    by = ["persona", "item", "dialogue"]
    lines = rows.filter((pl.col("metric") == PL) & (pl.col("plant") == REAL) & (KNOWN + UNKNOWN > 0) & pl.col("turn").is_not_null())
    if lines.is_empty():
        return rows, 0, 0
    last = lines.group_by(by).agg(pl.col("turn").max())["turn"]
    length, longest = int(last.min()), int(last.max())  # type: ignore[arg-type]
    judged = pl.col("metric").is_in([PL, LL]) & (pl.col("turn").fill_null(0) > length)
    return rows.filter(~judged), length, longest


def _within(sums: Floats) -> Floats:
    """Half the mean squared difference of two dialogues of one persona."""
    return sums[..., 4] / sums[..., 3] / 2


def _between(sums: Floats) -> Floats:
    """The same of two personas."""
    n, x, xx, pairs, apart = np.moveaxis(sums, -1, 0)
    found: Floats = ((n * xx - x**2) - apart) / (n * (n - 1) / 2 - pairs) / 2
    return found


Statistic = Callable[[Floats], Floats]
SPREADS: tuple[tuple[str, Statistic, str, str], ...] = (
    ("variance.persona", lambda s: _between(s) - _within(s), "squared share", "variance of {} between personas"),
    ("variance.run", _within, "squared share", "variance of {} between dialogues of one persona"),
    (
        "persona_share",
        lambda s: 1 - _within(s) / _between(s),
        "share",
        "share of the variance of {} over dialogues that lies between personas",
    ),
)
