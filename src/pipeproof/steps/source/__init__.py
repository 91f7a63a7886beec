"""A source as a step: it brings data from outside into the run. Users write ``sources:``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import TABLE_FORMATS, Contract, Port
from pipeproof.model.pipeline import Source
from pipeproof.model.step import Isolation, Step
from pipeproof.ports import Job, Objects, Program, Result, StepKind, Wiring


def as_step(source: Source) -> Step:
    """Return the step that brings a source in."""
    return Step(source.name, "source", source, outputs={source.name: source.name})


def source_format(source: Source) -> str:
    """Return how a source is read: a table format, ``file`` or ``folder``."""
    if source.database:
        return "database"
    if source.format:
        return source.format
    path = Path(source.path)
    if path.is_dir():
        kinds = {tables.format_of(item) for item in path.iterdir() if item.is_file()}
        return str(kinds.pop()) if len(kinds) == 1 and None not in kinds else "folder"
    return tables.format_of(path) or "file"


def _wire(name: str, _config: Source, _contract: Contract) -> Wiring:
    return Wiring(outputs={name: name})


def _prepare(job: Job, _objects: Objects) -> Program:
    source: Source = job.step.config  # type: ignore[assignment]  # the kind's own config
    return Program(
        "pipeproof.steps.source.read:read",
        {
            "path": source.path,
            "format": source_format(source),
            "database": source.database,
            "table": source.table,
            "into": str(job.scratch / "table.parquet"),
        },
    )


def _collect(job: Job, _result: Result, objects: Objects) -> Mapping[str, Artifact]:
    source: Source = job.step.config  # type: ignore[assignment]  # the kind's own config
    kind = source_format(source)
    path = Path(source.path)
    if kind == "database":
        from pipeproof.data.check import take_table

        return {source.name: take_table(job.scratch / "table.parquet", objects, f"{source.name}.parquet")}
    if not path.exists():
        raise ContractError(
            Finding("PPF143", f"source {source.name!r}: there is no {path}", fix="check `path`")
        )
    if kind in TABLE_FORMATS:
        from pipeproof.steps.staging import read_into

        port = Port(source.name, kind, schema=source.schema)
        return {source.name: read_into(path, job.scratch, port, objects, f"source {source.name!r}")}
    digest, size = objects.add(path, move=False)
    return {source.name: Artifact("folder" if path.is_dir() else "file", digest, size, name=path.name)}


def _isolation(_step: Step) -> Isolation:
    return "thread"


KIND = StepKind(
    name="source",
    summary="data from outside (written under `sources:`)",
    config=Source,
    example="sources:\n  raw: data/raw.csv\n",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    isolation=_isolation,
    hidden=True,
)
