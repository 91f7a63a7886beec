"""dbt's properties files: columns with data types, and tests of dbt, dbt_utils and dbt_expectations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipeproof.model.contract import (
    Column,
    Condition,
    Limit,
    Logical,
    Measure,
    Reference,
    Statistic,
    TableSchema,
)
from pipeproof.standards.losing import Losses, Lost
from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.odcs.sql import read_comparison, write_comparison
from pipeproof.standards.patterns import anywhere, whole
from pipeproof.standards.taking import is_a, mappings, take

_TYPES: Mapping[Logical, str] = {
    "string": "varchar",
    "integer": "bigint",
    "number": "double",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "time": "time",
}
_LOGICAL: Mapping[str, Logical] = {
    **{name: kind for kind, name in _TYPES.items()},
    **dict.fromkeys(("text", "string", "char", "character varying", "nvarchar", "uuid"), "string"),
    **dict.fromkeys(("int", "integer", "smallint", "tinyint", "int64", "int32", "hugeint"), "integer"),
    **dict.fromkeys(("float", "real", "double precision", "float64", "float4", "float8"), "number"),
    **dict.fromkeys(("numeric", "number"), "decimal"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("datetime", "timestamptz", "timestamp_ntz", "timestamp_tz"), "timestamp"),
}
_SIZED = re.compile(r"\s*([A-Za-z0-9_ ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*\Z")
_MEASURES: Mapping[Measure, str] = {
    "distinct": "expect_column_proportion_of_unique_values_to_be_between",
    "minimum": "expect_column_min_to_be_between",
    "maximum": "expect_column_max_to_be_between",
    "mean": "expect_column_mean_to_be_between",
    "median": "expect_column_median_to_be_between",
    "std": "expect_column_stdev_to_be_between",
    "sum": "expect_column_sum_to_be_between",
    "quantile": "expect_column_quantile_values_to_be_between",
}
_BY_TEST = {f"dbt_expectations.{test}": measure for measure, test in _MEASURES.items()}
_ABOVE = re.compile(r">\s*(\d+)\Z")


def write(schemas: Mapping[str, TableSchema]) -> tuple[dict[str, Any], list[Lost]]:
    """Return tables as models of a properties file, and the rules that no test of dbt asks."""
    lost: list[Lost] = []
    return {"version": 2, "models": [_model(name, schema, lost) for name, schema in schemas.items()]}, lost


def _model(name: str, schema: TableSchema, lost: list[Lost]) -> dict[str, Any]:
    losses = Losses(name)
    columns = [_column(column, schema, losses) for column in schema.columns]
    typed = bool(columns) and all("data_type" in column for column in columns)
    limits = {limit.rule: limit for limit in schema.limits}
    tests: list[Any] = []
    if schema.key:
        tests.append(
            _test("dbt_utils.unique_combination_of_columns", None, combination_of_columns=list(schema.key))
        )
    if schema.min_rows or schema.max_rows is not None:
        bounds = {"min_value": schema.min_rows or None, "max_value": schema.max_rows}
        tests.append(_test("dbt_expectations.expect_table_row_count_to_be_between", None, **bounds))
    rules = [*((one.name, write_comparison(one)) for one in schema.comparisons)]
    rules += [(one.name, one.sql) for one in schema.conditions]
    said = {"key", "min_rows", "max_rows", "description", *(name for name, _ in rules)}
    for rule, sql in rules:
        limit = limits.get(rule)
        tests.append(_test("dbt_utils.expression_is_true", limit, name=rule, expression=sql))
        said |= {f"limit of {rule}"} if limit is not None and not limit.share else set()
    losses.rest(schema, said, [one for one in schema.statistics if _has_test(one)])
    lost += losses.found
    written = {
        "name": name,
        "description": schema.description,
        "config": {"contract": {"enforced": True}} if typed else None,
        "data_tests": tests,
        "columns": columns,
    }
    return {key: value for key, value in written.items() if value}


def _has_test(statistic: Statistic) -> bool:
    return statistic.measure in _MEASURES


def _column(column: Column, schema: TableSchema, losses: Losses) -> dict[str, Any]:
    said = {"nullable", "unique", "minimum", "maximum", "categories", "pattern", "min_length", "max_length"}
    said |= {"references", "description"}
    limits = {limit.rule: limit for limit in column.limits}
    said |= {
        f"limit of {rule}" for rule, limit in limits.items() if rule in _asked(column) and not limit.share
    }
    if column.references is not None and column.references.orphans:
        said.discard("references")
    data_type = column.physical or _data_type(column)
    if data_type is not None:
        read = _read_type(data_type)
        said |= {"physical"} | {rule for rule, value in read.items() if value == getattr(column, rule)}
    losses.column(column, said)
    statistics = [one for one in schema.statistics if one.column == column.name and _has_test(one)]
    tests = [*_tests(column, limits), *map(_measured, statistics)]
    written = {
        "name": column.name,
        "description": column.description,
        "data_type": data_type,
        "data_tests": tests,
    }
    return {key: value for key, value in written.items() if value}


def _asked(column: Column) -> set[str]:
    """Return the rules of a column that are one test each, whose severity can be set."""
    asked = {"unique"} if column.unique else set()
    asked |= set() if column.nullable else {"nullable"}
    asked |= {"categories"} if column.categories else set()
    return asked | ({"pattern"} if column.pattern is not None else set())


def _data_type(column: Column) -> str | None:
    name = _TYPES.get(column.type) if column.type else None
    if column.type == "decimal" and column.precision is not None and column.scale is not None:
        return f"decimal({column.precision},{column.scale})"
    return name


def _read_type(data_type: str) -> dict[str, Any]:
    """Return what a data type says of a column: its type, and the digits of a decimal."""
    match = _SIZED.match(data_type)
    kind = _LOGICAL.get(match[1].lower()) if match else None
    if kind != "decimal" or match is None or match[2] is None:
        return {"type": kind}
    return {"type": kind, "precision": int(match[2]), "scale": int(match[3] or 0)}


def _test(test: str, limit: Limit | None, **arguments: Any) -> Any:
    """Return a test; without arguments that is its name."""
    config = {
        "severity": "warn" if limit is not None and limit.severity == "warning" else None,
        "error_if": f">{limit.rows}" if limit is not None and limit.rows else None,
        "warn_if": f">{limit.rows}" if limit is not None and limit.rows else None,
    }
    said = {key: value for key, value in arguments.items() if value is not None}
    set_ = {key: value for key, value in config.items() if value is not None}
    if set_:
        said["config"] = set_
    return {test: said} if said else test


def _tests(column: Column, limits: Mapping[str, Limit]) -> Iterator[Any]:
    if not column.nullable:
        yield _test("not_null", limits.get("nullable"))
    if column.unique:
        yield _test("unique", limits.get("unique"))
    if column.categories:
        quote = None if all(isinstance(value, str) for value in column.categories) else False
        yield _test("accepted_values", limits.get("categories"), values=list(column.categories), quote=quote)
    if column.references is not None and not column.references.orphans:
        to = column.references
        yield _test("relationships", None, to=f"ref('{to.dataset}')", field=to.column)
    yield from _ranges(column)
    if column.pattern is not None:
        test = "dbt_expectations.expect_column_values_to_match_regex"
        yield _test(test, limits.get("pattern"), regex=anywhere(column.pattern))
    if column.min_length is not None or column.max_length is not None:
        test = "dbt_expectations.expect_column_value_lengths_to_be_between"
        yield _test(test, None, min_value=column.min_length, max_value=column.max_length)


def _ranges(column: Column) -> Iterator[Any]:
    """Yield tests of the range: one, or two where one end is open and the other is not."""
    low, high = _sql(column.minimum), _sql(column.maximum)
    test = "dbt_utils.accepted_range"
    if low is not None and high is not None and column.minimum_open == column.maximum_open:
        yield _test(test, None, min_value=low, max_value=high, inclusive=not column.minimum_open)
        return
    if low is not None:
        yield _test(test, None, min_value=low, inclusive=not column.minimum_open)
    if high is not None:
        yield _test(test, None, max_value=high, inclusive=not column.maximum_open)


def _sql(bound: Any) -> Any:
    """Return a bound as dbt puts it into SQL: texts are dates, and need quotes of their own."""
    return f"'{bound}'" if isinstance(bound, str) else bound


def _measured(statistic: Statistic) -> Any:
    bounds = {"min_value": statistic.minimum, "max_value": statistic.maximum}
    of = {"quantile": statistic.of} if statistic.measure == "quantile" else {}
    return _test(f"dbt_expectations.{_MEASURES[statistic.measure]}", None, **of, **bounds)


def is_dbt(document: Any) -> bool:
    """Return whether a document is a properties file of dbt."""
    return isinstance(document, Mapping) and any(
        isinstance(document.get(key), list) for key in ("models", "sources", "seeds", "snapshots")
    )


def read(document: Mapping[str, Any], name: str, notes: Notes) -> dict[str, TableSchema]:  # noqa: ARG001 all its tables have names
    """Return the models, sources, seeds and snapshots of a properties file.

    Args:
        document: The document.
        name: Not used: each table has a name of its own.
        notes: Takes what is wrong and what is not enforced.
    """
    found: dict[str, TableSchema] = {}
    for key in ("models", "seeds", "snapshots"):
        for path, part in mappings(document, key, (), notes):
            found |= _read_model(part, path, notes)
    for path, source in mappings(document, "sources", (), notes):
        for here, part in mappings(source, "tables", path, notes):
            found |= _read_model(part, here, notes)
    return found


@dataclass(slots=True)
class _Reading:
    """A model as far as it has been read."""

    schema: TableSchema
    column: Column = field(default_factory=lambda: Column("", nullable=True))


def _read_model(part: Mapping[str, Any], path: Path, notes: Notes) -> dict[str, TableSchema]:
    name = take(part, "name", str, path, notes)
    if not name:
        notes.wrong(path, "a model has no name", "add name: ...")
        return {}
    description = take(part, "description", str, path, notes) or ""
    reading = _Reading(TableSchema(name=name, description=description))
    for here, item in mappings(part, "columns", path, notes):
        called = take(item, "name", str, here, notes)
        if not called:
            notes.wrong(here, "a column has no name", "add name: ...")
            continue
        said = _read_type(take(item, "data_type", str, here, notes) or "")
        text = take(item, "description", str, here, notes) or ""
        reading.column = Column(called, nullable=True, description=text, **said)
        _keep_physical(reading, item)
        _read_tests(item, here, reading, notes)
        reading.schema = replace(reading.schema, columns=(*reading.schema.columns, reading.column))
    reading.column = Column("", nullable=True)
    _read_tests(part, path, reading, notes)
    return {name: reading.schema}


def _keep_physical(reading: _Reading, item: Mapping[str, Any]) -> None:
    """Keep a data type that is not the one that would be written anyway."""
    given = item.get("data_type")
    if isinstance(given, str) and given != _data_type(reading.column):
        reading.column = replace(reading.column, physical=given)


def _read_tests(part: Mapping[str, Any], path: Path, reading: _Reading, notes: Notes) -> None:
    for at, constraint in enumerate(take(part, "constraints", list, path, notes) or ()):
        if isinstance(constraint, dict) and constraint.get("type") == "not_null":
            reading.column = replace(reading.column, nullable=False)
        elif isinstance(constraint, dict) and constraint.get("type") == "unique":
            reading.column = replace(reading.column, unique=True)
        else:
            notes.kept((*path, "constraints", at), "is left to the database")
    for key in ("data_tests", "tests"):
        for at, test in enumerate(take(part, key, list, path, notes) or ()):
            here = (*path, key, at)
            name, said = _parts(test)
            nested = said.get("arguments")  # where newer versions have them
            arguments = {**said, **nested} if isinstance(nested, dict) else said
            if not _read_test(name, arguments, reading):
                notes.kept(here, f"{name or 'it'} is no test that is asked here")


def _parts(test: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of a test and what is given to it."""
    if isinstance(test, dict):
        name = str(test.get("test_name") or next(iter(test), ""))
        given = test if "test_name" in test else test.get(name)
        return name, given if isinstance(given, dict) else {}
    return str(test), {}


