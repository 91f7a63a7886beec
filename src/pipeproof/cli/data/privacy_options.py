"""What the commands about personal data have in common."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeproof.model.contract import TableSchema


def contracts_of(file: str | None, tables: Sequence[str]) -> list[TableSchema | None]:
    """Return what a contract file says of each table, found by the file's name where it has several.

    Raises:
        ConfigError: The contract cannot be read.
    """
    if file is None:
        return [None] * len(tables)
    from pipeproof.data.contract_files import read_contracts

    known = read_contracts(file)
    only = next(iter(known.values())) if len(known) == 1 else None
    return [only or known.get(Path(table).name.partition(".")[0]) for table in tables]
