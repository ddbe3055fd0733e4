"""The summary of an elicitation: its replies, its failures and their reasons, and its use of calls, tokens and money."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping

import polars as pl

from personametrics.data.finding import Estimate, EstimateStatus, Finding, Notice, Rows, Verdict
from personametrics.data.grid import CONTROL, PANEL, SHUFFLED
from personametrics.data.model import TOY
from personametrics.data.outcome import ReplyOutcome
from personametrics.elicit.costs.prices import Prices, priced
from personametrics.elicit.journal import Journal

QUESTION = "Was every request answered, by the model that was asked?"
OFTEN = 0.05
"""Share of unanswered requests above which a notice says so."""
MOST = 500
"""Most rows of a table on a card."""
DATED = re.compile(r"[-@](?:\d{4}-?\d{2}-?\d{2}|\d{4}|latest)(?:-preview)?$|:latest$|@main$|\.gguf$")
"""Endings that a server adds to the name of a model, or resolves."""


def record(frame: pl.DataFrame, journal: Journal, prices: Prices | Mapping[str, Prices] | None, level: float) -> Finding:
    """Return a finding on how the elicitation went, from the table of the run and its journal; without prices, money is not counted."""
    frame = frame.filter(pl.col("arm") != SHUFFLED)
    outcomes = Counter(frame["outcome"].to_list())
    lost = outcomes[ReplyOutcome.FAILED] + outcomes[ReplyOutcome.MISSING]
    listed = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    sentence = f"{outcomes[ReplyOutcome.ANSWERED] / len(frame):.1%} of {len(frame):,} requests were answered ({listed})."
    failures = [row["reason"] for row in _unanswered(frame) if row["outcome"] == ReplyOutcome.FAILED]
    why = f" (most often: {str(failures[0]).rstrip('.')})" if failures else ""
    sentence += f" {lost:,} have no reply yet{why}. Resume the run to ask them." if lost else ""
    label = "incomplete" if lost else "complete" if outcomes[ReplyOutcome.ANSWERED] >= len(frame) / 2 else "hardly answered"
    estimates, notices = tuple(_used(journal, prices, level)), tuple(_notices(journal, outcomes, len(frame)))
    return Finding("elicitation", QUESTION, Verdict(label, sentence), estimates, notices, _evidence(frame))


def _used(journal: Journal, prices: Prices | Mapping[str, Prices] | None, level: float) -> Iterator[Estimate]:
    """Yield what was used in every role, counted and not estimated; tokens only if every model reports them."""
    totals = journal.totals()
    blind = EstimateStatus.UNREPORTED if totals["unreported"] else EstimateStatus.OK
    money, free = _money(journal, prices)
    for name, value, status in (
        ("calls", totals["calls"], EstimateStatus.OK),
        ("tokens_in", totals["tokens_in"], blind),
        ("tokens_out", totals["tokens_out"], blind),
        ("money", money, EstimateStatus.OK if free else blind),
    ):
        if value is not None:
            amount = math.nan if status == EstimateStatus.UNREPORTED else float(value)
            yield Estimate(f"used.{name}", amount, math.nan, math.nan, level, totals["replies"], "counted", status)


def _money(journal: Journal, prices: Prices | Mapping[str, Prices] | None) -> tuple[float | None, bool]:
    """Return the money that was used, None if a price is unknown, and whether every model is free."""
    if not isinstance(prices, Mapping):
        totals = journal.totals()
        return (None if prices is None else prices.of(totals["tokens_in"], totals["tokens_out"])), prices == Prices(0.0, 0.0)
    entries = [(entry, priced(prices, entry.model)) for entry in journal.ledger()]
    sums = [None if price is None else price.of(entry.tokens_in, entry.tokens_out) for entry, price in entries]
    total = None if None in sums else sum(amount for amount in sums if amount is not None)
    return total, all(price is not None and price.of(1, 1) == 0 for _, price in entries)


def _notices(journal: Journal, outcomes: Mapping[str, int], requests: int) -> list[Notice]:
    """Return the notices on the elicitation."""
    notices, reported, check = [], journal.reported(), journal.manifest.get("applied", {})
    if str(journal.manifest.get("model", "")).startswith(TOY):
        text = "These answers come from the embedded toy model, which knows a small made-up world and nothing else."
        notices.append(Notice("toy-model", f"{text} They show how the instrument works, and say nothing about people or other models."))
    if (adaptive := journal.manifest.get("adaptive")) and adaptive["looks"]:
        looks = adaptive["looks"]
        ended = f"ended after {len(looks)} look{'s' if len(looks) > 1 else ''} ({adaptive['reason'] or 'not over yet'})"
        text = f"Asking was adaptive and {ended}. Intervals have the level {looks[-1]['level']:.4g}, so that all looks together keep the"
        notices.append(Notice("adaptive", f"{text} nominal level. After an early end, the signal lies too far from 0.5 on average."))
    if check.get("said") == 0:
        notices.append(Notice("persona-unheard", f"No persona described itself when it was asked who it is: {check['evidence']}."))
    if others := other_models(journal):
        named = "; ".join(f"{answered} answered requests to {asked}" for asked, answered in others[:3])
        notices.append(Notice("other-model", f"According to the server, another model than the requested one answered: {named}."))
    if (names := reported["fingerprints"]) and len(names) > 1:
        listed = ", ".join(names[:5])
        text = f"The server reported {len(names)} different builds during the run ({listed}). The model may have changed."
        notices.append(Notice("model-changed", text))
    if reported["degraded"]:
        notices.append(Notice("degraded", f"The server did not apply these parameters: {', '.join(reported['degraded'])}."))
    for outcome in (ReplyOutcome.REFUSED, ReplyOutcome.UNPARSABLE):
        if (share := outcomes[outcome] / requests) > OFTEN:
            text = f"{share:.0%} of the requests were {outcome}. The tables show the personas and the items."
            notices.append(Notice(f"often-{outcome}", text))
    return notices


def other_models(journal: Journal) -> list[tuple[str, str]]:
    """Return the names of models that were asked, each with the name of another model that answered according to the server."""
    named = [(_name(asked), answered) for asked, answered in journal.answering_models()]
    return [(asked, answered) for asked, answered in named if not same_model(asked, answered)]


def same_model(asked: str, answered: str) -> bool:
    """Return whether two names may mean one model: a server may add a folder, a date or a tag to a name, or leave the folder out.

    Examples:
        >>> same_model("gpt-4o", "gpt-4o-2024-08-06"), same_model("gpt-4o", "gpt-4o-mini"), same_model("org/m", "m:latest")
        (True, False, True)
    """
    return _plain_name(asked) == _plain_name(answered)


def _name(model: str) -> str:
    """Return the name of a model on its server, from its id."""
    return re.split(r"@(?=https?://)|#", model.partition("/")[2] or model)[0]


def _plain_name(name: str) -> str:
    """Return the name of a model without folder, date and tag."""
    name, longer = name.replace("\\", "/").rstrip("/").rpartition("/")[2].casefold(), ""
    while name != longer:
        name, longer = DATED.sub("", name), name
    return name


def _evidence(frame: pl.DataFrame) -> dict[str, Rows]:
    """Return the outcomes by persona and by item, the rules that read the answers, and the reasons of failures."""
    panel = frame.filter(pl.col("arm").is_in([PANEL, CONTROL]))
    tables = {f"outcomes by {column}": _shares(panel, column) for column in ("persona", "item")}
    rules = frame.filter(pl.col("rule") != "").group_by("rule").len("answers").sort("answers", descending=True)
    tables["rules that read the answers"] = rules.to_dicts()
    tables["asks without an answer"] = _unanswered(frame)
    return {name: rows for name, rows in tables.items() if rows}


def _unanswered(frame: pl.DataFrame) -> Rows:
    """Return the reasons why requests failed or were refused, the most frequent first."""
    without = frame.filter(pl.col("outcome").is_in([ReplyOutcome.FAILED, ReplyOutcome.REFUSED, ReplyOutcome.MISSING]))
    counted = without.group_by("outcome", pl.col("detail").str.slice(0, 200).alias("reason")).len("asks")
    return counted.sort("asks", "reason", descending=[True, False]).head(MOST).to_dicts()


def _shares(frame: pl.DataFrame, column: str) -> Rows:
    """Return the share of each outcome by persona or item, the most troubled first."""
    shares = [(pl.col("outcome") == outcome).mean().alias(str(outcome)) for outcome in ReplyOutcome]
    return frame.group_by(column).agg(*shares, pl.len().alias("asks")).sort("answered", column).head(MOST).to_dicts()
