"""Two versions of a contract held against each other: files, files of an earlier revision, or values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeproof.contracts.changes import Change, Diff, Effect
from pipeproof.contracts.diff import diff_tables
from pipeproof.contracts.diff_steps import diff_steps
from pipeproof.data.contract_files import ContractFile, read_contract_file
from pipeproof.data.revisions import from_revision, is_revision
from pipeproof.errors import ConfigError, Finding, Location, suggest
from pipeproof.model.contract import Contract, TableSchema, frozen

Given = str | Path | TableSchema | Mapping[str, TableSchema] | ContractFile


def diff(old: Given, new: Given, *, dataset: str | None = None) -> Diff:
    """Return what changed between two versions of a contract, and whom it breaks.

    Args:
        old: The version before: a file, such a file as it was committed (`HEAD~1:contracts/orders.yaml`),
            the contract of a table, or those of several by name.
        new: The version after, likewise.
        dataset: The table that is meant, where there are several; all unless given.

    Raises:
        ConfigError: A file cannot be read, is wrong, or has no such table.
    """
    before, after = _opened(old), _opened(new)
    _refuse_unlike(before, after, new)
    if dataset is not None:
        return Diff(diff_tables(_one(before, dataset, old), _one(after, dataset, new)))
    alone = len(before.tables) == len(after.tables) == 1 and not (before.contract and after.contract)
    if alone:  # the only table of both is the same one, whatever it is called
        [was], [now] = before.tables.values(), after.tables.values()
        return Diff(diff_tables(was, now))
    return Diff((*_of_steps(before.contract, after.contract), *_of_tables(before, after)))


def _opened(given: Given) -> ContractFile:
    if isinstance(given, ContractFile):
        return given
    if isinstance(given, TableSchema):
        return ContractFile(frozen({given.name or "table": given}))
    if isinstance(given, Mapping):
        return ContractFile(given)
    if is_revision(str(given)):
        return from_revision(str(given), read_contract_file)
    return read_contract_file(given)


def _refuse_unlike(before: ContractFile, after: ContractFile, new: Given) -> None:
    """Refuse the contract of a step beside that of a table."""
    if before.tables and after.tables and not before.tables.keys() & after.tables.keys():
        several = len(before.tables) > 1 or len(after.tables) > 1
        if several and (before.contract is None) != (after.contract is None):
            what = "one version is the contract of a step, the other that of tables"
            fix = "compare two contracts of a step, or choose a table of both with --dataset"
            raise ConfigError(Finding("PPF358", what, _place(new), fix=fix))


def _one(file: ContractFile, dataset: str, given: Given) -> TableSchema:
    if dataset not in file.tables:
        what = f"there is no contract of a table {dataset!r}"
        raise ConfigError(Finding("PPF358", what, _place(given), fix=suggest(dataset, file.tables)))
    return file.tables[dataset]


def _place(given: Given) -> Location | None:
    return Location(str(given)) if isinstance(given, str | Path) else None


def _of_steps(before: Contract | None, after: Contract | None) -> tuple[Change, ...]:
    return diff_steps(before, after) if before is not None and after is not None else ()


def _of_tables(before: ContractFile, after: ContractFile) -> Iterator[Change]:
    of_step = before.contract is not None and after.contract is not None
    for name, table in before.tables.items():
        if name in after.tables:
            yield from diff_tables(table, after.tables[name], name)
        elif not of_step:  # of a step, its ports have said so
            gone = Effect("breaks", f"nobody writes {name!r} any more")
            yield Change(f"table {name!r} is removed", "removed", name, consumers=gone)
    for name in after.tables:
        if name not in before.tables and not of_step:
            more = Effect("breaks", f"nobody writes {name!r} yet")
            yield Change(f"table {name!r} is new", "added", name, producers=more)
