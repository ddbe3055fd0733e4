"""Measures of how consistent dialogues are, with bounds for unread verdicts, and the kinds of contradictions."""

from collections.abc import Callable, Mapping
from copy import copy
from functools import cached_property

import polars as pl

from personametrics.data.errors import AnswerError, ensure
from personametrics.data.finding import Estimate, EstimateStatus, Name, Notice, Rows
from personametrics.dialogues.judge import READER
from personametrics.dialogues.verdicts import PERSON, REAL
from personametrics.measures.panel import FEW
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats
from personametrics.studies.consistency.judge import FIRST, GOOD, KNOWN, LL, PL, UNKNOWN, UNTOLD, difference, judge_errors, script_sums

NAMES: Mapping[str, str] = {PL: PL, LL: LL, PERSON: "qa.person", READER: "qa.reader"}
"""Names of the measures, by metric."""
MEANS: Mapping[str, tuple[str, str]] = {
    PL: ("lines", "lines that do not contradict the persona's text"),
    LL: ("pairs", "pairs of lines of one dialogue that do not contradict each other"),
    PERSON: ("answers", "questions of fact that the simulated person answers within its dialogue, as the persona's text does"),
    READER: ("answers", "questions of fact that a reader of only the dialogue can answer and answers as the persona's text does"),
}
BOUNDS: Mapping[str, tuple[float, str]] = {"low": (0.0, "bad"), "high": (1.0, "good")}
"""The value of unread verdicts at the two bounds of a measure."""
DIALOGUE = ("persona", "item", "dialogue")
"""Columns that identify a dialogue."""
WORST = 20
"""Dialogues that the evidence shows."""
BETWEEN_PERSONAS = "variance of {} between personas, divided by its variance between all dialogues"


