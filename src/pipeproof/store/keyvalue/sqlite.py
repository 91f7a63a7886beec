"""State in one SQLite file: the default, for one machine.

WAL, so that readers and a writer do not wait for each other; each method is one transaction, and each
swap one statement, so that any number of threads and processes may use the file at once.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeproof.store.keyvalue.faults import no_access, unreachable, unusable
from pipeproof.store.keyvalue.portions import chunks
from pipeproof.store.ledger import refuse_network

APPLICATION = 0x50505354
"""Stands in the head of the file and says that it is ours ("PPST")."""
MIGRATIONS = (
    """CREATE TABLE items (
        namespace TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, expires REAL, PRIMARY KEY (namespace, key)
    )""",
    "CREATE INDEX items_that_expire ON items (expires) WHERE expires IS NOT NULL",
)
"""What brings a file from each format to the next; the format is the number of those that were done."""
VERSION = len(MIGRATIONS)
WAIT = 4.5
"""Seconds that another may hold the file; each of our own transactions takes microseconds."""
_CHUNK = 900  # SQLite takes 999 values in a statement, and more since 3.32
_SWEEP = 1000
_LIVE = "(expires IS NULL OR expires > ?)"


class SqliteBackend:
    """Keeps items in a file; safe for threads, processes and forks.

    Args:
        path: The file.
        mounts: Where the kernel says what is mounted.
        wait: Seconds that another may hold the file before it counts as out of reach.

    Raises:
        StoreError: The file is not ours, was written by a newer version, cannot be written, or lies on a
            network file system.
    """

    def __init__(self, path: Path, *, mounts: Path = Path("/proc/mounts"), wait: float = WAIT) -> None:
        refuse_network(path, mounts)
        self.path = path
        self._wait = wait
        self._writes = 0
        self._open()

    def get_many(self, namespace: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that are there."""
        found: dict[str, bytes] = {}
        with self._transaction("DEFERRED") as database:
            for chunk in chunks(keys, _CHUNK):
                marks = ", ".join("?" * len(chunk))
                query = f"SELECT key, value FROM items WHERE namespace = ? AND {_LIVE} AND key IN ({marks})"  # noqa: S608 question marks alone
                found.update(database.execute(query, (namespace, time.time(), *chunk)))
        return found

    def put_many(self, namespace: str, items: Mapping[str, bytes], expires: float | None) -> None:
        """Keep values, all of them or none."""
        ends = _end(expires)
        rows = [(namespace, key, value, ends) for key, value in items.items()]
        with self._transaction("IMMEDIATE") as database:
            database.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", rows)
            self._sweep(len(rows))

    def swap(
        self, namespace: str, key: str, old: bytes | None, new: bytes | None, expires: float | None
    ) -> bool:
        """Replace a value if it is `old`, in one statement."""
        now, place = time.time(), (namespace, key)
        if old is None and new is None:
            return not self.get_many(namespace, (key,))
        if old is None:
            return self._changes(
                "INSERT INTO items VALUES (?, ?, ?, ?) ON CONFLICT (namespace, key)"
                " DO UPDATE SET value = excluded.value, expires = excluded.expires WHERE items.expires <= ?",
                (*place, new, _end(expires), now),
            )
        if new is None:
            where = f"DELETE FROM items WHERE namespace = ? AND key = ? AND value = ? AND {_LIVE}"  # noqa: S608 a constant
            return self._changes(where, (*place, old, now))
        change = f"UPDATE items SET value = ?, expires = ? WHERE namespace = ? AND key = ? AND value = ? AND {_LIVE}"  # noqa: S608 the same
        return self._changes(change, (new, _end(expires), *place, old, now))

    def delete(self, namespace: str, keys: Sequence[str]) -> int:
        """Remove keys and return how many were there."""
        count = 0
        with self._transaction("IMMEDIATE") as database:
            for chunk in chunks(keys, _CHUNK):
                marks = ", ".join("?" * len(chunk))
                where = f"DELETE FROM items WHERE namespace = ? AND {_LIVE} AND key IN ({marks})"  # noqa: S608 question marks alone
                count += database.execute(where, (namespace, time.time(), *chunk)).rowcount
        return count

    def keys(self, namespace: str, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix; no transaction stays open between two of them."""
        last, compare = prefix, ">="
        while True:
            with self._transaction("DEFERRED") as database:
                query = (
                    f"SELECT key FROM items WHERE namespace = ? AND key {compare} ? AND {_LIVE}"  # noqa: S608 constants
                    f" ORDER BY key LIMIT {_CHUNK}"
                )
                page = [key for (key,) in database.execute(query, (namespace, last, time.time()))]
            # Texts are in the order of their bytes, so those with the prefix stand together, and first.
            yield from (key for key in page if key.startswith(prefix))
            if len(page) < _CHUNK or not page[-1].startswith(prefix):
                return
            last, compare = page[-1], ">"

    def close(self) -> None:
        """Close the file."""
        if os.getpid() == self._process:
            self._database.close()

    def _open(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(0o600)  # state may be private; SQLite gives its other files the same
            self._database = sqlite3.connect(
                self.path, timeout=self._wait, check_same_thread=False, isolation_level=None
            )
        except (sqlite3.Error, OSError) as error:
            raise self._fault(error) from error
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        with self._faults():
            database = self._database
            self._refuse_foreign()
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
        with self._transaction("IMMEDIATE"):  # another process may bring it up to date at the same time
            self._refuse_foreign()
            done = _number(database, "user_version")
            for change in MIGRATIONS[done:]:
                database.execute(change)
            if done != VERSION:
                database.execute(f"PRAGMA application_id={APPLICATION}")
                database.execute(f"PRAGMA user_version={VERSION}")
            self._sweep(_SWEEP)

    def _refuse_foreign(self) -> None:
        database = self._database
        ours = _number(database, "application_id") == APPLICATION
        if not ours and database.execute("SELECT 1 FROM sqlite_master").fetchone():
            fix = "give state a file of its own"
            raise unusable(str(self.path), "it is a database of something else", fix)
        found = _number(database, "user_version")
        if ours and found > VERSION:
            why = f"it was written by a newer version (format {found}, this one reads {VERSION})"
            raise unusable(str(self.path), why, "update Pipeproof, or name another file")

    def _changes(self, statement: str, values: Sequence[Any]) -> bool:
        with self._transaction("IMMEDIATE") as database:
            count = database.execute(statement, values).rowcount
            self._sweep(1)
        return count == 1

    def _sweep(self, written: int) -> None:
        """Remove what has expired, now and then."""
        self._writes += written
        if self._writes >= _SWEEP:
            self._writes = 0
            self._database.execute("DELETE FROM items WHERE expires <= ?", (time.time(),))

    @contextlib.contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._process:
            # A connection does not survive a fork. The old one is left as it is: to close it here could
            # take the log from under the parent.
            self._inherited = self._database
            self._open()
        with self._lock, self._faults():
            self._database.execute(f"BEGIN {kind}")
            try:
                yield self._database
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> Exception:
        if isinstance(error, PermissionError) or "readonly" in str(error):
            return no_access(str(self.path), str(error).lower())
        if "locked" in str(error):
            return unreachable(str(self.path), "another program holds it")
        return unusable(str(self.path), str(error), "make room, or name another file on a local disk")


def _end(expires: float | None) -> float | None:
    return None if expires is None else time.time() + expires


def _number(database: sqlite3.Connection, pragma: str) -> int:
    found: int = database.execute(f"PRAGMA {pragma}").fetchone()[0]
    return found
