"""Scenarios by name: the four that are always there, single cases of them, and those of a file.

A file names scenarios under `scenarios:`, each with what is peculiar about its data. The form with
`isolation_test_scenarios:`, where they stand below the name of a step, is read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeproof.data.cases import edge_cases, malformed_cases
from pipeproof.data.extremes import extremes
from pipeproof.data.synth.design import MIXED
from pipeproof.errors import ConfigError, Finding, UsageError, suggest
from pipeproof.loading.node import Node
from pipeproof.loading.places import shorten
from pipeproof.loading.text import parse, read_text
from pipeproof.model.contract import Column, Scalar, TableSchema, frozen
from pipeproof.model.trial import SIZES, STANDARD, Case

ALIASES: Mapping[str, str] = {
    "edge_cases": "edge",
    "malformed_data": "malformed",
    "large_volume": "large",
    "performance": "large",
}
BUILT_IN = ("standard", "edge", "malformed", "large")
_ROWS = ("rows", "data_size", "size")
_OF_RUN = ("memory_limit", "timeout", "max_memory", "cpu_limit")
_KEYS = (*_ROWS, "base", "columns", "missing_fields", "date_range", *_OF_RUN)
_COLUMN_KEYS = ("categories", "values", "range", "min", "max", "nulls", "only_edge")
_RANGE = re.compile(r"(?P<low>.+?)\s+(?:to|until|\.\.)\s+(?P<high>.+)")
_EDGES = frozenset({"nulls", "extremes", "categories", "empty", "one_row", "duplicates"})


@dataclass(frozen=True, slots=True)
class Change:
    """What a scenario says of one column.

    Attributes:
        column: The column.
        categories: The only values.
        low: The least value.
        high: The largest value.
        nulls: Share of missing values.
        only_edge: Whether all values are extreme ones.
    """

    column: str
    categories: tuple[Scalar, ...] = ()
    low: Scalar = None
    high: Scalar = None
    nulls: float | None = None
    only_edge: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is peculiar about made data.

    Attributes:
        name: Its name.
        case: The case that it builds on.
        rows: How many rows; None for the usual number.
        changes: What it says of columns.
        without: Columns that are left out.
        run: What it says of the run, such as a timeout; kept in the manifest.
        given: Other keys, which may name columns: key → value and place.
    """

    name: str
    case: Case = STANDARD
    rows: int | None = None
    changes: tuple[Change, ...] = ()
    without: tuple[str, ...] = ()
    run: Mapping[str, Scalar] = field(default_factory=frozen)
    given: tuple[tuple[str, Any, Finding], ...] = ()
    is_strict: bool = True


def scenario_named(name: str, schemas: Iterable[TableSchema], known: Mapping[str, Scenario]) -> Scenario:
    """Return a scenario by name: one of a file, a built-in one, or `edge:nulls`, `malformed:price.minimum`.

    Raises:
        UsageError: There is none of that name.
    """
    if name in known:
        return known[name]
    base, mark, single = name.partition(":")
    base = ALIASES.get(base, base)
    if base not in BUILT_IN or (mark and base not in {"edge", "malformed"}):
        choices = [*known, *BUILT_IN]
        raise UsageError(Finding("PPF350", f"there is no scenario {name!r}", fix=suggest(base, choices)))
    if mark:
        return Scenario(name, _single(base, single, schemas))
    rows = SIZES["large"] if base == "large" else None
    return Scenario(base, Case(base, MIXED) if base in {"edge", "malformed"} else STANDARD, rows)  # type: ignore[arg-type]  # one of the two


def _single(base: str, single: str, schemas: Iterable[TableSchema]) -> Case:
    cases = [
        case for schema in schemas for case in (edge_cases if base == "edge" else malformed_cases)(schema)
    ]
    names = {name: case for case in cases for name in (f"{case.column}.{case.name}".lstrip("."), case.name)}
    if base == "edge" and single.partition(".")[2] in _EDGES:
        column, _, edge = single.partition(".")
        return Case("edge", edge, column)
    if single in names:
        return names[single]
    what = f"no rule of the contract gives the scenario {base}:{single}"
    raise UsageError(Finding("PPF350", what, fix=suggest(single, names)))


