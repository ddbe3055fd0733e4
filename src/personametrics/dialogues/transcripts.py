"""Transcripts of dialogues: speakers, words and verdicts."""

from collections.abc import Iterable

import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.finding import Rows
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.role import LINE, PARTNER
from personametrics.data.scale import Nominal
from personametrics.dialogues.judge import CONSISTENT, CONTRADICTS, INDEXED, NO, VERDICT, YES
from personametrics.dialogues.script import ASSISTANT
from personametrics.dialogues.verdicts import REAL, verdicts

THEM, PERSONA = "them", "persona"
"""The two values of the column `speaker`."""
UNPARSABLE = "unparsable"
"""The verdict on a line if the judge's reply is unreadable."""
MOST = 1_000
"""The largest number of dialogues in a transcript."""
BY = ("persona", "item", "run")
"""The columns that identify a dialogue …"""
APART = ("arm", "suffix", "attack")
"""… and further ones, in studies that have them."""
JUDGED = ("prompt_to_line", "line_to_line", INDEXED, ASSISTANT)
"""The kinds of verdicts on contradictions; a line of an assistant contradicts the persona."""
COLUMNS = ("persona", "item", "run", "turn", "speaker", "text", "verdict", "against")
KEY = ("dialogue", "turn", "speaker")
TEXTS = ("part", "turn", "answer", "said", "card", "judged", "dialogue")


def transcripts(frame: pl.DataFrame, most: int = MOST) -> Rows:
    """Return the transcripts of a study's dialogues, line by line, with the verdicts of its judge.

    Args:
        frame: a study's table. Rows of the part `line` are lines; the words of the other side are in their column `said`, or in rows of the
            part `partner`; rows of the part `verdict` are verdicts. Dialogues without a persona are left out.
        most: number of dialogues to keep: those with the largest share of contradictions among readable verdicts.

    Returns:
        One row for each line, dialogue by dialogue: dialogue (a number, as text), persona, item, run (from 0), turn (from 1), speaker
        (`them` or `persona`), text, verdict, against. The verdict is `contradicts` if any verdict on the line says so, otherwise
        `unparsable` if a verdict is unreadable, otherwise `consistent`, and "" without a verdict. `against` is the earlier line that the
        line contradicts; if it is unknown, the column `card` of the line, or "".

    Examples:
        >>> turn = {"persona": "ann", "item": "script 1", "run": "0", "turn": "1", "said": "Tea?", "judged": None}
        >>> rows = [{**turn, "part": "line", "answer": "Yes."}, {**turn, "part": "verdict", "judged": "assistant", "answer": "no"}]
        >>> [(row["speaker"], row["text"], row["verdict"]) for row in transcripts(pl.DataFrame(rows))]
        [('them', 'Tea?', ''), ('persona', 'Yes.', 'consistent')]
    """
    if not {"part", "turn"} <= set(frame.columns):
        return []
    apart = [*BY, *(name for name in APART if name in frame.columns)]
    texts = [name for name in (*apart, *TEXTS) if name in frame.columns]
    frame = frame.with_columns(pl.col(name).cast(pl.String).fill_null("") for name in texts).filter(pl.col("persona") != NOBODY)
    lines = _lines(frame, apart)
    if lines.is_empty():
        return []
    persona_lines = lines.filter(pl.col("speaker") == PERSONA).unique(KEY, keep="first", maintain_order=True)
    if "judged" in frame.columns:
        lines = lines.join(_line_verdicts(_verdicts(frame, apart), persona_lines), on=KEY, how="left", maintain_order="left")
    else:
        lines = lines.with_columns(verdict=pl.lit(""), against=pl.lit(""))
    return _worst(lines.with_columns(pl.col("verdict", "against").fill_null("")), most).select("dialogue", *COLUMNS).to_dicts()


def _dialogue(apart: Iterable[str], run: pl.Expr) -> pl.Expr:
    """Return the unique name of a dialogue."""
    return pl.concat_str([run if name == "run" else pl.col(name) for name in apart], separator="\x1f").alias("dialogue")


