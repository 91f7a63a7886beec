"""What a format cannot hold: refused before anything is written, or told after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Lost:
    """What became of a column that a format cannot hold as it was.

    Attributes:
        column: The column.
        was: Its type, or what some of its values were.
        becomes: What is read again where no contract says its type.
    """

    column: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.column}: {self.was} → {self.becomes}"


def refuse_unwritable(schema: pl.Schema, kind: str) -> None:
    """Make sure that a format can hold all columns.

    Raises:
        ContractError: It cannot; names every such column.
    """
    findings = []
    for name, dtype in schema.items():
        if why := _unwritable(dtype, kind):
            fix = "convert to parquet or arrow" if kind == "jsonl" or why != "nested" else "convert to jsonl"
            what = f"column {name!r} holds {tables.logical_type(dtype)}, which {kind} cannot hold"
            findings.append(Finding("PPF399", what, column=name, fix=fix))
    if findings:
        raise ContractError(*findings)


def lost_in(before: pl.LazyFrame, written: Path, kind: str) -> tuple[Lost, ...]:
    """Return what of a table is another thing when a file is read again without a contract."""
    if kind not in tables.TEXT:
        return ()
    was, now = before.collect_schema(), tables.read(written, kind).frame.collect_schema()
    found = [
        Lost(name, _said(dtype), _said(now[name]))
        for name, dtype in was.items()
        if name in now and _said(dtype) != _said(now[name])
    ]
    return (*found, *_not_finite(before, was)) if kind == "jsonl" else tuple(found)


def _unwritable(dtype: Any, kind: str) -> str:
    import polars as pl

    if isinstance(dtype, pl.Object):
        return "object"
    nested = isinstance(dtype, pl.List | pl.Array | pl.Struct)
    if kind in tables.SEPARATORS:
        return "nested" if nested else "binary" if isinstance(dtype, pl.Binary | pl.Duration) else ""
    if kind == "jsonl":
        inside = [field.dtype for field in dtype.fields] if isinstance(dtype, pl.Struct) else []
        inside += [dtype.inner] if isinstance(dtype, pl.List | pl.Array) else []
        return "binary" if isinstance(dtype, pl.Binary) or any(_unwritable(d, kind) for d in inside) else ""
    return ""


def _said(dtype: Any) -> str:
    """Return a type as far as it matters to who reads the values: its zone and precision, not its width."""
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        zone = f" in {dtype.time_zone}" if dtype.time_zone else ""
        return f"timestamp{zone}" + (" of nanoseconds" if dtype.time_unit == "ns" else "")
    if isinstance(dtype, pl.List | pl.Array):
        return f"list of {_said(dtype.inner)}"
    if isinstance(dtype, pl.Struct):
        return "struct of " + ", ".join(f"{field.name}: {_said(field.dtype)}" for field in dtype.fields)
    return "string" if isinstance(dtype, pl.Null) else tables.logical_type(dtype).lower()


def _not_finite(frame: pl.LazyFrame, schema: pl.Schema) -> list[Lost]:
    """Return the columns with numbers that JSON does not have."""
    import polars as pl

    floats = [name for name, dtype in schema.items() if dtype.is_float()]
    if not floats:
        return []
    counts = frame.select((~pl.col(name).is_finite()).sum() for name in floats).collect(engine="streaming")
    found = counts.row(0, named=True)
    return [Lost(name, f"{count:,} not finite", "missing") for name, count in found.items() if count]
