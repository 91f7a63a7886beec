"""The ledger of runs: append-only events in SQLite.

WAL with ``synchronous=NORMAL`` survives the death of any process and costs about 15 µs a wave; it
calls fsync only at checkpoints, so power loss may take the last waves, never the order or the file.
A durable append (the end of a run) calls fsync and survives power loss too. One connection in the
coordinator; other processes may read, and write runs of their own, at the same time.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeproof.errors import ROOM, Finding, StoreError
from pipeproof.model import event as events
from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.event import Event
from pipeproof.model.reuse import Known

VERSION = 2
_NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "lustre", "ceph", "glusterfs", "9p", "afs")
KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        events.RunStarted,
        events.RunResumed,
        events.Expanded,
        events.Iterated,
        events.Reused,
        events.Started,
        events.AttemptFailed,
        events.Finished,
        events.Blocked,
        events.Skipped,
        events.RunFinished,
        events.RolledBack,
    )
}
_CHECKPOINT = 8000  # pages; each checkpoint calls fsync, and the usual 1000 pages are full after 300 waves
_INSERT = "INSERT INTO events (run, time, kind, body, static, key) VALUES "
_ROW = "(?, ?, ?, ?, ?, ?)"
_MOST_ROWS = 160  # of one statement; SQLite takes 999 values and more
_MOST_KEYS = 900
_NEWEST = 20  # results with one static key that are looked at: as many versions of its inputs


class SqliteLedger:
    """A ledger in one SQLite file.

    Args:
        path: The file.
        mounts: Where the kernel says what is mounted.

    Raises:
        StoreError: The file is not ours, was written by a newer version, cannot be written, or lies
            on a network file system, where SQLite's locks do not hold.
    """

    def __init__(self, path: Path, *, mounts: Path = Path("/proc/mounts")) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._always_durable = False
        refuse_network(path, mounts)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                path.touch(
                    0o600
                )  # messages and small values stand in it; SQLite gives its other files the same
            self._database = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(_unusable(path, str(error))) from error

    def append(self, run: str, events: Sequence[Event], *, durable: bool = False) -> float:
        """Write a wave of events in one transaction and return the time they got."""
        now = time.time()
        rows = [_row(run, now, event) for event in events]
        try:
            with self._lock:
                if durable and not self._always_durable:
                    self._database.execute("PRAGMA synchronous=FULL")
                self._insert(rows)
                if durable and not self._always_durable:
                    self._database.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            if self._always_durable is False:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("PRAGMA synchronous=NORMAL")
            raise StoreError(_unusable(self.path, str(error))) from error
        return now

    def be_durable(self) -> None:
        """Let every wave survive power loss from now on."""
        with self._lock:
            self._always_durable = True
            self._database.execute("PRAGMA synchronous=FULL")

    def _insert(self, rows: Sequence[_Row]) -> None:
        # One statement is one transaction. Three (begin, insert, commit) would give the interpreter up
        # three times, and each time another thread's step may run before this one goes on.
        if len(rows) <= _MOST_ROWS:
            values = [value for row in rows for value in row]
            self._database.execute(_INSERT + ", ".join([_ROW] * len(rows)), values)
            return
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(_INSERT + _ROW, rows)
        self._database.execute("COMMIT")

    def events(self, run: str) -> Iterator[tuple[float, Event]]:
        """Yield the events of a run, in order."""
        for moment, kind, body in self._read(
            "SELECT time, kind, body FROM events WHERE run = ? ORDER BY seq", (run,)
        ):
            yield moment, self._restored(kind, body)

    def beginning(self, run: str) -> Event | None:
        """Return the first event of a run; None when there is no such run."""
        rows = self._read("SELECT kind, body FROM events WHERE run = ? ORDER BY seq LIMIT 1", (run,))
        return self._restored(*rows[0]) if rows else None

    def runs(self) -> Iterator[str]:
        """Yield the names of all runs, newest first."""
        rows = self._read("SELECT run FROM events WHERE kind = 'RunStarted' ORDER BY seq DESC", ())
        yield from (run for (run,) in rows)

    def known(self, statics: Collection[str]) -> Mapping[str, list[Known]]:
        """Return what steps with these static keys came to, newest first."""
        found: dict[str, list[Known]] = {}
        for some in batched(statics, _MOST_KEYS):
            marks = ", ".join("?" * len(some))
            for static, run, body in self._read(_KNOWN.format(marks), some):
                kept = found.setdefault(static, [])
                if len(kept) < _NEWEST:
                    kept.append(_known(run, body))
        return found

    def keep_texts(self, texts: Mapping[str, str]) -> None:
        """Keep texts under their digests; what is kept already stays as it is."""
        try:
            with self._lock:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR IGNORE INTO texts VALUES (?, ?)", texts.items())
                self._database.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise StoreError(_unusable(self.path, str(error))) from error

    def missing(self, digests: Collection[str]) -> set[str]:
        """Return those of the digests under which no text is kept."""
        found: set[str] = set()
        for some in batched(digests, _MOST_KEYS):
            marks = ", ".join("?" * len(some))
            found.update(digest for (digest,) in self._read(_KEPT.format(marks), some))
        return set(digests) - found

    def texts(self, digests: Collection[str]) -> Mapping[str, str]:
        """Return those of the texts that are kept."""
        found: dict[str, str] = {}
        for some in batched(digests, _MOST_KEYS):
            marks = ", ".join("?" * len(some))
            found.update(self._read(f"SELECT digest, body FROM texts WHERE digest IN ({marks})", some))  # noqa: S608 question marks only
        return found

    def _read(self, query: str, values: Sequence[str]) -> list[Any]:
        """Return the rows of a query.

        Raises:
            StoreError: The file is damaged or cannot be read.
        """
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(_unusable(self.path, str(error))) from error

    def _restored(self, kind: str, body: str) -> Event:
        try:
            return restore(kind, body)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise StoreError(_unusable(self.path, "an event in it is malformed")) from error

    def rewrite(self, change: Callable[[str, str], str | None], *, dry: bool = False) -> None:
        """Let events be written anew, for data that must not be kept; what stood there is overwritten.

        Args:
            change: (run, body of an event) → the new body, None to leave it.
            dry: Call `change` and write nothing.

        Raises:
            StoreError: The ledger cannot be written.
        """
        try:
            with self._lock:
                rows = self._database.execute("SELECT seq, run, body FROM events ORDER BY seq").fetchall()
                changed = [(body, seq) for seq, run, old in rows if (body := change(run, old)) is not None]
                if dry or not changed:
                    return
                self._database.execute("PRAGMA secure_delete=ON")
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("UPDATE events SET body = ? WHERE seq = ?", changed)
                self._database.execute("COMMIT")
                # The log beside the file holds the old pages until it is emptied.
                self._database.execute("VACUUM")
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise StoreError(_unusable(self.path, str(error))) from error

    def ends(self) -> Iterator[tuple[str, float, Event]]:
        """Yield how each run began and ended: its name, the time and the event, in order."""
        query = "SELECT run, time, kind, body FROM events WHERE kind IN ('RunStarted', 'RunFinished') ORDER BY seq"
        for run, moment, kind, body in self._read(query, ()):
            yield run, moment, self._restored(kind, body)

    def taken(self) -> Iterator[tuple[str, str]]:
        """Yield each run that took what a step came to, with the run that it took it from."""
        for run, body in self._read("SELECT run, body FROM events WHERE kind = 'Reused'", ()):
            yield run, str(json.loads(body)["run"])

    def digests(self, without: Collection[str] = ()) -> set[str]:
        """Return every digest that the events name, but for those of some runs; most are no names of objects."""
        left_out, found = frozenset(without), set[str]()
        try:
            with self._lock:
                for run, body in self._database.execute("SELECT run, body FROM events"):
                    if run not in left_out:
                        found.update(_DIGEST.findall(body))
        except sqlite3.Error as error:  # what is needed is not known: nothing may be removed
            raise StoreError(_unusable(self.path, str(error))) from error
        return found

    def remove(self, runs: Collection[str]) -> None:
        """Remove all events of runs, in one transaction, and with them what they came to from what is reused."""
        try:
            with self._lock:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("DELETE FROM events WHERE run = ?", [(run,) for run in runs])
                self._database.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise StoreError(_unusable(self.path, str(error))) from error

    def shrink(self) -> None:
        """Give the space of what was removed back to the disk, unless somebody writes just now."""
        with self._lock, contextlib.suppress(sqlite3.OperationalError):
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _prepare(self) -> None:
        database = self._database
        found = database.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            message = f"it was written by a newer version (format {found}, this one reads {VERSION})"
            raise StoreError(_unusable(self.path, message))
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT}")
        database.executescript(
            """
            CREATE TABLE IF NOT EXISTS events (
                seq INTEGER PRIMARY KEY, run TEXT NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL
            );
            CREATE INDEX IF NOT EXISTS events_by_run ON events (run, seq);
            CREATE INDEX IF NOT EXISTS events_started ON events (seq) WHERE kind = 'RunStarted';
            """,
        )
        if found != VERSION:
            self._migrate()

    def _migrate(self) -> None:
        """Bring the file to the format of this version, in one transaction; another process may do it meanwhile."""
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        if database.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            # Format 2: results are found by their keys, and what the keys are made of is kept.
            database.execute("ALTER TABLE events ADD COLUMN static TEXT")
            database.execute("ALTER TABLE events ADD COLUMN key TEXT")
            database.execute("CREATE INDEX events_known ON events (static, seq) WHERE static IS NOT NULL")
            database.execute("CREATE TABLE texts (digest TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID")
            database.execute(f"PRAGMA user_version={VERSION}")
        database.execute("COMMIT")


_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_Row = tuple[str, float, str, str, str | None, str | None]
_KEPT = "SELECT digest FROM texts WHERE digest IN ({})"
_KNOWN = "SELECT static, run, body FROM events WHERE static IN ({}) ORDER BY seq DESC"


def _row(run: str, now: float, event: Event) -> _Row:
    static, key = (event.static, event.key) if isinstance(event, events.Finished) else ("", "")
    return run, now, type(event).__name__, dump(event), static or None, key or None


def _known(run: str, body: str) -> Known:
    finished: events.Finished = from_plain(events.Finished, json.loads(body))
    return Known(finished.key, run, finished.outcome, finished.inputs)


# Made once, and in ASCII: names of files may hold bytes that no UTF-8 has.
_encode = json.JSONEncoder(separators=(",", ":")).encode


def dump(event: Event) -> str:
    """Return an event as text."""
    return _encode(to_plain(event))


def restore(kind: str, body: str) -> Event:
    """Return the event that `dump` made a text of."""
    return from_plain(KINDS[kind], json.loads(body))


def batched(items: Collection[str], size: int) -> Iterator[list[str]]:
    """Yield the items in lists of at most this size."""
    ordered = list(items)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def _unusable(path: Path, why: str) -> Finding:
    fix = "see `pipeproof help PPF501`"
    if "full" in why:
        fix = ROOM
    elif "readonly" in why or "denied" in why.lower() or "unable to open" in why:
        fix = f"give permission to write in {path.parent}, or set PIPEPROOF_WORKSPACE to another folder"
    elif "malformed" in why:
        fix = f"put a copy of it back, or move {path.name} away: data stay, and what runs were is lost"
    elif "newer version" in why:
        fix = "update Pipeproof, or set PIPEPROOF_WORKSPACE to another folder"
    return Finding("PPF501", f"the ledger {path} cannot be used: {why}", fix=fix)


def refuse_network(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """Make sure that a database lies on a local disk.

    Raises:
        StoreError: It lies on a network file system, where SQLite's locks do not hold.
    """
    kind = file_system(path, mounts)
    if kind.startswith(_NETWORK):
        raise StoreError(
            Finding(
                "PPF502",
                f"{path} lies on a network file system ({kind}), where SQLite can lose data",
                fix="set PIPEPROOF_WORKSPACE to a local folder",
            )
        )


def file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the type of the file system that holds a path, or '' where it cannot be told."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return ""
    place = str(path.absolute())
    found = ("", "")
    for line in lines:
        _, mount, kind, *_ = line.split(" ")
        mount = mount.replace("\\040", " ")
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(found[0]):
            found = (mount, kind)
    return found[1]
