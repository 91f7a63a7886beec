"""Whether the values of columns are among those of another table that was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pipeproof.contracts.constraints import NUMERIC
from pipeproof.data.checking.rules import Present, Rule, Unasked, plain
from pipeproof.errors import suggest
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Column, Reference, TableSchema

if TYPE_CHECKING:
    import polars as pl


def reference_rules(
    schema: TableSchema, present: Present, others: Mapping[str, pl.LazyFrame] | None
) -> Iterator[Rule | Unasked]:
    """Yield the references of a contract as rules of rows, and those that cannot be asked.

    The different values of the column that is referred to are held in memory.

    Args:
        schema: The contract.
        present: The columns of the table with their types.
        others: The other tables by name; None where references are not asked at all.
    """
    if others is None:
        return
    for column in schema.columns:
        reference = column.references
        if reference is not None and not reference.orphans and column.name in present:
            yield _rule(column, reference, present[column.name], others)


def _rule(
    column: Column, to: Reference, dtype: pl.DataType, others: Mapping[str, pl.LazyFrame]
) -> Rule | Unasked:
    name = f"{to.dataset}.{to.column}"
    other = others.get(to.dataset)
    if other is None:
        why = f"its values refer to {name}, and the table {to.dataset!r} was not given"
        fix = f"give {to.dataset} as well"
        return Unasked(column.name, why, "references", f"is in {name}", fix, absent=True)
    kinds = other.collect_schema()
    if to.column not in kinds:
        why = f"its values refer to {name}, and {to.dataset} has no such column; {suggest(to.column, kinds)}"
        return Unasked(column.name, why, "references")
    own, theirs = logical_type(dtype), logical_type(kinds[to.column])
    if own != theirs and not {own, theirs} <= NUMERIC:
        why = f"it is {own} and {name}, to which its values refer, is {theirs}"
        return Unasked(column.name, why, "references")
    values = other.select(plain(to.column, kinds[to.column])).drop_nulls().unique()
    known = values.collect(engine="streaming").to_series()
    value = plain(column.name, dtype)
    if known.dtype != dtype and dtype.is_numeric():
        known = known.cast(dtype, strict=False).drop_nulls()
    among = value.is_in(known.implode())
    return Rule((column.name,), "references", f"is in {name}", value.is_not_null() & among.not_())