class Measures:
    """The estimates that follow from verdicts on dialogues.

    Attributes:
        rows: verdicts, as `dialogues.verdicts.verdicts` gives them, without those on lines beyond the shortest dialogue.
        level: coverage of the intervals.
        length: number of lines that are compared; 0: lines have no numbers.
        longest: number of lines of the longest dialogue.
        real: first verdicts on the lines of the dialogues, and answers to questions of fact.
        metrics: the metrics that have a verdict.
    """

    def __init__(self, rows: pl.DataFrame, level: float, source: str) -> None:
        """Raise an AnswerError that names the source if verdicts are missing."""
        self.level = level
        self.rows, self.length, self.longest = same_length(rows)
        self.real = self.rows.filter(FIRST)
        self.metrics = [metric for metric in NAMES if (self.real["metric"] == metric).any()]
        ensure(self.metrics, f"{source} has no verdicts. Write {' or '.join(NAMES)} in the column judged.", AnswerError)

    @cached_property
    def estimates(self) -> list[Estimate]:
        """The estimates, in a fixed order."""
        measures = [estimate for metric in self.metrics for estimate in self._measure(metric)]
        return [*measures, *self._unread(), *self._gaps(), *self._kinds(), *self._variances(), *judge_errors(self.rows, self.level)]

    @cached_property
    def _lines(self) -> RowSums:
        """The verdicts on lines and pairs."""
        return script_sums(self.real.filter(pl.col("metric").is_in([PL, LL])), self.level)

    @cached_property
    def _questions(self) -> RowSums:
        """The answers to questions of fact."""
        rows = self.real.filter(pl.col("metric").is_in([PERSON, READER]))
        return RowSums(rows, self.level, ("persona", "item") if rows["item"].n_unique() >= FEW else ("persona",))

    @cached_property
    def _real(self) -> RowSums:
        """The verdicts and the answers."""
        return script_sums(self.real, self.level)

    def _measure(self, metric: str) -> list[Estimate]:
        """Return a measure with its bounds; the bounds of all measures hold jointly, since the verdict reads all of them."""
        sums, here = self._lines if metric in {PL, LL} else self._questions, pl.col("metric") == metric
        (counts, text), name = MEANS[metric], NAMES[metric]
        known, unknown = (int(sums.rows.filter(here)[column].sum()) for column in ("known", "unknown"))
        estimates = [sums.share(name, Name("share", counts, text), [GOOD * here, KNOWN * here], n=known)]
        joint = copy(sums)
        joint.level = 1 - (1 - self.level) / len(self.metrics)
        for end, (value, quality) in BOUNDS.items():
            meaning = f"{text}, if every unreadable verdict were {quality}; simultaneous bounds for all measures"
            bound = [(GOOD + value * UNKNOWN) * here, (KNOWN + UNKNOWN) * here]
            estimates.append(joint.share(f"{name}.{end}_bound", Name("share", counts, meaning), bound, n=known + unknown))
        return estimates

    def _unread(self) -> list[Estimate]:
        """Return how much judge, person and reader left unsaid."""
        judge, person, reader = pl.col("metric") != PERSON, pl.col("metric") == PERSON, pl.col("metric") == READER
        means = Name("share", "verdicts", "verdicts that could not be read")
        every = (KNOWN + UNKNOWN + UNTOLD) * judge
        estimates = [self._real.share("unparsable", means, [UNKNOWN * judge, every], n=len(self.real.filter(judge)))]
        if PERSON in self.metrics:
            means = Name("share", "answers", "questions of fact to which the person gave none of the possible answers")
            sums = [UNKNOWN * person, (KNOWN + UNKNOWN) * person]
            estimates.append(self._questions.share("qa.unanswered", means, sums, n=len(self.real.filter(person))))
        if READER in self.metrics:
            means = Name("share", "questions", "questions of fact that a reader can answer from the dialogue")
            sums = [KNOWN * reader, (KNOWN + UNTOLD) * reader]
            estimates.append(self._questions.share("qa.told", means, sums, n=len(self.real.filter(reader))))
        return estimates

    def _gaps(self) -> list[Estimate]:
        """Return the differences between measures."""
        estimates, n = [], self._lines.rows.select(DIALOGUE).n_unique()
        for metric, other in ((LL, PL), (PERSON, PL), (READER, PERSON)):
            if {metric, other} <= set(self.metrics):
                meaning = f"{NAMES[metric]} minus {NAMES[other]}: the difference between two measures of consistency"
                here, there = pl.col("metric") == metric, pl.col("metric") == other
                sums = {"good": GOOD * here, "known": KNOWN * here, "other good": GOOD * there, "other known": KNOWN * there}
                means = Name("difference", "dialogues", meaning)
                estimates.append(self._real.estimate(f"gap.{NAMES[metric]}", means, sums, difference("other "), n=n))
        return estimates

    def _kinds(self) -> list[Estimate]:
        """Return slips, lasting contradictions, drift, and contradictions between made-up facts; lines need numbers for these."""
        lines = self.real.filter((pl.col("metric") == PL) & pl.col("turn").is_not_null())
        if lines.is_empty():
            return []
        bad, lasting, late = pl.col("bad"), pl.col("lasting"), pl.col("late")
        lines = lines.sort(*DIALOGUE, "turn").with_columns(bad=(KNOWN - GOOD).cast(pl.Float64))
        neighbours = sum((bad.shift(step).over(DIALOGUE).fill_null(0.0) for step in (1, -1)), pl.lit(0.0))
        lines = lines.with_columns(lasting=bad * (neighbours > 0), late=(pl.col("turn") > self.length / 2).cast(pl.Float64))
        sums, n = script_sums(lines, self.level), int(lines["known"].sum())
        slips = Name("share", "lines", "lines that contradict the persona's text, while the line before and the line after do not")
        lasts = Name("share", "lines", "lines that contradict the persona's text, directly before or after another such line")
        drift = Name("difference", "lines", f"{PL} in the second half of the dialogues minus {PL} in the first half")
        halves = {"good": GOOD * late, "known": KNOWN * late, "other good": GOOD * (1 - late), "other known": KNOWN * (1 - late)}
        return [
            sums.share("slips", slips, [bad - lasting, KNOWN], n=n),
            sums.share("lasting", lasts, [lasting, KNOWN], n=n),
            sums.estimate("drift", drift, halves, difference("other "), n=n),
            *self._made_up(lines),
        ]

    def _made_up(self, lines: pl.DataFrame) -> list[Estimate]:
        """Return the share of pairs that contradict each other though neither line contradicts the card."""
        good = lines.filter(GOOD == 1).select(*DIALOGUE, "turn").unique()
        pairs = self.real.filter((pl.col("metric") == LL) & pl.col("earlier").is_not_null())
        pairs = pairs.join(good, [*DIALOGUE, "turn"], how="semi")
        pairs = pairs.join(good, left_on=[*DIALOGUE, "earlier"], right_on=[*DIALOGUE, "turn"], how="semi")
        if pairs.is_empty():
            return []
        means = Name("share", "pairs", "pairs of lines that contradict each other, but not the persona's text: made-up facts")
        pairs = pairs.sort(*DIALOGUE, "turn", "earlier")
        return [script_sums(pairs, self.level).share("factual", means, [KNOWN - GOOD, KNOWN], n=int(pairs["known"].sum()))]

    def _variances(self) -> list[Estimate]:
        """Return, for measures of whole dialogues, the variance between personas and between runs of one persona."""
        estimates = []
        for metric in (name for name in (PL, LL) if name in self.metrics):
            dialogues = self.real.filter(pl.col("metric") == metric).group_by(DIALOGUE, maintain_order=True).agg(GOOD.sum(), KNOWN.sum())
            scored = dialogues.filter(KNOWN > 0).with_columns(x=GOOD / KNOWN)
            by_persona, x = scored.group_by("persona", maintain_order=True), pl.col("x")
            personas = by_persona.agg(n=pl.len().cast(pl.Float64), x=x.sum(), xx=(x**2).sum())
            n, x, xx = pl.col("n"), pl.col("x"), pl.col("xx")
            personas = personas.with_columns(pairs=n * (n - 1) / 2, apart=(n * xx - x**2).clip(0.0), item=pl.lit(""))
            columns = {name: pl.col(name) for name in ("n", "x", "xx", "pairs", "apart")}
            sums = RowSums(personas, self.level, ("persona",))
            for name, statistic, unit, text in VARIANCES:
                means = Name(unit, "dialogues", text.format(NAMES[metric]))
                estimate = sums.estimate(f"{name}.{NAMES[metric]}", means, columns, statistic, n=len(scored))
                estimates.append(estimate.undefined_for(EstimateStatus.NO_RERUNS))
        return estimates

    @property
    def notices(self) -> list[Notice]:
        """The notices of lines that are left out, and of a missing measure."""
        notices = []
        if self.longest > self.length:
            text = f"Dialogues have different lengths, up to {self.longest} lines. Lines after number {self.length} are left out."
            notices.append(Notice("length", text))
        if missing := [metric for metric in (PL, LL) if metric not in self.metrics]:
            text = f"{missing[0]} is missing. One measure of consistency alone can be high while another is low."
            notices.append(Notice("one-measure", text))
        return notices

    @property
    def evidence(self) -> Mapping[str, Rows]:
        """The dialogues that are least consistent."""
        judged = self.real.filter(pl.col("metric").is_in([PL, LL]))
        shares = judged.group_by(*DIALOGUE, "metric", maintain_order=True).agg(value=GOOD.sum() / KNOWN.sum(), unread=UNKNOWN.sum())
        columns = {metric: {metric: pl.col("value"), f"{metric} unread": pl.col("unread")} for metric in (PL, LL) if metric in self.metrics}
        tables = [shares.filter(metric=metric).select(*DIALOGUE, **values) for metric, values in columns.items()]
        if not tables:
            return {}
        table = tables[0] if len(tables) == 1 else tables[0].join(tables[1], DIALOGUE, how="left", maintain_order="left")
        return {"dialogues": table.sort(table.columns[3], *DIALOGUE, nulls_last=True).head(WORST).fill_nan(None).to_dicts()}