def _lines(frame: pl.DataFrame, apart: list[str]) -> pl.DataFrame:
    """Return all lines, in order."""
    turn = pl.col("turn").cast(pl.Int64, strict=False)
    rows = frame.with_row_index("at").filter(pl.col("part").is_in([LINE, PARTNER]), turn.is_not_null())
    more = [pl.when(pl.col(name) != "").then(pl.format(f"{name} {{}}", name)) for name in apart if name not in BY]
    card = pl.col("card") if "card" in frame.columns else pl.lit("")
    item = pl.concat_str("item", *more, separator=", ", ignore_nulls=True).alias("item")
    run = pl.col("run").cast(pl.Int64, strict=False)
    scripted = pl.col("said") if "said" in frame.columns else pl.lit("")
    every = rows.select("at", "part", "persona", "answer", _dialogue(apart, pl.col("run")), item, run, turn, said=scripted, card=card)
    spoken = every.with_columns(
        speaker=pl.when(pl.col("part") == LINE).then(pl.lit(PERSONA)).otherwise(pl.lit(THEM)), text="answer", second=pl.lit(1)
    )
    asked = every.filter(pl.col("part") == LINE).with_columns(speaker=pl.lit(THEM), text="said", second=pl.lit(0))
    lines = pl.concat([asked, spoken]).filter(pl.col("text") != "")
    return lines.sort(pl.col("at").min().over("dialogue"), "turn", "at", "second")


def _verdicts(frame: pl.DataFrame, apart: list[str]) -> pl.DataFrame:
    """Return the first verdict of each kind on every line, with the name of the dialogue."""
    rows = frame.filter(pl.col("part") == VERDICT, pl.col("judged").is_in(JUDGED))
    run = pl.col("run")
    if "dialogue" in frame.columns:  # in these tables, runs are retests of the judge
        rows = rows.filter((pl.col("dialogue") == "") | (run == "0"))
        run = pl.when(pl.col("dialogue") == "").then(run).otherwise("dialogue")
    assistant = pl.col("answer").replace({YES: CONTRADICTS, NO: CONSISTENT})
    rows = rows.with_columns(
        _dialogue(apart, run),
        run=pl.lit("0"),
        answer=pl.when(pl.col("judged") == ASSISTANT).then(assistant).otherwise("answer").replace("", None),
    )
    outcome = "outcome" if "outcome" in rows.columns else None
    table = verdicts(Responses(rows, Columns(run="run", outcome=outcome), Nominal()))
    return table.filter(pl.col("plant") == REAL, pl.col("order") != "turned")


def _line_verdicts(table: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return one verdict for each line with verdicts, and the line or persona's text that it contradicts."""
    before = lines.select("dialogue", pl.col("turn").alias("earlier"), pl.col("text").alias("line"))
    bad = (pl.col("known") > 0) & (pl.col("good") == 0)
    groups = table.join(before, on=["dialogue", "earlier"], how="left", maintain_order="left").group_by(
        "dialogue", "turn", maintain_order=True
    )
    each = groups.agg(
        pl.col("line").filter(bad).drop_nulls().first(),
        verdict=pl.when(bad.any()).then(pl.lit(CONTRADICTS))
        .when((pl.col("unknown") > 0).any()).then(pl.lit(UNPARSABLE))
        .when((pl.col("known") > 0).any()).then(pl.lit(CONSISTENT))
        .otherwise(pl.lit("")),
    )  # fmt: skip
    each = each.join(lines.select(*KEY, "card"), on=["dialogue", "turn"], how="inner", maintain_order="left")
    against = pl.when(pl.col("verdict") == CONTRADICTS).then(pl.coalesce("line", "card")).otherwise(pl.lit(""))
    return each.select(*KEY, "verdict", against.alias("against"))


def _worst(lines: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the dialogues with the largest shares of contradictions, numbered, in their original order."""
    verdict = pl.col("verdict")
    share = (verdict == CONTRADICTS).sum() / verdict.is_in([CONTRADICTS, CONSISTENT]).sum()
    first = lines.group_by("dialogue", maintain_order=True).agg(share.fill_nan(-1.0).alias("share"))
    first = first.with_row_index("number", 1).sort("share", descending=True, maintain_order=True).head(most)
    kept = lines.join(first.select("dialogue", pl.col("number").cast(pl.String)), on="dialogue", how="inner", maintain_order="left")
    return kept.with_columns(dialogue="number")
