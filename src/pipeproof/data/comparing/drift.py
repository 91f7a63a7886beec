"""How the columns that two tables have in common moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pipeproof.data.comparing import categories, ordered
from pipeproof.data.comparing.distances import as_numbers
from pipeproof.data.comparing.effects import LEAST_H, cohen_h
from pipeproof.data.comparing.result import ColumnDrift, Question, Side
from pipeproof.data.comparing.sides import Table
from pipeproof.data.comparing.significance import holm, two_shares
from pipeproof.formats.tables import logical_type

if TYPE_CHECKING:
    import polars as pl

ALPHA = 0.01
"""Chance of one false alarm or more among all questions of a comparison, before effects are looked at."""
_MEMORY = 256 * 2**20  # bytes, about, that the columns of one table which are read together may take
_MOSTLY = 0.5  # share of different values from which on texts name rows rather than categories
_FEW = 50  # so many different values are categories in any case
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of both tables, or a field of a struct, as it is read from each."""

    name: str
    before: pl.Expr
    after: pl.Expr
    types: tuple[pl.DataType, pl.DataType]


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
    pairs = [pair for name in names for pair in _pairs(name, before, after)]
    found = [
        column_drift(pair.name, a, b, private.get(pair.name.partition(".")[0]) or private.get(pair.name))
        for pair, a, b in _read(before.frame, after.frame, pairs)
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


def _pairs(name: str, before: Table, after: Table) -> Iterator[Pair]:
    import polars as pl

    types = (before.types[name], after.types[name])
    yield from _with_fields(Pair(name, pl.col(name), pl.col(name), types))


def _with_fields(pair: Pair, depth: int = 0) -> Iterator[Pair]:
    """Yield a column, or the fields of a struct that both tables have."""
    import polars as pl

    one, other = pair.types
    if not (isinstance(one, pl.Struct) and isinstance(other, pl.Struct)) or depth == _DEEPEST:
        yield pair
        return
    there = {field.name: field.dtype for field in other.fields}
    for field in one.fields:
        if field.name in there:
            inner = Pair(
                f"{pair.name}.{field.name}",
                pair.before.struct.field(field.name),
                pair.after.struct.field(field.name),
                (_type(field.dtype), _type(there[field.name])),
            )
            yield from _with_fields(inner, depth + 1)


def _type(dtype: pl.DataType | type[pl.DataType]) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype


def _read(
    before: pl.LazyFrame, after: pl.LazyFrame, pairs: Sequence[Pair]
) -> Iterator[tuple[Pair, pl.Series, pl.Series]]:
    """Yield the columns, read some at a time, so that tables may be larger than memory as long as columns are not."""
    import polars as pl

    if not pairs:
        return
    rows = max(pl.collect_all([frame.select(pl.len()) for frame in (before, after)]), key=pl.DataFrame.item)
    many = max(1, _MEMORY // (8 * max(rows.item(), 1)))
    for first in range(0, len(pairs), many):
        some = pairs[first : first + many]
        a = before.select(pair.before.alias(str(at)) for at, pair in enumerate(some)).collect()
        b = after.select(pair.after.alias(str(at)) for at, pair in enumerate(some)).collect()
        for at, pair in enumerate(some):
            yield pair, a[str(at)], b[str(at)]


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
    present = len(values) - values.null_count()
    different = values.approx_n_unique() if present > _FEW else 0
    return different > max(_FEW, present * _MOSTLY)


def _lengths(values: pl.Series) -> pl.Series:
    import polars as pl

    if values.dtype == pl.String:
        return values.str.len_chars()
    if isinstance(values.dtype, pl.Array):
        return values.arr.len()
    return values.list.len() if isinstance(values.dtype, pl.List) else values.bin.size()


def _missing(a: Side, b: Side) -> Question:
    hits = round(a.missing * a.rows), round(b.missing * b.rows)
    effect = cohen_h(a.missing, b.missing)
    chance = two_shares(hits[0], a.rows, hits[1], b.rows)
    return Question("missing", "two shares", b.missing - a.missing, chance, effect, "h", LEAST_H)


def _side(values: pl.Series, present: int, **known: object) -> Side:
    rows = len(values)
    return replace(Side(rows, 1 - present / rows if rows else 0.0), **known)  # type: ignore[arg-type]  # fields of Side


def _untold(name: str, word: str, a: pl.Series, b: pl.Series) -> ColumnDrift:
    """Return a column of which only missing values can be compared."""
    import polars as pl

    sides = [_side(one, len(one) - one.null_count()) for one in (a, b)]
    empty = pl.Null in {a.dtype.base_type(), b.dtype.base_type()}
    note = "one table has no values" if empty else f"types differ: {a.dtype} and {b.dtype}"
    if not empty and a.dtype == b.dtype:
        note = f"values of type {a.dtype} are not compared"
    return ColumnDrift(name, "categories", word, *sides, (_missing(*sides),), notes=(note,))


def _of_numbers(
    name: str, kind: Literal["numbers", "lengths"], word: str, a: pl.Series, b: pl.Series, private: str | None
) -> ColumnDrift:
    numbers = [as_numbers(one) for one in (a, b)]
    sides = [
        _side(one, len(of), mean=_float(of.mean()), std=_float(of.std()))
        for one, of in zip((a, b), numbers, strict=True)
    ]
    if not all(map(len, numbers)):
        empty = ColumnDrift(name, kind, word, *sides, (_missing(*sides),))
        return replace(empty, notes=("one table has no values",))
    whole = all(one.dtype.is_integer() or word == "date" for one in (a, b))
    both = ordered.pooled(*numbers, whole=whole)
    index, distance = ordered.moved(both)
    questions = (ordered.question(both, index), _missing(*sides), ordered.outliers(both))
    told = ordered.quantiles(both)
    if not private or kind == "lengths":
        sides = [replace(side, quantiles=levels) for side, levels in zip(sides, told, strict=True)]
    return ColumnDrift(
        name,
        kind,
        word,
        *sides,
        questions,
        ks=both.largest_difference(),
        psi=index,
        js=distance,
        wasserstein=both.area(),
        bins=None if private and kind == "numbers" else ordered.drawn(both),
        beyond=ordered.beyond(both),
        notes=("values are mostly different: their lengths were compared",) if word == "string" else (),
    )


def _of_categories(name: str, word: str, a: pl.Series, b: pl.Series, private: str | None) -> ColumnDrift:
    both = categories.counted(a, b)
    present = [int(both.a.sum()), int(both.b.sum())]
    different = [int((both.a > 0).sum()), int((both.b > 0).sum())]
    sides = [
        _side(one, there, distinct=many) for one, there, many in zip((a, b), present, different, strict=True)
    ]
    if not all(present):
        return ColumnDrift(
            name, "categories", word, *sides, (_missing(*sides),), notes=("one table has no values",)
        )
    asked, index, distance = categories.measured(both)
    new, gone, many = categories.new_and_gone(both, private)
    return ColumnDrift(
        name,
        "categories",
        word,
        *sides,
        (asked, _missing(*sides)),
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
