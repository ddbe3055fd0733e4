"""Requests to the judge and to a reader, and the errors of the judge: on repetition, in the other order, against a wrong card."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from personametrics.data.finding import Estimate, Name
from personametrics.data.study import Item, Persona, Request
from personametrics.dialogues.dialogue import Dialogue, Turn
from personametrics.dialogues.judge import indexed_request, judge_request
from personametrics.dialogues.verdicts import FALSE, OTHER, REAL, TRUE
from personametrics.measures.panel import FEW
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats

PL, LL = "prompt_to_line", "line_to_line"
"""The judge's two questions: does a line contradict the card, and do two lines contradict each other?"""
GOOD, KNOWN, UNKNOWN, UNTOLD = (pl.col(name) for name in ("good", "known", "unknown", "untold"))
FIRST = (pl.col("plant") == REAL) & (pl.col("order") != "turned") & ~pl.col("again")
"""The first verdicts on the lines of the dialogues."""
SAYS = "{} – {{}}."
"""How a statement of a fact is worded where its item has no `says`."""


def script_sums(rows: pl.DataFrame, level: float) -> RowSums:
    """Return sums clustered by persona, and by script if there are enough scripts to show how they differ."""
    lines = rows.filter(pl.col("metric").is_in([PL, LL]) & (pl.col("plant") == REAL))
    return RowSums(rows, level, ("persona", "item") if lines["item"].n_unique() >= FEW else ("persona",))


def judge_errors(rows: pl.DataFrame, level: float) -> list[Estimate]:
    """Return how good the judge is, and what remains of a measure once the judge's errors are taken off."""
    lines = rows.filter(pl.col("metric") == PL)
    by_persona = RowSums(lines, level, ("persona",))  # the judge is measured in one script
    wrong, right, other = (pl.col("plant") == plant for plant in (FALSE, TRUE, OTHER))
    n_wrong, n_right, n_other = (int(lines.filter(plant)["known"].sum()) for plant in (wrong, right, other))
    estimates = _agreement(lines, level)
    if n_other:
        means = Name("share", "lines", f"{PL} of lines compared with another persona's text")
        estimates.append(by_persona.share("shuffled", means, [GOOD * other, KNOWN * other], n=n_other))
        means = Name("difference", "lines", f"{PL} minus shuffled: 0 if a persona's text has no effect on its lines")
        sums = {"good": GOOD * FIRST, "known": KNOWN * FIRST, "other good": GOOD * other, "other known": KNOWN * other}
        estimates.append(by_persona.estimate("lift", means, sums, difference("other "), n=n_other))
    if n_wrong and n_right:
        sums = {"found": (KNOWN - GOOD) * wrong, "wrong": KNOWN * wrong, "accepted": GOOD * right, "right": KNOWN * right}
        means = Name("share", "statements", "planted contradictions of the persona's text that the judge finds")
        estimates.append(by_persona.share("judge.found", means, [sums["found"], sums["wrong"]], n=n_wrong + n_right))
        means = Name("share", "statements", "planted statements in agreement with the persona's text that the judge accepts")
        estimates.append(by_persona.share("judge.accepted", means, [sums["accepted"], sums["right"]], n=n_wrong + n_right))
        sums |= {"good": GOOD * FIRST, "known": KNOWN * FIRST}
        meaning = "judge.found plus judge.accepted minus 1: 0 for a judge that guesses, 1 for a judge that is never wrong"
        means = Name("share", "statements", meaning)
        estimates.append(by_persona.estimate("judge.tells", means, sums, _informedness, n=n_wrong + n_right))
        meaning = f"{PL}, corrected for the judge's errors on planted statements (Rogan and Gladen); may be below 0 or above 1"
        means = Name("share", "statements", meaning)
        estimates.append(by_persona.estimate(f"{PL}.corrected", means, sums, _corrected, n=n_wrong + n_right))
    return estimates


