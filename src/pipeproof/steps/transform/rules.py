"""What is wrong with operations beyond the types of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pipeproof.errors import Finding
from pipeproof.steps.transform.operations import (
    RANKS,
    ROLLING,
    AddColumn,
    Aggregate,
    Aggregation,
    Cast,
    FillNulls,
    Join,
    Operation,
    Rename,
    Sample,
    Select,
    Sort,
    Window,
    function_of,
    is_scalar,
    keys,
    names,
)

Problem = tuple[str, str, str]
"""(key, what is wrong with it, what to do)."""


def problems(operations: Iterable[Operation]) -> Iterator[Finding]:
    """Yield a finding for each key whose value makes no sense beside the others."""
    for number, operation in enumerate(operations):
        for key, what, fix in _problems(operation):
            yield Finding(
                "PPF105",
                f"operation {number + 1} ({operation.type}): {what}",
                path=("config", "transformations", number, *((key,) if key else ())),
                fix=fix,
            )


def _problems(operation: Operation) -> Iterable[Problem]:
    return _RULES.get(type(operation), lambda _operation: ())(operation)


def _add_column(operation: AddColumn) -> Iterator[Problem]:
    if operation.value is None or not is_scalar(operation.value):
        yield "value", "the value is neither an expression nor a number", "write SQL such as col1 + col2"


def _columns(operation: Rename | Cast | Select) -> Iterator[Problem]:
    if not operation.columns:
        yield "columns", "no columns are named", "name at least one"


def _sort(operation: Sort) -> Iterator[Problem]:
    if not names(operation.by):
        yield "by", "no columns are named", "name at least one"
    yield from _descending(operation.descending, len(names(operation.by)))


def _fill(operation: FillNulls) -> Iterator[Problem]:
    if (operation.value is None) == (operation.strategy is None):
        yield "", "either a value or a strategy is needed", "give one of them, for example value: 0"
    if operation.strategy in {"mean", "median"} and not operation.columns:
        what = f"{operation.strategy} makes numbers with a point of whole ones, so it needs the key 'columns'"
        yield "", what, "name the columns to fill"
    if isinstance(operation.value, Mapping):
        if operation.columns:
            yield "columns", "the mapping under value names the columns already", "drop `columns`"
        if not all(is_scalar(value) and value is not None for value in operation.value.values()):
            yield "value", "a value of the mapping is no plain value", "give a text, a number or true/false"
    elif not is_scalar(operation.value):
        yield "value", "the value is a list", "give one value, or a mapping of columns to values"


def _descending(given: object, count: int) -> Iterator[Problem]:
    if isinstance(given, bool):
        return
    if not isinstance(given, list | tuple) or not all(isinstance(item, bool) for item in given):
        yield "descending", "true, false, or a list of them is needed", "write descending: true"
    elif len(given) != count:
        yield (
            "descending",
            f"{len(given)} directions for {count} columns",
            "give one for each, or one for all",
        )


def _join(operation: Join) -> Iterator[Problem]:
    left, right = keys(operation)
    if operation.how == "cross":
        if left or right:
            yield "how", "a cross join has no keys", "drop the keys, or choose another `how`"
    elif operation.on and (operation.left_on or operation.right_on):
        yield "on", "either `on`, or `left_on` and `right_on`", "drop one of them"
    elif not left or len(left) != len(right):
        what = (
            "no key columns are named" if not left and not right else "left_on and right_on differ in length"
        )
        yield "", what, "give `on`, or `left_on` and `right_on` with the same number of columns"
    if not operation.suffix:
        yield "suffix", "the suffix is empty", "leave it out, or write one such as _right"


def _aggregate(operation: Aggregate) -> Iterator[Problem]:
    if not operation.aggregations:
        yield "aggregations", "nothing is aggregated", "name at least one, for example rows: count(*)"
    for name, item in operation.aggregations.items():
        if isinstance(item, Aggregation) and not item.column and item.function != "count":
            yield (
                "aggregations",
                f"{name!r} needs the key 'column'",
                f"name what to take the {item.function} of",
            )


def _window(operation: Window) -> Iterator[Problem]:
    function = function_of(operation)
    if operation.function is None and operation.type == "window":
        yield "", "a window needs the key 'function'", "for example function: row_number"
    if function not in RANKS and function != "count" and not operation.column:
        yield "", f"{function} needs the key 'column'", "name the column to look at"
    if function in {"rank", "dense_rank"} and not operation.order_by:
        yield "", f"{function} needs the key 'order_by'", "name the columns to rank by"
    if function in ROLLING and (operation.size is None or operation.size < 1):
        yield (
            "size" if operation.size is not None else "",
            f"{function} needs a size of at least 1",
            "size: 7",
        )
    yield from _descending(operation.descending, len(names(operation.order_by)))


def _sample(operation: Sample) -> Iterator[Problem]:
    if (operation.n is None) == (operation.fraction is None):
        yield "", "either n or a fraction is needed", "give one of them"
    if operation.n is not None and operation.n < 0:
        yield "n", "n is below zero", "give a number of rows"
    if operation.fraction is not None and not 0 <= operation.fraction <= 1:
        yield "fraction", "the fraction is not between 0 and 1", "give a share of the rows, such as 0.1"


_RULES: Mapping[type, Callable[[Any], Iterable[Problem]]] = {
    FillNulls: _fill,
    AddColumn: _add_column,
    Rename: _columns,
    Cast: _columns,
    Select: _columns,
    Sort: _sort,
    Join: _join,
    Aggregate: _aggregate,
    Window: _window,
    Sample: _sample,
}