def _read_test(name: str, said: dict[str, Any], reading: _Reading) -> bool:
    """Add what a test asks to the column or table, and return whether it was understood."""
    if name.startswith(("dbt_expectations.", "dbt_utils.")):
        return _read_extended(name, said, reading)
    rules: dict[str, tuple[str, Any]] = {
        "not_null": ("nullable", False),
        "unique": ("unique", True),
        "accepted_values": ("categories", tuple(said.get("values") or ())),
    }
    if name == "relationships" and (
        match := re.search(r"""ref\(\s*['"]([^'"]+)['"]\s*\)""", str(said.get("to")))
    ):
        reading.column = replace(reading.column, references=Reference(match[1], str(said.get("field"))))
        return True
    if name not in rules or not reading.column.name:
        return False
    rule, value = rules[name]
    changes: dict[str, Any] = {rule: value}
    reading.column = _limited(replace(reading.column, **changes), rule, said)
    return True


def _limited(column: Column, rule: str, said: Mapping[str, Any]) -> Column:
    limit = _limit(rule, said)
    return column if limit is None else replace(column, limits=(*column.limits, limit))


def _limit(rule: str, said: Mapping[str, Any]) -> Limit | None:
    """Return how far a test may fail by its configuration, or None for not at all."""
    config = said.get("config") if isinstance(said.get("config"), dict) else said
    config = config if isinstance(config, Mapping) else {}
    severity = "warning" if str(config.get("severity", "error")).lower() == "warn" else "error"
    match = _ABOVE.match(str(config.get("warn_if" if severity == "warning" else "error_if", "")))
    rows = int(match[1]) if match else 0
    return Limit(rule, severity, rows) if rows or severity == "warning" else None  # type: ignore[arg-type]  # one of the two words


