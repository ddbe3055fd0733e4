"""From the journal to the long table: every ask of a run with its reply, read on its scale."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import polars as pl

from personametrics.data.columns import Columns
from personametrics.data.item import Item
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.persona import Persona
from personametrics.data.probabilities import P
from personametrics.data.prompt import Style
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal, Scale, parse_scale, spell_scale
from personametrics.elicit.journal import Journal
from personametrics.parse.replies import Parsed, parse

CHUNK = 5_000
"""Rows made at a time."""


def table(
    requests: Sequence[Request], journal: Journal, model: str, items: Sequence[Item] = (), style: Style = "label", *, texts: bool = True
) -> pl.DataFrame:
    """Every ask of a run with its reply.

    Args:
        requests: the asks of the run.
        journal: its replies.
        model: the id in the keys.
        items: their scales read the replies; without them, the scale that each ask names.
        style: how answers were asked for.
        texts: keep the words of the replies; without them a million rows take little room.

    Returns:
        One row an ask: arm, persona, item, conditions, run, answer (on the item's scale, or null), outcome, the rule that read it, scale,
        tokens, seconds, and a column `p:LABEL` a label where probabilities were asked for. Asks without a reply are `failed` or `missing`.
    """
    by_id = {item.id: item for item in items}
    failures = journal.failures()
    frames = []
    for start in range(0, len(requests), CHUNK):
        part = [requests[at] for at in range(start, min(start + CHUNK, len(requests)))]
        rows = list(_rows(part, journal, model, by_id, failures, style))
        frame = pl.from_dicts(rows, infer_schema_length=None)
        frames.append(frame if texts else frame.drop("text"))
    return pl.concat(frames, how="diagonal_relaxed")


def _rows(
    requests: Sequence[Request], journal: Journal, model: str, items: Mapping[str, Item], failures: Mapping[bytes, str], style: Style
) -> Iterator[dict[str, Any]]:
    """Rows of some asks."""
    keys = [request.key(model) for request in requests]
    for request, key, reply in zip(requests, keys, journal.replies(keys), strict=True):
        scale = items[request.about["item"]].scale if items else _scale(request.about["scale"])
        yield _row(request, reply or _without(failures.get(key)), scale, style)


def replied(requests: Sequence[Request], replies: Sequence[Reply], style: Style = "label") -> pl.DataFrame:
    """The same table of asks that name their scale, from replies at hand."""
    rows = [_row(request, reply, _scale(request.about["scale"]), style) for request, reply in zip(requests, replies, strict=True)]
    return pl.from_dicts(rows, infer_schema_length=None)


def told(requests: Iterable[tuple[Request, bytes, str]], journal: Journal, style: Style = "label") -> pl.DataFrame:
    """The same table of asks that waited for one another.

    Args:
        requests: each with its key, and why it was not asked: "" where it was.
        journal: their replies.
        style: how answers were asked for.
    """
    failures = journal.failures()
    rest, frames = iter(requests), []
    while part := list(islice(rest, CHUNK)):
        replies = journal.replies([key for _, key, lost in part if not lost])
        rows = [
            _row(request, _unasked(lost) if lost else next(replies) or _without(failures.get(key)), _scale(request.about["scale"]), style)
            for request, key, lost in part
        ]
        frames.append(pl.from_dicts(rows, infer_schema_length=None))
    return pl.concat(frames, how="diagonal_relaxed")


_scale = lru_cache(256)(parse_scale)


def _without(failure: str | None) -> Reply:
    """Stands for a reply that is not there."""
    return Reply(outcome=ReplyOutcome.MISSING) if failure is None else Reply(outcome=ReplyOutcome.FAILED, detail=failure)


def _unasked(why: str) -> Reply:
    """Stands for a reply that was never asked for."""
    return Reply(outcome=ReplyOutcome.MISSING, detail=why)


def _row(request: Request, reply: Reply, scale: Scale, style: Style) -> dict[str, Any]:
    """One row."""
    parsed = Parsed(None, reply.outcome, "") if reply.outcome == ReplyOutcome.MISSING else parse(reply, request, scale, style)
    shares = (
        {}
        if reply.probabilities is None
        else dict(zip(request.labels or request.choices, map(reply.probabilities.get, request.choices), strict=True))
    )
    return {
        **request.about,
        "answer": parsed.answer,
        "outcome": str(parsed.outcome),
        "rule": parsed.rule,
        "scale": spell_scale(scale),
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "seconds": reply.seconds,
        "finish": reply.finish,
        "text": reply.text,
        "detail": reply.detail,
        **{f"{P}{label}": share for label, share in shares.items()},
    }


def responses(frame: pl.DataFrame, personas: Sequence[Persona], scale: Scale, source: str) -> Responses:
    """Rows of one arm and scale as responses.

    Args:
        frame: rows of a table.
        personas: their attributes become columns.
        scale: of these rows.
        source: what messages call them.
    """
    attributes = sorted({name for persona in personas for name in persona.attributes})
    told = pl.DataFrame({"persona": [p.id for p in personas], **{name: [p.attributes.get(name) for p in personas] for name in attributes}})
    conditions = tuple(name for name in ("wording", "order", "place") if name in frame.columns and frame[name].n_unique() > 1)
    labels = scale.labels if isinstance(scale, Nominal | Ordinal) else ()
    shares = tuple(f"{P}{label}" for label in labels if f"{P}{label}" in frame.columns and frame[f"{P}{label}"].is_not_null().any())
    exact = len(shares) == len(labels) > 0
    columns = Columns(
        run=None if exact else "run", outcome=None if exact else "outcome", condition=conditions, attributes=tuple(attributes),
        probabilities=shares if exact else (),
    )  # fmt: skip
    read = Responses.read(frame.join(told, "persona", "left", maintain_order="left"), columns, scale)
    return Responses(read.frame, read.columns, read.scale, read.missing, source, read.notices)


def of_study(frame: pl.DataFrame, source: str) -> Responses:
    """Rows of a study as responses: every column that is not the reply's own is there to be read.

    Args:
        frame: as `table` or `replied` gives it.
        source: what messages call them.
    """
    scales = frame["scale"].unique()
    shares = tuple(name for name in frame.columns if name.startswith(P))
    own = {"persona", "item", "run", "answer", "outcome", "rule", "scale", "tokens_in", "tokens_out", "seconds", "finish", "text", "detail"}
    more = tuple(name for name in frame.columns if name not in own and name not in shares)
    columns = Columns(probabilities=shares, more=("run", *more)) if shares else Columns(run="run", outcome="outcome", more=more)
    read = Responses.read(frame, columns, parse_scale(scales[0]) if len(scales) == 1 else Nominal(), duplicates="runs")
    return replace(read, source=source, notices=())
