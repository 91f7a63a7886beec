"""Files that hold contracts: inline YAML of one table or several, contracts of steps, and the open standard."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.data.inputs import table_name
from pipeproof.errors import ConfigError, Finding, Location, suggest
from pipeproof.loading.columns import contradictions
from pipeproof.loading.contract_spec import ContractSpec, TableSpec, TablesSpec
from pipeproof.loading.contracts import ContractReader
from pipeproof.loading.interpolate import interpolate
from pipeproof.loading.node import Node
from pipeproof.loading.places import places_for, shorten
from pipeproof.loading.table_schema import table_schema
from pipeproof.loading.text import parse, read_text
from pipeproof.loading.validate import validate
from pipeproof.model.contract import Contract, Port, Statistic, TableSchema, frozen
from pipeproof.standards import odcs

_OF_STEPS = {"inputs", "outputs", "environment", "arguments", "refuses"}
_BEGIN = "start with `columns:`, or make a contract with `pipeproof contract infer DATA`"


@dataclass(frozen=True, slots=True)
class ContractFile:
    """What a contract file says.

    Attributes:
        tables: The contracts of tables by name; those of a step by the names of its inputs and outputs,
            with `inputs.` or `outputs.` before a name that both have.
        contract: The whole contract, where the file is that of a step.
        path: The file.
        not_enforced: What of the file promises something and is not enforced, as notes with their places.
    """

    tables: Mapping[str, TableSchema]
    contract: Contract | None = None
    path: Path | None = None
    not_enforced: tuple[Finding, ...] = ()


def read_contract(path: str | Path, dataset: str | None = None) -> TableSchema:
    """Return the contract of one table from a file.

    Args:
        path: The file.
        dataset: The table that is meant, where the file has several.

    Raises:
        ConfigError: The file cannot be read, is wrong, or does not say which table is meant.
    """
    return contract_in(read_contract_file(path), dataset)


def read_contracts(path: str | Path) -> Mapping[str, TableSchema]:
    """Return the contracts of all tables in a file, by name.

    Raises:
        ConfigError: The file cannot be read, is wrong, or has no contract of a table.
    """
    return contracts_in(read_contract_file(path))


def contract_in(file: ContractFile, dataset: str | None = None) -> TableSchema:
    """Return the contract of one table in a file that was read; as `read_contract`."""
    tables = contracts_in(file)
    place = _place_of(file)
    if dataset is None and len(tables) == 1:
        return next(iter(tables.values()))
    if dataset is not None and dataset in tables:
        return tables[dataset]
    if dataset is None:
        what = f"there are {len(tables)} contracts of tables in the file"
        known = ", ".join(tables)
        raise ConfigError(Finding("PPF315", what, place, fix=f"choose one with --dataset: {known}"))
    what = f"there is no contract of a table {dataset!r} in the file"
    raise ConfigError(Finding("PPF315", what, place, fix=suggest(dataset, tables)))


def contracts_for(file: ContractFile, tables: Sequence[Any], dataset: str | None = None) -> list[TableSchema]:
    """Return the contract of each table: the one that is named, the only one, or that of the table's name.

    Args:
        file: The file that was read.
        tables: The tables, as `inputs.open_table` takes them.
        dataset: The contract that is meant for all of them.

    Raises:
        ConfigError: It has none for a table.
    """
    known = contracts_in(file)
    if dataset is not None or len(known) == 1:
        return [contract_in(file, dataset)] * len(tables)
    names = [table_name(table) for table in tables]
    problems = [
        Finding(
            "PPF315",
            f"there is no contract of a table {name!r} in the file",
            _place_of(file),
            fix=f"choose one with --dataset: {suggest(name, known)}",
        )
        for name in dict.fromkeys(names)
        if name not in known
    ]
    if problems:
        raise ConfigError(*problems)
    return [known[name] for name in names]


def contracts_in(file: ContractFile) -> Mapping[str, TableSchema]:
    """Return the contracts of all tables in a file that was read; as `read_contracts`."""
    if not file.tables:
        raise ConfigError(
            Finding("PPF316", "the file says nothing of any table", _place_of(file), fix=_BEGIN)
        )
    return file.tables


def _place_of(file: ContractFile) -> Location | None:
    return None if file.path is None else Location(shorten(file.path))


def read_contract_file(path: str | Path) -> ContractFile:
    """Return what a contract file says, in whichever form it is written.

    Raises:
        ConfigError: The file cannot be read, or is wrong; has every problem, located.
    """
    path = Path(path)
    node = _read(path)
    problems: list[Finding] = []
    keys = set(node.value)
    if odcs.is_odcs(node.plain):  # in which ${table} is a placeholder of its own
        return _beside(_of_standard(node, problems), path)
    if "workflow" in keys:
        fix = "name the contract file of a step, or run `pipeproof check` for the whole pipeline"
        raise ConfigError(Finding("PPF315", "this is a pipeline, not a contract", node.where, fix=fix))
    problems += interpolate(node, os.environ)
    if "tables" in keys:
        file = _of_tables(node, problems)
    elif keys & _OF_STEPS:
        file = _of_step(path, node, problems)
    else:
        file = _of_table(path, node, problems)
    if problems:
        raise ConfigError(*problems)
    return _beside(file, path)


def _beside(file: ContractFile, path: Path) -> ContractFile:
    """Return what a file says, with the profiles that it names beside itself found there."""
    tables = {
        name: replace(schema, statistics=tuple(_with_profile(rule, path) for rule in schema.statistics))
        for name, schema in file.tables.items()
    }
    return replace(file, path=path, tables=frozen(tables))


def _with_profile(rule: Statistic, path: Path) -> Statistic:
    beside = path.parent / rule.against
    return replace(rule, against=str(beside)) if rule.against and beside.is_file() else rule


def _read(path: Path) -> Node:
    shown = shorten(path)
    try:
        return parse(read_text(path, shown), shown)
    except ConfigError as error:
        raise ConfigError(*map(_of_contracts, error.findings)) from None


def _of_contracts(finding: Finding) -> Finding:
    return replace(finding, fix=_BEGIN) if "workflow" in finding.fix else finding


def _of_table(path: Path, node: Node, problems: list[Finding]) -> ContractFile:
    what = "the contract"
    spec = validate(TableSpec, node.plain, node, (), problems, what=what)
    schema = None if spec is None else table_schema(spec, node, (), what, problems)
    if schema is None:
        return ContractFile(frozen())
    name = schema.name or name_of_file(path)
    return ContractFile(frozen({name: replace(schema, name=name)}))


def _of_tables(node: Node, problems: list[Finding]) -> ContractFile:
    spec = validate(TablesSpec, node.plain, node, (), problems, what="the contract")
    found: dict[str, TableSchema] = {}
    for name, table in spec.tables.items() if spec else ():
        schema = table_schema(table, node, ("tables", name), f"table {name!r}", problems)
        if schema is not None:
            found[name] = replace(schema, name=schema.name or name)
    return ContractFile(frozen(found))


def _of_standard(node: Node, problems: list[Finding]) -> ContractFile:
    document = odcs.read(node.plain, node.locate)
    places = {name: at for at, name in enumerate(document.schemas)}
    problems += contradicting(
        document.schemas,
        lambda name, column: node.locate(
            ("schema", places[name], "properties", _place(document.rest, places[name], column))
        ),
    )
    if problems:
        raise ConfigError(*problems)
    kept = tuple(
        Finding("PPF370", part.why, node.locate(part.path), "note", part.path)
        for part in document.not_enforced
        if part.promises
    )
    return ContractFile(document.schemas, odcs.contract_of(document), not_enforced=kept)


def contradicting(
    tables: Mapping[str, TableSchema], where: Callable[[str, str], Location]
) -> Iterator[Finding]:
    """Yield what can never hold of columns of another language's tables.

    Args:
        tables: The tables by name.
        where: Table, column → its place.
    """
    for name, schema in tables.items():
        for column in schema.columns:
            for says in contradictions(column):
                what, place = f"column {column.name!r} in {name}: {says}", where(name, column.name)
                yield Finding("PPF371", what, place, column=column.name, fix="correct the contract")


def _place(document: Mapping[str, Any], at: int, column: str) -> int:
    """Return which property a column of the data is: they may differ in their names."""
    parts = document["schema"][at]["properties"]
    return next(
        place for place, part in enumerate(parts) if column in {part.get("physicalName"), part.get("name")}
    )


def _of_step(path: Path, node: Node, problems: list[Finding]) -> ContractFile:
    what = "the contract"
    reader = ContractReader(path, places_for(path), os.environ, problems)
    spec = validate(ContractSpec, node.plain, node, (), problems, what=what)
    if spec is None:
        return ContractFile(frozen())
    contract = reader.contract(spec, node, (), what, name_of_file(path))
    return ContractFile(frozen(_tables_of(contract)), contract)


def _tables_of(contract: Contract) -> dict[str, TableSchema]:
    twice = contract.inputs.keys() & contract.outputs.keys()
    sides = (("inputs", contract.inputs), ("outputs", contract.outputs))
    return {
        f"{side}.{name}" if name in twice else name: schema
        for side, ports in sides
        for name, schema in _named(ports.values())
    }


def _named(ports: Iterable[Port]) -> Iterable[tuple[str, TableSchema]]:
    for port in ports:
        if port.schema is not None:
            yield port.name, replace(port.schema, name=port.schema.name or port.name)


def name_of_file(path: Path) -> str:
    """Return what a file calls the contract in it: its name up to the first point."""
    return path.name.partition(".")[0] or path.name
