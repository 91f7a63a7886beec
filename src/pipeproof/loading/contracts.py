"""Contracts as written, inline or in files of their own, to contracts as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import TypeVar

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.loading.columns import is_of
from pipeproof.loading.contract_spec import ArgumentSpec, ContractSpec, EnvironmentSpec, PortSpec, TableSpec
from pipeproof.loading.interpolate import interpolate
from pipeproof.loading.node import Node, Path
from pipeproof.loading.places import Places, shorten
from pipeproof.loading.table_schema import table_schema
from pipeproof.loading.text import read
from pipeproof.loading.validate import validate
from pipeproof.model.contract import (
    FORMATS,
    Argument,
    Contract,
    Enforce,
    Port,
    TableSchema,
    Variable,
    frozen,
)

T = TypeVar("T", bound=TableSpec)


class ContractReader:
    """Reads the contracts of one pipeline file and gathers what is wrong with them."""

    def __init__(
        self, file: FilePath, places: Places, environment: Mapping[str, str], problems: list[Finding]
    ) -> None:
        self.file = file
        self.environment = environment
        self.places = places
        self.problems = problems

    def spec(
        self, kind: type[T], given: T | str | None, node: Node, path: Path, what: str
    ) -> tuple[T | None, Node, Path]:
        """Return a contract as written, with the file and path it stands at; a text names a file."""
        if not isinstance(given, str):
            return given, node, path
        found, tried = self.places.find(given, self.file)
        where = node.locate(path)
        if found is None:
            looked = ", ".join(shorten(place) for place in tried)
            finding = Finding(
                "PPF143", f"the contract {given!r} of {what} is not there", where, fix=f"looked for: {looked}"
            )
            self.problems.append(finding)
            return None, node, path
        try:
            other = read(found, shorten(found))
        except ConfigError as error:
            self.problems += error.findings
            return None, node, path
        self.problems += interpolate(other, self.environment)
        name = f"the contract in {shorten(found)}"
        return validate(kind, other.plain, other, (), self.problems, what=name), other, ()

    def table(
        self, given: TableSpec | str | None, node: Node, path: Path, what: str
    ) -> tuple[TableSchema | None, Enforce]:
        """Return the schema of a source or target, and what happens when it does not hold."""
        spec, node, path = self.spec(TableSpec, given, node, path, what)
        return (
            (None, "fail") if spec is None else (self.schema(spec, node, path, what), spec.enforce or "fail")
        )

    def contract(
        self, given: ContractSpec | str | None, node: Node, path: Path, what: str, sole: str | None
    ) -> Contract:
        """Return the contract of a step; `sole` names its only output, which the short form describes."""
        spec, node, path = self.spec(ContractSpec, given, node, path, what)
        if spec is None:
            return Contract()
        outputs = {
            name: self.port(name, port, node, (*path, "outputs", name), what)
            for name, port in spec.outputs.items()
        }
        short = self.schema(spec, node, path, what)
        if short is not None and sole is not None:
            outputs.setdefault(sole, Port(sole, schema=short, enforce=spec.enforce))
        elif short is not None:
            self.problems.append(
                Finding(
                    "PPF105",
                    f"the contract of {what} has columns but the step has no single output",
                    node.locate((*path, "columns")),
                    fix="write them under outputs: NAME: columns:",
                )
            )
        return Contract(
            inputs=frozen(
                {
                    name: self.port(name, port, node, (*path, "inputs", name), what)
                    for name, port in spec.inputs.items()
                }
            ),
            outputs=frozen(outputs),
            environment=tuple(_variables(spec.environment)),
            arguments=tuple(
                self.argument(name, given, node, (*path, "arguments", name), what)
                for name, given in spec.arguments.items()
            ),
            refuses=tuple(spec.refuses),
            enforce=spec.enforce or "fail",
        )

    def port(self, name: str, spec: PortSpec, node: Node, path: Path, what: str) -> Port:
        """Return an input or output."""
        if spec.format is not None and spec.format not in FORMATS:
            self.problems.append(
                Finding(
                    "PPF105",
                    f"{spec.format!r} is no format that {what} could use for {name}",
                    node.locate((*path, "format")),
                    fix=suggest(spec.format, FORMATS),
                )
            )
        if spec.path is not None and ".." in FilePath(spec.path).parts:
            self.problems.append(
                Finding(
                    "PPF105",
                    f"the path {spec.path!r} of {name} in {what} leads out of the step's folder",
                    node.locate((*path, "path")),
                    fix="write it without '..'",
                )
            )
        return Port(
            name, spec.format, spec.path, self.schema(spec, node, path, what), spec.required, spec.enforce
        )

    def argument(self, name: str, spec: ArgumentSpec, node: Node, path: Path, what: str) -> Argument:
        """Return an argument of the code."""
        if spec.default is not None and spec.type != "string" and not is_of(spec.default, spec.type):
            self.problems.append(
                Finding(
                    "PPF105",
                    f"the default of the argument {name!r} in {what} is {spec.default!r}, which is no {spec.type}",
                    node.locate((*path, "default")),
                    fix="correct it",
                )
            )
        return Argument(name, spec.type, spec.required, spec.default)

    def schema(self, spec: TableSpec, node: Node, path: Path, what: str) -> TableSchema | None:
        """Return the schema of a table, or None when nothing is said of one."""
        return table_schema(spec, node, path, what, self.problems)


def _variables(spec: EnvironmentSpec) -> Iterable[Variable]:
    yield from (Variable(name) for name in spec.required)
    optional = spec.optional if isinstance(spec.optional, dict) else dict.fromkeys(spec.optional)
    for name, default in optional.items():
        text = str(default).lower() if isinstance(default, bool) else default
        yield Variable(name, required=False, default=None if text is None else str(text))
