"""How files go out to targets: several at once, under locks, and so that a kill at any moment can be made good.

First every file is copied to a temporary name beside its place and synced; nobody sees that. Then, under the locks of
these places, what stands there is kept, a note says what is about to be replaced by what, and the files are renamed,
one right after the other. Whoever comes after a kill reads in the note what had been there before.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.digest import digest_file
from pipeproof.errors import ROOM, ContractError, Finding, StoreError
from pipeproof.formats.replacing import replacing
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Published
from pipeproof.ports import Job, Objects

OUTBOX = "targets"
"""Folder of the project's runs that tells what is on its way to targets, and holds their locks."""
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_LOCKS = 64  # places share them, so that a folder of a thousand files needs no thousand locks
_PATIENCE, _PAUSE = 60.0, 0.01  # seconds


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is ready to take its place: its temporary name, its place, its digest and size in bytes."""

    temporary: Path
    to: Path
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Note:
    """What stands in the outbox of one task of a run.

    Attributes:
        run: The run.
        task: The task.
        temporaries: Files beside targets that are removed when the run is dead.
        files: What is replaced by what; empty until the first file takes its place.
    """

    run: str
    task: str
    temporaries: tuple[str, ...] = ()
    files: tuple[Published, ...] = ()


def mark_of(run: str, task: str) -> str:
    """Return the name that notes and temporary files of a task have; it is the same when the run goes on."""
    return f"{run}~{hashlib.sha256(task.encode(errors='surrogatepass')).hexdigest()[:16]}"


def note_of(job: Job) -> Path | None:
    """Return the place of a job's note; None when nothing of it goes out to the world."""
    return Path(job.outbox) / f"{mark_of(job.run, job.task.name)}.json" if job.outbox else None


def read_note(path: Path | None) -> Note | None:
    """Return a note, or None when there is none."""
    try:
        plain = json.loads(path.read_text("utf-8")) if path is not None else None
    except (FileNotFoundError, ValueError):
        return None
    if plain is None:
        return None
    files = tuple(Published(**file) for file in plain["files"])
    return Note(plain["run"], plain["task"], tuple(plain["temporaries"]), files)


def write_note(path: Path, note: Note) -> None:
    """Let a note be on the disk before anything is done that it tells of."""
    with _kept_in(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(path, 0o600) as beside, beside.open("w", encoding="utf-8") as file:
            json.dump(asdict(note), file)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)


def notes(outbox: Path, run: str = "") -> Iterator[tuple[Path, Note]]:
    """Yield the notes of a run, or of all, each with its place."""
    for path in sorted(outbox.glob(f"{run or '*'}~*.json")):
        note = read_note(path)
        if note is not None:
            yield path, note


def published_by(job: Job) -> tuple[Published, ...]:
    """Return what a job has published so far."""
    note = read_note(note_of(job))
    return note.files if note is not None else ()


def forget_notes(outbox: Path, run: str) -> None:
    """Remove the notes of a run all of whose events are in the ledger, and what a kill left beside targets."""
    for path, note in notes(outbox, run):
        _discard(note.temporaries)
        path.unlink(missing_ok=True)


def _discard(temporaries: Iterable[str]) -> None:
    for temporary in temporaries:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)


def clear_temporaries(outbox: Path, is_alive: Callable[[str], bool]) -> None:
    """Remove what dead runs left beside targets; their notes stay for when they go on or are rolled back."""
    for path, note in notes(outbox):
        if note.temporaries and not is_alive(note.run):
            _discard(note.temporaries)
            if not note.files:
                path.unlink(missing_ok=True)


def publish(
    staged: Sequence[Staged],
    objects: Objects,
    *,
    root: Path,
    outbox: Path,
    note: Path,
    about: tuple[str, str],
    overwrite: bool = True,
) -> tuple[Published, ...]:
    """Let staged files take their places, all of them or none; what they replace is kept.

    Args:
        staged: The files.
        objects: Where both what goes out and what it replaces are kept.
        root: Folder of the project.
        outbox: Folder with the locks.
        note: Place of the task's note.
        about: Names of the run and the task.
        overwrite: Whether a file may take the place of another.

    Raises:
        ContractError: There is a file and it may not be replaced, or a place cannot be written to.
        StoreError: What is replaced cannot be kept, or the locks are held by somebody who does not let go.
    """
    with _kept_in(outbox):
        return _publish(staged, objects, root, outbox, note, about, overwrite=overwrite)


@contextlib.contextmanager
def _kept_in(outbox: Path) -> Iterator[None]:
    """Say where it is that something cannot be written down."""
    try:
        yield
    except OSError as error:
        what = (
            f"what goes out to targets cannot be noted in {outbox}: {(error.strerror or str(error)).lower()}"
        )
        fix = ROOM if error.errno == errno.ENOSPC else "see that there is space and permission"
        raise StoreError(Finding("PPF510", what, fix=fix)) from error


def _publish(
    staged: Sequence[Staged],
    objects: Objects,
    root: Path,
    outbox: Path,
    note: Path,
    about: tuple[str, str],
    *,
    overwrite: bool,
) -> tuple[Published, ...]:
    told = read_note(note)
    earlier = {file.path: file for file in told.files} if told is not None else {}
    with locked(outbox, [item.to for item in staged]):
        known = [earlier.get(shown(item.to, root)) for item in staged]
        now = [_standing(item.to) for item in staged]
        ours = {
            item.to: _is_ours(file, digest) for item, file, digest in zip(staged, known, now, strict=True)
        }
        for item, digest in zip(staged, now, strict=True):
            if digest and not overwrite and not ours[item.to]:
                raise exists(item.to)
        files = tuple(
            Published(shown(item.to, root), item.digest, file.before if file and ours[item.to] else digest)
            for item, file, digest in zip(staged, known, now, strict=True)
        )
        for item, file in zip(staged, files, strict=True):
            if file.before and not ours[item.to]:
                _keep(item.to, file.before, objects)
            _keep(item.temporary, item.digest, objects)
        begun = Note(*about, tuple(str(item.temporary) for item in staged))
        write_note(note, replace(begun, files=files))
        try:
            _rename(staged, files, objects, may_replace=lambda place: overwrite or ours[place])
        except ContractError:  # all was put back
            write_note(note, told or begun)
            raise
    return files


