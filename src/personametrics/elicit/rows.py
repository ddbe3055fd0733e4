"""Rows of a journal: replies, requests and sums as SQLite keeps them, each with a digest that shows damage."""

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from personametrics.data.errors import RunError, ensure
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request

Row = tuple[Any, ...]
DIGEST = 16
"""Bytes of SHA-256 that are kept: enough for accidents, and nobody is kept out by them."""
NAMES = {
    "manifest": "part, content",
    "requests": "key, role, model, run, about, temperature, effort, max_tokens, batch",
    "replies": (
        "key, outcome, text, probabilities, mass, finish, model, fingerprint, tokens_in, tokens_out, tokens_thought, "
        "unread_in, unread_out, calls, seconds, degraded, detail"
    ),
    "failures": "key, calls, seconds, detail",
    "ledger": "role, model, replies, failures, calls, tokens_in, tokens_out, unreported",
}
"""Columns of every table, in the order of its rows; a digest follows."""
SCHEMA = """
CREATE TABLE manifest (part TEXT PRIMARY KEY, content TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE requests (
    key BLOB PRIMARY KEY, role TEXT NOT NULL, model TEXT NOT NULL, run INTEGER NOT NULL, about TEXT NOT NULL, temperature REAL, effort TEXT,
    max_tokens INTEGER, batch TEXT, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE replies (
    key BLOB PRIMARY KEY, outcome TEXT NOT NULL, text TEXT, probabilities TEXT, mass REAL, finish TEXT NOT NULL, model TEXT NOT NULL,
    fingerprint TEXT NOT NULL, tokens_in INTEGER, tokens_out INTEGER, tokens_thought INTEGER, unread_in INTEGER NOT NULL,
    unread_out INTEGER NOT NULL, calls INTEGER NOT NULL, seconds REAL NOT NULL, degraded TEXT NOT NULL, detail TEXT NOT NULL,
    digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE failures (
    key BLOB NOT NULL, calls INTEGER NOT NULL, seconds REAL NOT NULL, detail TEXT NOT NULL, digest BLOB NOT NULL
);
CREATE TABLE ledger (
    role TEXT, model TEXT, replies INTEGER NOT NULL, failures INTEGER NOT NULL, calls INTEGER NOT NULL, tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL, unreported INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (role, model)
) WITHOUT ROWID;
"""
"""Replies are paid for and never asked again; failures are a log, and are asked again; the ledger counts both."""


class Entry(NamedTuple):
    """The use of one model in one role ("" is the model itself), summed over everything that it sent back, readable or not.

    Repeated calls count. Tokens count as far as they were reported; `unreported` is the number of replies whose tokens were not.
    """

    role: str
    model: str
    replies: int = 0
    failures: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    unreported: int = 0

    def plus(self, replies: Sequence[Reply], kept: int) -> "Entry":
        """Return this entry and what further replies used, of which `kept` were new to the journal."""
        failed = [reply for reply in replies if reply.outcome == ReplyOutcome.FAILED]
        return self._replace(
            replies=self.replies + kept,
            failures=self.failures + len(failed),
            calls=self.calls + sum(reply.calls for reply in replies),
            tokens_in=self.tokens_in + sum((reply.tokens_in or 0) + reply.unread_in for reply in replies),
            tokens_out=self.tokens_out + sum((reply.tokens_out or 0) + reply.unread_out for reply in replies),
            unreported=self.unreported + sum(reply.tokens_in is None for reply in replies) - sum(one.tokens_in is None for one in failed),
        )


def as_json(content: Any) -> str:
    """Return a part of the manifest as it is stored."""
    return json.dumps(content, ensure_ascii=False)


def signed(row: Row) -> Row:
    """Return a row with its digest at the end."""
    return (*row, _digest(row))


def checked(row: Row, table: str) -> Row:
    """Return a row without its digest; a ValueError says that the row is not the one that was written."""
    *content, digest = row
    if _digest(content) != digest:
        name = content[0].hex()[:16] if isinstance(content[0], bytes) else ascii(content[0])
        message = f"the row {name} of {table} is damaged: its checksum does not match"
        raise ValueError(message)
    return tuple(content)


def insertion(table: str, clause: str = "INSERT") -> str:
    """Return the SQL statement that writes a signed row."""
    return f"{clause} INTO {table} VALUES ({', '.join('?' * (NAMES[table].count(',') + 2))})"


def selection(table: str) -> str:
    """Return the SQL statement that reads signed rows."""
    return f"SELECT {NAMES[table]}, digest FROM {table}"  # noqa: S608 (constants)


def of_request(key: bytes, request: Request, model: str, role: str) -> Row:
    """Return a request to a model in a role as a row."""
    about, sampling = json.dumps(dict(request.about)), request.sampling
    temperature = None if sampling.temperature is None else float(sampling.temperature)
    return key, role, mended(model), request.run, about, temperature, None, sampling.max_tokens, None


def of_reply(key: bytes, reply: Reply) -> Row:
    """Return a reply as a row; refuse probabilities that are not numbers."""
    probabilities = None
    if reply.probabilities is not None:
        shares = {label: float(share) for label, share in reply.probabilities.items()}
        message = f"A reply has probabilities that are not numbers and cannot be kept: {shares}."
        ensure(all(map(math.isfinite, shares.values())), message, RunError)
        probabilities = json.dumps(shares)
    return (
        key, str(reply.outcome), None if reply.text is None else mended(reply.text), probabilities, reply.mass, mended(reply.finish),
        mended(reply.model), mended(reply.fingerprint), reply.tokens_in, reply.tokens_out, reply.tokens_thought, reply.unread_in,
        reply.unread_out, reply.calls, float(reply.seconds), ",".join(reply.degraded), mended(reply.detail),
    )  # fmt: skip


def of_failure(key: bytes, reply: Reply) -> Row:
    """Return a reply that failed as a row."""
    return key, reply.calls, float(reply.seconds), mended(reply.detail)


def to_reply(row: Row) -> Reply:
    """Return the reply of a row; a ValueError says that this version cannot have written it."""
    (
        _, outcome, text, probabilities, _, finish, model, fingerprint, tokens_in, tokens_out, thought, unread_in, unread_out, calls,
        seconds, degraded, detail,
    ) = row  # fmt: skip
    return Reply(
        text, ReplyOutcome(outcome), None if probabilities is None else json.loads(probabilities), finish, tokens_in, tokens_out, calls,
        seconds, fingerprint, tuple(degraded.split(",")) if degraded else (), detail, model, thought, unread_in, unread_out,
    )  # fmt: skip


def mended(text: str) -> str:
    """Return a text in which halves of characters (lone surrogates) are replaced by U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _digest(row: Sequence[Any]) -> bytes:
    """Return the digest of a row: its values with their kinds and lengths, so that no two rows read alike."""
    digest = hashlib.sha256()
    for value in row:
        content = b"" if value is None else value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        kind = next(letter for letter, kinds in _KINDS.items() if isinstance(value, kinds))
        digest.update(b"%c%d:" % (kind, len(content)))
        digest.update(content)
    return digest.digest()[:DIGEST]


_KINDS: dict[bytes, Any] = {b"b": bytes, b"s": str, b"-": type(None), b"n": object}
