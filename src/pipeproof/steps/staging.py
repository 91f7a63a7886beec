"""Laying datasets out as the files that code wants, and taking back what it wrote."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeproof.data.artifacts import take_table
from pipeproof.data.checking.edges import check_table
from pipeproof.digest import canonical
from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables
from pipeproof.formats.convert import narrow_dates, to_parquet
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import LOGICAL_TYPES, TABLE_FORMATS, Port, TableSchema
from pipeproof.ports import Job, Objects, Result

_PLAIN = frozenset(LOGICAL_TYPES) - {"list", "struct"}  # text formats hold no others


@dataclass(frozen=True, slots=True)
class Slot:
    """Where code sees a port: the path it is given, and whether that is a folder."""

    port: Port
    path: Path
    folder: bool

    @property
    def file(self) -> Path:
        """The file to write an input to, inside the folder if the code is given one."""
        if not self.folder:
            return self.path
        ending = tables.extension(self.port.format) if self.port.format in TABLE_FORMATS else ""
        return self.path / f"{self.port.name}{ending}"


def slot(port: Port, base: Path) -> Slot:
    """Return where code sees a port below `base`.

    A path that starts or ends with ``/`` is a folder (``/opt/ml/processing/input`` is laid out
    below `base`, the machine is not touched); any other path is a file name; without a path it is
    the port's name with the ending of its format.
    """
    if port.path:
        folder = port.path.startswith("/") or port.path.endswith("/") or port.format == "folder"
        return Slot(port, base / port.name / port.path.strip("/"), folder)
    if port.format == "folder":
        return Slot(port, base / port.name, folder=True)
    ending = tables.extension(port.format) if port.format in TABLE_FORMATS else ""
    return Slot(port, base / f"{port.name}{ending}", folder=False)


def previous_of(job: Job) -> dict[str, Artifact | None]:
    """Return what the iteration before made, by the name that code knows it by; None in the first one.

    A sole output is ``previous``; of several each is ``previous_NAME``.
    """
    if job.step.repeat is None:
        return {}
    sole = len(job.step.outputs) == 1
    return {
        "previous" if sole else f"previous_{local}": job.previous.get(local) for local in job.step.outputs
    }


def lay_out(artifact: Artifact, place: Slot, objects: Objects) -> None:
    """Write a dataset where the code will read it, in the format its port names.

    Raises:
        ContractError: The dataset is no table but the port wants one, or the other way round.
    """
    place.path.parent.mkdir(parents=True, exist_ok=True)
    if artifact.kind == "folder":
        objects.lay_out(artifact.digest, place.path)
        return
    if place.folder:
        place.path.mkdir(parents=True, exist_ok=True)
    kind = _format(place)
    if artifact.kind == "table" and kind in TABLE_FORMATS and kind != "parquet":
        _write_as(artifact, kind, place, objects)
        return
    if kind in TABLE_FORMATS and artifact.kind != "table" and tables.format_of(artifact.name) != kind:
        what = f"input {place.port.name!r} wants a {kind} table, the dataset is a {artifact.kind}"
        raise ContractError(Finding("PPF208", what, fix="change the port's format"))
    name = place.file if not place.folder or not artifact.name else place.path / artifact.name
    if artifact.is_inline:  # a small value has no object; large ones are the same JSON
        name.write_bytes(canonical(artifact.value))
    else:
        objects.lay_out(artifact.digest, name)


def _format(place: Slot) -> str | None:
    """Return the format a port names, or the one that its path does."""
    return place.port.format or (tables.format_of(place.port.path) if place.port.path else None)


def _write_as(artifact: Artifact, kind: str, place: Slot, objects: Objects) -> None:
    import polars as pl

    try:
        tables.write(pl.scan_parquet(objects.path(artifact.digest), glob=False), place.file, kind)
    except pl.exceptions.PolarsError as error:
        columns = ", ".join(f"{name} ({of})" for name, of in artifact.columns if of not in _PLAIN)
        raise ContractError(
            Finding(
                "PPF208",
                f"input {place.port.name!r} cannot be written as {kind}: {str(error).splitlines()[0]}",
                evidence=columns,
                fix="read it as parquet, or drop these columns before",
            )
        ) from error


def take(place: Slot, step: str, objects: Objects) -> Artifact | None:
    """Take what the code wrote for a port; None when an optional output is not there.

    A port with columns holds a table, whose format the file's name says when the port does not.

    Raises:
        ContractError: A required output was not written, or cannot be read as its format.
    """
    port = place.port
    path = place.path
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        if not port.required:
            return None
        raise ContractError(_not_written(place, step))
    if not path.is_file() and not path.is_dir():  # reading a pipe would wait for ever
        what = f"output {port.name!r} of {step} is no file and no folder"
        raise ContractError(Finding("PPF503", what, step=step, fix="write a file instead"))
    kind = port.format or (tables.format_in(path) if port.schema is not None else None)
    if kind in TABLE_FORMATS:
        whose = f"output {port.name!r} of {step}"
        try:
            return read_into(path, path.parent, replace(port, format=kind), objects, whose)
        except ContractError as error:
            at = ("contract", "outputs", port.name)
            raise ContractError(*(replace(finding, path=at) for finding in error.findings)) from error
    if path.is_dir() and port.format != "folder":
        inside = [item for item in path.iterdir() if not item.name.startswith(".")]
        if len(inside) == 1 and inside[0].is_file():
            path = inside[0]
    name = path.name
    digest, size = objects.add(path, move=True)
    return Artifact("folder" if path.is_dir() or port.format == "folder" else "file", digest, size, name=name)


def collect_table(job: Job, _result: Result, objects: Objects) -> Mapping[str, Artifact]:
    """Take in the one table that the program of a step wrote to its scratch folder."""
    name = next(iter(job.step.outputs))
    return {name: take_table(job.scratch / "table.parquet", objects, f"{name}.parquet")}


def read_into(path: Path, scratch: Path, port: Port, objects: Objects, what: str) -> Artifact:
    """Read a table in the port's format into the object store as Parquet, with the types of its schema.

    Raises:
        ContractError: It cannot be parsed, or values do not have the type that the schema says.
    """
    into = scratch / f".{port.name}.pipeproof.parquet"
    into.parent.mkdir(parents=True, exist_ok=True)
    try:
        to_parquet(path, str(port.format), port.schema, into, what)
    except ContractError as error:
        raise ContractError(*error.findings, *_also_wrong(into, port.schema, error.findings, what)) from error
    narrow_dates(into, port.schema)
    return take_table(into, objects, name=f"{port.name}.parquet")


def _also_wrong(
    into: Path, schema: TableSchema | None, known: Collection[Finding], what: str
) -> Iterator[Finding]:
    """Yield what else is wrong with a table that has values of wrong types, so that all is told at once."""
    if schema is None or not into.exists() or any(finding.code != "PPF302" for finding in known):
        return
    import polars as pl

    wrong = {finding.column for finding in known}
    columns = tuple(column for column in schema.columns if column.name not in wrong)
    key = () if wrong & set(schema.key) else schema.key
    for finding in check_table(pl.scan_parquet(into, glob=False), replace(schema, columns=columns, key=key)):
        if finding.code != "PPF304":
            yield replace(finding, what=f"{what}: {finding.what}")


def _not_written(place: Slot, step: str) -> Finding:
    folder = place.path.parent
    there = ", ".join(sorted(item.name for item in folder.iterdir())[:6]) if folder.is_dir() else ""
    seen = f"; there is: {there}" if there else ""
    kind = "folder" if place.folder else "file"
    return Finding(
        "PPF207",
        f"{step} did not write its output {place.port.name!r} ({kind} {place.path.name}){seen}",
        step=step,
        fix=f"write to output_paths[{place.port.name!r}]",
    )
