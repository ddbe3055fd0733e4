"""The long table of a run: every request with its reply, read on its scale."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import polars as pl

from personametrics.data.columns import Columns
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


def table(requests: Sequence[Request], journal: Journal, model: str, style: Style = "label", *, texts: bool = True) -> pl.DataFrame:
    """Return every request of a run, each of which names its scale, with its reply.

    Args:
        requests: requests of the run.
        journal: journal with the replies.
        model: id of the model in the keys.
        style: answer style of the prompts.
        texts: whether to keep the words of the replies; without them a million rows take little memory.

    Returns:
        One row for each request: arm, persona, item, conditions, run, answer (on the item's scale, or null), outcome, the rule that read
        it, scale, tokens, seconds, and a column `p:LABEL` for each label if probabilities were asked for. A request without a reply is
        `failed` or `missing`.
    """
    return dialogue_table(((request, request.key(model), "") for request in requests), journal, style, texts=texts)


def reply_table(requests: Sequence[Request], replies: Sequence[Reply], style: Style = "label") -> pl.DataFrame:
    """Return the same table from replies at hand, one to each request."""
    rows = [_row(request, reply, _scale(request.about["scale"]), style) for request, reply in zip(requests, replies, strict=True)]
    return pl.from_dicts(rows, infer_schema_length=None)


def dialogue_table(
    requests: Iterable[tuple[Request, bytes, str]], journal: Journal, style: Style = "label", *, texts: bool = True
) -> pl.DataFrame:
    """Return the same table of requests that waited for one another.

    Each request comes with its key and the reason why it could not be sent: "" if it could.
    """
    failures = journal.failures()
    rest, frames = iter(requests), []
    while some := list(islice(rest, CHUNK)):
        replies = journal.replies([key for _, key, reason in some if not reason])
        rows = [
            _row(request, (None if reason else next(replies)) or _without(failures.get(key), reason), _scale(request.about["scale"]), style)
            for request, key, reason in some
        ]
        frame = pl.from_dicts(rows, infer_schema_length=None)
        frames.append(frame if texts else frame.drop("text"))
    return pl.concat(frames, how="diagonal_relaxed")


_scale = lru_cache(256)(parse_scale)


def _without(failure: str | None, reason: str) -> Reply:
    """Return a stand-in for a reply that is missing, because its request could not be sent for a reason, or that failed."""
    failed = failure is not None and not reason
    return Reply(outcome=ReplyOutcome.FAILED if failed else ReplyOutcome.MISSING, detail=failure or "" if failed else reason)


def _row(request: Request, reply: Reply, scale: Scale, style: Style) -> dict[str, Any]:
    """Return one row."""
    parsed = Parsed(None, reply.outcome, "") if reply.outcome == ReplyOutcome.MISSING else parse(reply, request, scale, style)
    labels = zip(request.labels or request.choices, request.choices, strict=True)
    shares = {} if reply.probabilities is None else {f"{P}{label}": reply.probabilities.get(choice) for label, choice in labels}
    kept = {name: getattr(reply, name) for name in ("tokens_in", "tokens_out", "seconds", "finish", "text", "detail")}
    reading = {"answer": parsed.answer, "outcome": str(parsed.outcome), "rule": parsed.rule, "scale": spell_scale(scale)}
    return {**request.about, **reading, **kept, **shares}


def responses(frame: pl.DataFrame, personas: Sequence[Persona], scale: Scale, source: str) -> Responses:
    """Return the rows of one arm and scale as responses, with the attributes of the personas; `source` names them in messages."""
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

    The columns in `condition` name the condition of a question; `source` names the responses in messages.
    """
    scales = frame["scale"].unique()
    shares = tuple(name for name in frame.columns if name.startswith(P))
    own = {"persona", "item", "run", "answer", "outcome", "rule", "scale", "tokens_in", "tokens_out", "seconds", "finish", "text", "detail"}
    more = tuple(name for name in frame.columns if name not in own and name not in shares and name not in condition)
    columns = Columns(condition=tuple(condition), more=more)
    columns = replace(columns, probabilities=shares, more=("run", *more)) if shares else replace(columns, run="run", outcome="outcome")
    read = Responses.read(frame, columns, parse_scale(scales[0]) if len(scales) == 1 else Nominal(), duplicates="runs")
    return replace(read, source=source, notices=())
