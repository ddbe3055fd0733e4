"""Every reply on disk before it counts: one SQLite file in the run directory."""

import json
import math
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from personametrics.data.errors import RunError
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply

FILE = "journal.sqlite"
OWN = ("card.html", "card.json", "answers.csv", "answers.parquet", "inspect.json", "dialogues.csv", "dialogues.parquet")
"""What is written beside it."""
VERSION = 1
KEY = 32
"""Bytes of a key."""
LOOKED_UP = 500
"""Keys at a time; older SQLite takes no more than 999."""
SCHEMA = """
CREATE TABLE manifest (part TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE replies (
    key BLOB NOT NULL, turn INTEGER NOT NULL, outcome TEXT NOT NULL, text TEXT, probabilities TEXT, finish TEXT NOT NULL,
    tokens_in INTEGER, tokens_out INTEGER, calls INTEGER NOT NULL, seconds REAL NOT NULL, fingerprint TEXT NOT NULL,
    degraded TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (key, turn)
) WITHOUT ROWID;
CREATE TABLE failures (key BLOB NOT NULL, turn INTEGER NOT NULL, calls INTEGER NOT NULL, seconds REAL NOT NULL, detail TEXT NOT NULL);
"""
"""Replies are paid for and never asked again; failures are a log, and are asked again."""
INSERT = "INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, turn) DO NOTHING"
FIELDS = "outcome, text, probabilities, finish, tokens_in, tokens_out, calls, seconds, fingerprint, degraded, detail"
Keys = npt.NDArray[np.void]
"""(N,) keys, 32 bytes each."""


