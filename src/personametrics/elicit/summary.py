"""How the asking went: what came back, what did not and why, and what it cost."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.model import TOY
from personametrics.data.notice import Notice
from personametrics.data.outcome import ReplyOutcome
from personametrics.elicit.arms import SHUFFLED
from personametrics.elicit.costs.prices import Prices
from personametrics.elicit.journal import Journal

QUESTION = "Did every ask get an answer, from the model that was named?"
OFTEN = 0.05
"""Shares of unanswered asks above this are said."""
MOST = 500
"""Rows of a table on a card."""


def record(frame: pl.DataFrame, journal: Journal, prices: Prices | None, level: float) -> Finding:
    """How the asking went, as a finding.

    Args:
        frame: the table of the run.
        journal: for calls, tokens and what the server said it is.
        prices: for the money; None: not counted.
        level: of the other findings.
    """
    frame = frame.filter(pl.col("arm") != SHUFFLED)
    outcomes = Counter(frame["outcome"].to_list())
    lost = outcomes[ReplyOutcome.FAILED] + outcomes[ReplyOutcome.MISSING]
    listed = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    sentence = f"{outcomes[ReplyOutcome.ANSWERED] / len(frame):.1%} of {len(frame):,} asks were answered ({listed})."
    failures = [row["reason"] for row in _unanswered(frame) if row["outcome"] == ReplyOutcome.FAILED]
    why = f" (most often: {str(failures[0]).rstrip('.')})" if failures else ""
    sentence += f" {lost:,} have no reply yet{why}; resume the run to ask them." if lost else ""
    return Finding(
        "elicitation",
        QUESTION,
        Verdict("incomplete" if lost else "complete" if outcomes[ReplyOutcome.ANSWERED] >= len(frame) / 2 else "hardly answered", sentence),
        tuple(_used(journal, prices, level)),
        tuple(_notices(journal, outcomes, len(frame))),
        _evidence(frame),
    )


def _used(journal: Journal, prices: Prices | None, level: float) -> Iterator[Estimate]:
    """What was used, counted and not estimated; tokens only where the model reports them."""
    totals = journal.totals()
    blind = EstimateStatus.UNREPORTED if totals["unreported"] else EstimateStatus.OK
    money = None if prices is None else prices.of(totals["tokens_in"], totals["tokens_out"])
    free = prices == Prices(0.0, 0.0)
    for name, value, status in (
        ("calls", totals["calls"], EstimateStatus.OK),
        ("tokens_in", totals["tokens_in"], blind),
        ("tokens_out", totals["tokens_out"], blind),
        ("money", money, EstimateStatus.OK if free else blind),
    ):
        if value is not None:
            known = math.nan if status == EstimateStatus.UNREPORTED else float(value)
            yield Estimate(f"used.{name}", known, math.nan, math.nan, level, totals["replies"], "counted", status)


def _notices(journal: Journal, outcomes: Mapping[str, int], requests: int) -> list[Notice]:
    """What a reader must know of the asking."""
    found, reported, seen = [], journal.reported(), journal.manifest.get("applied", {})
    if str(journal.manifest.get("model", "")).startswith(TOY):
        text = "These answers come from the embedded toy model, which knows a small made-up world and nothing else"
        found.append(Notice("toy-model", f"{text}: they show how the instrument works, and say nothing of people or of other models."))
    if (adaptive := journal.manifest.get("adaptive")) and adaptive["looks"]:
        looks = adaptive["looks"]
        ended = f"ended after {len(looks)} look{'s' if len(looks) > 1 else ''} ({adaptive['reason'] or 'not over yet'})"
        text = f"Asking was adaptive and {ended}: intervals have the level {looks[-1]['level']:.4g} that makes all looks together hold the"
        found.append(Notice("adaptive", f"{text} nominal one, and a signal at an early end lies too far from one half on average."))
    if seen.get("said") == 0:
        found.append(Notice("persona-unheard", f"Asked who they are, no persona spoke of itself: {seen['evidence']}."))
    if (names := reported["fingerprints"]) and len(names) > 1:
        said = f"The server called itself {len(names)} different things during the run ({', '.join(names[:5])})"
        found.append(Notice("model-changed", f"{said}; the model may have changed."))
    if reported["degraded"]:
        found.append(Notice("degraded", f"Asked for but not done by the server: {', '.join(reported['degraded'])}."))
    often = [outcome for outcome in (ReplyOutcome.REFUSED, ReplyOutcome.UNPARSABLE) if outcomes[outcome] > OFTEN * requests]
    found += [
        Notice(f"often-{outcome}", f"{outcomes[outcome] / requests:.0%} of the asks were {outcome}; the tables say by whom and on what.")
        for outcome in often
    ]
    return found


def _evidence(frame: pl.DataFrame) -> dict[str, Rows]:
    """Outcomes by persona and by item, the rules that read the answers, and why asks failed."""
    tables = {f"outcomes by {column}": _shares(frame.filter(pl.col("arm") == "panel"), column) for column in ("persona", "item")}
    rules = frame.filter(pl.col("rule") != "").group_by("rule").len("answers").sort("answers", descending=True)
    tables["rules that read the answers"] = rules.to_dicts()
    tables["asks without an answer"] = _unanswered(frame)
    return {name: rows for name, rows in tables.items() if rows}


def _unanswered(frame: pl.DataFrame) -> Rows:
    """Why asks failed or were refused, the most frequent reason first."""
    without = frame.filter(pl.col("outcome").is_in([ReplyOutcome.FAILED, ReplyOutcome.REFUSED, ReplyOutcome.MISSING]))
    counted = without.group_by("outcome", pl.col("detail").str.slice(0, 200).alias("reason")).len("asks")
    return counted.sort("asks", "reason", descending=[True, False]).head(MOST).to_dicts()


def _shares(frame: pl.DataFrame, column: str) -> Rows:
    """Share of each outcome for every persona or item, those with most trouble first."""
    shares = [(pl.col("outcome") == outcome).mean().alias(str(outcome)) for outcome in ReplyOutcome]
    return frame.group_by(column).agg(*shares, pl.len().alias("asks")).sort("answered", column).head(MOST).to_dicts()