def same_length(rows: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
    """Return verdicts on as many lines as the shortest dialogue has, that number, and that of the longest (0: lines have no numbers)."""
    judged = (pl.col("plant") == REAL) & (KNOWN + UNKNOWN > 0) & pl.col("turn").is_not_null()
    lines = rows.filter((pl.col("metric") == PL) & judged)
    if lines.is_empty():
        return rows, 0, 0
    last = lines.group_by(DIALOGUE).agg(pl.col("turn").max())["turn"]
    length, longest = int(last.min()), int(last.max())  # type: ignore[arg-type]
    beyond = pl.col("metric").is_in([PL, LL]) & (pl.col("turn").fill_null(0) > length)
    return rows.filter(~beyond), length, longest


def _within(totals: Totals) -> Floats:
    """Return half the mean squared difference of two dialogues of one persona."""
    return totals["apart"] / totals["pairs"] / 2


def _between(totals: Totals) -> Floats:
    """Return half the mean squared difference of dialogues of two personas."""
    n, x = totals["n"], totals["x"]
    apart = (n * totals["xx"] - x**2) - totals["apart"]
    return apart / (n * (n - 1) / 2 - totals["pairs"]) / 2


VARIANCES: tuple[tuple[str, Callable[[Totals], Floats], str, str], ...] = (
    ("variance.persona", lambda t: _between(t) - _within(t), "squared share", "variance of {} between personas"),
    ("variance.run", _within, "squared share", "variance of {} between dialogues of one persona"),
    ("persona_share", lambda t: 1 - _within(t) / _between(t), "share", BETWEEN_PERSONAS),
)
"""Estimates of variance: name, statistic, unit and meaning."""
