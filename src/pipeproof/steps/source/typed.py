"""Texts of a database with the types of a contract: SQLite has no dates, and numbers may stand as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.contracts.personal import kind_of_column
from pipeproof.contracts.personal_texts import shown
from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    from pipeproof.formats.casts import Typed

_SHOWN = 3


def with_types(path: Path, schema: TableSchema | None, into: Path, what: str) -> Path:
    """Return a Parquet file whose text columns have the types of a schema; the same file if it has none.

    Raises:
        ContractError: Values are not of their type; says how many, and shows some.
    """
    import polars as pl

    typed = tables.cast_to(pl.scan_parquet(path, glob=False), schema)
    if not typed.casts:
        return path
    wrong = {name: typed.wrong(name).sum() for name in typed.casts}
    counts = typed.raw.select(**wrong).collect(engine="streaming").row(0, named=True)
    findings = [_miscast(typed, name, count, what, schema) for name, count in counts.items() if count]
    if findings:
        raise ContractError(*findings)
    tables.write(typed.frame, into, "parquet")
    return into


def _miscast(typed: Typed, name: str, count: int, what: str, schema: TableSchema | None) -> Finding:
    kind = kind_of_column(name, schema)
    rows = typed.raw.with_row_index("pipeproof row").filter(typed.wrong(name))
    first = rows.select("pipeproof row", name).head(_SHOWN).collect(engine="streaming").rows()
    return Finding(
        "PPF302",
        f"{what}: column {name!r} has {count:,} values that are not of its type",
        column=name,
        evidence=", ".join(f"row {row + 1}: {shown(value, kind)}" for row, value in first),
        fix="write them as the contract says, or change the type",
    )
