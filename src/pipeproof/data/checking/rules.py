"""The rules of rows as Polars expressions, each true where a row breaks one rule.

The meaning is that of `contracts.constraints` and `contracts.rows`, which ask the same of values and rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeproof.contracts.constraints import ACCEPTED, NUMERIC, categories_say, many
from pipeproof.data.checking import bounds, numbers, texts
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Column, Comparison, TableSchema

if TYPE_CHECKING:
    import polars as pl

Present = Mapping[str, "pl.DataType"]
"""The columns of a table with their types."""


TEXT = "pipeproof text "
"""What the name of a column begins with that holds another one as the text that it was."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that rows keep or break.

    Attributes:
        columns: The columns that it is about, whose values are shown with examples.
        name: Its name, as in `contracts.constraints` and `contracts.rows`.
        says: What it asks, for people.
        broken: True for rows that break it; null counts as not broken.
        of: The column as the contract names it, such as `address.zip`; the first column unless given.
        distinct: What must not come twice, null for rows that do not count; only `unique` and `key` have it.
        trouble: What went wrong while it was asked, where that can only be seen then; the answers are void.
    """

    columns: tuple[str, ...]
    name: str
    says: str
    broken: pl.Expr
    of: str = ""
    distinct: pl.Expr | None = None
    trouble: list[str] = field(default_factory=list, compare=False)

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns of examples, under the names that the table has for them."""
        return tuple(name.removeprefix(TEXT) for name in self.columns)

    @property
    def column(self) -> str:
        """The column that the rule is about, or the first one of several."""
        return self.of or self.shown[0]


@dataclass(frozen=True, slots=True)
class Unasked:
    """A rule that cannot be asked, and why.

    Attributes:
        column: The column that it is about, empty for a rule of the table.
        why: Why it cannot be asked.
        rule: Its name.
        says: What it asks, as far as that can be said.
        fix: What to do about it.
        absent: Whether it is no fault of the contract: a table was not given that the rule is about.
    """

    column: str
    why: str
    rule: str = ""
    says: str = ""
    fix: str = "correct the contract"
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A column, or a part of one, as rules see it.

    Attributes:
        column: The rules.
        value: The value, null where it is missing.
        dtype: Its type.
        kind: The contract's word for the type.
        top: The column of the table that it is a part of.
        there: Whether what holds the part is there; None for a column of the table.
        lost: Whether a text stood there that is no value of the type; None where there are none.
        prefix: What the names of rules begin with: `items.` for elements of lists.
    """

    column: Column
    value: pl.Expr
    dtype: pl.DataType
    kind: str
    top: str
    there: pl.Expr | None = None
    lost: pl.Expr | None = None
    prefix: str = ""


def row_rules(
    schema: TableSchema, present: Present, lost: Mapping[str, pl.Expr] | None = None
) -> Iterator[Rule | Unasked]:
    """Yield the rules that can be asked of these columns, and those that cannot.

    Args:
        schema: The contract.
        present: The columns of the table with their types.
        lost: Column → true where a text stood that is no value of its type, so that it is null now.
    """
    for column in schema.columns:
        if column.name not in present:
            continue
        dtype = present[column.name]
        gone = (lost or {}).get(column.name)
        kind = logical_type(dtype)
        asked = Asked(column, plain(column.name, dtype), dtype, kind, column.name, lost=gone)
        if gone is not None:
            yield Rule((TEXT + column.name,), "type", f"is {column.type or kind}", gone, of=column.name)
        if column.type is None or kind in ACCEPTED[column.type]:
            yield from _column_rules(asked)
    yield from _key_rule(schema, present)
    for comparison in schema.comparisons:
        yield from _comparison_rule(comparison, schema, present)
    if schema.conditions:
        from pipeproof.data.checking.conditions import condition_rules

        yield from condition_rules(schema, present)


def plain(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as rules compare it: categories as text, NaN as null, timestamps in UTC without a zone."""
    import polars as pl

    return plain_of(pl.col(name), dtype)


