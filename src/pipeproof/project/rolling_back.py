"""Targets go back to what the last run that passed had published: asked for, or because a run has failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import Finding, PipeproofError, StoreError, UsageError
from pipeproof.model.artifact import Artifact
from pipeproof.model.event import RolledBack, RunFinished
from pipeproof.model.outcome import Published
from pipeproof.model.record import RunRecord
from pipeproof.project.begun import reopen_run
from pipeproof.project.place import Project, is_test
from pipeproof.running.publishing import (
    OUTBOX,
    Note,
    clear_temporaries,
    forget_notes,
    lay_beside,
    locked,
    notes,
    standing,
    sync_folder,
    write_note,
)

_ROLLBACK = "rollback"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Back:
    """What a rollback came to.

    Attributes:
        run: The run that was taken back.
        to: The run whose files stand in the targets again; empty when none had passed before.
        files: What was put back or removed.
        same: Files that stood already as they should.
        left: Files that somebody else changed since, which were left, each with who it was.
        outside: Steps of the run that touched the world in ways that are not covered.
    """

    run: str
    to: str
    files: tuple[Published, ...]
    same: tuple[str, ...]
    left: Mapping[str, str]
    outside: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.left


@dataclass(frozen=True, slots=True)
class _Way:
    """What a file is to become, and which contents of it are ours to replace."""

    goal: str
    ours: frozenset[str]


def rollback(run: str, *, to: str = "", force: bool = False, folder: Path | None = None) -> Back:
    """Put the targets of a run back to what the last run of its pipeline that passed before it had published.

    What the runs in between had published goes too. A file that did not exist before is removed. All of it is
    brought beside the targets first, so that nothing is touched when something is missing.

    Args:
        run: Name of the run, or ``last``.
        to: The run to go back to, instead of the last that passed.
        force: Replace files too that somebody changed since; their content is kept.
        folder: A folder of the project; the current one unless given.

    Raises:
        UsageError: There is no such run, it is under way or a test, or has published nothing; or content is not kept
            any more.
        StoreError: The targets are held by somebody who does not let go, or cannot be written to.
    """
    project = Project.at(folder or Path.cwd())
    record = project.own(run)
    if is_test(record.run):
        what = f"{record.run} is a test or a replay, which publishes nothing"
        raise UsageError(Finding("PPF511", what, fix="pipeproof runs lists the runs"))
    lock = reopen_run(project, record.run)
    try:
        return _go_back(project, record, to, force=force)
    finally:
        lock.release()


def put_back_after(record: RunRecord, project: Project) -> RunRecord:
    """Put back what a run has published that has just failed, and return its record with that."""
    if not any(step.published for step in record.steps.values()):
        return record
    try:
        _go_back(project, record, "", force=False)
    except PipeproofError as error:
        why = "; ".join(finding.what for finding in error.findings)
        note = f"targets were not put back: {why}"
        project.ledger.append(record.run, [RunFinished("failed", record.seconds, (note,))], durable=True)
    return project.record(record.run)


def _go_back(project: Project, record: RunRecord, to: str, *, force: bool) -> Back:
    # Of a rollback that was killed; whoever asks for one holds the run's lock.
    clear_temporaries(project.state / OUTBOX, lambda name: name != record.run)
    undone, goal = _span(project, record, to)
    ways = _ways([_published(project, one) for one in undone], _published(project, goal) if goal else {})
    if not ways:
        what = f"{record.run} has published nothing through a files step, so there is nothing to put back"
        raise UsageError(Finding("PPF512", what, fix=f"pipeproof show {record.run} says what it did"))
    now = {path: standing(project.root / path) for path in ways}
    left = {
        path: _by_whom(project, path, now[path])
        for path, way in ways.items()
        if not force and now[path] not in {*way.ours, way.goal}
    }
    files = tuple(
        Published(path, way.goal, now[path])
        for path, way in ways.items()
        if path not in left and now[path] != way.goal
    )
    same = tuple(path for path, way in ways.items() if now[path] == way.goal)
    name = goal.run if goal else ""
    if files:
        _replace(project, record.run, files)
    if files or left:
        project.ledger.append(record.run, [RolledBack(name, files, left)], durable=True)
    forget_notes(project.state / OUTBOX, record.run)
    return Back(record.run, name, files, same, left, tuple(_outside(undone)))


def _span(project: Project, record: RunRecord, to: str) -> tuple[list[RunRecord], RunRecord | None]:
    """Return the runs that are taken back, newest first, and the one to go back to."""
    undone, older = [record], _older(project, record)
    for one in older:
        if one.run == to or (not to and one.status == "passed" and not one.rolled_back):
            return undone, one
        undone.append(one)
    if to:
        what = f"{to} is no run of {record.pipeline} before {record.run}"
        raise UsageError(Finding("PPF513", what, fix="pipeproof runs lists them, newest first"))
    return undone, None


def _older(project: Project, record: RunRecord) -> Iterator[RunRecord]:
    """Yield the runs of the same pipeline before a run, newest first."""
    names = iter(project.ledger.runs())
    for name in names:
        if name == record.run:
            break
    for name in names:
        if not is_test(name) and project.pipeline_of(name) == record.pipeline and project.owns(name):
            yield project.record(name)


def _published(project: Project, record: RunRecord) -> dict[str, Published]:
    """Return what a run has published, by path: from its record, and from the notes of a run that was killed."""
    found: dict[str, Published] = {}
    told = [file for step in record.steps.values() for file in step.published]
    noted = [
        file for _, note in notes(project.state / OUTBOX, record.run) if note.task for file in note.files
    ]
    for file in (*told, *noted):
        before = found[file.path].before if file.path in found else file.before
        found[file.path] = Published(file.path, file.after, before)
    return found


def _ways(undone: Sequence[Mapping[str, Published]], goal: Mapping[str, Published]) -> dict[str, _Way]:
    """Return what is to become of each file; what the goal did not publish goes back to what stood there before."""
    ways = {}
    for path in dict.fromkeys(path for files in undone for path in files):
        publications = [files[path] for files in undone if path in files]
        wanted = goal[path].after if path in goal else publications[-1].before
        ways[path] = _Way(wanted, frozenset(file.after for file in publications))
    return ways


def _by_whom(project: Project, path: str, now: str) -> str:
    """Return who changed a file since a run published it."""
    if not now:
        return "somebody removed it since"
    for name in project.ledger.runs():
        if not is_test(name) and project.owns(name):  # paths are from the project's folder
            file = _published(project, project.record(name)).get(path)
            if file is not None and file.after == now:
                return f"{name} has published it since"
    return "somebody changed it since"


def _outside(undone: Sequence[RunRecord]) -> Iterator[str]:
    """Yield the steps of runs whose effects on the world no rollback covers."""
    for step in dict.fromkeys(
        name for record in undone for name in record.about.get("external", ()) if name in record.steps
    ):
        if any(record.steps[step].attempts for record in undone if step in record.steps):
            yield step


def _replace(project: Project, run: str, files: Sequence[Published]) -> None:
    """Bring all content beside its place, then let all of it take that; a note tells of it meanwhile."""
    _refuse_missing(project, files)
    outbox = project.state / OUTBOX
    places = {file.path: (project.root / file.path).resolve() for file in files}
    besides = {
        path: place.with_name(f".{run}~{_ROLLBACK}-{number}.tmp")
        for number, (path, place) in enumerate(places.items())
    }
    note = outbox / f"{run}~{_ROLLBACK}.json"
    write_note(note, Note(run, "", tuple(map(str, besides.values())), tuple(files)))
    try:
        for file in files:
            if file.after:
                lay_beside(file.after, places[file.path], project.objects, besides[file.path])
            if file.before and not project.objects.has(_artifact(file.before, places[file.path])):
                project.objects.add(places[file.path], move=False)
        with locked(outbox, places.values()):
            for file in files:
                if standing(places[file.path]) != file.before:
                    what = f"{file.path} was changed while it was to be put back; nothing was touched"
                    raise UsageError(Finding("PPF514", what, fix="try again"))
            for file in files:
                if file.after:
                    besides[file.path].replace(places[file.path])
                else:
                    places[file.path].unlink(missing_ok=True)
            for folder in {place.parent for place in places.values()}:
                sync_folder(folder)
    finally:
        for beside in besides.values():
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def _refuse_missing(project: Project, files: Sequence[Published]) -> None:
    missing = [file for file in files if file.after and not _is_kept(project, file.after)]
    if missing:
        shown = ", ".join(file.path for file in missing[:_SHOWN])
        what = f"what {shown} should hold again is not kept any more; nothing was touched"
        fix = "pipeproof gc has cleared it away; go back to another run with --to, or run the pipeline again"
        raise UsageError(Finding("PPF515", what, fix=fix))


def _is_kept(project: Project, digest: str) -> bool:
    place = project.objects.path(digest)
    if not (place.is_file() and project.objects.has(artifact := _artifact(digest, place))):
        return False
    try:
        project.objects.refuse_damaged(artifact, thorough=True)
    except StoreError:
        return False
    return True


def _artifact(digest: str, place: Path) -> Artifact:
    return Artifact("file", digest, place.stat().st_size)
