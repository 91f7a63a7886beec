"""Clearing away: old runs, and the objects that no run which is kept needs.

The order is what makes it safe to be killed at any point: first the events of a run go, in one transaction, and with
them what later runs could take from it; then objects that nobody names any more; then its logs. While other runs are
going on, nothing goes that anybody touched since the oldest of them began (see `pipeproof.store.sweeping`).
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import Finding, UsageError
from pipeproof.model.event import RunFinished, RunStarted
from pipeproof.project.place import Project, is_test, suggest_run
from pipeproof.running.publishing import OUTBOX, notes
from pipeproof.store.lock import RunLock
from pipeproof.store.objects import DAMAGED
from pipeproof.store.remote import RemoteObjects
from pipeproof.store.sweeping import Swept, needed, sweep, sweep_bucket

GRACE = 600.0
"""Seconds for which what was touched stays: longer than it takes from planning a run to its beginning."""
_LEFTOVER = 86400.0
_CHECKPOINT = 7 * 86400.0
_PIN = "pinned"
_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Keep:
    """Which runs are kept, besides the last that passed of each pipeline, those that go on, and pinned ones.

    A run stays, too, as long as one that is kept took results of it: later runs take them from there.

    Attributes:
        last: The newest of each pipeline; its tests count by themselves.
        age: Those that are not older, in seconds; instead of `last`.
        runs: These.
    """

    last: int = 10
    age: float | None = None
    runs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OldRun:
    """A run that is not kept: its name, pipeline, status, when it began, and which project of the workspace it is of."""

    name: str
    pipeline: str
    status: str
    started_at: float
    project: str = ""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed, or would be.

    Attributes:
        runs: Runs, oldest first.
        kept: How many runs are kept.
        objects: Objects of this machine.
        bucket: Objects of the bucket; None unless it was asked for.
        leftovers: Files of the store that were never finished, and folders of runs that never began.
        checkpoints: Checkpoints that no attempt came back for.
        other_size: Bytes of logs, leftovers and checkpoints.
        dry: Whether nothing was removed.
    """

    runs: tuple[OldRun, ...]
    kept: int
    objects: Swept
    bucket: Swept | None = None
    leftovers: int = 0
    checkpoints: int = 0
    other_size: int = 0
    dry: bool = False


def collect(
    project: Project,
    keep: Keep | None = None,
    *,
    grace: float = GRACE,
    remote: bool = False,
    dry: bool = False,
) -> Collected:
    """Remove what is not kept, here and, when asked, in the project's bucket.

    Args:
        project: The project.
        keep: Which runs are kept.
        grace: Seconds for which an object stays that somebody touched.
        remote: Remove from the bucket too, which this project must have claimed.
        dry: Only say what would go.

    Raises:
        UsageError: A run that is to be kept does not exist.
        StoreError: The bucket is not this project's alone, or something cannot be written.
    """
    keep = keep or Keep()
    bucket = _own_bucket(project) if remote else None
    if not project.has_runs:
        return Collected((), 0, Swept(), dry=dry)
    now = time.time()
    going = _going(project)
    before = min((now, *going.values())) - grace
    runs = list(_runs(project, going))
    _refuse_unknown(keep.runs, runs)
    old = _not_taken(project, list(_old(runs, keep, {*going, *pinned(project)}, now)))
    if not dry:
        old = [run for run in old if _forget(project, run.name)]
    names = [run.name for run in old]
    objects = project.objects.local if isinstance(project.objects, RemoteObjects) else project.objects
    named = project.ledger.digests(without=names) | _in_journals(project.state / "checkpoints")
    named |= {
        one
        for _, note in notes(project.state / OUTBOX)
        for file in note.files
        for one in (file.before, file.after)
    }
    wanted = needed(named, objects, project.state)
    swept = sweep(objects, wanted, before=before, dry=dry)
    beyond = sweep_bucket(bucket, wanted, before=before, dry=dry) if bucket else None
    folders = [project.state / "runs" / name for name in names]
    leftovers = [*_leftovers(objects.root, now), *_never_began(project, runs, now)]
    leftovers += [path for name in names for path, _ in notes(project.state / OUTBOX, name)]
    checkpoints = [] if going else list(_untouched(project.state / "checkpoints", now - _CHECKPOINT))
    size = sum(_size(path) for path in (*folders, *leftovers, *checkpoints))
    if not dry:
        for path in (*folders, *leftovers, *checkpoints):
            _remove(path)
        if names and not going:
            project.ledger.shrink()
    return Collected(
        tuple(old), len(runs) - len(old), swept, beyond, len(leftovers), len(checkpoints), size, dry
    )


def _in_journals(folder: Path) -> set[str]:
    """Return what attempts that may be gone on with have stored: no event names it before one passes."""
    journals = folder.glob("*/journal.jsonl")
    return {digest for journal in journals for digest in _DIGEST.findall(_text_of(journal))}


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:  # its step has just passed
        return ""


def pin(project: Project, names: Collection[str], *, pinned: bool = True) -> None:
    """Let runs be kept until they are let go again, whatever `collect` is asked.

    Raises:
        UsageError: A run does not exist.
    """
    runs = list(_runs(project, {})) if project.has_runs else []
    own = (run.name for run in reversed(runs) if run.project in {"", project.identity})
    last = next((name for name in own if not is_test(name)), "last")
    names = [last if name in {"last", "latest"} else name for name in names]
    _refuse_unknown(names, runs)
    for name in names:
        mark = project.state / "runs" / name / _PIN
        if pinned:
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        else:
            mark.unlink(missing_ok=True)