class Journal:
    """The replies of one run; one process writes, any number may read.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, Journal.open(folder, {"model": "m"}) as journal:
        ...     journal.add([(bytes(32), Reply("yes"))])
        ...     next(journal.replies([bytes(32)])).text
        'yes'
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: sqlite3.Connection | None) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock
        self._turn = threading.Lock()

    @classmethod
    def open(cls, folder: str | Path, manifest: Mapping[str, Any], *, extend: bool = False) -> "Journal":
        """Begin a run, or go on with one.

        Args:
            folder: the run directory; made where it is missing.
            manifest: everything that decides what is asked, as JSON values.
            extend: take a changed manifest; replies whose asks are the same are kept.

        Raises:
            RunError: another process writes to it, it was begun with another manifest, or it is no run directory.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"{folder} cannot be made a run directory ({error.strerror})."
            raise RunError(message) from error
        if not (folder / FILE).exists() and (foreign := [name for name in OWN if (folder / name).exists()]):
            message = f"{folder} holds a {foreign[0]} but no run, and it would be overwritten; name another out."
            raise RunError(message)
        with ExitStack() as opened:
            lock = opened.enter_context(closing(_lock(folder)))
            with _said(folder):
                connection = opened.enter_context(closing(_connect(folder / FILE)))
                _prepare(connection, folder)
            journal = cls(folder, connection, lock)
            journal._agree(manifest, extend=extend)
            opened.pop_all()
            return journal

    @classmethod
    def read(cls, folder: str | Path) -> "Journal":
        """Open a run to look at it, also while another process writes.

        Raises:
            RunError: it is no run directory.
        """
        folder = Path(folder)
        if not (folder / FILE).is_file():
            message = f"{folder} is no run directory: it has no {FILE}."
            raise RunError(message)
        nobody_writes = not os.access(folder, os.W_OK) and not (folder / f"{FILE}-wal").exists()  # an archive, where no lock can be made
        uri = f"{(folder / FILE).resolve().as_uri()}?mode=ro{'&immutable=1' if nobody_writes else ''}"
        with _said(folder), ExitStack() as opened:
            connection = opened.enter_context(closing(_connect(uri)))
            _check_version(connection, folder)
            opened.pop_all()
            return cls(folder, connection, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the run, once what is being written is written."""
        with self._turn:
            self._connection.close()
        if self._lock is not None:
            self._lock.close()

    @property
    def manifest(self) -> dict[str, Any]:
        """What the run was begun with."""
        with _said(self.folder):
            return {part: json.loads(content) for part, content in self._connection.execute("SELECT part, content FROM manifest")}

    def note(self, part: str, content: Any) -> None:
        """Add or replace a part of the manifest."""
        self._note({part: content})

    def _note(self, parts: Mapping[str, Any]) -> None:
        """Add or replace parts of the manifest, all or none."""
        rows = [(part, json.dumps(content, ensure_ascii=False)) for part, content in parts.items()]
        with self._whole():
            self._connection.executemany("INSERT OR REPLACE INTO manifest VALUES (?, ?)", rows)

    def add(self, replies: Sequence[tuple[bytes, Reply]], turn: int = 0) -> None:
        """Write replies; when it returns they survive a power cut. A key that has a reply keeps it. Any thread may call it.

        Half a character (a lone surrogate) in a text becomes U+FFFD: no file can hold it.

        Raises:
            RunError: the disk is full, the file cannot be written, or a probability is not a number.
        """
        settled = [(key, turn, *_row(one)) for key, one in replies if one.outcome != ReplyOutcome.FAILED]
        failed = [(key, turn, one.calls, one.seconds, _mended(one.detail)) for key, one in replies if one.outcome == ReplyOutcome.FAILED]
        with self._whole():
            self._connection.executemany(INSERT, settled)
            self._connection.executemany("INSERT INTO failures VALUES (?, ?, ?, ?, ?)", failed)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """One transaction at a time, of which all is written or nothing."""
        with self._turn, _said(self.folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def keys(self) -> Keys:
        """(N,) keys that have a reply."""
        with _said(self.folder):
            count = self._connection.execute("SELECT count(*) FROM replies WHERE turn = 0").fetchone()[0]
            found = self._connection.execute("SELECT key FROM replies WHERE turn = 0")
            return np.fromiter((np.void(key) for (key,) in found), np.dtype((np.void, KEY)), count)

    def holds(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """(N,) whether each key has a reply; in time that does not grow with what else is there."""
        found = np.zeros(len(keys), np.bool_)
        for start in range(0, len(keys), LOOKED_UP):
            part = keys[start : start + LOOKED_UP].tolist()
            query = f"SELECT key FROM replies WHERE turn = 0 AND key IN ({','.join('?' * len(part))})"  # noqa: S608 (no text of others)
            with _said(self.folder):
                there = {key for (key,) in self._connection.execute(query, part)}
            found[start : start + LOOKED_UP] = [key in there for key in part]
        return found

    def replies(self, keys: Sequence[bytes]) -> Iterator[Reply | None]:
        """The reply of each key, in order; None where there is none."""
        query = f"SELECT {FIELDS} FROM replies WHERE key = ? AND turn = 0"  # noqa: S608 (a constant)
        for key in keys:
            with _said(self.folder):
                row = self._connection.execute(query, (key,)).fetchone()
                found = None if row is None else _reply(row)
            yield found

    def said(self, keys: Iterable[bytes]) -> Iterator[str | None]:
        """The words of each reply, in order; None where there is none, or it is no answer."""
        query = "SELECT text FROM replies WHERE key = ? AND turn = 0 AND outcome = ?"
        for key in keys:
            with _said(self.folder):
                row = self._connection.execute(query, (key, str(ReplyOutcome.ANSWERED))).fetchone()
            yield None if row is None else row[0]

    def failures(self) -> dict[bytes, str]:
        """Why each key without a reply failed the last time."""
        query = "SELECT key, detail FROM failures WHERE key NOT IN (SELECT key FROM replies) ORDER BY rowid"
        with _said(self.folder):
            return dict(self._connection.execute(query))

    def totals(self) -> dict[str, int]:
        """Replies, failures, calls and tokens so far, and replies whose tokens the model did not report (they count as 0)."""
        counts = "count(*), sum(calls), sum(tokens_in), sum(tokens_out), sum(tokens_in IS NULL)"
        names = ("replies", "calls", "tokens_in", "tokens_out", "unreported")
        with _said(self.folder):
            kept = self._connection.execute(f"SELECT {counts} FROM replies").fetchone()  # noqa: S608 (a constant)
            failures, lost = self._connection.execute("SELECT count(*), sum(calls) FROM failures").fetchone()
        found = dict(zip(names, (one or 0 for one in kept), strict=True))
        return {**found, "failures": failures, "calls": found["calls"] + (lost or 0)}

    def reported(self) -> dict[str, list[str]]:
        """What the server said it is, and what it left undone: every fingerprint and every degraded parameter."""
        with _said(self.folder):
            prints = [row[0] for row in self._connection.execute("SELECT DISTINCT fingerprint FROM replies") if row[0]]
            lists = [row[0] for row in self._connection.execute("SELECT DISTINCT degraded FROM replies") if row[0]]
        return {"fingerprints": sorted(prints), "degraded": sorted({name for one in lists for name in one.split(",")})}

    def _agree(self, manifest: Mapping[str, Any], *, extend: bool) -> None:
        """Take the manifest, or refuse it and say what changed."""
        before = {part: content for part, content in self.manifest.items() if part in manifest}
        wanted = json.loads(json.dumps(dict(manifest)))
        changed = [_some(found) for part in wanted if (found := changes(before.get(part), wanted[part], part))]
        if before and changed and not extend and self.totals()["replies"]:
            message = (
                f"{self.folder} was begun with another study: {'; '.join(changed)}; "
                "undo that, name another out, or pass --extend to keep the replies whose asks are the same."
            )
            raise RunError(message)
        if before != wanted:
            self._note(wanted)


def changes(before: Any, after: Any, path: str = "") -> list[str]:
    """What differs between two JSON values, as "path: old → new"; a key that is absent is null.

    Examples:
        >>> changes({"runs": 5, "model": "m"}, {"runs": 8, "model": "m"})
        ['runs: 5 → 8']
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = list(dict.fromkeys([*before, *after]))
        return [one for name in names for one in changes(before.get(name), after.get(name), f"{path}.{name}" if path else name)]
    if isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return [f"{path}: {len(before)} → {len(after)} entries"]
        return [one for at, pair in enumerate(zip(before, after, strict=True)) for one in changes(*pair, f"{path}[{at}]")]
    return [] if before == after else [f"{path}: {_short(before)} → {_short(after)}"]


def _some(found: Sequence[str], most: int = 4) -> str:
    """The first changes of one part, and how many more there are."""
    return ", ".join([*found[:most], *([f"and {len(found) - most} more"] if len(found) > most else [])])


def _short(value: Any) -> str:
    """A value in a message."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    """Tables, write-ahead log, and a sync with every commit."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    _check_version(connection, folder)


def _check_version(connection: sqlite3.Connection, folder: Path) -> None:
    """Refuse a journal of another schema."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        message = f"{folder / FILE} holds no run: it was never begun, or is the file of something else."
        raise RunError(message)
    if version != VERSION:
        message = (
            f"{folder / FILE} has the schema {version}, this version of personametrics reads {VERSION}; use the version that wrote it."
        )
        raise RunError(message)


def _lock(folder: Path) -> sqlite3.Connection:
    """Hold the run directory until the process ends, however it ends; on every system that has SQLite."""
    with _said(folder, "lock"), ExitStack() as opened:
        lock = opened.enter_context(closing(_connect(folder / "lock", timeout=0)))
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            message = f"{folder} is in use by another process; wait for it, stop it, or name another out."
            raise RunError(message) from error
        opened.pop_all()
        return lock


def _connect(place: Path | str, timeout: float = 5.0) -> sqlite3.Connection:
    """A connection that any thread may use; a place in text is a URI."""
    return sqlite3.connect(place, timeout, isolation_level=None, check_same_thread=False, uri=isinstance(place, str))


@contextmanager
def _said(folder: Path, file: str = FILE) -> Iterator[None]:
    """Say what SQLite says in one sentence."""
    try:
        yield
    except UnicodeEncodeError as error:
        message = f"{folder}: {error.object[error.start]!a} is half a character and cannot be written; clean the texts of the study."
        raise RunError(message) from None
    except (ValueError, TypeError) as error:  # what was stored is no JSON, no outcome …
        message = f"{folder / file} holds something that this program did not write ({error}); restore the file from a copy."
        raise RunError(message) from error
    except sqlite3.DatabaseError as error:
        full = "full" in str(error)
        remedy = "free some space and resume" if full else "the file may be damaged or on a disk that refuses to be written"
        message = f"{folder / file}: {error}; {remedy}. What was written before is kept."
        raise RunError(message) from error


def _row(reply: Reply) -> tuple[Any, ...]:
    """A reply as it is stored."""
    probabilities = None
    if reply.probabilities is not None:
        shares = {label: float(share) for label, share in reply.probabilities.items()}
        if not all(map(math.isfinite, shares.values())):
            message = f"A reply has probabilities that are no numbers and cannot be kept: {shares}."
            raise RunError(message)
        probabilities = json.dumps(shares)
    text = None if reply.text is None else _mended(reply.text)
    return (
        str(reply.outcome), text, probabilities, _mended(reply.finish), reply.tokens_in, reply.tokens_out, reply.calls, reply.seconds,
        _mended(reply.fingerprint), ",".join(reply.degraded), _mended(reply.detail),
    )  # fmt: skip


def _mended(text: str) -> str:
    """A text without halves of characters."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _reply(row: tuple[Any, ...]) -> Reply:
    """A reply as it was stored."""
    outcome, text, probabilities, finish, tokens_in, tokens_out, calls, seconds, fingerprint, degraded, detail = row
    return Reply(
        text, ReplyOutcome(outcome), None if probabilities is None else json.loads(probabilities), finish, tokens_in, tokens_out, calls,
        seconds, fingerprint, tuple(degraded.split(",")) if degraded else (), detail,
    )  # fmt: skip
