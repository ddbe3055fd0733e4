"""Dialogues as they are read: who said what, and what a judge made of it."""

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
"""Who speaks."""
UNPARSABLE = "unparsable"
"""The verdict where what a judge said could not be read."""
MOST = 1_000
"""Dialogues that are kept."""
BY = ("persona", "item", "run")
"""What tells dialogues apart,"""
APART = ("arm", "suffix", "attack")
"""and what does besides, where a study has it."""
JUDGED = ("prompt_to_line", "line_to_line", INDEXED, ASSISTANT)
"""What a judge is asked of lines that may contradict something: who speaks as an assistant contradicts that a person speaks."""
COLUMNS = ("persona", "item", "run", "turn", "speaker", "text", "verdict", "against")
KEY = ("dialogue", "turn", "speaker")
TEXTS = ("part", "turn", "answer", "said", "card", "judged", "dialogue")


def transcripts(frame: pl.DataFrame, most: int = MOST) -> Rows:
    """What was said in a study's dialogues, line by line, with the verdicts of its judge.

    Args:
        frame: a study's table. Lines are the rows whose column `part` is `line`; what the other side said stands in their column `said`, or
            in rows of the part `partner`; verdicts are the rows of the part `verdict`. Dialogues without a persona are left out.
        most: dialogues that are kept; of more, those in which the largest share of what was judged readably contradicts.

    Returns:
        One row for whatever was said, dialogue by dialogue: dialogue (a number, as text), persona, item, run (from 0), turn (from 1),
        speaker (`them` or `persona`), text, verdict, against. A verdict is `contradicts` where any judgement of the line says so,
        `consistent` where all do, `unparsable` where one of the others could not be read, and "" where nobody judged. `against` is the
        earlier line that it contradicts; where none is known, the column `card` of the line, or "".

    Examples:
        >>> one = {"persona": "ann", "item": "script 1", "run": "0", "turn": "1", "said": "Tea?", "judged": None}
        >>> rows = [{**one, "part": "line", "answer": "Yes."}, {**one, "part": "verdict", "judged": "assistant", "answer": "no"}]
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
    own = lines.filter(pl.col("speaker") == PERSONA).unique(KEY, keep="first", maintain_order=True)
    if "judged" in frame.columns:
        lines = lines.join(_settled(_judged(frame, apart), own), on=KEY, how="left", maintain_order="left")
    else:
        lines = lines.with_columns(verdict=pl.lit(""), against=pl.lit(""))
    return _worst(lines.with_columns(pl.col("verdict", "against").fill_null("")), most).select("dialogue", *COLUMNS).to_dicts()


def _dialogue(apart: Iterable[str], run: pl.Expr) -> pl.Expr:
    """The name of a dialogue that no other has."""
    return pl.concat_str([run if name == "run" else pl.col(name) for name in apart], separator="\x1f").alias("dialogue")


def _lines(frame: pl.DataFrame, apart: list[str]) -> pl.DataFrame:
    """Everything that was said, in order."""
    turn = pl.col("turn").cast(pl.Int64, strict=False)
    rows = frame.with_row_index("at").filter(pl.col("part").is_in([LINE, PARTNER]), turn.is_not_null())
    more = [pl.when(pl.col(name) != "").then(pl.format(f"{name} {{}}", name)) for name in apart if name not in BY]
    card = pl.col("card") if "card" in frame.columns else pl.lit("")
    item = pl.concat_str("item", *more, separator=", ", ignore_nulls=True).alias("item")
    run = pl.col("run").cast(pl.Int64, strict=False)
    said = pl.col("said") if "said" in frame.columns else pl.lit("")
    every = rows.select("at", "part", "persona", "answer", _dialogue(apart, pl.col("run")), item, run, turn, said=said, card=card)
    spoken = every.with_columns(
        speaker=pl.when(pl.col("part") == LINE).then(pl.lit(PERSONA)).otherwise(pl.lit(THEM)), text="answer", second=pl.lit(1)
    )
    asked = every.filter(pl.col("part") == LINE).with_columns(speaker=pl.lit(THEM), text="said", second=pl.lit(0))
    found = pl.concat([asked, spoken]).filter(pl.col("text") != "")
    return found.sort(pl.col("at").min().over("dialogue"), "turn", "at", "second")


def _judged(frame: pl.DataFrame, apart: list[str]) -> pl.DataFrame:
    """Every verdict on what was said, as it was given first, by the name of the dialogue."""
    rows = frame.filter(pl.col("part") == VERDICT, pl.col("judged").is_in(JUDGED))
    run = pl.col("run")
    if "dialogue" in frame.columns:  # there, runs are judgings
        rows = rows.filter((pl.col("dialogue") == "") | (run == "0"))
        run = pl.when(pl.col("dialogue") == "").then(run).otherwise("dialogue")
    heard = pl.col("answer").replace({YES: CONTRADICTS, NO: CONSISTENT})
    rows = rows.with_columns(
        _dialogue(apart, run),
        run=pl.lit("0"),
        answer=pl.when(pl.col("judged") == ASSISTANT).then(heard).otherwise("answer").replace("", None),
    )
    outcome = "outcome" if "outcome" in rows.columns else None
    found = verdicts(Responses(rows, Columns(run="run", outcome=outcome), Nominal()))
    return found.filter(pl.col("plant") == REAL, pl.col("order") != "turned")


def _settled(judged: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """One verdict for each line that was judged, and the line or card that it contradicts."""
    before = own.select("dialogue", pl.col("turn").alias("earlier"), pl.col("text").alias("line"))
    bad = (pl.col("known") > 0) & (pl.col("good") == 0)
    found = judged.join(before, on=["dialogue", "earlier"], how="left", maintain_order="left").group_by(
        "dialogue", "turn", maintain_order=True
    )
    each = found.agg(
        pl.col("line").filter(bad).drop_nulls().first(),
        verdict=pl.when(bad.any()).then(pl.lit(CONTRADICTS))
        .when((pl.col("unknown") > 0).any()).then(pl.lit(UNPARSABLE))
        .when((pl.col("known") > 0).any()).then(pl.lit(CONSISTENT))
        .otherwise(pl.lit("")),
    )  # fmt: skip
    each = each.join(own.select(*KEY, "card"), on=["dialogue", "turn"], how="inner", maintain_order="left")
    against = pl.when(pl.col("verdict") == CONTRADICTS).then(pl.coalesce("line", "card")).otherwise(pl.lit(""))
    return each.select(*KEY, "verdict", against.alias("against"))


def _worst(lines: pl.DataFrame, most: int) -> pl.DataFrame:
    """As many dialogues as are kept, in their order, numbered."""
    verdict = pl.col("verdict")
    share = (verdict == CONTRADICTS).sum() / verdict.is_in([CONTRADICTS, CONSISTENT]).sum()
    first = lines.group_by("dialogue", maintain_order=True).agg(share.fill_nan(-1.0).alias("share"))
    first = first.with_row_index("number", 1).sort("share", descending=True, maintain_order=True).head(most)
    kept = lines.join(first.select("dialogue", pl.col("number").cast(pl.String)), on="dialogue", how="inner", maintain_order="left")
    return kept.with_columns(dialogue="number")
