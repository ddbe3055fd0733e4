"""What the arms of a comparison took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from personametrics.data.ask import Ask
from personametrics.data.finding import Rows
from personametrics.elicit.journal import Journal
from personametrics.elicit.prices import listed
from personametrics.elicit.table import told
from personametrics.elicit.talk import Talk, everything
from personametrics.lab.run import Session


@dataclass(frozen=True)
class Used:
    """What one arm took.

    Attributes:
        asks: replies, one each.
        tokens_in: tokens read; None where the model did not say.
        tokens_out: tokens written.
    """

    asks: int
    tokens_in: int | None
    tokens_out: int | None


def used(session: Session, drafts: Sequence[Ask] = ()) -> Used:
    """What a session took, as far as it was asked; replies that it shares with another arm count in both.

    Args:
        session: one arm.
        drafts: what the model had to write before.
    """
    rows = session.table if session.talk is None else _rows(replace(session.talk, asks=everything(session.asks)), session.folder)
    if drafts:
        written = _rows(Talk(everything(drafts), {"": session.manifest["model"]}), session.folder, once=True)
        rows = pl.concat([rows, written], how="diagonal_relaxed")
    tokens = [None if rows[name].null_count() == len(rows) else int(rows[name].sum()) for name in ("tokens_in", "tokens_out")]
    return Used(len(rows), *tokens)


def _rows(talk: Talk, folder: Path, *, once: bool = False) -> pl.DataFrame:
    """A row for every ask of a talk, or one for those that turned out to be the same."""
    with Journal.read(folder) as journal:
        for _ in talk.hear(journal):
            pass
        asked = {one[1] if once else at: one for at, one in enumerate(talk.outcomes())}.values()
        return told(((replace(ask, about={"run": "0", "scale": "text", **ask.about}), key, why) for ask, key, why in asked), journal)


def prices(arms: Mapping[str, Used], model: str, shared: int) -> tuple[Rows, str]:
    """A table of what the arms took, and in a sentence how much more the remedy takes.

    Args:
        arms: by name; the first without the remedy, the second with it.
        model: its id, for the price of a token.
        shared: asks of both of these.
    """
    known = listed(model)
    money = {
        name: None if known is None or one.tokens_in is None or one.tokens_out is None else known.of(one.tokens_in, one.tokens_out)
        for name, one in arms.items()
    }
    rows = [
        {"arm": name, "asks": one.asks, "tokens read": one.tokens_in, "tokens written": one.tokens_out, "money": money[name]}
        for name, one in arms.items()
    ]
    before, after = list(arms.values())[:2]
    parts = [f"It takes {after.asks / before.asks:.2g}× the asks"]
    parts += [f"{after.tokens_in / before.tokens_in:.2g}× the tokens read"] if before.tokens_in and after.tokens_in else []
    parts += [f"{after.tokens_out / before.tokens_out:.2g}× the tokens written"] if before.tokens_out and after.tokens_out else []
    plain, cured = list(money.values())[:2]
    paid = f" ({known.say(cured)} against {known.say(plain)})" if known and plain and cured else ""
    return rows, f"{', '.join(parts)}{paid}; {shared:,} asks are shared by both arms."
