"""Rows that are matched by a key: which are new, which are gone, which cells of the others changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pipeproof.data.comparing.matching import Matching, differs
from pipeproof.data.comparing.result import Cell, RowDifference, RowExample
from pipeproof.data.comparing.whole_rows import balance, times
from pipeproof.data.privacy.masking import shown
from pipeproof.model.contract import frozen

if TYPE_CHECKING:
    import polars as pl

    Types = Mapping[str, tuple[pl.DataType, pl.DataType]]

_LEFT, _RIGHT = " pipeproof a ", " pipeproof b "  # a leading space keeps clear of columns that people have
_THERE = "there"
What = Literal["added", "removed", "changed"]


def find_unclear(
    a: pl.LazyFrame, b: pl.LazyFrame, by: Matching
) -> tuple[RowDifference, pl.LazyFrame, pl.LazyFrame]:
    """Return what is to be said of rows whose key does not tell them apart, and both tables without them.

    A join would multiply rows with a repeated key, and could not say which of them is which. They are compared as whole
    rows, as are those that miss a value of their key, so that nothing goes unseen.
    """
    import polars as pl

    key = list(by.key)
    incomplete = pl.any_horizontal(pl.col(key).is_null())
    repeats = [frame.filter(~incomplete).group_by(key).len().filter(pl.col("len") > 1) for frame in (a, b)]
    found = _counts(a, b, repeats, by)
    if not any((*found.repeated, *found.missing)):
        return found, a, b
    keys = pl.concat([repeated.select(key) for repeated in repeats]).unique()
    unclear = [
        pl.concat([frame.join(keys, on=key, how="semi"), frame.filter(incomplete)]) for frame in (a, b)
    ]
    _, more, less = balance(unclear[0], unclear[1], (*by.key, *by.columns))
    clear = [frame.filter(~incomplete).join(keys, on=key, how="anti") for frame in (a, b)]
    return replace(found, unmatched=(times(more), times(less))), clear[0], clear[1]


def _counts(a: pl.LazyFrame, b: pl.LazyFrame, repeats: list[pl.LazyFrame], by: Matching) -> RowDifference:
    """Return how many rows of both tables have a repeated or incomplete key."""
    import polars as pl

    incomplete = pl.any_horizontal(pl.col(list(by.key)).is_null())
    asked = [
        query
        for frame, repeated in zip((a, b), repeats, strict=True)
        for query in (
            frame.select(incomplete.sum()),
            repeated.select(pl.len().alias("keys"), pl.col("len").sum()),
            repeated.sort(by.key).head(by.examples),
        )
    ]
    a_missing, a_counts, a_some, b_missing, b_counts, b_some = pl.collect_all(asked, engine="streaming")
    (a_keys, a_rows), (b_keys, b_rows) = a_counts.row(0), b_counts.row(0)
    examples = {_key(row, by): row["len"] for some in (a_some, b_some) for row in some.iter_rows(named=True)}
    return RowDifference(
        key=by.key,
        columns=by.columns,
        repeated=(a_keys, b_keys),
        repeated_rows=(a_rows or 0, b_rows or 0),
        missing=(a_missing.item() or 0, b_missing.item() or 0),
        examples=tuple(RowExample("repeated", key, times=many) for key, many in examples.items())[
            : by.examples
        ],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """The rows of both tables side by side.

    Attributes:
        frame: The rows: key, values before, values after.
        changes: Column → what is true where its value changed.
        states: What became of a row → what is true where that is so.
    """

    frame: pl.LazyFrame
    changes: Mapping[str, pl.Expr]
    states: Mapping[What, pl.Expr]

    @staticmethod
    def of(a: pl.LazyFrame, b: pl.LazyFrame, types: Types, by: Matching) -> Joined:
        """Return two tables, in which no key is repeated, side by side."""
        import polars as pl

        left, right = _marked(a, _LEFT, by), _marked(b, _RIGHT, by)
        one, other = (pl.col(side + _THERE).is_not_null() for side in (_LEFT, _RIGHT))
        changes = {
            name: one
            & other
            & differs(pl.col(_LEFT + name), pl.col(_RIGHT + name), types[name], by.tolerance)
            for name in by.columns
        }
        changed = pl.any_horizontal(changes.values()) if changes else pl.lit(value=False)
        frame = left.join(right, on=list(by.key), how="full", coalesce=True)
        states: dict[What, pl.Expr] = {"changed": changed, "added": ~one, "removed": ~other}
        return Joined(frame, changes, states)


def _marked(frame: pl.LazyFrame, side: str, by: Matching) -> pl.LazyFrame:
    import polars as pl

    values = (pl.col(name).alias(side + name) for name in by.columns)
    return frame.select(*by.key, *values, pl.lit(value=True).alias(side + _THERE))


def summed(found: RowDifference, joined: Joined, by: Matching) -> RowDifference:
    """Return a difference with how many rows were added, removed and changed, and some of them."""
    import polars as pl

    counts = joined.frame.select(
        pl.len().alias(" rows"),
        *(condition.sum().alias(f" {what}") for what, condition in joined.states.items()),
        *(condition.sum().alias(name) for name, condition in joined.changes.items()),
    )
    row = {
        name: int(many or 0) for name, many in counts.collect(engine="streaming").row(0, named=True).items()
    }
    rows, changed, added, removed = (row.pop(f" {what}") for what in ("rows", *joined.states))
    by_column = sorted(((name, many) for name, many in row.items() if many), key=lambda item: -item[1])
    return replace(
        found,
        added=added,
        removed=removed,
        changed=changed,
        same=rows - added - removed - changed,
        by_column=frozen(dict(by_column)),
        examples=(
            *found.examples,
            *_examples(joined, {"changed": changed, "added": added, "removed": removed}, by),
        ),
    )


def _examples(joined: Joined, counts: Mapping[What, int], by: Matching) -> list[RowExample]:
    """Return some rows of each state, those with the smallest keys: a join gives its rows in no order."""
    import polars as pl

    wanted = [what for what, many in counts.items() if many]
    marks = [condition.alias(f" {name}") for name, condition in joined.changes.items()]
    frames = pl.collect_all(
        [
            joined.frame.filter(joined.states[what]).with_columns(marks).sort(by.key).head(by.examples)
            for what in wanted
        ],
        engine="streaming",
    )
    return [
        RowExample(what, _key(row, by), tuple(_cells(row, by)) if what == "changed" else ())
        for what, frame in zip(wanted, frames, strict=True)
        for row in frame.iter_rows(named=True)
    ]


def _key(row: Mapping[str, Any], by: Matching) -> tuple[tuple[str, str], ...]:
    return tuple((name, shown(row[name], by.private.get(name))) for name in by.key)


def _cells(row: Mapping[str, Any], by: Matching) -> list[Cell]:
    return [
        Cell(
            name,
            shown(row[_LEFT + name], by.private.get(name)),
            shown(row[_RIGHT + name], by.private.get(name)),
        )
        for name in by.columns
        if row[f" {name}"]
    ]
