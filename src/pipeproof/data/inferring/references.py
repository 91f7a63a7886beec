"""Which columns of one table refer to another, as the values of samples tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeproof.model.contract import Column, Reference, TableSchema

if TYPE_CHECKING:
    import polars as pl

_MOSTLY = 0.9  # share of different values that must be known where orphans are allowed
_SOME = 0.5  # the same where the names say that it is a reference
_LEAST = 3  # different values below which it may be an accident that all are known
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


@dataclass(frozen=True, slots=True)
class Table:
    """A sample with what is known of it."""

    name: str
    frame: pl.LazyFrame
    schema: TableSchema


def with_references(tables: Sequence[Table]) -> dict[str, TableSchema]:
    """Return the schemas with the references between them.

    A column refers to a unique one of another table whose values it has. Texts must be known there; whole
    numbers, which are alike everywhere, must have a name that says so too. A key of several columns is referred to by
    columns of the same names.
    """
    found: dict[str, TableSchema] = {}
    values = _Values()
    for child in tables:
        others = [parent for parent in tables if parent is not child]
        together = dict(_by_keys(child, others, values))
        columns = [
            replace(column, references=together[column.name])
            if column.name in together
            else _with_reference(column, child, others, values)
            for column in child.schema.columns
        ]
        found[child.name] = replace(child.schema, columns=tuple(map(_without_range, columns)))
    return found


class _Values:
    """The different values of columns, each looked up once."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, tuple[str, ...]], pl.DataFrame] = {}

    def of(self, table: Table, names: tuple[str, ...]) -> pl.DataFrame:
        """Return the different values, or combinations of values, of some columns."""
        at = table.name, names
        if at not in self.known:
            query = table.frame.select(names).drop_nulls().unique()
            self.known[at] = query.collect(engine="streaming")
        return self.known[at]


def _without_range(column: Column) -> Column:
    """Return a column that refers to whole numbers of another table, which say themselves how far they go."""
    if column.references is None or column.type != "integer" or column.categories:
        return column
    return replace(column, minimum=None, maximum=None)


def _by_keys(child: Table, others: Sequence[Table], values: _Values) -> Iterator[tuple[str, Reference]]:
    """Yield references to keys of several columns, which the child has under the same names."""
    for parent in others:
        key = parent.schema.key
        if len(key) > 1 and set(key) <= set(child.schema.names) and _alike(key, child, parent):
            share = _known_share(child, key, parent, key, values)
            if share >= _MOSTLY and key != child.schema.key:
                yield from ((name, Reference(parent.name, name, orphans=share < 1)) for name in key)


def _with_reference(column: Column, child: Table, others: Sequence[Table], values: _Values) -> Column:
    best: tuple[bool, float, Reference] | None = None
    for parent, other in _candidates(column, others):
        named = _is_named_after(column.name, parent, other.name)
        share = _known_share(child, (column.name,), parent, (other.name,), values)
        if share >= (_MOSTLY if not named else _SOME) and (best is None or (named, share) > best[:2]):
            best = named, share, Reference(parent.name, other.name, orphans=share < 1)
    return column if best is None else replace(column, references=best[2])


def _candidates(column: Column, others: Sequence[Table]) -> Iterator[tuple[Table, Column]]:
    """Yield the unique columns of other tables that a column may refer to."""
    for parent in others:
        for other in parent.schema.columns:
            if other.unique and other.type == column.type and _may_refer(column, parent, other):
                yield parent, other


def _alike(key: Sequence[str], child: Table, parent: Table) -> bool:
    return all(child.schema[name].type == parent.schema[name].type for name in key)


def _may_refer(column: Column, parent: Table, other: Column) -> bool:
    if column.type == "string":
        return column.format is None or column.format == other.format
    return column.type == "integer" and _is_named_after(column.name, parent, other.name)


def _is_named_after(name: str, parent: Table, other: str) -> bool:
    """Return whether a column is called as the one that it would refer to: `tailnum`, or `plane_id` of `planes.id`."""
    if name == other:
        return other.lower() not in {"id", "key", "name"}
    words, table = _words(name), _words(parent.name)
    singular = [word.removesuffix("s") for word in table]
    return words == [*singular, *_words(other)] or words == [*table, *_words(other)]


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _known_share(
    child: Table, names: tuple[str, ...], parent: Table, theirs: tuple[str, ...], values: _Values
) -> float:
    """Return which share of the different values of the child the parent has; 0 where they say nothing."""
    own, known = values.of(child, names), values.of(parent, theirs)
    if own.height < _LEAST:
        return 0.0
    there = own.join(known, left_on=names, right_on=theirs, how="semi")
    return there.height / own.height
