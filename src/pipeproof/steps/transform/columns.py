"""Walking the operations over the columns that are known before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pipeproof.errors import Finding, Location, suggest
from pipeproof.steps.transform.expressions import Place, expressions
from pipeproof.steps.transform.operations import (
    AddColumn,
    Aggregate,
    Aggregation,
    Cast,
    Distinct,
    Drop,
    FillNulls,
    Join,
    Operation,
    Rename,
    Select,
    Sort,
    Union,
    Window,
    keys,
    names,
)

Columns = tuple[str, ...] | None
"""Names of columns in order, or None when they are not known."""


def walk(
    operations: Iterable[Operation], start: Columns, others: Mapping[str, Columns], dialect: str
) -> Iterator[Finding]:
    """Yield a finding for each column that an operation uses and that is not there.

    Args:
        operations: The operations.
        start: Columns of the table that comes in.
        others: Columns of the other datasets.
        dialect: Dialect of the expressions.
    """
    columns = start
    for number, operation in enumerate(operations):
        at = f"operation {number + 1} ({operation.type})"
        path = ("config", "transformations", number)
        if columns is not None:
            yield from _missing(operation, columns, at, path)
            yield from _missing_in_expressions(operation, columns, dialect, at, path)
        yield from _missing_in_other(operation, others, at, path)
        columns = after(operation, columns, others)
        if columns is not None and len(set(columns)) < len(columns):
            twice = sorted({name for name in columns if columns.count(name) > 1})
            yield Finding(
                "PPF147",
                f"{at} leads to two columns {twice[0]!r}",
                column=twice[0],
                path=path,
                fix="give one of them another name",
            )
            columns = None


def _missing(operation: Operation, columns: tuple[str, ...], at: str, path: Place) -> Iterator[Finding]:
    for key, name in plain_names(operation):
        if name not in columns:
            yield unknown(at, name, columns, (*path, *key))


def unknown(at: str, name: str, columns: Iterable[str], path: Place = (), table: str = "") -> Finding:
    """Return the finding for a column that an operation uses and that is not there."""
    which = f"which {table} does not have" if table else "which is not there then"
    return Finding(
        "PPF151", f"{at} uses column {name!r}, {which}", column=name, path=path, fix=suggest(name, columns)
    )


def _missing_in_expressions(
    operation: Operation, columns: tuple[str, ...], dialect: str, at: str, path: Place
) -> Iterator[Finding]:
    for place, text, role in expressions(operation):
        # Here and not above: parsing SQL takes a library that pipelines without expressions can do without.
        from pipeproof.steps.marking import BadSqlError
        from pipeproof.steps.transform.expression import parse, resolve, used

        try:
            found = list(used(parse(text, role, dialect)))
        except BadSqlError:
            continue  # reported as what it is
        for column in found:
            if resolve(column.name, columns, quoted=column.quoted) is None:
                finding = unknown(at, column.name, columns, (*path, *place))
                yield finding.at(Location("", column.line, column.column) if column.line else None)


def _missing_in_other(
    operation: Operation, others: Mapping[str, Columns], at: str, path: Place
) -> Iterator[Finding]:
    if not isinstance(operation, Join):
        return
    columns = others.get(operation.with_)
    key = "on" if operation.on else "right_on"
    for index, name in enumerate(keys(operation)[1]):
        if columns is not None and name not in columns:
            yield unknown(at, name, columns, (*path, key, index), table=repr(operation.with_))


_KEYS: Mapping[type, tuple[str, ...]] = {
    FillNulls: ("columns",),
    Rename: ("columns",),
    Cast: ("columns",),
    Select: ("columns",),
    Drop: ("columns",),
    Distinct: ("columns",),
    Sort: ("by",),
    Join: ("on", "left_on"),
    Aggregate: ("group_by",),
    Window: ("partition_by", "order_by", "column"),
}
"""Keys of operations that name columns of the table."""


def plain_names(operation: Operation) -> Iterator[tuple[Place, str]]:
    """Yield the columns that an operation names outside of expressions, each with the key it stands under."""
    for key in _KEYS.get(type(operation), ()):
        given = getattr(operation, key)
        if isinstance(given, Mapping):
            yield from (((key, name), name) for name in given)
        else:
            yield from (((key, index), name) for index, name in enumerate(names(given)) if name)
    if isinstance(operation, FillNulls) and isinstance(operation.value, Mapping):
        yield from ((("value", name), name) for name in operation.value)
    if isinstance(operation, Aggregate):
        for name, item in operation.aggregations.items():
            if isinstance(item, Aggregation) and item.column:
                yield ("aggregations", name, "column"), item.column


def after(operation: Operation, columns: Columns, others: Mapping[str, Columns]) -> Columns:
    """Return the columns behind an operation, or None when they are not known."""
    if isinstance(operation, Select):
        return tuple(names(operation.columns))
    if isinstance(operation, Aggregate):
        return (*names(operation.group_by), *operation.aggregations)
    return None if columns is None else _changed(operation, columns, others)


def _changed(operation: Operation, columns: tuple[str, ...], others: Mapping[str, Columns]) -> Columns:
    if isinstance(operation, AddColumn | Window):
        return columns if operation.name in columns else (*columns, operation.name)
    if isinstance(operation, Rename):
        return tuple(operation.columns.get(name, name) for name in columns)
    if isinstance(operation, Drop):
        return tuple(name for name in columns if name not in names(operation.columns))
    if isinstance(operation, Join):
        return joined(operation, columns, others.get(operation.with_))
    if isinstance(operation, Union) and operation.fill_missing:
        return _united(columns, [others.get(name) for name in names(operation.with_)])
    return columns


def joined(operation: Join, columns: tuple[str, ...], other: Columns) -> Columns:
    """Return the columns of a join: this table's, then the other's without its keys."""
    if operation.how in {"semi", "anti"}:
        return columns
    if other is None:
        return None
    right_keys = set() if operation.how == "cross" else set(keys(operation)[1])
    new = [name for name in other if name not in right_keys]
    return (*columns, *(name + operation.suffix if name in columns else name for name in new))


def _united(columns: tuple[str, ...], others: list[Columns]) -> Columns:
    every = dict.fromkeys(columns)
    for other in others:
        if other is None:
            return None
        every |= dict.fromkeys(other)
    return tuple(every)
