"""What a files step does when it runs: copy, list, wait."""

from __future__ import annotations

import datetime as dt
import glob
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeproof.errors import ContractError, Finding
from pipeproof.running.context import StepContext
from pipeproof.running.publishing import Note, plain, read_note, write_note
from pipeproof.steps.files.outgoing import Outgoing, files_to_write
from pipeproof.steps.files.write import discard, refuse_existing, stage, temporary_of, write


def copy(args: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Copy a dataset or files to a place; everything is checked before anything is written.

    What goes out to the world is only brought beside its place here; `publish` lets it take that.

    Returns:
        ``files``: path, sha256 and size in bytes of each, and its temporary name if it is still to take its place.

    Raises:
        ContractError: There is nothing to copy, it breaks the target's contract, or it cannot be written.
    """
    stopped = threading.Event()
    context.on_stop(stopped.set)
    outgoing = files_to_write(args, context.logger.warning)
    note = Path(args["note"]) if args["note"] else None
    told = read_note(note)
    if not args["overwrite"] and (told is None or not told.files):  # else it may be our own that is there
        for item in outgoing:
            refuse_existing(item.to)
    files = (
        _written(outgoing, stopped, overwrite=args["overwrite"])
        if note is None
        else _staged(
            outgoing, stopped, note, Note(args["run"], args["task"], files=told.files if told else ())
        )
    )
    context.log_param("written_to", files[0]["path"] if len(files) == 1 else args["to"])
    if len(files) == 1:
        context.log_param("sha256", files[0]["sha256"])
    context.log_param("files", len(files))
    context.log_param("bytes", sum(file["bytes"] for file in files))
    for file in files:
        context.logger.info("wrote %s, %d bytes, sha256 %s", file["path"], file["bytes"], file["sha256"])
    return {"files": files, "staged": _kept(outgoing)}


def _written(outgoing: list[Outgoing], stopped: threading.Event, *, overwrite: bool) -> list[dict[str, Any]]:
    """Write files to their places, which are not those of the world, and say what they are."""
    written = [write(item.source, item.to, overwrite=overwrite, stopped=stopped) for item in outgoing]
    return [{"path": str(one.path), "sha256": one.sha256, "bytes": one.size} for one in written]


def _staged(
    outgoing: list[Outgoing], stopped: threading.Event, note: Path, begun: Note
) -> list[dict[str, Any]]:
    """Bring files beside their places, having noted their temporary names, and say what they are."""
    marks = [f"{note.stem}-{number}" for number in range(len(outgoing))]
    temporaries = [temporary_of(item.to.resolve(), mark) for item, mark in zip(outgoing, marks, strict=True)]
    told = read_note(note)
    for old in told.temporaries if told is not None else ():  # of an attempt that was killed
        discard(Path(old))
    write_note(note, replace(begun, temporaries=tuple(map(str, temporaries))))
    try:
        pairs = zip(outgoing, marks, strict=True)
        return [dict(plain(stage(item.source, item.to, mark, stopped))) for item, mark in pairs]
    except BaseException:
        for temporary in temporaries:
            discard(temporary)
        raise


def _kept(outgoing: list[Outgoing]) -> str | None:
    """Return the one file that was made or taken for copying, to be kept as what went out."""
    return str(outgoing[0].source) if len(outgoing) == 1 else None


def list_files(args: Mapping[str, Any], _context: StepContext) -> None:
    """Write a table of files (path, size in bytes, time of the last change in UTC), sorted by path."""
    import polars as pl

    from pipeproof.formats import tables

    root = Path(args["root"])
    files = [(path, path.stat()) for path in sorted(_listed(args["path"], root))]
    frame = pl.DataFrame(
        {
            "path": [str(_shown(path, root)) for path, _ in files],
            "size": [stat.st_size for _, stat in files],
            "modified": [
                dt.datetime.fromtimestamp(stat.st_mtime, dt.UTC).replace(tzinfo=None) for _, stat in files
            ],
        },
        schema={"path": pl.String, "size": pl.Int64, "modified": pl.Datetime("us")},
    )
    into = Path(args["into"])
    into.parent.mkdir(parents=True, exist_ok=True)
    tables.write(frame.lazy(), into, "parquet")


def _listed(pattern: str, root: Path) -> Iterable[Path]:
    place = root / pattern
    if place.is_dir():
        return [path for path in place.iterdir() if path.is_file() and not path.name.startswith(".")]
    if place.is_file():
        return [place]
    if not glob.has_magic(pattern):
        raise ContractError(Finding("PPF143", f"there is no file or folder {pattern}", fix="check `path`"))
    return matching(pattern, root)


def matching(pattern: str, root: Path) -> list[Path]:
    """Return the files that a pattern matches, sorted; ``**`` stands for folders below."""
    found = (Path(name) for name in glob.glob(str(root / pattern), recursive=True))  # noqa: PTH207 absolute patterns too
    return sorted(path for path in found if path.is_file())


def _shown(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def wait(args: Mapping[str, Any], context: StepContext) -> dict[str, str]:
    """Wait until a file is there and no longer grows, and return where it is.

    A file counts as complete when it was not changed for one `interval`.

    Raises:
        InterruptedError: The step was stopped.
    """
    stopped = threading.Event()
    context.on_stop(stopped.set)
    root, interval = Path(args["root"]), float(args["interval"])
    before: tuple[Path, int, int] | None = None
    while True:
        seen = _seen(args["path"], root)
        if seen is not None and (seen == before or time.time() - seen[2] / 1e9 >= interval):
            return {"path": str(seen[0])}
        before = seen
        if stopped.wait(interval):
            raise InterruptedError(f"stopped while waiting for {args['path']}")


def find(args: Mapping[str, Any], _context: StepContext) -> dict[str, str]:
    """Return where a file is, in a trial, which waits for none.

    Raises:
        ContractError: It is not there.
    """
    seen = _seen(args["path"], Path(args["root"]))
    if seen is None:
        what = f"there is no file {args['path']}, and a trial does not wait for one"
        fix = "make the file, or declare it under `sources:`: tests make the data of sources"
        raise ContractError(Finding("PPF143", what, fix=fix))
    return {"path": str(seen[0])}


def _seen(pattern: str, root: Path) -> tuple[Path, int, int] | None:
    """Return the first file that matches, its size and the time of its last change in nanoseconds."""
    place = root / pattern
    found = [place] if place.is_file() else matching(pattern, root) if glob.has_magic(pattern) else []
    if not found:
        return None
    try:
        stat = found[0].stat()
    except FileNotFoundError:  # gone again between two looks
        return None
    return found[0], stat.st_size, stat.st_mtime_ns
