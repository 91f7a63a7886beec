"""A source as a step: it brings data from outside into the run. Users write ``sources:``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pipeproof.errors import ContractError, Finding, suggest
from pipeproof.formats import tables
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import FORMATS, TABLE_FORMATS, Contract, Port
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.step import Isolation, Step
from pipeproof.ports import Job, Objects, Program, Result, StepKind, Wiring, config_of


def as_step(source: Source) -> Step:
    """Return the step that brings a source in."""
    return Step(source.name, "source", source, outputs={source.name: source.name})


def source_format(source: Source, root: Path) -> str:
    """Return how a source is read: ``database``, a table format, ``file`` or ``folder``.

    A folder whose files are all of one table format is a table in parts; files whose names start
    with a dot or an underscore (``_SUCCESS``) do not count.
    """
    if source.database:
        return "database"
    if source.format:
        return source.format
    path = root / source.path
    return tables.format_in(path) or ("folder" if path.is_dir() else "file")


def _wire(name: str, _config: Source, _contract: Contract) -> Wiring:
    return Wiring(outputs={name: name})


def _prepare(job: Job, _objects: Objects) -> Program:
    source = config_of(job, Source)
    return Program(
        "pipeproof.steps.source.read:read",
        {
            "name": source.name,
            "root": str(job.root),
            "database": source.database,
            "table": source.table,
            "into": str(job.scratch / "table.parquet"),
        },
    )


def _collect(job: Job, _result: Result, objects: Objects) -> Mapping[str, Artifact]:
    source = config_of(job, Source)
    kind = source_format(source, job.root)
    if kind == "database":
        return {source.name: _from_database(source, job, objects)}
    path = job.root / source.path
    _refuse_wrong(source, kind, path)
    if kind in TABLE_FORMATS:
        return {source.name: _as_table(source, path, kind, job, objects)}
    try:
        digest, size = objects.add(path, move=False)
    except OSError as error:
        raise ContractError(_unreadable(source, path, str(error.strerror or error))) from error
    return {source.name: Artifact("folder" if path.is_dir() else "file", digest, size, name=path.name)}


def _from_database(source: Source, job: Job, objects: Objects) -> Artifact:
    from pipeproof.data.artifacts import take_table
    from pipeproof.steps.source.typed import with_types

    read, typed = job.scratch / "table.parquet", job.scratch / "typed.parquet"
    made = with_types(read, source.schema, typed, f"source {source.name!r}")
    return take_table(made, objects, f"{source.name}.parquet")


def _as_table(source: Source, path: Path, kind: str, job: Job, objects: Objects) -> Artifact:
    from pipeproof.steps.staging import read_into

    port = Port(source.name, kind, schema=source.schema)
    return read_into(path, job.scratch, port, objects, f"source {source.name!r}")


def _refuse_wrong(source: Source, kind: str, path: Path) -> None:
    """Make sure that there is something at the source's path, and of the kind that it says.

    Raises:
        ContractError: It is not there, or another thing, or the format is none.
    """
    what = f"source {source.name!r}"
    if kind not in FORMATS:
        text = f"{what}: {kind!r} is no format that can be read"
        raise ContractError(Finding("PPF105", text, fix=suggest(kind, FORMATS)))
    if not path.exists():
        beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        fix = suggest(path.name, beside) or "check `path`"
        raise ContractError(Finding("PPF143", f"{what}: there is no {source.path}", fix=fix))
    if kind in {"file", "folder"} and (kind == "folder") != path.is_dir():
        there = "a folder" if path.is_dir() else "a file"
        text = f"{what}: {source.path} is {there}, its format says {kind}"
        raise ContractError(Finding("PPF208", text, fix="correct or remove `format`"))


def _unreadable(source: Source, path: Path, why: str) -> Finding:
    return Finding("PPF208", f"source {source.name!r}: {path.name} cannot be read: {why.lower()}")


def _files(step: Step, root: Path) -> Iterable[Path]:
    """Yield the files whose content is the version of a source; a database in WAL mode has two."""
    source = config_of(step, Source)
    if source.version != "content":
        return
    if not source.database:
        yield root / source.path
        return
    from pipeproof.formats.databases.address import split_address

    path = root / split_address(source.database, f"source {source.name!r}")[1]
    yield from (path.with_name(path.name + ending) for ending in ("", "-wal", ".wal"))


def _barrier(step: Step) -> str:
    if config_of(step, Source).version == "always":
        return "it is read anew each time (version: always)"
    return ""


def _isolation(_step: Step) -> Isolation:
    return "thread"


def _check(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    source = config_of(step, Source)
    if not source.database or "{" in source.database:
        return
    from pipeproof.formats.databases.address import database_file

    try:
        database_file(source.database, Path(pipeline.root), f"source {source.name!r}")
    except ContractError as error:
        yield from (replace(finding, path=("sources", source.name, "database")) for finding in error.findings)


KIND = StepKind(
    name="source",
    summary="data from outside (written under `sources:`)",
    config=Source,
    example="sources:\n  raw: data/raw.csv\n",
    wire=_wire,
    check=_check,
    files=_files,
    barrier=_barrier,
    draws=False,
    engines=("polars", "duckdb"),
    prepare=_prepare,
    collect=_collect,
    isolation=_isolation,
    hidden=True,
)