def _is_ours(known: Published | None, now: str) -> bool:
    """Say whether what stands at a place is what this task wrote there before it was killed."""
    return known is not None and bool(now) and now == known.after


def _rename(
    staged: Sequence[Staged],
    files: Sequence[Published],
    objects: Objects,
    *,
    may_replace: Callable[[Path], bool],
) -> None:
    """Rename files, and put those back that were renamed when one cannot be."""
    done: list[tuple[Staged, Published]] = []
    try:
        for item, file in zip(staged, files, strict=True):
            put(item.temporary, item.to, overwrite=may_replace(item.to))
            done.append((item, file))
    except (OSError, ContractError) as error:
        for one, file in reversed(done):
            put_back(file.before, one.to, objects, one.temporary)
        raise unwritable(item.to, error) if isinstance(error, OSError) else error from error
    for folder in {item.to.parent for item in staged}:
        sync_folder(folder)


def put(temporary: Path, to: Path, *, overwrite: bool) -> None:
    """Let a file take its place under its name.

    Raises:
        ContractError: There is a file already and `overwrite` is off.
        OSError: It cannot.
    """
    if overwrite:
        temporary.replace(to)
        return
    try:
        os.link(temporary, to)  # unlike a rename, a link never takes the place of a file
    except FileExistsError:
        raise exists(to) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if to.exists():
            raise exists(to) from None
        temporary.replace(to)
    temporary.unlink(missing_ok=True)


def put_back(digest: str, to: Path, objects: Objects, beside: Path) -> None:
    """Let content that is kept take a place again, by way of a file beside it; or remove what is there.

    Raises:
        StoreError: It is not kept any more.
    """
    if not digest:
        to.unlink(missing_ok=True)
        return
    lay_beside(digest, to, objects, beside)
    beside.replace(to)


def lay_beside(digest: str, to: Path, objects: Objects, beside: Path) -> None:
    """Lay content that is kept out beside its place, with the permissions of what stands there, synced."""
    beside.unlink(missing_ok=True)
    to.parent.mkdir(parents=True, exist_ok=True)
    objects.lay_out(digest, beside)
    if to.exists():
        beside.chmod(to.stat().st_mode & 0o777)
    with beside.open("rb") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def locked(outbox: Path, places: Iterable[Path]) -> Iterator[None]:
    """Hold the locks of places that are written to; always in one order, so that nobody waits in a circle.

    Raises:
        StoreError: Somebody holds one and does not let go.
    """
    folder = outbox / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    numbered = {_lock_number(place): place for place in places}
    with contextlib.ExitStack() as held:
        for number, place in sorted(numbered.items()):
            descriptor = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held.callback(os.close, descriptor)
            _take(descriptor, place)
        yield


def _lock_number(place: Path) -> int:
    return hashlib.sha256(os.fsencode(place)).digest()[0] % _LOCKS


def _take(descriptor: int, place: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if time.monotonic() > until:
            what = f"{place} is being published or rolled back by another process, for over a minute"
            raise StoreError(Finding("PPF509", what, fix="see what that process waits for, then try again"))
        time.sleep(_PAUSE)


def shown(path: Path, root: Path) -> str:
    """Return a path from the project's folder if it lies there, else in full."""
    home = root.resolve()
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)


def still_holds(files: Sequence[Published], root: Path) -> bool:
    """Say whether files that were published stand as they were, so that they need not be written again."""
    return bool(files) and all(_standing(root.resolve() / file.path) == file.after for file in files)


def standing(path: Path) -> str:
    """Return the digest of what stands at a place; empty when nothing does."""
    return _standing(path)


def _standing(path: Path) -> str:
    try:
        return digest_file(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise unwritable(path, error) from error


def _keep(path: Path, digest: str, objects: Objects) -> None:
    if not objects.has(Artifact("file", digest, path.stat().st_size)):
        objects.add(path, move=False)


def exists(to: Path) -> ContractError:
    """Return the error for a file that is there and may not be replaced."""
    return ContractError(
        Finding(
            "PPF212",
            f"{to} is there already, and `overwrite` is false",
            fix="remove it, write to another name (such as one with {partition_date}), or set overwrite: true",
        )
    )


def unwritable(to: Path, error: OSError) -> ContractError:
    """Return the error for a place that cannot be written to."""
    what = f"{to} cannot be written: {(error.strerror or str(error)).lower()}"
    fix = ROOM if error.errno == errno.ENOSPC else "check the path and its permissions"
    return ContractError(Finding("PPF213", what, fix=fix))


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a loss of power, where the file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def plain(staged: Staged) -> Mapping[str, Any]:
    """Return a staged file as plain data, on its way out of a program."""
    return {
        "temporary": str(staged.temporary),
        "path": str(staged.to),
        "sha256": staged.digest,
        "bytes": staged.size,
    }


def from_plain(staged: Mapping[str, Any]) -> Staged:
    """Return what `plain` made plain data of."""
    return Staged(Path(staged["temporary"]), Path(staged["path"]), staged["sha256"], staged["bytes"])
