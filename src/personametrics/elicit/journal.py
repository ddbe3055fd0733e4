"""The journal of a run directory: one SQLite file in which every reply is on disk before it counts."""

import json
import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from personametrics.data.errors import RunError, ensure
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit import migration, rows
from personametrics.elicit.migration import VERSION
from personametrics.elicit.rows import Entry

FILE = "journal.sqlite"
COPY = f"{FILE}.v1"
"""The journal as format 1 kept it, where it was turned into format 2."""
OWN = ("card.html", "card.json", "answers.csv", "answers.parquet", "inspect.json", "dialogues.csv", "dialogues.parquet")
"""Other files that a run directory may hold."""
KEY = 32
"""Bytes of a key."""
LOOKED_UP = 500
"""Keys at a time; older SQLite takes no more than 999."""
PRIVATE = 0o600
"""Permissions of the files: personas and replies are as confidential as the people they are about."""
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
Keys = npt.NDArray[np.void]
"""(N,) keys, 32 bytes each."""


class Journal:
    """The replies of one run directory; one process writes, any number may read.

    Every row carries a digest, which is checked when the row is read.

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
        self._checked = False

    @classmethod
    def open(cls, folder: str | Path, manifest: Mapping[str, Any], *, extend: bool = False) -> "Journal":
        """Begin a run, or go on with one. A journal of format 1 is turned into format 2, and a copy of it is kept.

        Args:
            folder: the run directory; made where it is missing, for its owner alone.
            manifest: everything that decides what is asked, as JSON values.
            extend: take a changed manifest; replies to the same requests are kept.

        Raises:
            RunError: another process writes to it, it was begun with another manifest, or it is not a run directory.
        """
        folder = Path(folder)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            message = f"{folder} cannot be used as a run directory ({getattr(error, 'strerror', None) or error})."
            raise RunError(message.replace("\0", "\\0")) from error
        if not (folder / FILE).exists() and (foreign := [name for name in OWN if (folder / name).exists()]):
            message = (
                f"{folder} contains {foreign[0]} but no journal, and this file would be overwritten. Choose another run directory (--out)."
            )
            raise RunError(message)
        with ExitStack() as opened:
            lock = opened.enter_context(closing(_lock(folder)))
            with _explained(folder):
                connection = opened.enter_context(closing(_connect(_private(folder / FILE))))
                _prepare(connection, folder)
            journal = cls(folder, connection, lock)
            journal._agree(manifest, extend=extend)
            opened.pop_all()
            return journal

    @classmethod
    def read(cls, folder: str | Path) -> "Journal":
        """Open a run to look at it, also while another process writes; of format 1, a copy in memory."""
        folder, exists = Path(folder), False
        with suppress(OSError, ValueError):  # a name that no file can have
            exists = (folder / FILE).is_file()
        ensure(exists, f"{folder} is not a run directory: it has no {FILE}.".replace("\0", "\\0"), RunError)
        nobody_writes = not os.access(folder, os.W_OK) and not (folder / f"{FILE}-wal").exists()  # an archive, where no lock can be made
        uri = f"{(folder / FILE).resolve().as_uri()}?mode=ro{'&immutable=1' if nobody_writes else ''}"
        with _explained(folder), ExitStack() as opened:
            connection = opened.enter_context(closing(_connect(uri)))
            if _version(connection, folder) < VERSION:
                return cls(folder, migration.in_memory(connection, _old_manifest(connection, folder)), None)
            opened.pop_all()
            return cls(folder, connection, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the files, once what is being written is written, and let other processes write."""
        with self._turn:
            self._connection.close()
        if self._lock is not None:
            self._lock.close()

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest by its parts, in the format of this version."""
        with _explained(self.folder):
            parts = [rows.checked(row, "manifest") for row in self._connection.execute(rows.selection("manifest"))]
            return migration.current({part: json.loads(content) for part, content in parts}, self.folder / FILE)

    def note(self, part: str, content: Any) -> None:
        """Add or replace a part of the manifest."""
        self._note({part: content})

    def _note(self, parts: Mapping[str, Any]) -> None:
        """Add or replace parts of the manifest, all or none."""
        with self._whole():
            self._write("manifest", [(part, rows.as_json(content)) for part, content in parts.items()], "INSERT OR REPLACE")

    def add(self, replies: Sequence[tuple[bytes, Reply]], requests: Sequence[Request] = (), model: str = "", role: str = "") -> None:
        """Write replies and what they used; when it returns they survive a power cut. Any thread may call it.

        A key that has a reply keeps it; what the further one used counts all the same. Half a character (a lone surrogate) in a text
        becomes U+FFFD, since no file can hold it.

        Args:
            replies: with their keys.
            requests: the request of each reply, for its row and its role; empty: unknown.
            model: the id of the model that was asked.
            role: the role of requests that name none; "" is the model itself.

        Raises:
            RunError: the disk is full, the file cannot be written, or a probability is not a number.
        """
        by_role = defaultdict[str, list[tuple[bytes, Reply]]](list)
        for pair, request in zip_longest(replies, requests):
            by_role[role if request is None else request.to or role].append(pair)
        asked = [rows.of_request(key, request, model, request.to or role) for (key, _), request in zip(replies, requests, strict=False)]
        with self._whole():
            self._write("requests", asked, "INSERT OR IGNORE")
            for name, pairs in by_role.items():
                self._add(name, rows.mended(model), pairs)

    def _add(self, role: str, model: str, pairs: Sequence[tuple[bytes, Reply]]) -> None:
        """Write the replies of one role, within a transaction."""
        settled = [rows.of_reply(key, reply) for key, reply in pairs if reply.outcome != ReplyOutcome.FAILED]
        failed = [rows.of_failure(key, reply) for key, reply in pairs if reply.outcome == ReplyOutcome.FAILED]
        before = self._connection.total_changes
        statement = f"{rows.insertion('replies')} ON CONFLICT (key) DO NOTHING"
        self._connection.executemany(statement, map(rows.signed, settled))
        kept = self._connection.total_changes - before
        self._write("failures", failed)
        query = f"{rows.selection('ledger')} WHERE role = ? AND model = ?"
        row = self._connection.execute(query, (role, model)).fetchone()
        entry = Entry(role, model) if row is None else Entry(*rows.checked(row, "ledger"))
        self._write("ledger", [entry.plus([reply for _, reply in pairs], kept)], "INSERT OR REPLACE")

    def _write(self, table: str, content: Iterable[rows.Row], clause: str = "INSERT") -> None:
        """Write rows with their digests, within a transaction."""
        self._connection.executemany(rows.insertion(table, clause), map(rows.signed, content))

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Hold one transaction at a time, of which all is written or nothing."""
        with self._turn, _explained(self.folder), _transaction(self._connection):
            yield

    def check(self) -> None:
        """Read every row and compare it with its digest, and the number of replies with the ledger."""
        with self._turn, _explained(self.folder), _transaction(self._connection, "BEGIN"):
            counts = dict.fromkeys(rows.NAMES, 0)
            for table in rows.NAMES:
                for row in self._connection.execute(rows.selection(table)):
                    rows.checked(row, table)
                    counts[table] += 1
            counted = sum(entry.replies for entry in self._entries())
            if counted != counts["replies"]:
                message = f"the ledger counts {counted:,} replies, but the table has {counts['replies']:,}"
                raise ValueError(message)
        self._checked = True

    def holds(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Return whether each of the (N,) keys has a reply; in time that does not grow with the number of other replies."""
        result = np.zeros(len(keys), np.bool_)
        for start in range(0, len(keys), LOOKED_UP):
            some = keys[start : start + LOOKED_UP].tolist()
            query = f"SELECT key FROM replies WHERE key IN ({','.join('?' * len(some))})"  # noqa: S608 (only question marks)
            with _explained(self.folder):
                kept = {key for (key,) in self._connection.execute(query, some)}
            result[start : start + LOOKED_UP] = [key in kept for key in some]
        if not result.all():
            self._check_once()
        return result

    def replies(self, keys: Iterable[bytes]) -> Iterator[Reply | None]:
        """Yield the reply to each key, in order; None where it has none."""
        query = f"{rows.selection('replies')} WHERE key = ?"
        for key in keys:
            with _explained(self.folder):
                row = self._connection.execute(query, (key,)).fetchone()
                reply = None if row is None else rows.to_reply(rows.checked(row, "replies"))
            if reply is None:
                self._check_once()
            yield reply

    def texts(self, keys: Iterable[bytes]) -> Iterator[str | None]:
        """Yield the text of each reply, in order; None where the reply is missing or is not answered."""
        for reply in self.replies(keys):
            yield reply.text if reply is not None and reply.outcome == ReplyOutcome.ANSWERED else None

    def _check_once(self) -> None:
        """Check every row, once: where a key has no reply, it may be the key that is damaged."""
        if not self._checked:
            self.check()

    def failures(self) -> dict[bytes, str]:
        """Return the latest reason why each key without a reply failed."""
        query = f"{rows.selection('failures')} WHERE key NOT IN (SELECT key FROM replies) ORDER BY rowid"  # noqa: S608 (constants)
        with _explained(self.folder):
            latest = [rows.checked(row, "failures") for row in self._connection.execute(query)]
        return {key: detail for key, _, _, detail in latest}

    def ledger(self) -> list[Entry]:
        """Return the use of every model in every role so far."""
        with _explained(self.folder):
            return self._entries()

    def _entries(self) -> list[Entry]:
        """Return the rows of the ledger."""
        return [Entry(*rows.checked(row, "ledger")) for row in self._connection.execute(rows.selection("ledger"))]

    def totals(self) -> dict[str, int]:
        """Return the sums of the ledger by name; `unreported` counts replies whose tokens were not reported, which count as 0."""
        names = ("replies", "calls", "tokens_in", "tokens_out", "unreported", "failures")
        ledger = self.ledger()
        return {name: sum(getattr(entry, name) for entry in ledger) for name in names}

    def reported(self) -> dict[str, list[str]]:
        """Return the different `fingerprints` of the server, and the parameters that it did not apply (`degraded`), each once."""
        self._check_once()
        with _explained(self.folder):
            prints = [row[0] for row in self._connection.execute("SELECT DISTINCT fingerprint FROM replies") if row[0]]
            lists = [row[0] for row in self._connection.execute("SELECT DISTINCT degraded FROM replies") if row[0]]
        return {"fingerprints": sorted(prints), "degraded": sorted({name for names in lists for name in names.split(",")})}

    def answering_models(self) -> list[tuple[str, str]]:
        """Return the id of each model that was asked, and the name that the server gave of what answered, if it gave one."""
        self._check_once()
        query = (
            "SELECT DISTINCT requests.model, replies.model FROM replies JOIN requests USING (key) WHERE replies.model != '' ORDER BY 1, 2"
        )
        with _explained(self.folder):
            return [(asked, answered) for asked, answered in self._connection.execute(query)]

    def _agree(self, manifest: Mapping[str, Any], *, extend: bool) -> None:
        """Take the manifest, or refuse it and say what changed."""
        wanted = {**json.loads(json.dumps(dict(manifest))), "version": VERSION}
        before = {part: content for part, content in self.manifest.items() if part in wanted}
        changed = [_some(differences) for part in wanted if (differences := changes(before.get(part), wanted[part], part))]
        if before and changed and not extend and self.totals()["replies"]:
            message = (
                f"{self.folder} was begun with another study: {'; '.join(changed)}. "
                "Undo the change, choose another run directory (--out), or pass --extend to keep the replies to the same requests."
            )
            raise RunError(message)
        if before != wanted:
            self._note(wanted)


def changes(before: Any, after: Any, path: str = "") -> list[str]:
    """Return the differences of two JSON values, as "path: old → new"; a key that is absent is null.

    Examples:
        >>> changes({"runs": 5, "model": "m"}, {"runs": 8, "model": "m"})
        ['runs: 5 → 8']
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = list(dict.fromkeys([*before, *after]))
        return [change for name in names for change in changes(before.get(name), after.get(name), f"{path}.{name}" if path else name)]
    if isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return [f"{path}: {len(before)} → {len(after)} entries"]
        return [change for index, pair in enumerate(zip(before, after, strict=True)) for change in changes(*pair, f"{path}[{index}]")]
    return [] if before == after else [f"{path}: {_short(before)} → {_short(after)}"]


def _some(differences: Sequence[str], most: int = 4) -> str:
    """Return the first changes of one part, and the number of further ones."""
    return ", ".join([*differences[:most], *([f"and {len(differences) - most} more"] if len(differences) > most else [])])


def _short(value: Any) -> str:
    """Return a value in a message."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    """Set up tables of this version, a write-ahead log, and a sync with every commit."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        with _transaction(connection):
            migration.create(connection)
    if _version(connection, folder) < VERSION:
        _keep_copy(connection, folder)
        with _transaction(connection):
            migration.in_place(connection, _old_manifest(connection, folder))


def _old_manifest(connection: sqlite3.Connection, folder: Path) -> dict[str, Any]:
    """Return the manifest of a journal of format 1, in the format of this version."""
    parts = {part: json.loads(content) for part, content in connection.execute("SELECT part, content FROM manifest")}
    return migration.current(parts, folder / FILE)


def _keep_copy(connection: sqlite3.Connection, folder: Path) -> None:
    """Keep a copy of a journal before it is turned into another format."""
    if (folder / COPY).exists():
        return
    unfinished = folder / f"{COPY}.part"
    unfinished.unlink(missing_ok=True)
    with closing(_connect(_private(unfinished))) as copy:
        connection.backup(copy)
    unfinished.replace(folder / COPY)


def _version(connection: sqlite3.Connection, folder: Path) -> int:
    """Return the format of a journal; refuse a file that is not a journal, or of a later format."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    ensure(
        version != 0, f"{folder / FILE} is not the journal of a run: the run was never begun, or another program wrote this file.", RunError
    )
    message = f"{folder / FILE} has the format {version}, but this version of personametrics reads only formats up to {VERSION}. "
    ensure(0 < version <= VERSION, message + "Use the version that wrote the file.", RunError)
    return version


def _lock(folder: Path) -> sqlite3.Connection:
    """Hold the run directory until the process ends, however it ends; on every system that has SQLite."""
    with _explained(folder, "lock"), ExitStack() as opened:
        lock = opened.enter_context(closing(_connect(_private(folder / "lock"), timeout=0)))
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            message = (
                f"{folder} is in use by another process. Wait until that process ends, stop it, or choose another run directory (--out)."
            )
            raise RunError(message) from error
        opened.pop_all()
        return lock


def _private(file: Path) -> Path:
    """Make a file that only its owner reads, where there is none; SQLite gives its further files the same permissions."""
    with suppress(OSError):  # it is there, or SQLite says what is wrong
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
    return file


def _connect(place: Path | str, timeout: float = 5.0) -> sqlite3.Connection:
    """Return a connection that any thread may use; a place in text is a URI. Text that is not UTF-8 can be read, and its digest tells."""
    connection = sqlite3.connect(place, timeout, isolation_level=None, check_same_thread=False, uri=isinstance(place, str))
    connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Do all of what is inside, or nothing."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _explained(folder: Path, file: str = FILE) -> Iterator[None]:
    """Turn any error with a file into a RunError of one sentence."""
    try:
        yield
    except UnicodeEncodeError as error:
        message = f"{folder}: {error.object[error.start]!a} is not a complete character. Remove it from the texts of the study."
        raise RunError(message) from None
    except OverflowError as error:
        message = f"{folder / file}: a number is too large to be stored ({error}). Correct the model that gave it."
        raise RunError(message) from error
    except (ValueError, TypeError) as error:  # a row that is damaged, or content that is not JSON or not an outcome
        message = f"{folder / file} does not contain the data that were written to it ({error}). Restore the file from a copy."
        raise RunError(message) from error
    except OSError as error:
        message = f"{folder / file} cannot be written ({error.strerror}). Everything that was written before is kept."
        raise RunError(message) from error
    except sqlite3.DatabaseError as error:
        reason = " ".join(str(error).split())
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
            message = f"{folder / file}: {reason}. The file is damaged. Restore it from a copy."
        else:
            remedy = "Free some space and resume." if "full" in str(error) else "The disk or its permissions may be at fault."
            message = f"{folder / file}: {reason}. {remedy} Everything that was written before is kept."
        raise RunError(message) from error
