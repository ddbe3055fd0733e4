"""The long table of a run: every request with its reply, read on its scale."""

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
"""Rows that are made at a time."""


def table(
    requests: Sequence[Request], journal: Journal, model: str, items: Sequence[Item] = (), style: Style = "label", *, texts: bool = True
) -> pl.DataFrame:
    """Return every request of a run with its reply.

    Args:
        requests: requests of the run.
        journal: journal with the replies.
        model: id of the model in the keys.
        items: items whose scales read the replies; empty: each request names its scale.
        style: answer style of the prompts.
        texts: whether to keep the words of the replies; without them a million rows take little memory.

    Returns:
        One row for each request: arm, persona, item, conditions, run, answer (on the item's scale, or null), outcome, the rule that read
        it, scale, tokens, seconds, and a column `p:LABEL` for each label if probabilities were asked for. A request without a reply is
        `failed` or `missing`.

    Raises:
        RunError: the journal is damaged.
    """
    by_id = {item.id: item for item in items}
    failures = journal.failures()
    frames = []
    for start in range(0, len(requests), CHUNK):
        some = [requests[index] for index in range(start, min(start + CHUNK, len(requests)))]
        rows = list(_rows(some, journal, model, by_id, failures, style))
        frame = pl.from_dicts(rows, infer_schema_length=None)
        frames.append(frame if texts else frame.drop("text"))
    return pl.concat(frames, how="diagonal_relaxed")


def _rows(
    requests: Sequence[Request], journal: Journal, model: str, items: Mapping[str, Item], failures: Mapping[bytes, str], style: Style
) -> Iterator[dict[str, Any]]:
    """Yield the rows of some requests."""
    keys = [request.key(model) for request in requests]
    for request, key, reply in zip(requests, keys, journal.replies(keys), strict=True):
        scale = items[request.about["item"]].scale if items else _scale(request.about["scale"])
        yield _row(request, reply or _without(failures.get(key)), scale, style)


def reply_table(requests: Sequence[Request], replies: Sequence[Reply], style: Style = "label") -> pl.DataFrame:
    """Return the same table from replies at hand, to requests that name their scale.

    Args:
        requests: requests.
        replies: the reply to each.
        style: answer style of the prompts.
    """
    rows = [_row(request, reply, _scale(request.about["scale"]), style) for request, reply in zip(requests, replies, strict=True)]
    return pl.from_dicts(rows, infer_schema_length=None)


def dialogue_table(requests: Iterable[tuple[Request, bytes, str]], journal: Journal, style: Style = "label") -> pl.DataFrame:
    """Return the same table of requests that waited for one another.

    Args:
        requests: each request with its key, and the reason why it could not be sent: "" if it could.
        journal: journal with the replies.
        style: answer style of the prompts.
    """
    failures = journal.failures()
    rest, frames = iter(requests), []
    while some := list(islice(rest, CHUNK)):
        replies = journal.replies([key for _, key, lost in some if not lost])
        rows = [
            _row(request, _unasked(lost) if lost else next(replies) or _without(failures.get(key)), _scale(request.about["scale"]), style)
            for request, key, lost in some
        ]
        frames.append(pl.from_dicts(rows, infer_schema_length=None))
    return pl.concat(frames, how="diagonal_relaxed")


_scale = lru_cache(256)(parse_scale)


def _without(failure: str | None) -> Reply:
    """Return a stand-in for a reply that is missing, or failed for a reason."""
    return Reply(outcome=ReplyOutcome.MISSING) if failure is None else Reply(outcome=ReplyOutcome.FAILED, detail=failure)


def _unasked(reason: str) -> Reply:
    """Return a stand-in for the reply to a request that could not be sent."""
    return Reply(outcome=ReplyOutcome.MISSING, detail=reason)


def _row(request: Request, reply: Reply, scale: Scale, style: Style) -> dict[str, Any]:
    """Return one row."""
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
    """Return the rows of one arm and scale as responses.

    Args:
        frame: rows of a table.
        personas: personas whose attributes become columns.
        scale: scale of these rows.
        source: name of the responses in messages.
    """
    attributes = sorted({name for persona in personas for name in persona.attributes})
    values = {name: [persona.attributes.get(name) for persona in personas] for name in attributes}
    people = pl.DataFrame({"persona": [persona.id for persona in personas], **values})
    conditions = tuple(name for name in ("wording", "order", "place") if name in frame.columns and frame[name].n_unique() > 1)
    labels = scale.labels if isinstance(scale, Nominal | Ordinal) else ()
    shares = tuple(f"{P}{label}" for label in labels if f"{P}{label}" in frame.columns and frame[f"{P}{label}"].is_not_null().any())
    exact = len(shares) == len(labels) > 0
    columns = Columns(
        run=None if exact else "run", outcome=None if exact else "outcome", condition=conditions, attributes=tuple(attributes),
        probabilities=shares if exact else (),
    )  # fmt: skip
    read = Responses.read(frame.join(people, "persona", "left", maintain_order="left"), columns, scale)
    return Responses(read.frame, read.columns, read.scale, read.missing, source, read.notices)


def study_responses(frame: pl.DataFrame, source: str, condition: Sequence[str] = ()) -> Responses:
    """Return the rows of a study as responses, with every column that does not describe the reply itself.

    Args:
        frame: table of `table`, `reply_table` or `dialogue_table`.
        source: name of the responses in messages.
        condition: columns that name the condition of a question.
    """
    scales = frame["scale"].unique()
    shares = tuple(name for name in frame.columns if name.startswith(P))
    own = {"persona", "item", "run", "answer", "outcome", "rule", "scale", "tokens_in", "tokens_out", "seconds", "finish", "text", "detail"}
    more = tuple(name for name in frame.columns if name not in own and name not in shares and name not in condition)
    columns = Columns(condition=tuple(condition), more=more)
    columns = replace(columns, probabilities=shares, more=("run", *more)) if shares else replace(columns, run="run", outcome="outcome")
    read = Responses.read(frame, columns, parse_scale(scales[0]) if len(scales) == 1 else Nominal(), duplicates="runs")
    return replace(read, source=source, notices=())
