"""Tables in files: which formats there are, how one is scanned, how one is written.

Everything is lazy and streams, so a table may be larger than memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Logical, TableSchema

if TYPE_CHECKING:
    import polars as pl

SUFFIXES: dict[str, tuple[str, ...]] = {
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "parquet": (".parquet", ".pq"),
    "arrow": (".arrow", ".feather", ".ipc"),
    "jsonl": (".jsonl", ".ndjson"),
}
_COMPRESSED = (".gz", ".zst")
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def format_of(path: str | Path) -> str | None:
    """Return the table format that a file name stands for, or None."""
    name = str(path).lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return next((kind for kind, endings in SUFFIXES.items() if name.endswith(endings)), None)


def scan(path: Path, kind: str, schema: TableSchema | None = None) -> pl.LazyFrame:
    """Return a table in a file, or in all files of a folder, as a lazy frame.

    Text formats carry no types: columns that the schema types arrive as text and are cast by
    `cast_to`, so that a value which does not fit can be shown instead of ending the reading.

    Args:
        path: The file or folder.
        kind: One of `TABLE_FORMATS`.
        schema: Types of the columns, where they are known.

    Raises:
        ContractError: The folder holds no file of the format.
    """
    import polars as pl

    files: Any = _parts(path, kind) if path.is_dir() else path
    if kind == "parquet":
        return pl.scan_parquet(files, glob=False)
    if kind == "arrow":
        return pl.scan_ipc(files, glob=False)
    as_text = {column.name: pl.String for column in (schema.columns if schema else ()) if column.type}
    if kind == "jsonl":
        return pl.scan_ndjson(
            files, schema_overrides=_numbers_stay(as_text, schema), infer_schema_length=10_000
        )
    return pl.scan_csv(
        files,
        separator="\t" if kind == "tsv" else ",",
        schema_overrides=as_text,
        infer_schema_length=10_000,
        try_parse_dates=True,
        glob=False,
    )


def _numbers_stay(as_text: dict[str, Any], schema: TableSchema | None) -> dict[str, Any]:
    # JSON has numbers and booleans of its own; only dates and times arrive as text.
    timely = {c.name for c in (schema.columns if schema else ()) if c.type in {"date", "timestamp", "time"}}
    return {name: kind for name, kind in as_text.items() if name in timely}


def _parts(folder: Path, kind: str) -> list[Path]:
    files = sorted(
        p for p in folder.rglob("*") if p.is_file() and format_of(p) == kind and not p.name.startswith(".")
    )
    if not files:
        there = ", ".join(sorted(p.name for p in folder.iterdir())[:5]) or "nothing"
        raise ContractError(
            Finding(
                "PPF207",
                f"no {kind} file in {folder.name}/ (there: {there})",
                fix=f"write at least one file that ends in {SUFFIXES[kind][0]}",
            )
        )
    return files


@dataclass(frozen=True, slots=True)
class Typed:
    """A frame whose columns have the types of a schema, and the frame before the casts."""

    frame: pl.LazyFrame
    raw: pl.LazyFrame
    cast: tuple[str, ...]


def cast_to(frame: pl.LazyFrame, schema: TableSchema | None) -> Typed:
    """Cast the text columns of a frame to the types of a schema; what does not fit becomes null."""
    import polars as pl

    have = frame.collect_schema()
    wanted = {c.name: c.type for c in (schema.columns if schema else ()) if c.type and c.type != "string"}
    casts = {n: _cast(pl.col(n), kind) for n, kind in wanted.items() if have.get(n) == pl.String}
    return Typed(frame.with_columns(**casts) if casts else frame, frame, tuple(casts))


def _cast(column: pl.Expr, kind: Logical) -> pl.Expr:
    import polars as pl

    text = column.str.strip_chars()
    text = pl.when(text == "").then(None).otherwise(text)
    if kind == "boolean":
        return text.str.to_lowercase().replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    if kind == "integer":
        # "3.0" is what pandas writes for an integer column with gaps.
        return text.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
    if kind == "date":
        return text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if kind == "timestamp":
        return text.str.replace("T", " ").str.to_datetime(strict=False, time_unit="us", ambiguous="earliest")
    if kind == "time":
        return text.str.to_time("%H:%M:%S", strict=False)
    return text.cast(pl.Float64, strict=False)


def write(frame: pl.LazyFrame, path: Path, kind: str) -> None:
    """Write a frame to a file in a format, streaming; writer settings are fixed, so equal tables give equal bytes."""
    if kind == "parquet":
        frame.sink_parquet(
            path, compression="zstd", compression_level=1, row_group_size=131_072, maintain_order=True
        )
    elif kind == "arrow":
        frame.sink_ipc(path, compression="uncompressed", maintain_order=True)
    elif kind == "jsonl":
        frame.sink_ndjson(path, maintain_order=True)
    else:
        frame.sink_csv(path, separator="\t" if kind == "tsv" else ",", maintain_order=True)


def describe(path: Path) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Return the number of rows and the columns (name, type) of a Parquet file, from its footer."""
    import polars as pl

    frame = pl.scan_parquet(path, glob=False)
    rows = int(frame.select(pl.len()).collect().item())
    return rows, tuple((name, logical_type(kind)) for name, kind in frame.collect_schema().items())


def logical_type(kind: Any) -> str:
    """Return the contract's word for a Polars type, or the Polars name where there is none."""
    import polars as pl

    simple = {
        pl.String: "string",
        pl.Boolean: "boolean",
        pl.Date: "date",
        pl.Time: "time",
        pl.Categorical: "string",
        pl.Enum: "string",
    }
    if kind.base_type() in simple:
        return simple[kind.base_type()]
    if kind.is_integer():
        return "integer"
    if kind.is_float():
        return "number"
    if kind.is_decimal():
        return "decimal"
    return "timestamp" if kind.base_type() == pl.Datetime else str(kind)


def extension(kind: str) -> str:
    """Return the usual ending of files in a format."""
    return SUFFIXES[kind][0]