def read_scenarios(path: str | Path) -> dict[str, Scenario]:
    """Return the scenarios of a file by name; those below the name of a step as `step.name` too.

    Raises:
        ConfigError: The file cannot be read, or is wrong; has every problem, located.
    """
    shown = shorten(Path(path))
    node = parse(read_text(Path(path), shown), shown)
    problems: list[Finding] = []
    found: dict[str, Scenario] = {}
    ours, theirs = node.child("scenarios"), node.child("isolation_test_scenarios")
    if ours is None and theirs is None:
        fix = "write `scenarios:` and below it a name for each"
        raise ConfigError(Finding("PPF354", "the file names no scenarios", node.where, fix=fix))
    for name, child in _items(ours, problems):
        found[name] = _scenario(name, child, problems, strict=True)
    for step, below in _items(theirs, problems):
        for name, child in _items(below, problems):
            found[f"{step}.{name}"] = _scenario(name, child, problems, strict=False)
            found.setdefault(name, found[f"{step}.{name}"])
    if problems:
        raise ConfigError(*problems)
    return found


def _items(node: Node | None, problems: list[Finding]) -> list[tuple[str, Node]]:
    if node is None:
        return []
    if not isinstance(node.value, dict):
        problems.append(
            Finding("PPF354", "a mapping is wanted here", node.where, fix="write `name:` and below it keys")
        )
        return []
    return list(node.value.items())


def _scenario(name: str, node: Node, problems: list[Finding], *, strict: bool) -> Scenario:
    plain = {key: child.plain for key, child in _items(node, problems)}
    base = ALIASES.get(str(plain.get("base", name)), str(plain.get("base", name)))
    if "base" in plain and base not in BUILT_IN:
        problems.append(
            _wrong(node, "base", f"there is no scenario {plain['base']!r}", suggest(base, BUILT_IN))
        )
    # One that says which values there are is ordinary with these; `edge_cases` of a file names its own edges.
    case = Case(base, MIXED) if "base" in plain and base in {"edge", "malformed"} else STANDARD  # type: ignore[arg-type]  # one of the two
    changes = [
        _change(str(column), child, problems) for column, child in _items(node.child("columns"), problems)
    ]
    run = {key: plain[key] for key in _OF_RUN if key in plain}
    given = tuple(
        (
            key,
            value,
            Finding(
                "PPF354",
                f"unknown key {key!r} in the scenario {name!r}",
                node.locate_key((key,)),
                fix=suggest(key, _KEYS),
            ),
        )
        for key, value in plain.items()
        if key not in _KEYS or key == "date_range"
    )
    return Scenario(
        name,
        case,
        _rows(node, plain, problems),
        tuple(changes),
        tuple(map(str, _listed(node, "missing_fields", problems))),
        frozen(run),
        given,
        strict,
    )


def _rows(node: Node, plain: Mapping[str, Any], problems: list[Finding]) -> int | None:
    key = next((key for key in _ROWS if key in plain), None)
    if key is None:
        return None
    value = SIZES.get(str(plain[key]), plain[key])
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        problems.append(
            _wrong(
                node,
                key,
                f"{key} is a number of rows, not {plain[key]!r}",
                "such as 1000, or small, medium, large",
            )
        )
        return None
    return value


def _listed(node: Node, key: str, problems: list[Finding]) -> list[Any]:
    child = node.child(key)
    if child is None:
        return []
    if not isinstance(child.value, list):
        problems.append(_wrong(node, key, f"{key} is a list of columns", "write [a, b]"))
        return []
    return list(child.plain)


def _change(column: str, node: Node, problems: list[Finding]) -> Change:
    plain = {key: child.plain for key, child in _items(node, problems)}
    for key in plain:
        if key not in _COLUMN_KEYS:
            what = f"unknown key {key!r} for column {column!r}"
            problems.append(Finding("PPF354", what, node.locate_key((key,)), fix=suggest(key, _COLUMN_KEYS)))
    nulls = plain.get("nulls")
    if nulls is not None and (
        isinstance(nulls, bool) or not isinstance(nulls, int | float) or not 0 <= nulls <= 1
    ):
        problems.append(_wrong(node, "nulls", f"nulls is a share from 0 to 1, not {nulls!r}", "such as 0.3"))
        nulls = None
    low, high = _range(plain["range"]) if "range" in plain else (plain.get("min"), plain.get("max"))
    if "range" in plain and low is None and high is None:
        problems.append(
            _wrong(
                node,
                "range",
                "range is a least and a largest value",
                "write [0, 10] or 2024-01-01 to 2024-12-31",
            )
        )
    values = plain.get("categories", plain.get("values", []))
    if not isinstance(values, list):
        problems.append(_wrong(node, "categories", "categories is a list of values", "write [a, b]"))
        values = []
    return Change(column, tuple(values), low, high, nulls, bool(plain.get("only_edge", False)))


