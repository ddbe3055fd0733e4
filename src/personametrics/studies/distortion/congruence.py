"""Right answers by congruence of a persona's identity with a question, and the gaps between them."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import polars as pl

from personametrics.data.finding import Estimate, EstimateStatus, Name, Notice, Rows
from personametrics.data.sentences import PLAIN
from personametrics.data.study import NOBODY, Responses
from personametrics.measures.answers import answers
from personametrics.measures.contrast import Contrasts, Group, difference, first
from personametrics.measures.sums import METHOD
from personametrics.stats.arrays import Floats

NEUTRAL = "none"
"""The side of questions whose right answer favours no side."""
PERSON = pl.col("persona") != NOBODY
CONTROL = pl.col("topic") == "control"
WORST = 20
"""Number of items and of personas in the evidence."""


def right_answers(responses: Responses, reads: Mapping[str, str]) -> pl.DataFrame:
    """Return a row for each persona, item and instruction.

    Columns: persona, item, gold, side, identity, topic, instruction, right (number of right answers) and weight (number of answers).
    """
    optional = [name for name in ("topic", "instruction") if name in responses.frame.columns]
    rows = answers(responses, {**reads, **dict.fromkeys(optional, "")})
    rows = rows.with_columns(pl.lit("").alias(name) for name in ("topic", "instruction") if name not in optional)
    by = [*reads, "topic", "instruction"]
    rows = rows.with_columns(pl.col(by).fill_null("")).with_columns(pl.col("instruction").replace("", PLAIN))
    right = (pl.col("weight") * (pl.col("answer") == pl.col("gold"))).sum().alias("right")
    return rows.group_by("persona", "item", *by, maintain_order=True).agg(right, pl.col("weight").sum())


def congruent_and_incongruent(where: pl.Expr, sides: Sequence[str]) -> list[Group]:
    """Return the congruent and the incongruent group of cells: a cell for each side of personas and side of questions."""
    pairs = [[(side, side) for side in sides], list(permutations(sides, 2))]
    return [[PERSON & where & (pl.col("identity") == own) & (pl.col("side") == side) for own, side in group] for group in pairs]


def accuracy_by_congruence(rows: pl.DataFrame, by: str, sides: Sequence[str]) -> Rows:
    """Return accuracy on congruent and incongruent questions, for the items or personas where it differs most."""
    congruent = pl.col("side") == pl.col("identity")
    used = rows.filter(PERSON & ~CONTROL & pl.col("identity").is_in(sides) & pl.col("side").is_in(sides))
    groups = {"congruent": congruent, "incongruent": ~congruent}
    accuracy = {name: pl.col("right").filter(where).sum() / pl.col("weight").filter(where).sum() for name, where in groups.items()}
    table = used.group_by(by, "side" if by == "item" else "identity").agg(**accuracy)
    table = table.with_columns(pl.col("congruent", "incongruent").fill_nan(None))
    table = table.with_columns(gap=pl.col("congruent") - pl.col("incongruent")).sort("gap", by, descending=[True, False], nulls_last=True)
    return table.head(WORST).to_dicts()


def panel_notices(rows: pl.DataFrame, sides: Sequence[str], estimates: Sequence[Estimate]) -> tuple[Notice, ...]:
    """Return notices of personas that were left out, and of an odds ratio without an interval."""
    notices = []
    ratio = next((estimate for estimate in estimates if estimate.name == "odds.ratio"), None)
    excluded = rows.filter(PERSON & ~pl.col("identity").is_in(sides))["persona"].n_unique()
    if excluded:
        notices.append(Notice("without-side", f"{excluded} personas are left out: no right answer favours their side."))
    if ratio is not None and ratio.status == EstimateStatus.NO_INTERVAL and ratio.method != METHOD:
        text = "One accuracy is 0 or 1, so half a right and half a wrong answer were added for the odds ratio, which has no interval."
        notices.append(Notice("half-counts", text))
    return tuple(notices)


def plain_estimates(rows: pl.DataFrame, sides: Sequence[str], level: float) -> list[Estimate]:
    """Return accuracy by congruence with its gap, the same gap on controls that name a side, and accuracy with nothing at stake."""
    estimate, neutral = Contrasts(rows, level).estimate, pl.col("side") == NEUTRAL
    model = [~PERSON & ~CONTROL & (pl.col("side") == side) for side in sides]
    personas, alone = [PERSON & neutral & (pl.col("identity") == side) for side in sides], [~PERSON & neutral]
    pairs, controls = congruent_and_incongruent(~CONTROL, sides), congruent_and_incongruent(CONTROL, sides)
    ratio = Name("ratio", "questions", "odds of a right answer if it suits the persona, divided by these odds if it does not")
    return [
        *estimate("accuracy.congruent", _share("accuracy if the right answer favours the persona's side"), pairs[:1], first),
        *estimate("accuracy.incongruent", _share("accuracy if the right answer favours another side"), pairs[1:], first),
        *estimate("gap", _share("accuracy if the right answer suits the persona, minus accuracy if it does not"), pairs, difference),
        *estimate("odds.ratio", ratio, pairs, _odds_ratio, ratio=True),
        *estimate("gap.control", _share("gap on control questions that name a side"), controls, difference),
        *estimate("gap.net", _share("gap minus gap.control"), [*pairs, *controls], difference),
        *estimate("accuracy.none", _share("accuracy on questions that favour a side, without a persona"), [model], first),
        *estimate("accuracy.control", _share("accuracy of personas on neutral questions"), [personas], first),
        *estimate("control.change", _share("accuracy.control minus the same accuracy without a persona"), [personas, alone], difference),
    ]


def instruction_changes(rows: pl.DataFrame, sides: Sequence[str], name: str, level: float) -> list[Estimate]:
    """Return the gap under an instruction, and its difference to the gap without it."""
    estimate = Contrasts(rows, level).estimate
    under, plain = (congruent_and_incongruent(~CONTROL & (pl.col("instruction") == each), sides) for each in (name, PLAIN))
    change = _share(f"gap with the instruction {name} minus gap without an instruction")
    return [
        *estimate(f"gap.{name}", _share(f"gap with the instruction {name}"), under, difference),
        *estimate(f"change.{name}", change, [*under, *plain], difference),
    ]


def _share(meaning: str) -> Name:
    """Return the meaning of a share of right answers, or of a difference of two."""
    return Name("share", "questions", meaning)


def _odds_ratio(averages: Floats) -> Floats:
    """Return the odds of the first average divided by the odds of the second."""
    odds = averages / (1 - averages)
    return odds[..., 0] / odds[..., 1]
