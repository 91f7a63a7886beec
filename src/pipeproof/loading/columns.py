"""Columns as written to columns as values, and what can never hold of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from pipeproof.contracts.patterns import refusals
from pipeproof.contracts.pools import POOLS
from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.errors import suggest
from pipeproof.loading.contract_spec import BoundsSpec, ColumnSpec, LimitSpec, StatisticsSpec
from pipeproof.model.contract import Column, Limit, Logical, Measure, Reference, Scalar, Statistic

_SIMPLE: tuple[Measure, ...] = (
    "missing",
    "distinct",
    "duplicates",
    "minimum",
    "maximum",
    "mean",
    "median",
    "std",
    "sum",
)
_NESTED = frozenset({"list", "struct"})


def column_of(name: str, spec: ColumnSpec) -> Column:
    """Return a column as a value."""
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
        format=spec.format,
        multiple_of=spec.multiple_of,
        precision=spec.precision,
        scale=spec.scale,
        items=None if spec.items is None else column_of("items", spec.items),
        min_items=spec.min_items,
        max_items=spec.max_items,
        fields=tuple(column_of(field, inner) for field, inner in spec.fields.items()),
        order=spec.order,
        privacy=spec.privacy,
        physical=spec.physical,
        generator=spec.generator,
        limits=tuple(limits_of(spec.limits)),
    )


def _reference(spec: ColumnSpec) -> Reference | None:
    if spec.references is None:
        return None
    dataset, _, column = spec.references.to.rpartition(".")
    return Reference(dataset, column, spec.references.orphans)


def limits_of(given: Mapping[str, LimitSpec]) -> Iterator[Limit]:
    """Yield limits as values."""
    for rule, spec in given.items():
        yield Limit(rule, spec.severity, spec.rows, spec.share)


def statistics_of(name: str, spec: StatisticsSpec, kind: Logical | None) -> Iterator[Statistic]:
    """Yield what is said of numbers measured over a column of a type."""
    for measure in _SIMPLE:
        bounds: BoundsSpec | None = getattr(spec, measure)
        if bounds is not None:
            yield Statistic(name, measure, bounds.min, bounds.max)
    for level, bounds in spec.quantiles.items():
        yield Statistic(name, "quantile", bounds.min, bounds.max, of=level)
    for value, bounds in spec.shares.items():
        yield Statistic(name, "share", bounds.min, bounds.max, of=_of_kind(value, kind))
    if spec.age is not None:
        yield Statistic(name, "age", maximum=spec.age.max)
    if spec.distance is not None:
        far = spec.distance
        yield Statistic(name, "distance", maximum=far.max, of=far.by, against=far.to)


def _of_kind(value: Scalar, kind: Logical | None) -> Scalar:
    """Return a key of YAML, which is a text, as the value that it stands for in a column of a type."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(str(value).lower(), value)
    try:
        if kind == "integer":
            return int(str(value))
        return float(str(value)) if kind in {"number", "decimal"} else value
    except ValueError:
        return value


def bounded_twice(spec: ColumnSpec) -> Iterator[str]:
    """Yield the bounds of a column as written of which only one could count."""
    low, high = spec.range or (None, None)
    sides = (
        ("smallest", {"range": low, "min": spec.min, "above": spec.above}),
        ("largest", {"range": high, "max": spec.max, "below": spec.below}),
    )
    for which, bounds in sides:
        given = [name for name, bound in bounds.items() if bound is not None]
        if len(given) > 1:
            yield f"{' and '.join(given)} each say the {which} value: keep one of them"
    yield from (f"its items: {says}" for says in (bounded_twice(spec.items) if spec.items else ()))
    for name, field in spec.fields.items():
        yield from (f"field {name!r}: {says}" for says in bounded_twice(field))


def contradictions(column: Column) -> Iterable[str]:
    """Yield what can never hold, so that a contract is wrong when it is read and not when data come."""
    yield from _wrong_bounds(column)
    if column.pattern is not None:
        yield from refusals(column.pattern)
    for item in column.categories:
        if not is_of(item, column.type):
            yield f"the category {item!r} is no {column.type}"
    textual = (column.pattern, column.format, column.min_length, column.max_length)
    if any(rule is not None for rule in textual) and column.type not in {None, "string"}:
        yield f"pattern, format and lengths are for text, this is {column.type}"
    if column.format is not None and column.format not in TEXT_FORMATS:
        yield f"{column.format!r} is no format of text; {suggest(column.format, TEXT_FORMATS)}"
    if column.generator and column.generator not in POOLS:
        yield f"{column.generator!r} is no pool of values; {suggest(column.generator, POOLS)}"
    yield from _crossed("length", column.min_length, column.max_length)
    yield from _wrong_number(column)
    yield from _wrong_nesting(column)


def _crossed(what: str, least: int | None, most: int | None) -> Iterator[str]:
    if least is not None and most is not None and least > most:
        yield f"min_{what} {least} is larger than max_{what} {most}"


def _wrong_number(column: Column) -> Iterator[str]:
    digits = (column.multiple_of, column.precision, column.scale)
    if any(rule is not None for rule in digits) and column.type not in {None, "integer", "number", "decimal"}:
        yield f"multiple_of, precision and scale are for numbers, this is {column.type}"
    if column.multiple_of is not None and not column.multiple_of > 0:
        yield f"multiple_of is {column.multiple_of}, and must be above zero"
    if column.precision is not None and column.scale is not None and column.scale > column.precision:
        yield f"scale {column.scale} is larger than precision {column.precision}"


def _wrong_nesting(column: Column) -> Iterator[str]:
    of_lists = (column.items, column.min_items, column.max_items)
    if any(rule is not None for rule in of_lists) and column.type != "list":
        yield f"items are for type list, this is {column.type or 'of no type'}"
    if column.fields and column.type != "struct":
        yield f"fields are for type struct, this is {column.type or 'of no type'}"
    yield from _crossed("items", column.min_items, column.max_items)
    if column.type in _NESTED and (column.categories or column.unique or column.order):
        yield f"categories, unique and order are for plain values, this is {column.type}"
    for inner in (*column.fields, *([column.items] if column.items else [])):
        whose = "its items" if inner is column.items else f"field {inner.name!r}"
        yield from (f"{whose}: {says}" for says in contradictions(inner))


def _wrong_bounds(column: Column) -> Iterable[str]:
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    wrong = [bound for bound in bounds if not is_of(bound, column.type) or bound != bound]  # noqa: PLR0124 NaN is not
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
    return isinstance(value, str) if kind == "string" else value is not None and kind not in _NESTED
