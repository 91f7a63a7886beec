"""Tables in files: which formats there are, how one is read, how one is written.

Everything is lazy and streams, so a table may be larger than memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding
from pipeproof.formats.casts import Typed, cast_to, jsonl_overrides
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Typed", "cast_to", "describe", "extension", "format_of", "logical_type", "read", "scan", "write"]

SUFFIXES: dict[str, tuple[str, ...]] = {
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "parquet": (".parquet", ".pq"),
    "arrow": (".arrow", ".feather", ".ipc"),
    "jsonl": (".jsonl", ".ndjson"),
}
TEXT = frozenset({"csv", "tsv", "jsonl"})
SEPARATORS = {"csv": ",", "tsv": "\t"}
_COMPRESSED: dict[str, Any] = {".gz": "gzip", ".zst": "zstd"}


def format_of(path: str | Path) -> str | None:
    """Return the table format that a file name stands for, or None; text formats may be compressed."""
    name = str(path).lower()
    plain = next((name.removesuffix(ending) for ending in _COMPRESSED if name.endswith(ending)), name)
    kind = next((kind for kind, endings in SUFFIXES.items() if plain.endswith(endings)), None)
    return kind if plain == name or kind in TEXT else None


def without_endings(name: str) -> str:
    """Return the name of a file without the endings of formats."""
    ending = endings_of(name)
    return name[: len(name) - len(ending)]


def endings_of(name: str) -> str:
    """Return the endings of formats that the name of a file has, such as ``.csv.gz``."""
    known = (*_COMPRESSED, *(ending for endings in SUFFIXES.values() for ending in endings))
    rest, endings = name, ""
    while found := next((end for end in known if rest.lower().endswith(end) and rest.lower() != end), None):
        rest, endings = rest[: -len(found)], rest[-len(found) :] + endings
    return endings


def format_in(path: Path) -> str | None:
    """Return the table format of a file, or the one format of all files of a folder, or None."""
    if not path.is_dir():
        return format_of(path)
    kinds = {format_of(item) for item in path.rglob("*") if item.is_file() and item.name[0] not in "._"}
    return kinds.pop() if len(kinds) == 1 else None


def files_of(path: Path, kind: str) -> list[Path]:
    """Return the file, or the files of a folder that hold parts of the table, in the order of their names.

    Raises:
        ContractError: The folder holds no file of the format.
    """
    if not path.is_dir():
        return [path]
    files = [p for p in path.rglob("*") if p.is_file() and format_of(p) == kind and p.name[0] not in "._"]
    if not files:
        there = ", ".join(sorted(p.name for p in path.iterdir())[:5]) or "nothing"
        raise ContractError(
            Finding(
                "PPF207",
                f"no {kind} file in {path.name}/ (there: {there})",
                fix=f"write at least one file that ends in {SUFFIXES[kind][0]}",
            )
        )
    # What writes in parts may leave a part empty.
    return sorted(file for file in files if file.stat().st_size) or sorted(files)[:1]


def read(path: Path, kind: str, schema: TableSchema | None = None) -> Typed:
    """Return a table in a file or folder with the types of its schema.

    Text formats carry no types: what the schema does not type is guessed from the first rows.

    Raises:
        ContractError: The folder holds no file of the format.
    """
    frame = scan(path, kind, schema)
    if kind not in TEXT:
        return Typed(frame, frame)
    return cast_to(frame, schema, guess=kind in SEPARATORS)


def scan(path: Path, kind: str, schema: TableSchema | None = None) -> pl.LazyFrame:
    """Return a table in a file, or in all files of a folder, as it stands there.

    All columns of CSV files arrive as text, and those of JSON lines whose values are not of the type
    in the schema; `cast_to` gives them their types, so that a value which does not fit can be shown
    instead of ending the reading.

    Args:
        path: The file or folder.
        kind: One of `TABLE_FORMATS`.
        schema: Types of the columns, where they are known.

    Raises:
        ContractError: The folder holds no file of the format.
    """
    import polars as pl

    files = files_of(path, kind)
    if kind == "parquet":
        return pl.scan_parquet(files, glob=False)
    if kind == "arrow":
        return pl.scan_ipc(files, glob=False)
    if kind == "jsonl":
        # Each file may lack what others have, and only the whole file tells which keys there are.
        frames = [_json_lines(file, schema) for file in files]
        return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")
    return pl.scan_csv(files, separator=SEPARATORS[kind], infer_schema=False, glob=False)


def _json_lines(file: Path, schema: TableSchema | None) -> pl.LazyFrame:
    import polars as pl

    seen = pl.scan_ndjson(file, infer_schema_length=None)
    overrides = jsonl_overrides(seen.collect_schema(), schema)
    return pl.scan_ndjson(file, infer_schema_length=None, schema_overrides=overrides) if overrides else seen


def write(frame: pl.LazyFrame, path: Path, kind: str) -> None:
    """Write a frame to a file in a format, streaming.

    The settings of the writers are fixed, so that equal tables give equal bytes. A text file whose
    name ends in ``.gz`` or ``.zst`` is compressed; then only what it holds is equal. JSON knows no
    infinite numbers: they become null.
    """
    writing(frame, path, kind).collect(engine="streaming")


def writing(frame: pl.LazyFrame, path: Path, kind: str, parts: pl.PartitionBy | None = None) -> pl.LazyFrame:
    """Return the query that writes a frame as `write` does.

    Args:
        frame: The table.
        path: The file; its name tells whether text is compressed.
        kind: One of `TABLE_FORMATS`.
        parts: Where parts of the table go instead of the one file.
    """
    into: Any = parts or path
    options: dict[str, Any] = {"mkdir": parts is not None, "lazy": True}
    sunk: pl.LazyFrame
    if kind == "parquet":
        sunk = frame.sink_parquet(
            into, compression="zstd", compression_level=1, row_group_size=131_072, **options
        )
    elif kind == "arrow":
        sunk = frame.sink_ipc(into, compression="uncompressed", record_batch_size=131_072, **options)
    else:
        packed: Any = next(
            (how for ending, how in _COMPRESSED.items() if path.name.endswith(ending)), "uncompressed"
        )
        if kind == "jsonl":
            sunk = frame.sink_ndjson(into, compression=packed, **options)
        else:
            sunk = frame.sink_csv(into, separator=SEPARATORS[kind], compression=packed, **options)
    return sunk


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
        pl.List: "list",
        pl.Array: "list",
        pl.Struct: "struct",
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
