"""Contracts as written, inline or in files of their own, to contracts as values."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import TypeVar

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.loading.interpolate import interpolate
from pipeproof.loading.node import Node, Path
from pipeproof.loading.places import Places, shorten
from pipeproof.loading.spec import (
    ArgumentSpec,
    ColumnSpec,
    ContractSpec,
    EnvironmentSpec,
    PortSpec,
    RowsSpec,
    TableSpec,
)
from pipeproof.loading.text import read
from pipeproof.loading.validate import validate
from pipeproof.model.contract import (
    FORMATS,
    Argument,
    Column,
    Contract,
    Enforce,
    Port,
    Reference,
    RowsOf,
    Scalar,
    TableSchema,
    Variable,
    frozen,
)

T = TypeVar("T", bound=TableSpec)

_PLAIN = re.compile(r"\\[^1-9]|\[\^?\]?[^\]]*\]")  # escaped characters and character classes
_LOOKS_AROUND = re.compile(r"\(\?(=|!|<=|<!|P=)|\\[1-9]")


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
        self.problems += [
            Finding(
                "PPF105",
                f"the rows of {what}: {says}",
                node.locate((*path, "rows")),
                fix="correct the contract",
            )
            for says in _wrong_rows(spec.rows)
        ]
        if not (spec.columns or spec.key or spec.rows != RowsSpec()):
            return None
        columns = tuple(_column(name, column) for name, column in spec.columns.items())
        for column in columns:
            at = (*path, "columns", column.name)
            self.problems += [
                Finding(
                    "PPF105",
                    f"column {column.name!r} in {what}: {says}",
                    node.locate(at),
                    path=at,
                    column=column.name,
                    fix="correct the contract: no data could keep it",
                )
                for says in _contradictions(column)
            ]
        for position, name in enumerate(spec.key):
            if spec.columns and name not in spec.columns:
                self.problems.append(
                    Finding(
                        "PPF105",
                        f"the key of {what} names {name!r}, which is no column",
                        node.locate((*path, "key", position)),
                        fix=suggest(name, spec.columns),
                    )
                )
        return TableSchema(
            columns, tuple(spec.key), spec.rows.min, spec.rows.max, spec.extra_columns, _rows_of(spec.rows)
        )


def _variables(spec: EnvironmentSpec) -> Iterable[Variable]:
    yield from (Variable(name) for name in spec.required)
    optional = spec.optional if isinstance(spec.optional, dict) else dict.fromkeys(spec.optional)
    for name, default in optional.items():
        text = str(default).lower() if isinstance(default, bool) else default
        yield Variable(name, required=False, default=None if text is None else str(text))


def _wrong_rows(spec: RowsSpec) -> Iterable[str]:
    if spec.max is not None and spec.min > spec.max:
        yield f"at least {spec.min:,} and at most {spec.max:,} cannot both hold"
    if spec.share is None:
        return
    if spec.of is None:
        yield "a `share` needs `of`, the input whose rows are meant"
    if spec.share.max is not None and spec.share.min > spec.share.max:
        yield f"a share of at least {spec.share.min} and at most {spec.share.max} cannot be"


def _rows_of(spec: RowsSpec) -> RowsOf | None:
    if spec.of is None:
        return None
    return RowsOf(spec.of) if spec.share is None else RowsOf(spec.of, spec.share.min, spec.share.max)


def _reference(spec: ColumnSpec) -> Reference | None:
    if spec.references is None:
        return None
    dataset, _, column = spec.references.to.rpartition(".")
    return Reference(dataset, column, spec.references.orphans)


def _column(name: str, spec: ColumnSpec) -> Column:
    low, high = spec.range or (None, None)
    low, high = (spec.min if low is None else low), (spec.max if high is None else high)
    return Column(
        name,
        spec.type,
        spec.nullable,
        spec.unique,
        minimum=spec.above if spec.above is not None else low,
        maximum=spec.below if spec.below is not None else high,
        minimum_open=spec.above is not None,
        maximum_open=spec.below is not None,
        categories=tuple(spec.categories or ()),
        pattern=spec.pattern,
        min_length=spec.min_length,
        max_length=spec.max_length,
        required=spec.required,
        description=spec.description,
        references=_reference(spec),
    )


def _contradictions(column: Column) -> Iterable[str]:
    """Yield what can never hold, so that a contract is wrong when it is read and not when data come."""
    yield from _wrong_bounds(column)
    if column.pattern is not None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # of sets within sets, which are allowed today
                re.compile(column.pattern)
        except re.error as error:
            yield f"the pattern {column.pattern!r} is no regular expression ({error})"
        if _LOOKS_AROUND.search(_PLAIN.sub("", column.pattern)):
            # Only an engine that backtracks knows these, and it can take for ever on one value.
            yield f"the pattern {column.pattern!r} looks around or back, which cannot be matched in bounded time"
    for item in column.categories:
        if not is_of(item, column.type):
            yield f"the category {item!r} is no {column.type}"
    textual = column.pattern is not None or column.min_length is not None or column.max_length is not None
    if textual and column.type not in {None, "string"}:
        yield f"pattern and lengths are for text, this is {column.type}"
    if (
        column.min_length is not None
        and column.max_length is not None
        and column.min_length > column.max_length
    ):
        yield f"min_length {column.min_length} is larger than max_length {column.max_length}"


def _wrong_bounds(column: Column) -> Iterable[str]:
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    wrong = [bound for bound in bounds if not is_of(bound, column.type)]
    for bound in wrong:
        yield f"the bound {bound!r} is no {column.type or 'number or date'}"
    if bounds and not wrong and column.type == "boolean":
        yield "a boolean has no range"
    if len(bounds) == 2 and not wrong and _beyond(bounds[0], bounds[1]):  # noqa: PLR2004 a low and a high one
        yield f"the smallest value {bounds[0]!r} is larger than the largest {bounds[1]!r}"


def _beyond(low: Scalar, high: Scalar) -> bool:
    try:
        return bool(low > high)  # type: ignore[operator]  # of unlike types is caught
    except TypeError:
        return True


def is_of(value: Scalar, kind: str | None) -> bool:
    """Whether a value of YAML is of a logical type; dates and times are texts there."""
    readers = {
        "date": dt.date.fromisoformat,
        "timestamp": dt.datetime.fromisoformat,
        "time": dt.time.fromisoformat,
    }
    if kind in readers:
        try:
            readers[kind](str(value))
        except ValueError:
            return False
        return True
    if kind in {"integer", "number", "decimal"}:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (kind != "integer" and isinstance(value, float))
    if kind == "boolean":
        return isinstance(value, bool)
    return isinstance(value, str) if kind == "string" else value is not None
