"""One rule of a schema broken in a table that keeps it, and all of them in one table with labels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl

from pipeproof.contracts.constraints import broken_by
from pipeproof.data.cases import ROW_RULES, malformed_cases
from pipeproof.data.extremes import refused, with_kind
from pipeproof.data.synth import conditions
from pipeproof.data.synth.design import MIXED, Design
from pipeproof.data.synth.domain import dtype_of, series, sorted_domain
from pipeproof.data.synth.domains import domain_of
from pipeproof.data.synth.seeds import Block
from pipeproof.errors import ContractError, Finding
from pipeproof.model.contract import Column, Comparison, Condition, TableSchema
from pipeproof.model.trial import Case

LABEL = "pipeproof_label"
"""Column that says which rule a row breaks; missing in rows that keep all."""
REFERENCES = "references"
"""Name of the case of a value that a parent must have and has not."""
_TWO = 2
_PAIRS = frozenset({"unique", "key", "order"})
_WORDS = {"boolean": "maybe", "date": "31.02.2024", "timestamp": "yesterday", "time": "noon"}
_TRIES = 24
_LOOKED_AT = 40  # rows, and values from each end, among which a comparison is broken
_APART = 3  # rows between two bad ones: one is repeated, or stands before another

Redraw = Callable[[str, Block, int], pl.Series]


def least_rows(case: Case, schema: TableSchema) -> int:
    """Return how many rows it takes to show what is wrong."""
    if case.name == MIXED:
        referring = sum(column.references is not None for column in schema.columns)
        return (len(row_cases(schema)) + referring) * _APART + _TWO
    return _TWO if case.name in _PAIRS else 1


def row_cases(schema: TableSchema) -> tuple[Case, ...]:
    """Return the cases that one bad row shows, so that a table may have many of them."""
    return tuple(case for case in malformed_cases(schema) if case.name not in ROW_RULES)


def spoiled(
    frame: pl.DataFrame, design: Design, schema: TableSchema, case: Case, block: Block, redraw: Redraw
) -> pl.DataFrame:
    """Return some rows of a table with the fault that a case names; it stands in the first block.

    Args:
        frame: The rows, which keep the schema.
        design: The design of the table.
        schema: The schema, as the contract has it.
        case: The fault; all that rows can show when its name is `all`.
        block: Which rows they are.
        redraw: Name of a column, rows and number of the attempt → other values.

    Raises:
        ContractError: No row was found that breaks the rule.
    """
    frame = _with_floats(frame, schema, case)
    if case.name == MIXED:
        return _mixed(frame, design, schema, block, redraw)
    if case.name == "missing_column":
        return frame.drop(case.column, strict=False)
    if case.name == "extra_columns":
        return frame.with_columns(pl.Series(_free_name(schema), block.at))
    random = design.random("spoil")
    if case.name == "type" and case.column in frame.columns:
        row = int(random.integers(0, frame.height)) if frame.height and not block.number else None
        return frame.with_columns(_mistyped(frame[case.column], schema[case.column], block, row))
    if case.name == "min_rows" or not frame.height or block.number:
        return frame
    spoiling = _Spoiling(frame, design, schema, block, redraw)
    if case.name in {"unique", "key"} and frame.height == 1:
        return frame.vstack(frame)  # where only one value is allowed, a second row must have it too
    return spoiling.broken(frame, case, int(random.integers(0, frame.height)))


def _with_floats(frame: pl.DataFrame, schema: TableSchema, case: Case) -> pl.DataFrame:
    """Return rows whose decimals are floats, which are decimals to a contract and hold any value beyond its bounds."""
    touched = schema.names if case.name == MIXED else (case.column, case.column.partition(".")[0])
    columns = [column for column in schema.columns if column.name in touched and column.name in frame.columns]
    decimal = [column for column in columns if _has_decimals(frame[column.name].dtype)]
    return frame.with_columns(pl.col(column.name).cast(dtype_of(with_kind(column))) for column in decimal)


def _has_decimals(dtype: Any) -> bool:
    if isinstance(dtype, pl.List):
        return _has_decimals(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return any(_has_decimals(field.dtype) for field in dtype.fields)
    return bool(dtype.is_decimal())


def _mixed(
    frame: pl.DataFrame, design: Design, schema: TableSchema, block: Block, redraw: Redraw
) -> pl.DataFrame:
    """Return rows of which some of the first block break one rule each, with a column that says which."""
    labels: list[str | None] = [None] * frame.height
    if not block.number and frame.height:
        spoiling = _Spoiling(frame, design, schema, block, redraw)
        cases = (*row_cases(schema), *_strange(design))
        room = max(_APART, frame.height // max(1, len(cases)))
        for case, row in zip(cases, range(1, frame.height, room), strict=False):
            try:
                frame = spoiling.broken(frame, case, row)
            except ContractError:
                continue  # the rows that it takes are not there, and the label says of no row that they are
            labels[row] = case_label(case)
    return frame.with_columns(pl.Series(LABEL, labels, dtype=pl.String))


def _strange(design: Design) -> list[Case]:
    """Return the cases of values that a parent must have and has not."""
    drawn = {name for group in design.drawn for name in group.names}
    columns = (column for column in design.schema.columns if column.name in drawn)
    return [
        Case("malformed", REFERENCES, column.name)
        for column in columns
        if column.references is not None and not column.references.orphans
    ]


def case_label(case: Case) -> str:
    """Return the name of a rule as labels have it, such as `price.minimum`."""
    return f"{case.column}.{case.name}" if case.column and case.column not in case.name else case.name


def _free_name(schema: TableSchema) -> str:
    name = "unexpected"
    while name in schema.names:
        name += "_"
    return name


def _mistyped(values: pl.Series, column: Column, block: Block, row: int | None) -> pl.Series:
    """Return a column of another type: numbers in place of text, else text with one word that is no value."""
    if column.type == "string":
        return pl.Series(column.name, block.at, dtype=pl.Int64)
    if values.dtype.is_nested():
        return pl.Series(column.name, block.at, dtype=pl.Int64)
    texts = values.cast(pl.String)
    return texts if row is None else texts.scatter(row, _WORDS.get(str(column.type), "n/a"))


class _Spoiling:
    """Rows of a table that are about to be spoiled; `good` are all of them as they were."""

    def __init__(
        self, good: pl.DataFrame, design: Design, schema: TableSchema, block: Block, redraw: Redraw
    ) -> None:
        self.good, self.design, self.schema, self.block, self.redraw = good, design, schema, block, redraw

    def broken(self, frame: pl.DataFrame, case: Case, row: int) -> pl.DataFrame:
        """Return rows of which one breaks the rule of a case.

        Raises:
            ContractError: No row was found that does.
        """
        if case.name in {"unique", "key"}:
            names = self.schema.key if case.name == "key" else (case.column,)
            return self._repeated(frame, names, row)
        if case.name == REFERENCES:
            return self._strange(frame, case.column, row)
        if case.name == "order":
            return self._turned(frame, case.column, row)
        comparison = next((rule for rule in self.schema.comparisons if rule.name == case.name), None)
        if comparison is not None:
            return self._compared(frame, comparison, row)
        condition = next((rule for rule in self.schema.conditions if rule.name == case.name), None)
        if condition is not None:
            return self._refuted(frame, condition, row)
        return self._alone(frame, case, row)

    def _alone(self, frame: pl.DataFrame, case: Case, row: int) -> pl.DataFrame:
        """Return rows of which one breaks a rule of a value, and rules between columns only where that implies it."""
        name = case.column if case.column in frame.columns else case.column.partition(".")[0]
        spoilt = frame.with_columns(self._with_value(frame, case, row))
        tied = self._tied(name)
        if not tied or self._keeps_others(spoilt[row : row + 1]).all():
            return spoilt
        everywhere = self.good.with_columns(spoilt[name].gather([row]).new_from_index(0, frame.height))
        sources = np.flatnonzero(self._keeps_others(everywhere))
        free = [other for other in tied if other != name and not self._is_keyed(other)]
        if not len(sources) or not free:
            return spoilt
        return spoilt.with_columns(
            _replaced(frame[other], row, self.good[other].gather([sources[0]])) for other in free
        )

    def _tied(self, name: str) -> list[str]:
        """Return the columns of comparisons and conditions that a column is in."""
        groups = [{rule.left, rule.right} for rule in self.schema.comparisons]
        for condition in self.schema.conditions:
            named = conditions.columns_in(condition.sql)
            groups.append({other for other in self.schema.names if other.lower() in named})
        found = set[str]().union(*(group for group in groups if name in group))
        return [other for other in self.schema.names if other in found]

    def _keeps_others(self, frame: pl.DataFrame) -> Any:
        kept = self._keeps_comparisons(frame)
        if self.schema.conditions:
            kept = kept & ~conditions.breaks_any(self.design, frame, self.schema.conditions)
        return kept

    def _is_keyed(self, name: str) -> bool:
        column = self.schema[name]
        return self.design.is_single(column) or name in self.schema.key or column.order is not None

    def _with_value(self, frame: pl.DataFrame, case: Case, row: int) -> pl.Series:
        name, _, field = (
            case.column.partition(".") if case.column not in frame.columns else (case.column, "", "")
        )
        column, values = with_kind(self.schema[name]), frame[name]
        if field:
            inner = next(each for each in column.fields if each.name == field)
            whole = dict(values[row] or series([None], column)[0] or {})
            value: Any = {**whole, field: None if case.name == "nullable" else refused(inner, case.name)}
            bad = pl.Series(name, [value], dtype=values.dtype)
        elif case.name == "nullable":
            bad = values.clear(1)
        else:
            near = _near(values[row], column, case.name)
            bad = series([refused(column, case.name) if near is None else near], column)
        return _replaced(values, row, bad)

    def _repeated(self, frame: pl.DataFrame, names: tuple[str, ...], row: int) -> pl.DataFrame:
        """Return rows of which one has the values of another in some columns."""
        there = frame.select(names).with_row_index("row of ours").drop_nulls()["row of ours"].to_numpy()
        before, behind = there[there < row], there[there > row]
        if not len(before) and not len(behind):
            raise ContractError(_nothing_breaks(self.design.name, "unique"))
        # Of neighbours the later one repeats the other, so that an order stays what it was.
        first, second = (int(before[-1]), row) if len(before) else (row, int(behind[0]))
        if not len(before) and row not in there:
            first, second = second, first
        at = np.arange(frame.height)
        at[second] = first
        return frame.with_columns(frame[name].gather(at) for name in names)

    def _strange(self, frame: pl.DataFrame, name: str, row: int) -> pl.DataFrame:
        """Return rows of which one has a value that the parent has not."""
        group = self.design.group_of(self.schema[name])
        domain = domain_of(self.schema[name], self.design.rows * _TWO, self.design.around)
        at = np.linspace(0, max(0, domain.size - 1), min(domain.size, _LOOKED_AT)).astype(np.int64)
        values = domain.take(at).cast(frame[name].dtype, strict=False).alias(name).drop_nulls()
        others = values.clear() if group is None else group.strangers(values)
        if others.is_empty():
            raise ContractError(_nothing_breaks(self.design.name, f"the references of {name}"))
        return frame.with_columns(_replaced(frame[name], row, others.head(1)))

    def _turned(self, frame: pl.DataFrame, name: str, row: int) -> pl.DataFrame:
        """Return rows of which one stands before the row that it should stand behind."""
        values = frame[name]
        for second in itertools.chain(range(max(1, row), frame.height), range(1, row)):
            here, before = values[second], values[second - 1]
            if here is not None and before is not None and here != before:
                at = np.arange(frame.height)
                at[[second - 1, second]] = second, second - 1
                return frame.with_columns(values.gather(at))
        raise ContractError(_nothing_breaks(self.design.name, f"the order of {name}"))

    def _compared(self, frame: pl.DataFrame, rule: Comparison, row: int) -> pl.DataFrame:
        """Return rows of which one breaks a comparison, by one value or by both."""
        for left, right in self._pairs(frame, rule, row):
            if _is_broken(rule, left, right):
                bad = [
                    _replaced(frame[name], row, pl.Series(name, [value]))
                    for name, value in ((rule.left, left), (rule.right, right))
                ]
                return frame.with_columns(bad)
        raise ContractError(_nothing_breaks(self.design.name, rule.name))

    def _pairs(self, frame: pl.DataFrame, rule: Comparison, row: int) -> Iterator[tuple[Any, Any]]:
        """Yield pairs of values of two columns: those of the row with one other, then both others."""
        left, right = frame[rule.left][row], frame[rule.right][row]
        lefts, rights = self._others(frame, rule.left), self._others(frame, rule.right)
        if left is not None:
            yield from ((left, value) for value in rights)
        if right is not None:
            yield from ((value, right) for value in lefts)
        yield from itertools.product(lefts, rights)

    def _others(self, frame: pl.DataFrame, name: str) -> list[Any]:
        """Return values from both ends of what a column allows, none that it has already where all differ."""
        column = self.schema[name]
        domain = sorted_domain(domain_of(column, 0, self.design.around))
        ends = np.unique(
            np.r_[: min(_LOOKED_AT, domain.size), max(0, domain.size - _LOOKED_AT) : domain.size]
        )
        values = domain.take(ends.astype(np.int64)).cast(frame[name].dtype)
        if self.design.is_single(column):
            values = values.filter(~values.is_in(frame[name].implode()))
        return values.to_list()

    def _refuted(self, frame: pl.DataFrame, condition: Condition, row: int) -> pl.DataFrame:
        """Return rows of which one breaks a condition and no other, found by drawing its columns again."""
        named = conditions.columns_in(condition.sql)
        free = [name for name in frame.columns if name.lower() in named] or list(frame.columns)
        free = [name for name in free if not self.design.is_single(self.schema[name])]
        others = tuple(other for other in self.schema.conditions if other != condition)
        tried = self.good
        for attempt in range(_TRIES):
            found = conditions.breaks(self.design, tried, condition)
            if others:
                found &= ~conditions.breaks_any(self.design, tried, others)
            found &= self._keeps_comparisons(tried)
            if found.any():
                source = int(np.flatnonzero(found)[0])
                return frame.with_columns(
                    _replaced(frame[name], row, tried[name].gather([source])) for name in free
                )
            tried = self.good.with_columns(
                self.redraw(name, self.block, 1000 + attempt).cast(frame[name].dtype) for name in free
            )
        raise ContractError(_nothing_breaks(self.design.name, condition.name))

    def _keeps_comparisons(self, frame: pl.DataFrame) -> Any:
        rules = self.schema.comparisons
        broken = [_breaks_column(frame, rule) for rule in rules]
        return ~np.logical_or.reduce(broken) if broken else np.ones(frame.height, dtype=bool)


def _near(value: Any, column: Column, rule: str) -> Any:
    """Return a value close to one, which breaks a rule of numbers and no other; None when there is none."""
    if rule not in {"digits", "multiple_of"} or value is None:
        return None
    finer = 10.0 ** -((column.scale or 0) + 1)
    by = (1, -1) if column.type == "integer" else (finer, -finer, 1.1 * finer)
    if rule == "multiple_of":
        step = column.multiple_of or 1
        by = (1, -1) if column.type == "integer" else (step / 2, -step / 2, step / 4)
    tried = (round(value + part, 12) for part in by)
    return next(
        (other for other in tried if {each.rule for each in broken_by(other, column)} == {rule}), None
    )


def _breaks_column(frame: pl.DataFrame, rule: Comparison) -> Any:
    left, right = frame[rule.left], frame[rule.right]
    kept = {"<=": left.__le__, "<": left.__lt__, ">=": left.__ge__, ">": left.__gt__}
    both = {"==": left == right, "!=": left != right}
    held = both[rule.operator] if rule.operator in both else kept[rule.operator](right)
    return (~held).fill_null(value=False).to_numpy()


def _is_broken(rule: Comparison, left: Any, right: Any) -> bool:
    kept = {
        "<=": lambda: left <= right,
        "<": lambda: left < right,
        ">=": lambda: left >= right,
        ">": lambda: left > right,
        "==": lambda: left == right,
        "!=": lambda: left != right,
    }
    return not kept[rule.operator]()


def _replaced(values: pl.Series, row: int, by: pl.Series) -> pl.Series:
    here = np.arange(len(values)) == row
    return (
        by.cast(values.dtype)
        .new_from_index(0, len(values))
        .zip_with(pl.Series(here), values)
        .rename(values.name)
    )


def _nothing_breaks(table: str, rule: str) -> Finding:
    return Finding(
        "PPF353",
        f"no row of {table} could be made that breaks {rule}",
        fix="if its columns can never break it, it says nothing: drop it, or widen their ranges",
    )
