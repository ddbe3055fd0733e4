"""Formats of run directories: what older ones held, as this version keeps it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from personametrics.data.errors import RunError, ensure
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.elicit import rows

VERSION = 2
"""The format of a journal (`PRAGMA user_version`) and of its manifest (its part `version`)."""
Manifest = dict[str, Any]
OLD = ("manifest", "replies", "failures")
"""Tables of format 1."""
REPLIES = "SELECT key, outcome, text, probabilities, finish, tokens_in, tokens_out, calls, seconds, fingerprint, degraded, detail"


def current(manifest: Manifest, file: Path) -> Manifest:
    """Return a manifest of any format, read from a file, in the format of this version; an empty one stays empty."""
    version = manifest.get("version", 1) if manifest else VERSION
    message = f"{file} has a manifest of the format {version!a}, but this version of personametrics reads only formats up to {VERSION}. "
    ensure(isinstance(version, int) and 0 < version <= VERSION, message + "Use the version that wrote the file.", RunError)
    return {**manifest, "version": VERSION} if version < VERSION else manifest  # format 1 had no number; the rest is the same


@contextmanager
def understood(file: Path) -> Iterator[None]:
    """Raise a RunError of one sentence if the manifest in a file lacks a key, or has a key or value that this version does not know."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else " ".join(str(error).split())
        if hasattr(error, "errors"):  # of pydantic, whose text takes several lines
            mistake = error.errors()[0]
            reason = f"{'.'.join(map(str, mistake['loc']))}: {mistake['msg']}"
        message = f"{file} cannot be understood by this version of personametrics ({reason[:200]}). "
        raise RunError(message + "Use the version that wrote the file.") from error


def convert(source: sqlite3.Connection, target: sqlite3.Connection, parts: Manifest, suffix: str = "") -> None:
    """Write what a journal of format 1 holds, in tables with a suffix in their names, into empty tables of format 2.

    Format 1 kept neither requests nor their roles: all it used stands in the ledger under the model of its manifest (`parts`).
    """
    manifest = [(part, rows.as_json(content)) for part, content in parts.items()]
    target.executemany(rows.insertion("manifest"), map(rows.signed, manifest))
    entry = rows.Entry("", str(parts.get("model", "")))
    for key, *columns in source.execute(f"{REPLIES} FROM replies{suffix} WHERE turn = 0"):
        reply = _old_reply(columns)
        entry = entry.plus([reply], 1)
        target.execute(rows.insertion("replies"), rows.signed(rows.of_reply(key, reply)))
    failures = f"SELECT key, calls, seconds, detail FROM failures{suffix} ORDER BY rowid"  # noqa: S608 (constants)
    for key, calls, seconds, detail in source.execute(failures):
        reply = Reply(outcome=ReplyOutcome.FAILED, calls=calls, seconds=seconds, detail=detail)
        entry = entry.plus([reply], 0)
        target.execute(rows.insertion("failures"), rows.signed(rows.of_failure(key, reply)))
    if entry.replies or entry.failures:
        target.execute(rows.insertion("ledger"), rows.signed(entry))


def in_place(connection: sqlite3.Connection, parts: Manifest) -> None:
    """Turn a journal of format 1 into one of format 2, within a transaction."""
    for table in OLD:
        connection.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    create(connection)
    convert(connection, connection, parts, "_1")
    for table in OLD:
        connection.execute(f"DROP TABLE {table}_1")


def in_memory(source: sqlite3.Connection, parts: Manifest) -> sqlite3.Connection:
    """Return a copy of a journal of format 1 in format 2 that lies in memory and cannot be written to."""
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    copy.execute("BEGIN")
    create(copy)
    convert(source, copy, parts)
    copy.execute("COMMIT")
    copy.execute("PRAGMA query_only = 1")
    return copy


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of this version, within a transaction."""
    for statement in filter(str.strip, rows.SCHEMA.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _old_reply(row: Sequence[Any]) -> Reply:
    """Return a reply of format 1; refuse one that cannot have been written by this program."""
    outcome, text, probabilities, finish, tokens_in, tokens_out, calls, seconds, fingerprint, degraded, detail = row
    if any(part is not None and part != rows.mended(part) for part in (text, finish, fingerprint, detail)):
        message = "a text is not UTF-8"
        raise ValueError(message)
    new = (b"", outcome, text, probabilities, None, finish, "", fingerprint, tokens_in, tokens_out, None, 0, 0, calls, seconds, degraded)
    return rows.to_reply((*new, detail))
