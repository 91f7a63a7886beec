"""Contracts in the short form of pipeline files; `loading` reads back what is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeproof.model.contract import (
    Argument,
    Column,
    Comparison,
    Condition,
    Contract,
    Limit,
    Port,
    Scalar,
    Statistic,
    TableSchema,
    Variable,
)

Written = dict[str, Any]
_WORD = re.compile(r"\w+\Z")
_LOOKS_LIKE_COMPARISON = re.compile(r"\s*\w+\s*(<=|>=|==|!=|<>|<|>|=)\s*\w+\s*\Z")
_UNITS = (("d", 86400), ("h", 3600), ("m", 60))
_MEASURES = ("missing", "distinct", "duplicates", "minimum", "maximum", "mean", "median", "std", "sum")


def write_schema(schema: TableSchema) -> Written:
    """Return the contract of a table as plain data, ready to be written as YAML.

    What `loading` cannot say of a table is nothing that it ever reads: a statistic without bounds, or a
    bound that is marked open and not there.
    """
    written: Written = {
        "name": schema.name,
        "description": schema.description,
        "columns": {column.name: write_column(column, schema.statistics) for column in schema.columns},
        "key": list(schema.key),
        "rows": _rows(schema),
        "rules": [*_comparisons(schema), *map(_condition, schema.conditions)],
        "queries": {
            query.name: {"sql": query.sql, **_by_name(query.minimum, query.maximum)}
            for query in schema.queries
        },
        "limits": _limits(schema.limits),
        "extra_columns": "" if schema.extra_columns == "allow" else schema.extra_columns,
    }
    return _said(written)


def write_schemas(schemas: Mapping[str, TableSchema]) -> Written:
    """Return the contracts of several tables, by name."""
    return {"tables": {name: write_schema(schema) for name, schema in schemas.items()}}


def write_contract(contract: Contract) -> Written:
    """Return the contract of a step."""
    written = {
        "inputs": {name: _port(port) for name, port in contract.inputs.items()},
        "outputs": {name: _port(port) for name, port in contract.outputs.items()},
        "environment": _environment(contract.environment),
        "arguments": {argument.name: _argument(argument) for argument in contract.arguments},
        "refuses": list(contract.refuses),
        "enforce": "" if contract.enforce == "fail" else contract.enforce,
    }
    return _said(written)


def write_column(column: Column, statistics: Iterable[Statistic] = ()) -> str | Written:
    """Return the rules of a column: a bare type where that is all, else a mapping.

    Args:
        column: The column.
        statistics: What is measured over the table; that of other columns is passed over.
    """
    mine = [one for one in statistics if one.column == column.name]
    written = {
        "type": column.type,
        "nullable": column.nullable,
        "unique": column.unique,
        **_range(column),
        "categories": list(column.categories),
        "pattern": column.pattern,
        "format": column.format,
        "min_length": column.min_length,
        "max_length": column.max_length,
        "multiple_of": column.multiple_of,
        "precision": column.precision,
        "scale": column.scale,
        "items": None if column.items is None else write_column(column.items),
        "min_items": column.min_items,
        "max_items": column.max_items,
        "fields": {inner.name: write_column(inner) for inner in column.fields},
        "order": column.order,
        "required": None if column.required else False,
        "references": _reference(column),
        "description": column.description,
        "privacy": column.privacy,
        "physical": column.physical,
        "generator": column.generator,
        "statistics": _statistics(mine),
        "limits": _limits(column.limits),
    }
    kept = _said(written, keep={"items", "required", "pattern", *_BOUNDS})
    if column.type is not None and not kept.keys() - {"type", "nullable"}:
        return f"{column.type}{'?' if column.nullable else ''}"
    return kept


_BOUNDS = ("min", "max", "above", "below", "range")


def _said(written: Written, keep: Iterable[str] = ()) -> Written:
    """Return what says something; keys in `keep` do so unless they are None."""
    always = set(keep)
    return {
        key: value for key, value in written.items() if (value is not None if key in always else _says(value))
    }


def _says(value: Any) -> bool:
    empty = value is None or value is False or value == ""
    return not empty and not (isinstance(value, dict | list) and not value)


def _range(column: Column) -> Written:
    low, high = column.minimum, column.maximum
    open_low, open_high = column.minimum_open, column.maximum_open
    if low is not None and high is not None and not (open_low or open_high):
        return {"range": [low, high]}
    return {"above" if open_low else "min": low, "below" if open_high else "max": high}


def _reference(column: Column) -> str | Written | None:
    if column.references is None:
        return None
    to = f"{column.references.dataset}.{column.references.column}"
    return {"to": to, "orphans": True} if column.references.orphans else to


def _bounds(low: Scalar, high: Scalar) -> list[Scalar] | Written:
    return _by_name(low, high) if low is None or high is None else [low, high]


def _by_name(low: Scalar, high: Scalar) -> Written:
    return {name: bound for name, bound in (("min", low), ("max", high)) if bound is not None}


def _statistics(statistics: Iterable[Statistic]) -> Written:
    written: Written = {}
    for one in statistics:
        bounds = _bounds(one.minimum, one.maximum)
        if one.measure in _MEASURES:
            written[one.measure] = bounds
        elif one.measure == "age":
            written["age"] = _duration(one.maximum)
        elif one.measure == "distance":
            by = {} if one.of in {"psi", None} else {"by": one.of}
            written["distance"] = {"to": one.against, "max": one.maximum, **by}
        else:
            written.setdefault(f"{one.measure}s", {})[one.of] = bounds
    order = (*_MEASURES, "quantiles", "shares", "age", "distance")
    return {key: written[key] for key in order if key in written}


def _duration(seconds: float | None) -> float | str | None:
    """Return seconds in the largest unit of which they are a whole number."""
    if seconds is None:
        return None
    whole = (
        f"{int(seconds // size)}{unit}" for unit, size in _UNITS if seconds >= size and not seconds % size
    )
    return next(whole, seconds)


def _limits(limits: Iterable[Limit]) -> Written:
    return {limit.rule: _limit(limit) for limit in limits}


def _limit(limit: Limit) -> int | str | Written:
    said = [limit.severity != "error", bool(limit.rows), bool(limit.share)]
    if sum(said) > 1:
        written = {"rows": limit.rows, "share": limit.share, "severity": limit.severity}
        return {key: value for key, value in written.items() if value not in {0, "error"}}
    if limit.severity != "error":
        return limit.severity
    percent = f"{limit.share * 100:.10f}".rstrip("0").rstrip(".")
    if limit.share:
        return f"{percent}%" if float(percent) / 100 == limit.share else {"share": limit.share}
    return limit.rows


def _rows(schema: TableSchema) -> Written:
    of = schema.rows_of
    written: Written = {"min": schema.min_rows or None, "max": schema.max_rows}
    if of is not None:
        share = of.least if of.most is None else {"min": of.least, "max": of.most}
        written |= {"of": of.input, "share": None if share == 1 else share}
    return _said(written, keep=("max", "share"))


def _comparisons(schema: TableSchema) -> Iterator[str | Written]:
    for comparison in schema.comparisons:
        if _WORD.match(comparison.left) and _WORD.match(comparison.right):
            yield comparison.name
        else:
            yield {"sql": _quoted(comparison), "name": comparison.name}


def _quoted(comparison: Comparison) -> str:
    """Return a comparison as SQL, in which any name can stand between quotes."""
    left, right = (name.replace('"', '""') for name in (comparison.left, comparison.right))
    return f'"{left}" {comparison.operator} "{right}"'


def _condition(condition: Condition) -> str | Written:
    is_short = condition.name == " ".join(condition.sql.split())
    if is_short and not _LOOKS_LIKE_COMPARISON.match(condition.sql):
        return condition.sql
    return {"sql": condition.sql, "name": condition.name}


def _port(port: Port) -> Written:
    written = {"format": port.format, "path": port.path, "required": None if port.required else False}
    inner = {} if port.schema is None else write_schema(port.schema)
    return _said({**written, **inner, "enforce": port.enforce}, keep=("required",))


def _environment(variables: Iterable[Variable]) -> Written:
    known = list(variables)
    optional = {one.name: one.default for one in known if not one.required}
    return _said({"required": [one.name for one in known if one.required], "optional": optional})


def _argument(argument: Argument) -> Written:
    written = {"type": argument.type, "required": argument.required, "default": argument.default}
    if argument.type == "string":
        del written["type"]
    return _said(written, keep=("default",))