def _agreement(lines: pl.DataFrame, level: float) -> list[Estimate]:
    """Return how often the judge gives the same verdict when asked again, and with the answers in the other order."""
    by = ["persona", "item", "dialogue", "turn"]
    known = lines.filter((pl.col("plant") == REAL) & (KNOWN > 0))
    first = known.filter(FIRST)
    estimates = []
    for name, second, text in (
        ("judge.repeat", pl.col("again"), "asked again"),
        ("judge.order", pl.col("order") == "turned", "asked with the possible answers in the other order"),
    ):
        pairs = first.join(known.filter(second).select(*by, then="good"), by, how="inner", maintain_order="left")
        if len(pairs):
            means = Name("share", "lines", f"lines that get the same verdict when the judge is {text}")
            same = (pl.col("then") == GOOD).cast(pl.Float64)
            estimates.append(RowSums(pairs, level, ("persona",)).share(name, means, [same, KNOWN], n=len(pairs)))
    return estimates


def difference(other: str) -> Callable[[Totals], Floats]:
    """Return the statistic of a share minus another: good over known, and the same with a prefix."""
    return lambda totals: totals["good"] / totals["known"] - totals[f"{other}good"] / totals[f"{other}known"]


def _informedness(totals: Totals) -> Floats:
    """Return the share of planted contradictions found, minus that of right statements taken for contradictions."""
    return totals["found"] / totals["wrong"] + totals["accepted"] / totals["right"] - 1


def _corrected(totals: Totals) -> Floats:
    """Return the share of good lines without the errors of the judge."""
    return (totals["good"] / totals["known"] - 1 + totals["found"] / totals["wrong"]) / _informedness(totals)


def line_columns(line: Request) -> dict[str, str]:
    """Return the columns of a verdict on a line."""
    about = line.about
    return {name: about[name] for name in ("persona", "item", "turn")} | {"dialogue": about["run"], "kind": about.get("kind", "")}


def verdict_requests(persona: Persona, dialogue: Dialogue, *, index: bool) -> Iterator[Request]:
    """Yield requests for verdicts on every line, and on every pair of lines (with `index`, on each line and all earlier ones at once)."""
    for number, line in enumerate(dialogue.lines):
        yield judge_request(PL, {"background": persona.text, "line": line}, line_columns(line))
        if index and number:
            yield indexed_request(dialogue.lines[:number], line, line_columns(line))
        for earlier_number, earlier in enumerate(() if index else dialogue.lines[:number], 1):
            columns = {**line_columns(line), "earlier": str(earlier_number)}
            yield judge_request(LL, {"earlier": earlier, "line": line}, columns)


def known_requests(who: tuple[Persona, Persona], dialogues: tuple[Dialogue, Dialogue], facts: Sequence[Item]) -> Iterator[Request]:
    """Yield requests that measure the judge: lines again, with the answers in the other order, against a wrong card; planted statements."""
    (persona, other), (own, foreign) = who, dialogues
    card = {"background": persona.text}
    for line, foreign_line in zip(own.lines, foreign.lines, strict=True):
        yield judge_request(PL, {**card, "line": line}, line_columns(line), run=1)
        yield judge_request(PL, {**card, "line": line}, line_columns(line), turned=True)
        if persona is not other:
            yield judge_request(PL, {**card, "line": foreign_line}, {**line_columns(line), "plant": OTHER})
    for fact in facts:
        says, name = fact.attributes.get("says", SAYS.format(fact.text)), fact.attributes["fact"]
        right, wrong = persona.attributes.get(name, ""), other.attributes.get(name, "")
        columns = {**line_columns(own.lines[0]), "item": fact.id}
        if right:
            yield judge_request(PL, {**card, "line": says.format(right)}, {**columns, "plant": TRUE})
        if right and wrong and wrong != right:
            yield judge_request(PL, {**card, "line": says.format(wrong)}, {**columns, "plant": FALSE})


def heard(turns: Sequence[Turn], dialogue: Dialogue) -> list[tuple[str, str | Request]]:
    """Return a dialogue up to its last turn, as a reader reads it."""
    pairs = zip(turns, dialogue.lines, strict=False)
    return [part for turn, line in pairs for part in (("Other", turn.text), ("Person", line))]


def in_conversation(probe: Request, fact: Item) -> Request:
    """Return a question of fact as one is asked in a conversation, if its item says how it is answered; otherwise with its options."""
    if "says" not in fact.attributes:
        return probe
    labels: tuple[str, ...] = fact.scale.labels  # type: ignore[union-attr]
    *before, last = probe.messages
    choices = tuple(fact.attributes["says"].format(label) for label in labels)
    return replace(probe, messages=(*before, replace(last, text=fact.text)), choices=choices, labels=labels)