def _read_extended(name: str, said: dict[str, Any], reading: _Reading) -> bool:
    """Add what a test of dbt_utils or dbt_expectations asks."""
    column, low, high = reading.column, said.get("min_value"), said.get("max_value")
    short = name.partition(".")[2]
    if not column.name:
        return _read_of_table(short, said, reading)
    if name in _BY_TEST and all(bound is None or is_a(bound, float) for bound in (low, high)):
        measured = Statistic(column.name, _BY_TEST[name], low, high, said.get("quantile"))
        reading.schema = replace(reading.schema, statistics=(*reading.schema.statistics, measured))
        return True
    if short in {"accepted_range", "expect_column_values_to_be_between"}:
        is_open = said.get("inclusive") is False or said.get("strictly") is True
        reading.column = _with_range(column, _value(low), _value(high), is_open=is_open)
        return True
    if short == "expect_column_value_lengths_to_be_between":
        reading.column = replace(column, min_length=low, max_length=high)
        return True
    if (
        short == "expect_column_values_to_match_regex"
        and (pattern := whole(str(said.get("regex")))) is not None
    ):
        reading.column = _limited(replace(column, pattern=pattern), "pattern", said)
        return True
    return False


def _value(bound: Any) -> Any:
    """Return a bound without the quotes that it needs in SQL."""
    quoted = isinstance(bound, str) and len(bound) > 1 and bound[0] == bound[-1] == "'"
    return bound[1:-1] if quoted else bound


def _with_range(column: Column, low: Any, high: Any, *, is_open: bool) -> Column:
    if low is not None:
        column = replace(column, minimum=low, minimum_open=is_open)
    return column if high is None else replace(column, maximum=high, maximum_open=is_open)


def _read_of_table(test: str, said: dict[str, Any], reading: _Reading) -> bool:
    schema = reading.schema
    if test == "unique_combination_of_columns":
        reading.schema = replace(schema, key=tuple(map(str, said.get("combination_of_columns") or ())))
    elif test == "expect_table_row_count_to_be_between":
        reading.schema = replace(schema, min_rows=said.get("min_value") or 0, max_rows=said.get("max_value"))
    elif test == "expression_is_true" and isinstance(said.get("expression"), str):
        sql = said["expression"]
        name = str(said.get("name") or " ".join(sql.split()))
        limit = _limit(name, said)
        schema = schema if limit is None else replace(schema, limits=(*schema.limits, limit))
        comparison = read_comparison(sql)
        if comparison is not None and comparison.name == name:
            reading.schema = replace(schema, comparisons=(*schema.comparisons, comparison))
        else:
            reading.schema = replace(schema, conditions=(*schema.conditions, Condition(name, sql)))
    else:
        return False
    return True
