"""Files that hold contracts: inline YAML of one table or several, contracts of steps, and standards."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
from pipeproof.model.contract import Contract, Port, TableSchema, frozen
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
    """

    tables: Mapping[str, TableSchema]
    contract: Contract | None = None
    path: Path | None = None


def read_contract(path: str | Path, dataset: str | None = None) -> TableSchema:
    """Return the contract of one table from a file.

    Args:
        path: The file.
        dataset: The table that is meant, where the file has several.

    Raises:
        ConfigError: The file cannot be read, is wrong, or does not say which table is meant.
    """
    tables = read_contracts(path)
    place = Location(shorten(Path(path)))
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


def read_contracts(path: str | Path) -> Mapping[str, TableSchema]:
    """Return the contracts of all tables in a file, by name.

    Raises:
        ConfigError: The file cannot be read, is wrong, or has no contract of a table.
    """
    file = read_contract_file(path)
    if not file.tables:
        what = "the file says nothing of any table"
        raise ConfigError(Finding("PPF316", what, Location(shorten(Path(path))), fix=_BEGIN))
    return file.tables


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
        return replace(_of_standard(node, problems), path=path)
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
    return replace(file, path=path)


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
    name = schema.name or _stem(path)
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
    for at, name in enumerate(document.schemas):
        for column in document.schemas[name].columns:
            where = node.locate(("schema", at, "properties", _place(document.rest, at, column.name)))
            for says in contradictions(column):
                what = f"column {column.name!r} in {name}: {says}"
                problems.append(
                    Finding("PPF371", what, where, column=column.name, fix="correct the contract")
                )
    if problems:
        raise ConfigError(*problems)
    return ContractFile(document.schemas, odcs.contract_of(document))


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
    contract = reader.contract(spec, node, (), what, _stem(path))
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


def _stem(path: Path) -> str:
    return path.name.partition(".")[0] or path.name
