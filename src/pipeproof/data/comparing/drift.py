"""How the columns that two tables have in common moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pipeproof.data.comparing import categories, ordered
from pipeproof.data.comparing.distances import as_numbers
from pipeproof.data.comparing.effects import LEAST_H, cohen_h
from pipeproof.data.comparing.pairs import pairs_of, read_pairs
from pipeproof.data.comparing.pooled import pool
from pipeproof.data.comparing.result import ColumnDrift, Question, Side
from pipeproof.data.comparing.sides import Table
from pipeproof.data.comparing.significance import holm, two_shares
from pipeproof.formats.tables import logical_type

if TYPE_CHECKING:
    import polars as pl

ALPHA = 0.01
"""Chance of one false alarm or more among all questions of a comparison, before effects are looked at."""
_MOSTLY = 0.2  # share of different values from which on texts name rows: most categories have fewer than five of them
_FEW = 50  # so many different values are categories in any case
_EMPTY = "one table has no values"


def find_drift(
    before: Table, after: Table, names: Sequence[str], private: Mapping[str, str], alpha: float = ALPHA
) -> tuple[ColumnDrift, ...]:
    """Return how columns that both tables have moved, with alarms.

    An alarm needs both: that the change is certain, after correction for all that was asked of all columns, and
    that it is large enough to matter.

    Args:
        before: The first table.
        after: The second table.
        names: The columns.
        private: Columns with personal data, and of which kind: their values are masked.
        alpha: Chance of one false alarm or more among all questions that is allowed.
    """
    pairs = [pair for name in names for pair in pairs_of(name, before, after)]
    found = [
        column_drift(pair.name, a, b, private.get(pair.name.partition(".")[0]) or private.get(pair.name))
        for pair, a, b in read_pairs(before.frame, after.frame, pairs)
    ]
    return with_alarms(found, alpha)


def with_alarms(columns: Iterable[ColumnDrift], alpha: float) -> tuple[ColumnDrift, ...]:
    """Return columns with the probabilities of all their questions corrected, and with alarms."""
    found = list(columns)
    corrected = iter(holm([question.chance for column in found for question in column.questions]))
    return tuple(
        replace(
            column,
            questions=tuple(_answered(one, next(corrected), alpha) for one in column.questions),
        )
        for column in found
    )


def _answered(question: Question, corrected: float, alpha: float) -> Question:
    return replace(
        question, corrected=corrected, alarm=corrected < alpha and question.effect >= question.least
    )


def column_drift(name: str, a: pl.Series, b: pl.Series, private: str | None = None) -> ColumnDrift:
    """Return how one column moved; its questions are not corrected for others yet.

    Args:
        name: The column.
        a: Its values in the first table.
        b: Its values in the second table.
        private: Kind of personal data that it holds: no value of it is in what is returned.
    """
    kind = _kind(a, b)
    word = logical_type(b.dtype if a.dtype.base_type() == _null() else a.dtype)
    if kind is None:
        return _untold(name, word, a, b)
    if kind == "categories":
        return _of_categories(name, word, a, b, private)
    if kind == "lengths":
        a, b = _lengths(a), _lengths(b)
    return _of_numbers(name, kind, word, a, b, private)


def _null() -> type[pl.DataType]:
    import polars as pl

    return pl.Null


def _kind(a: pl.Series, b: pl.Series) -> Literal["numbers", "categories", "lengths"] | None:
    """Return what of a column can be compared, or None where it is nothing."""
    import polars as pl

    kinds = {_group(one.dtype) for one in (a, b) if one.dtype != pl.Null}
    if len(kinds) != 1:
        return None
    group = kinds.pop()
    if group == "text":
        return "lengths" if _names_rows(a) or _names_rows(b) else "categories"
    known: Mapping[str, Literal["numbers", "categories", "lengths"]] = {
        "categories": "categories",
        "list": "lengths",
        "binary": "lengths",
        "number": "numbers",
        "date": "numbers",
        "moment": "numbers",
        "time": "numbers",
        "duration": "numbers",
    }
    return known.get(group)


def _group(dtype: pl.DataType) -> str:
    import polars as pl

    groups: Mapping[type[pl.DataType], str] = {
        pl.Boolean: "categories",
        pl.Categorical: "categories",
        pl.Enum: "categories",
        pl.String: "text",
        pl.List: "list",
        pl.Array: "list",
        pl.Binary: "binary",
        pl.Date: "date",
        pl.Datetime: "moment",
        pl.Time: "time",
        pl.Duration: "duration",
    }
    return "number" if dtype.is_numeric() else groups.get(dtype.base_type(), "other")


def _names_rows(values: pl.Series) -> bool:
    """Say whether texts are mostly different, so that their shares say nothing."""
    import polars as pl

    present = len(values) - values.null_count()
    different = int(values.to_frame().select(pl.all().approx_n_unique()).item()) if present > _FEW else 0
    return different > max(_FEW, present * _MOSTLY)


def _lengths(values: pl.Series) -> pl.Series:
    import polars as pl

    if values.dtype == pl.String:
        return values.str.len_chars()
    if isinstance(values.dtype, pl.Array):
        return values.arr.len()
    return values.list.len() if isinstance(values.dtype, pl.List) else values.bin.size()


def missing_question(a: Side, b: Side) -> Question:
    """Return whether another share of the values is missing."""
    hits = round(a.missing * a.rows), round(b.missing * b.rows)
    effect = cohen_h(a.missing, b.missing)
    chance = two_shares(hits[0], a.rows, hits[1], b.rows)
    return Question("missing", "two shares", b.missing - a.missing, chance, effect, "h", LEAST_H)


def side_of(values: pl.Series, present: int) -> Side:
    """Return one side of a column, of which so many values are present."""
    rows = len(values)
    return Side(rows, (rows - present) / rows if rows else 0.0)


def side_of_numbers(values: pl.Series, numbers: pl.Series) -> Side:
    """Return one side of a column with the mean and spread of its numbers, which are those that are not missing."""
    side = side_of(values, len(numbers))
    return replace(side, mean=_float(numbers.mean()), std=_float(numbers.std()))


def _untold(name: str, word: str, a: pl.Series, b: pl.Series) -> ColumnDrift:
    """Return a column of which only missing values can be compared."""
    import polars as pl

    empty = pl.Null in {a.dtype.base_type(), b.dtype.base_type()}
    if empty:
        note = _EMPTY
    elif a.dtype == b.dtype:
        note = f"values of type {logical_type(a.dtype)} are not compared"
    else:
        note = f"not compared, as types differ: {logical_type(a.dtype)} and {logical_type(b.dtype)}"
    before, after = (side_of(one, len(one) - one.null_count()) for one in (a, b))
    asked = (missing_question(before, after),)
    return ColumnDrift(name, "categories", word, before, after, asked, notes=(note,))


def _of_numbers(
    name: str, kind: Literal["numbers", "lengths"], word: str, a: pl.Series, b: pl.Series, private: str | None
) -> ColumnDrift:
    a_numbers, b_numbers = as_numbers(a), as_numbers(b)
    before, after = side_of_numbers(a, a_numbers), side_of_numbers(b, b_numbers)
    missing = missing_question(before, after)
    if not len(a_numbers) or not len(b_numbers):
        return ColumnDrift(name, kind, word, before, after, (missing,), notes=(_EMPTY,))
    both = pool(a_numbers.to_numpy(), b_numbers.to_numpy())
    index, distance = ordered.moved(both)
    area = both.area()
    shift = area / before.std if before.std else 0.0
    hidden = private is not None and kind == "numbers"
    if not hidden:
        a_quantiles, b_quantiles = ordered.quantiles(both)
        before, after = replace(before, quantiles=a_quantiles), replace(after, quantiles=b_quantiles)
    return ColumnDrift(
        name,
        kind,
        word,
        before,
        after,
        (ordered.question(both, index, shift), missing, ordered.outliers(both)),
        ks=both.largest_difference(),
        psi=index,
        js=distance,
        wasserstein=area,
        bins=None if hidden else ordered.drawn(both),
        beyond=ordered.beyond(both),
        notes=("values name rows rather than categories: their lengths were compared",)
        if word == "string"
        else (),
    )


def _of_categories(name: str, word: str, a: pl.Series, b: pl.Series, private: str | None) -> ColumnDrift:
    both = categories.counted(a, b)
    present = int(both.a.sum()), int(both.b.sum())
    before = replace(side_of(a, present[0]), distinct=int((both.a > 0).sum()))
    after = replace(side_of(b, present[1]), distinct=int((both.b > 0).sum()))
    missing = missing_question(before, after)
    if not all(present):
        return ColumnDrift(name, "categories", word, before, after, (missing,), notes=(_EMPTY,))
    asked, index, distance = categories.measured(both)
    new, gone, many = categories.new_and_gone(both, private)
    return ColumnDrift(
        name,
        "categories",
        word,
        before,
        after,
        (asked, missing),
        psi=index,
        js=distance,
        cramer=asked.effect,
        categories=categories.largest(both, private),
        new=new,
        gone=gone,
        many=many,
    )


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
