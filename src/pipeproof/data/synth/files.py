"""Made tables as files, with a manifest that says how to make them again."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeproof.data.checking.asking import Ways, ask
from pipeproof.data.synth.generating import MadeData, MadeTable
from pipeproof.data.synth.seeds import VERSION
from pipeproof.errors import Finding, UsageError
from pipeproof.formats import tables
from pipeproof.formats.replacing import replacing
from pipeproof.model.codec import to_plain
from pipeproof.model.contract import TableSchema

SCHEMA = "pipeproof.made/1"
MANIFEST = "manifest.json"
_FLAT = ("csv", "tsv")


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A made table in a file.

    Attributes:
        table: The table.
        path: The file.
        rows: How many rows it has.
        columns: How many columns.
        size: Bytes.
        seconds: How long it took.
        unmet: Statistics and queries of the contract that the made table does not keep; they are drawn so that
            they hold where that can be steered.
    """

    table: MadeTable
    path: Path
    rows: int
    columns: int
    size: int
    seconds: float
    unmet: tuple[Finding, ...] = ()


def write_made(made: MadeData, out: Path, kind: str = "parquet") -> list[MadeFile]:
    """Write made tables into a folder, each as one file, and the manifest beside them.

    Raises:
        UsageError: The format cannot hold a table, or the folder cannot be made.
    """
    problems = [finding for table in made.tables.values() for finding in _unfit(table, kind)]
    if problems:
        raise UsageError(*problems)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"{out} cannot be made: {(error.strerror or str(error)).lower()}"
        raise UsageError(
            Finding("PPF523", what, fix="name a folder in a place that you may write to")
        ) from error
    written = [_written(table, out, kind, made.wanted.threads) for table in made.tables.values()]
    with replacing(out / MANIFEST) as file:
        file.write_text(json.dumps(manifest(made, written), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return written


def _unfit(table: MadeTable, kind: str) -> Iterator[Finding]:
    """Yield the columns that a format cannot hold."""
    for name, dtype in table.frame().collect_schema().items() if kind in _FLAT else ():
        if dtype.is_nested():
            what = f"{kind} cannot hold the lists and structs of column {name!r} of {table.name}"
            yield Finding("PPF356", what, column=name, fix="write --as parquet, arrow or jsonl")


def place_of(table: MadeTable, out: Path, kind: str) -> Path:
    """Return the file that a made table is written to."""
    return out / f"{table.name.replace(os.sep, '_')}{tables.extension(kind)}"


def _written(table: MadeTable, out: Path, kind: str, threads: int) -> MadeFile:
    path = place_of(table, out, kind)
    began = time.monotonic()
    with replacing(path) as file:
        frame = table.frame(threads)
        tables.write(frame, file, kind)
    columns = len(frame.collect_schema())
    took = time.monotonic() - began
    return MadeFile(table, path, table.rows, columns, path.stat().st_size, took, _unmet(table, path, kind))


def _unmet(table: MadeTable, path: Path, kind: str) -> tuple[Finding, ...]:
    """Return what the contract asks of the whole table and a made one does not keep."""
    schema = table.schema
    if table.recipe.case.scenario != "standard" or not (schema.statistics or schema.queries):
        return ()
    asked = TableSchema(statistics=schema.statistics, queries=schema.queries)
    found = ask(tables.read(path, kind, schema).frame, asked, Ways(table.name)).findings
    return tuple(replace(finding, dataset=table.name) for finding in found if finding.severity == "error")


def manifest(made: MadeData, written: list[MadeFile]) -> dict[str, Any]:
    """Return what it takes to make the same tables again, as a ``pipeproof.made/1`` document."""
    wanted = made.wanted
    return {
        "schema": SCHEMA,
        "generator": {"version": VERSION, "pipeproof": version("pipeproof"), "numpy": np.__version__},
        "seed": wanted.seed,
        "scenario": wanted.scenario,
        "profile": bool(wanted.profile),
        "tables": [_described(file) for file in written],
        "notes": [{"code": note.code, "what": note.what} for note in made.notes],
    }


def _described(file: MadeFile) -> dict[str, Any]:
    recipe = file.table.recipe
    return {
        "name": file.table.name,
        "file": file.path.name,
        "rows": file.rows,
        "columns": file.columns,
        "bytes": file.size,
        "contract": _digest(to_plain(file.table.schema)),
        "asked_rows": recipe.wanted,
        "around": recipe.around.isoformat(),
        "broken": list(file.table.broken),
        "not_shown": list(file.table.unshown),
        "unmet": [finding.what for finding in file.unmet],
        "run": dict(file.table.scenario.run),
    }


def _digest(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