def pinned(project: Project) -> set[str]:
    """Return the names of the runs that are kept until they are let go."""
    return {mark.parent.name for mark in (project.state / "runs").glob(f"*/{_PIN}")}


def claim(project: Project) -> None:
    """Let the project be the only one that writes to its bucket, so that it may remove from it.

    Raises:
        UsageError: Its objects are in no bucket.
        StoreError: Another project claimed it, or it cannot be reached or refuses.
    """
    _bucket(project).claim()


def _own_bucket(project: Project) -> RemoteObjects:
    objects = _bucket(project)
    if not objects.is_claimed:
        what = f"{objects.bucket.address} may hold what other projects need"
        fix = "if none uses it: pipeproof gc --claim, then again"
        raise UsageError(Finding("PPF557", what, fix=fix))
    return objects


def _bucket(project: Project) -> RemoteObjects:
    objects = project.objects
    if not isinstance(objects, RemoteObjects):
        what = "the objects of this project are in its own folder, and in no bucket"
        raise UsageError(Finding("PPF557", what, fix="leave --remote and --claim out"))
    return objects


def _going(project: Project) -> Mapping[str, float]:
    """Return the runs that go on, each with the time when its lock was taken."""
    return {
        folder.name: (folder / "lock").stat().st_mtime
        for folder in (project.state / "runs").glob("*")
        if RunLock(folder).is_held()
    }


@dataclass(slots=True)
class _Seen:
    started: RunStarted
    at: float
    ended: RunFinished | None = None

    def told(self, *, going: bool) -> OldRun:
        status = self.ended.status if self.ended else "running" if going else "interrupted"
        started = self.started
        return OldRun(started.run, started.pipeline, status, self.at, str(started.about.get("project", "")))


def _runs(project: Project, going: Collection[str]) -> Iterator[OldRun]:
    """Yield all runs, oldest first."""
    seen: dict[str, _Seen] = {}
    for run, at, event in project.ledger.ends():
        if isinstance(event, RunStarted):
            seen[run] = _Seen(event, at)
        elif isinstance(event, RunFinished) and run in seen:
            seen[run].ended = event
    yield from (one.told(going=run in going) for run, one in seen.items())


def _refuse_unknown(names: Collection[str], runs: Sequence[OldRun]) -> None:
    known = [run.name for run in runs]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(
            *(
                Finding(
                    "PPF504",
                    f"there is no run {name!r}",
                    fix=suggest_run(name, known[::-1]),
                )
                for name in unknown
            )
        )


def _old(runs: Sequence[OldRun], keep: Keep, protected: Collection[str], now: float) -> Iterator[OldRun]:
    """Yield the runs that are not kept, oldest first."""
    counts: dict[tuple[str, str, bool], int] = {}
    has_passed: set[tuple[str, str]] = set()
    old = []
    for run in reversed(runs):
        whose = run.project, run.pipeline
        group = (*whose, is_test(run.name))
        counts[group] = counts.get(group, 0) + 1
        last_passed = run.status == "passed" and not is_test(run.name) and whose not in has_passed
        has_passed |= {whose} if last_passed else set()
        new = counts[group] <= keep.last if keep.age is None else run.started_at >= now - keep.age
        if not (new or last_passed or run.name in keep.runs or run.name in protected):
            old.append(run)
    yield from reversed(old)


def _not_taken(project: Project, old: Sequence[OldRun]) -> list[OldRun]:
    """Return the runs but for those of which a kept run took results: the next one shall find these too."""
    names = {run.name for run in old}
    sources = {source for run, source in project.ledger.taken() if run not in names}
    return [run for run in old if run.name not in sources]


def _forget(project: Project, run: str) -> bool:
    """Remove the events of a run, unless somebody works on it."""
    lock = RunLock(project.state / "runs" / run)
    if not lock.acquire():
        return False
    try:
        project.ledger.remove((run,))
    finally:
        lock.release()
    return True


def _leftovers(root: Path, now: float) -> Iterator[Path]:
    """Yield what was on its way into the store when its process was killed, and what was found damaged."""
    for path in (*(root / "incoming").glob("*"), *(root / DAMAGED).glob("*")):
        if _time(path) < now - _LEFTOVER:
            yield path


def _never_began(project: Project, runs: Sequence[OldRun], now: float) -> Iterator[Path]:
    """Yield folders of runs of which the ledger knows nothing."""
    known = {run.name for run in runs}
    for folder in (project.state / "runs").glob("*"):
        if folder.name not in known and _time(folder) < now - _LEFTOVER and not RunLock(folder).is_held():
            yield folder


def _untouched(folder: Path, before: float) -> Iterator[Path]:
    """Yield the folders in this one in which nothing is newer."""
    for path in folder.glob("*"):
        if max(map(_time, (path, *path.rglob("*")))) < before:
            yield path


def _time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:  # somebody else was quicker
        return time.time()


def _size(path: Path) -> int:
    inside = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.lstat().st_size for file in inside if file.is_file() and not file.is_symlink())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