def _range(value: Any) -> tuple[Scalar, Scalar]:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 a low and a high one
        return value[0], value[1]
    match = _RANGE.fullmatch(value) if isinstance(value, str) else None
    return (match["low"].strip(), match["high"].strip()) if match else (None, None)


def _wrong(node: Node, key: str, what: str, fix: str) -> Finding:
    return Finding("PPF354", what, node.locate((key,)), fix=fix)


# What a scenario makes of a contract


def applied(
    scenario: Scenario, schema: TableSchema
) -> tuple[TableSchema, Mapping[str, float], list[Finding]]:
    """Return a contract as a scenario changes it, the shares of missing values, and what could not be matched.

    Raises:
        ConfigError: A key of a scenario means nothing for any column.
    """
    changes, told = list(scenario.changes), list[Finding]()
    for key, value, unknown in scenario.given:
        matched = _matched(key, value, schema)
        changes += matched
        if not matched:
            told.append(unknown)
    if told and scenario.is_strict:
        raise ConfigError(*told)
    notes = [
        replace(finding, severity="note", fix="it matches no column, and is passed over") for finding in told
    ]
    columns, shares = {column.name: column for column in schema.columns}, dict[str, float]()
    for change in changes:
        column = columns.get(change.column)
        if column is None:
            notes.append(_no_column(change.column, scenario, schema))
            continue
        columns[change.column] = _changed(column, change)
        if change.nulls is not None:
            shares[change.column] = change.nulls
    absent = [name for name in scenario.without if name not in columns]
    notes += [_no_column(name, scenario, schema) for name in absent]
    left = tuple(column for name, column in columns.items() if name not in scenario.without)
    return _with_columns(schema, left), shares, notes


def _matched(key: str, value: Any, schema: TableSchema) -> list[Change]:
    """Return what a key says of the columns that it seems to name: `currency_pairs` of `currency_pair`."""
    if key == "date_range":
        low, high = _range(value)
        dated = [column.name for column in schema.columns if column.type in {"date", "timestamp"}]
        return [Change(name, low=low, high=high) for name in dated if low is not None]
    plain = key.lower()
    singular = {plain, plain.removesuffix("s"), plain.removesuffix("es"), re.sub("ies$", "y", plain)}
    name = next((column.name for column in schema.columns if column.name.lower() in singular), None)
    if name is None:
        return []
    low, high = _range(value) if isinstance(value, str) else (None, None)
    if low is not None:
        return [Change(name, low=low, high=high)]
    return [Change(name, tuple(value) if isinstance(value, list) else (value,))]


def _changed(column: Column, change: Change) -> Column:
    if change.categories:
        # What a scenario names is made although the contract may refuse it: that is what it is for.
        column = Column(
            column.name, column.type, column.nullable, column.unique, categories=change.categories
        )
    if change.low is not None:
        column = replace(column, minimum=change.low, minimum_open=False)
    if change.high is not None:
        column = replace(column, maximum=change.high, maximum_open=False)
    if change.nulls:
        column = replace(column, nullable=True)
    ends: Any = extremes(column) if change.only_edge else ()
    return replace(column, categories=ends) if ends else column


def _with_columns(schema: TableSchema, columns: Sequence[Column]) -> TableSchema:
    """Return a contract with other columns, and without rules that are about columns which are gone."""
    names = {column.name for column in columns}
    return replace(
        schema,
        columns=tuple(columns),
        key=schema.key if names.issuperset(schema.key) else (),
        comparisons=tuple(rule for rule in schema.comparisons if {rule.left, rule.right} <= names),
        conditions=schema.conditions if names.issuperset(schema.names) else (),
        statistics=tuple(rule for rule in schema.statistics if rule.column in names),
    )


def _no_column(name: str, scenario: Scenario, schema: TableSchema) -> Finding:
    what = f"the scenario {scenario.name!r} speaks of a column {name!r}, which {schema.name or 'the table'} has not"
    return Finding("PPF354", what, severity="note", fix=suggest(name, schema.names))