def plain_of(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return any value as rules compare it."""
    import polars as pl

    if dtype.base_type() in {pl.Categorical, pl.Enum}:
        return value.cast(pl.String)
    if isinstance(dtype, pl.Datetime):
        zoned = value if dtype.time_zone is None else value.dt.convert_time_zone("UTC")
        return zoned.dt.replace_time_zone(None).dt.cast_time_unit("us")
    return value.fill_nan(None) if dtype.is_float() else value


def _column_rules(asked: Asked) -> Iterator[Rule | Unasked]:
    yield from _value_rules(asked)
    column, value = asked.column, asked.value
    if column.unique:
        repeated = value.is_not_null() & value.is_first_distinct().not_()
        yield Rule((asked.top,), "unique", "is unique", repeated, distinct=value)
    if column.order is not None:
        yield _order_rule(asked)


def _value_rules(asked: Asked) -> Iterator[Rule | Unasked]:
    """Yield the rules that each value keeps for itself, with those of what is in it."""
    column, value = asked.column, asked.value
    if not column.nullable:
        yield _rule(asked, "nullable", "has no missing values", _missing(asked))
    for name, says, broken in bounds.rules(column, value, asked.dtype, asked.kind):
        yield _rule(asked, name, says, broken)
    if column.categories:
        among = bounds.is_among(value, asked.dtype, asked.kind, column.categories)
        yield _rule(asked, "categories", categories_say(column), among.not_())
    if asked.kind in NUMERIC:
        for name, says, broken in numbers.rules(column, value, asked.dtype, asked.kind):
            yield _rule(asked, name, says, broken)
    if asked.kind == "string":
        for name, says, broken in texts.rules(column, value):
            yield _rule(asked, name, says, broken)
    if asked.kind == "list":
        yield from _list_rules(asked)
    if asked.kind == "struct":
        yield from _struct_rules(asked)


def _missing(asked: Asked) -> pl.Expr:
    missing = asked.value.is_null()
    if asked.lost is not None:
        missing &= asked.lost.not_()
    return missing if asked.there is None else missing & asked.there


def _rule(asked: Asked, name: str, says: str, broken: pl.Expr | str) -> Rule | Unasked:
    """Return a rule of a column; a text in the place of its expression says why it cannot be asked."""
    if isinstance(broken, str):
        return Unasked(asked.column.name, broken, asked.prefix + name)
    return Rule((asked.top,), asked.prefix + name, says, broken, of=asked.column.name)


def _list_rules(asked: Asked) -> Iterator[Rule | Unasked]:
    import polars as pl

    column = asked.column
    dtype, value = asked.dtype, asked.value
    if isinstance(dtype, pl.Array):
        value, dtype = value.arr.to_list(), pl.List(dtype.inner)
    if column.min_items is not None:
        says = f"has at least {many(column.min_items, 'item')}"
        yield _rule(asked, "min_items", says, value.list.len() < column.min_items)
    if column.max_items is not None:
        says = f"has at most {many(column.max_items, 'item')}"
        yield _rule(asked, "max_items", says, value.list.len() > column.max_items)
    inner = getattr(dtype, "inner", None)
    if column.items is None or inner is None or not _is_of(column.items, inner):
        return
    element = Asked(
        column.items, plain_of(pl.element(), inner), inner, logical_type(inner), asked.top, prefix=""
    )
    for found in _value_rules(element):
        # A field of an element is named by its path: `items.zip.pattern`, as in `contracts.constraints`.
        path = found.column.removeprefix(column.items.name).lstrip(".")
        name = ".".join(part for part in ("items", path, _name_of(found)) if part)
        if isinstance(found, Unasked):
            yield Unasked(column.name, found.why, asked.prefix + name)
        else:
            any_broken = value.list.eval(found.broken.fill_null(value=False)).list.any()
            yield _rule(asked, name, found.says, any_broken)


def _name_of(found: Rule | Unasked) -> str:
    return found.name if isinstance(found, Rule) else found.rule


def _struct_rules(asked: Asked) -> Iterator[Rule | Unasked]:
    import polars as pl

    if not isinstance(asked.dtype, pl.Struct):
        return
    kinds = {part.name: part.dtype for part in asked.dtype.fields}
    there = asked.value.is_not_null()
    for part in asked.column.fields:
        inner = kinds.get(part.name)
        if inner is None or isinstance(inner, type) or not _is_of(part, inner):
            continue
        named = replace(part, name=f"{asked.column.name}.{part.name}")
        value = plain_of(asked.value.struct.field(part.name), inner)
        yield from _value_rules(Asked(named, value, inner, logical_type(inner), asked.top, there))


def _is_of(column: Column, dtype: pl.DataType) -> bool:
    return column.type is None or logical_type(dtype) in ACCEPTED[column.type]


def _order_rule(asked: Asked) -> Rule | Unasked:
    order = asked.column.order
    if asked.kind in {"list", "struct"}:
        return Unasked(asked.column.name, f"{asked.kind} values have no order", "order")
    before = asked.value.forward_fill().shift(1)
    broken = asked.value < before if order == "ascending" else asked.value > before
    return Rule((asked.top,), "order", f"is {order}", broken)


def _key_rule(schema: TableSchema, present: Present) -> Iterator[Rule]:
    import polars as pl

    if schema.key and all(name in present for name in schema.key):
        parts = [plain(name, present[name]) for name in schema.key]
        key = pl.struct(parts)
        says = f"({', '.join(schema.key)}) is unique"
        repeated = key.is_first_distinct().not_()
        yield Rule(schema.key, "key", says, repeated, distinct=key)


def _comparison_rule(rule: Comparison, schema: TableSchema, present: Present) -> Iterator[Rule | Unasked]:
    import polars as pl

    absent = [name for name in (rule.left, rule.right) if name not in present]
    if absent:
        if absent[0] not in schema.names:  # else it is told, or allowed, that the column is not there
            yield Unasked(absent[0], f"there is no such column, and '{rule.name}' is about it", rule.name)
        return
    kinds = {name: logical_type(present[name]) for name in (rule.left, rule.right)}
    left, right = (plain(name, present[name]) for name in (rule.left, rule.right))
    if "Null" in kinds.values():
        return  # a column of nothing but missing values, which keep every comparison
    alike = {"number" if kind in NUMERIC else kind for kind in kinds.values()}
    if alike == {"date", "timestamp"}:
        left, right = left.cast(pl.Datetime("us")), right.cast(pl.Datetime("us"))
    elif len(alike) > 1 or alike & {"list", "struct"}:
        why = f"it is {kinds[rule.left]} and {rule.right!r} is {kinds[rule.right]}, which do not compare"
        yield Unasked(rule.left, why, rule.name)
        return
    holds = {
        "<": left < right,
        "<=": left <= right,
        "==": left == right,
        "!=": left != right,
        ">=": left >= right,
        ">": left > right,
    }[rule.operator]
    yield Rule((rule.left, rule.right), rule.name, rule.name, holds.not_())
