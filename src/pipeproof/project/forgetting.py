"""One person removed from all that a project keeps, with a document that says what was found and done.

Tables in the object store are written anew without the person's rows (see `store.forgotten`), events, logs
and reports are blotted out, tables in folders that are named are written anew. What cannot be read is
listed, never passed over. Afterwards everything is looked at once more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import mmap
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeproof.data.privacy.persons import Person, person_of, unasked
from pipeproof.errors import Finding, PipeproofError, UsageError, first_line
from pipeproof.formats import tables
from pipeproof.formats.replacing import replacing
from pipeproof.loading.places import shorten
from pipeproof.model.contract import TABLE_FORMATS
from pipeproof.project.place import Project
from pipeproof.store.forgotten import FOLDER, Tombstone, bury
from pipeproof.store.lock import RunLock
from pipeproof.store.objects import NAME
from pipeproof.store.remote import RemoteObjects

if TYPE_CHECKING:
    import polars as pl

Place = Literal["object", "event", "file"]
_PARQUET = b"PAR1"
_TEXTS = frozenset({".log", ".txt", ".json", ".html", ".md", ".xml", ".yaml", ".yml", ".py", ".sql", ".svg"})
_LARGEST_TEXT = 64 * 2**20  # bytes; what is larger is no log or report of ours
_TOO_LARGE = "larger than 64 MiB, and no table"
_OURS = frozenset({"lock", ".gitignore"})


@dataclass(frozen=True, slots=True)
class Trace:
    """A place where something of the person stood.

    Attributes:
        place: In an object, in the events of a run, or in a file.
        name: Which one: a digest, a run, a path.
        found: How many rows, or how many times in a text.
        done: What was done, or would be.
    """

    place: Place
    name: str
    found: int
    done: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was found of a person, and what became of it.

    Attributes:
        who: A keyed hash of who it was; with the project's own key it can be shown later whom it was about.
        at: When, in seconds since 1970.
        dry: Whether it was only looked for.
        traces: Where something was found.
        looked: How many objects, runs and files were looked at.
        unread: What could not be looked at or not be mended, and why.
        opaque: Models, archives and the like, whose bytes do not show the person; what is compressed is not seen.
        hints: Places where a value stands, but no key says that the row is the person's: they were left.
        left: How much a second look still found, these places among it.
        proof: The document, where one was written.
        notes: What of the keys could not be asked: a column that no table has, a value that is too short for texts.
    """

    who: str
    at: float
    dry: bool
    traces: tuple[Trace, ...]
    looked: dict[str, int]
    unread: tuple[str, ...]
    opaque: tuple[str, ...]
    hints: tuple[str, ...]
    left: int = 0
    proof: str = ""
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all that was looked for could be read, and nothing is left."""
        return not self.unread and not self.left and not self.hints

    def to_dict(self) -> dict[str, Any]:
        """Return the document; nothing in it says who the person was without the key."""
        plain = asdict(self)
        return {"schema": "pipeproof.forgotten/1", "complete": self.complete, **plain}


def forget(
    keys: Sequence[str] | Person, project: Project, folders: Sequence[Path] = (), *, dry: bool = False
) -> Forgotten:
    """Remove a person from a project's kept data and from folders.

    Args:
        keys: Who: `COLUMN=VALUE`, one or several.
        project: The project.
        folders: Other folders and files with tables, logs and reports.
        dry: Only look.

    Raises:
        UsageError: It is not said who, a folder does not exist, or a run is going on.
    """
    person = keys if isinstance(keys, Person) else person_of(keys)
    _refuse(project, folders)
    person, columns = _known(person, project, folders)
    notes = unasked(person, columns)
    proof = f"forgotten-{time.strftime('%Y%m%d')}-{secrets.token_hex(4)}"
    first = _Walk(person, project, folders, dry=dry, proof=proof)
    first.walk()
    done = Forgotten(
        _who(person, project, make=not dry),
        time.time(),
        dry,
        tuple(first.traces),
        first.looked,
        tuple(first.unread),
        tuple(first.opaque),
        tuple(first.hints),
        notes=notes,
    )
    if dry:
        return done
    second = _Walk(person, project, folders, dry=True, proof=proof, again=True)
    second.walk()
    left = sum(trace.found for trace in second.traces) + len(second.hints)
    done = replace(done, left=left, hints=tuple(second.hints))
    return _written(done, project, proof)


def _refuse(project: Project, folders: Sequence[Path]) -> None:
    wrong = [
        Finding("PPF391", f"there is no folder or file {folder}", fix="check the path")
        for folder in folders
        if not folder.exists()
    ]
    runs = project.state / "runs"
    wrong += [
        Finding("PPF348", f"the run {run.name} is going on", fix="wait until it has ended")
        for run in (sorted(runs.iterdir()) if runs.is_dir() else ())
        if RunLock(run).is_held()
    ]
    if wrong:
        raise UsageError(*wrong)


def _known(person: Person, project: Project, folders: Sequence[Path]) -> tuple[Person, set[str]]:
    """Return the person with the values that stand for them alone, and the columns of all tables."""
    columns: set[str] = set()
    for _, path, kind in _all_tables(project, folders):
        try:
            frame = tables.scan(path, kind)
            columns.update(frame.collect_schema())
            mine = person.rows(frame)
            if mine is not None:
                person = person.with_values_of(frame.filter(mine).collect(engine="streaming"))
        except Exception:  # noqa: BLE001, S112 what cannot be read is listed when it is looked at
            continue
    return person, columns


def _all_tables(project: Project, folders: Sequence[Path]) -> Iterator[tuple[Place, Path, str]]:
    for path in _objects(project):
        if _is_parquet(path):
            yield "object", path, "parquet"
    for folder in folders:
        for path in _files(folder):
            if (kind := tables.format_of(path)) in TABLE_FORMATS:
                yield "file", path, str(kind)


def _objects(project: Project) -> list[Path]:
    return sorted((project.state / "objects").glob("[0-9a-f][0-9a-f]/*"))


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == _PARQUET


class _Walk:
    """One walk through all that is kept; what it finds it removes, unless it only looks."""

    def __init__(
        self,
        person: Person,
        project: Project,
        folders: Sequence[Path],
        *,
        dry: bool,
        proof: str,
        again: bool = False,
    ) -> None:
        self.person, self.project, self.folders, self.dry, self.proof = person, project, folders, dry, proof
        self.again = again
        self.traces: list[Trace] = []
        self.unread: list[str] = []
        self.hints: list[str] = []
        self.opaque: list[str] = []
        self.looked = {"objects": 0, "events": 0, "files": 0}

    def walk(self) -> None:
        for path in _objects(self.project):
            self.looked["objects"] += 1
            self._read("object", path, f"object {(path.parent.name + path.name)[:12]}", self._object)
        if self.project.has_runs:
            self._elsewhere()
            self._events()
        for path in _files(self.project.state / "runs"):
            if path.name not in _OURS:
                self._file(path)
        for folder in self.folders:
            for path in _files(folder):
                self._file(path)

    def _elsewhere(self) -> None:
        """List how many objects are in the project's bucket alone: they are not looked at."""
        objects = self.project.objects
        if isinstance(objects, RemoteObjects):
            there = {entry.name for entry in objects.bucket.entries()} - set(objects.local.names())
            unread = sum(1 for name in there if NAME.fullmatch(name))
            if unread:
                self.unread.append(
                    f"{objects.bucket.address}: {unread:,} objects that are not on this machine"
                )

    def _read(self, place: Place, path: Path, name: str, look: Any) -> None:
        """Look at something; what cannot be read is listed."""
        import polars as pl

        try:
            look(place, path, name)
        except (
            OSError,
            ValueError,
            PipeproofError,
            pl.exceptions.PolarsError,
            pl.exceptions.PanicException,
        ) as error:
            self.unread.append(f"{name}: {first_line(error)[:200]}")

    def _object(self, place: Place, path: Path, name: str) -> None:
        if _is_parquet(path):
            self._table(place, path, name, "parquet")
        elif not self._text(place, path, name):
            self._bytes(path, name)

    def _file(self, path: Path) -> None:
        self.looked["files"] += 1
        kind = tables.format_of(path)
        if kind in TABLE_FORMATS:
            self._read(
                "file", path, str(path), lambda place, path, name: self._table(place, path, name, str(kind))
            )
        elif path.suffix in _TEXTS:
            self._read("file", path, shorten(path), self._text)
        else:
            self._read("file", path, shorten(path), lambda _place, path, name: self._bytes(path, name))

    def _table(self, place: Place, path: Path, name: str, kind: str) -> None:
        frame = tables.scan(path, kind)
        mine = self.person.rows(frame)
        rows = (
            int(frame.select(mine.sum()).collect(engine="streaming").item() or 0) if mine is not None else 0
        )
        others = frame if mine is None else frame.filter(~mine)
        hints = [
            f"{name}: column {column!r} has a value of the person in rows that no key says are theirs: {times:,}"
            for column, times in self.person.elsewhere(others).items()
        ]
        if self.again and not hints and not rows and self._in_bytes(path):
            hints = [f"{name}: the bytes of the file hold a value of the person"]
        self.hints += hints
        if not rows or mine is None:
            return
        self.traces.append(Trace(place, name, rows, "rows removed"))
        if self.dry:
            return
        kept = frame.filter(~mine)
        if place == "object":
            self._renew(path, kept, rows)
        else:
            with replacing(path) as file:
                tables.write(kept, file, kind)

    def _in_bytes(self, path: Path) -> bool:
        if not path.stat().st_size:
            return False
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return self.person.stands_in(data)

    def _renew(self, path: Path, kept: pl.LazyFrame, rows: int | None) -> None:
        """Put a table in the place of an object, and a tombstone under its old name."""
        digest = path.parent.name + path.name
        beside = self.project.objects.root / "incoming" / f"{digest}.parquet"
        beside.parent.mkdir(parents=True, exist_ok=True)
        tables.write(kept, beside, "parquet")
        left, _ = self.project.objects.add(beside, move=True)
        bury(self.project.state, Tombstone(digest, rows, left, time.time(), self.proof))
        self.project.objects.remove(digest)

    def _text(self, place: Place, path: Path, name: str) -> bool:
        """Blot the person out of a text; False when it is none."""
        if path.stat().st_size > _LARGEST_TEXT:
            raise ValueError(_TOO_LARGE)
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            return False
        without, times = self.person.without(text)
        if not times:
            return True
        self.traces.append(Trace(place, name, times, "removed whole" if place == "object" else "blotted out"))
        if self.dry:
            return True
        if place == "object":
            digest = path.parent.name + path.name
            bury(self.project.state, Tombstone(digest, None, "", time.time(), self.proof))
            self.project.objects.remove(digest)
        else:
            with replacing(path) as file:
                file.write_bytes(without.encode("utf-8"))
        return True

    def _bytes(self, path: Path, name: str) -> None:
        """Look through a file that is no table and no text, such as a model; it cannot be written anew."""
        if path.stat().st_size > _LARGEST_TEXT:
            raise ValueError(_TOO_LARGE)
        _, times = self.person.without(path.read_bytes().decode("latin-1"))
        if times:
            self.unread.append(
                f"{name}: holds a value of the person and cannot be written anew; remove it by hand"
            )
        else:
            self.opaque.append(name)

    def _events(self) -> None:
        found: dict[str, int] = {}

        def change(run: str, body: str) -> str | None:
            self.looked["events"] += 1
            document, times = self.person.without_in(json.loads(body))
            found[run] = found.get(run, 0) + times
            return json.dumps(document, separators=(",", ":")) if times else None

        self.project.ledger.rewrite(change, dry=self.dry)
        self.traces += [Trace("event", run, times, "blotted out") for run, times in found.items() if times]


def _who(person: Person, project: Project, *, make: bool) -> str:
    """Return a hash of who it is, with a key of the project's own that is made when it is first needed."""
    path = project.state / "key"
    if not path.exists():
        if not make:
            return ""
        descriptor = os.open(project.made_state / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    said = json.dumps(sorted(person.keys.items()))
    return hmac.new(path.read_bytes(), said.encode(), hashlib.sha256).hexdigest()


def _written(done: Forgotten, project: Project, proof: str) -> Forgotten:
    """Write the document and return it with its place."""
    folder = project.made_state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{proof}.json"
    done = replace(done, proof=str(path))
    with replacing(path, 0o600) as file:
        file.write_text(json.dumps(done.to_dict(), indent=2) + "\n", "utf-8")
    return done
