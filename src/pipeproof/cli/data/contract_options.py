"""What the commands about tables have in common that a contract may say something of."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pipeproof.errors import Finding, UsageError
from pipeproof.model.contract import TableSchema


def add_contract(parser: argparse.ArgumentParser, says: str) -> None:
    """Add ``--contract`` and ``--dataset``.

    Args:
        parser: The parser.
        says: What the contract is for.
    """
    parser.add_argument("--contract", metavar="FILE", help=says)
    parser.add_argument(
        "--dataset", metavar="NAME", help="the contract that is meant, where the file has several"
    )


def contracts_of(options: argparse.Namespace, tables: Sequence[str]) -> list[TableSchema | None]:
    """Return what the contract file that was given says of each table.

    Raises:
        ConfigError: The contract cannot be read, or says nothing of one of them.
        UsageError: A contract was chosen, and no file was given.
    """
    if options.contract is None:
        if options.dataset is not None:
            what = "--dataset chooses a contract, and none is given"
            raise UsageError(Finding("PPF522", what, fix="give the file that holds it: --contract FILE"))
        return [None] * len(tables)
    from pipeproof.data.contract_files import contracts_for, read_contract_file

    return [*contracts_for(read_contract_file(options.contract), tables, options.dataset)]
