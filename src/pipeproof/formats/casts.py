"""Text to types: as a schema says, or, where nothing is said, as the values themselves tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeproof.model.contract import Logical, TableSchema

if TYPE_CHECKING:
    import polars as pl

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_SAMPLE = 10_000  # rows from which types are guessed first; later rows may still prove a guess wrong
_GUESSES: tuple[Logical, ...] = ("boolean", "integer", "number", "date", "timestamp", "time")
_WHOLE = r"^-?(0|[1-9]\d*)$"
_CODED = r"^\+|^-?0\d"  # numbers of telephones and codes: a number would lose the plus or the zeros
_MOMENT = r"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}{}[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?:\.[0-9]+)?$"
_OFFSET = r"(?:[zZ]|[+-]\d{2}:?\d{2})$"
_MAX_DIGITS = 38  # of a decimal in Arrow


@dataclass(frozen=True, slots=True)
class Typed:
    """A table with the types that it should have, and as it was before.

    Attributes:
        frame: The typed table; a value that is not of its type is null in it.
        raw: The table as it was read.
        casts: Column → its cast from `raw`.
        guessed: Columns whose types are a guess, with the guess.
    """

    frame: pl.LazyFrame
    raw: pl.LazyFrame
    casts: Mapping[str, pl.Expr] = field(default_factory=dict)
    guessed: Mapping[str, Logical] = field(default_factory=dict)

    def wrong(self, name: str) -> pl.Expr:
        """Return the expression on `raw` that is true where a value is not of its column's type."""
        lost = _text(name).is_not_null() & self.casts[name].is_null()
        if self.guessed.get(name) in {"integer", "number"}:
            return lost | _text(name).str.contains(_CODED)
        return lost


def cast_to(frame: pl.LazyFrame, schema: TableSchema | None, *, guess: bool = False) -> Typed:
    """Give the text columns of a frame the types of a schema, and others those that their values have.

    Args:
        frame: The table.
        schema: What is known of its columns.
        guess: Whether to guess the types of text columns that the schema does not type.
    """
    import polars as pl

    have = frame.collect_schema()
    declared = {c.name: c.type for c in (schema.columns if schema else ()) if c.type and c.name in have}
    texts = [name for name, kind in have.items() if kind == pl.String]
    kinds: dict[str, Logical] = {n: declared[n] for n in texts if n in declared and declared[n] != "string"}
    loose = [name for name in texts if name not in declared] if guess else []
    guesses = _guess(frame, loose)
    casts = dict(_casts(frame, {**kinds, **guesses}))
    casts |= {n: _null_of(n, declared[n]) for n, kind in have.items() if kind == pl.Null and n in declared}
    return Typed(_with(frame, casts) if casts else frame, frame, casts, guesses)


def settled(
    typed: Typed,
    also: Mapping[str, pl.Expr] | None = None,
    sink: Callable[[pl.LazyFrame], pl.LazyFrame] | None = None,
) -> tuple[Typed, dict[str, int]]:
    """Return a table whose guessed types hold to the last row, after one reading unless a guess proves wrong.

    Args:
        typed: The table.
        also: What else to count of the raw table in the same reading, by names that no column has.
        sink: Makes the query that writes a table, which is then done in the same reading too.

    Returns:
        The table; and column → how many values are not of its type, where there are some, with what else was
        counted.
    """
    import polars as pl

    have, also = typed.raw.collect_schema(), dict(also or {})
    asked = {name: typed.wrong(name).sum() for name in typed.casts if have[name] == pl.String} | also
    queries = [typed.raw.select(one.alias(name) for name, one in asked.items())] if asked else []
    if sink is not None:
        queries.append(sink(typed.frame))
    # Collected together, they share one reading of the file.
    found = pl.collect_all(queries, engine="streaming")
    counts = {name: int(n or 0) for name, n in found[0].row(0, named=True).items()} if asked else {}
    if failed := [name for name in typed.guessed if counts.get(name)]:
        typed = widened(typed, failed)
        if sink is not None:
            sink(typed.frame).collect(engine="streaming")
    return typed, {name: n for name, n in counts.items() if name in also or (n and name not in failed)}


def _with(frame: pl.LazyFrame, casts: Mapping[str, pl.Expr]) -> pl.LazyFrame:
    """Return a frame with casts; as keywords, a column could not be called `self`."""
    return frame.with_columns(cast.alias(name) for name, cast in casts.items())


def widened(typed: Typed, names: Collection[str]) -> Typed:
    """Return a table whose guesses about some columns, which proved wrong, are made again from all rows."""
    guesses = {name: kind for name in names if (kind := _kind_of_all(typed.raw, name)) is not None}
    casts = {name: cast for name, cast in typed.casts.items() if name not in names}
    casts |= dict(_casts(typed.raw, guesses))
    guessed = {name: kind for name, kind in typed.guessed.items() if name not in names} | guesses
    return Typed(_with(typed.raw, casts), typed.raw, casts, guessed)


def jsonl_overrides(seen: Mapping[str, pl.DataType], schema: TableSchema | None) -> dict[str, Any]:
    """Return the columns of JSON lines to read as text: numbers whose type is not the one in the schema.

    ``3.0`` stands for an integer and ``1.10`` for a decimal only after a look at its digits.
    """
    import polars as pl

    kinds = {column.name: column.type for column in (schema.columns if schema else ())}

    def wanted(name: str, kind: pl.DataType) -> bool:
        return (kind.is_float() and kinds.get(name) in {"integer", "decimal"}) or (
            kind.is_integer() and kinds.get(name) == "decimal"
        )

    return {name: pl.String for name, kind in seen.items() if wanted(name, kind)}


def _text(name: str) -> pl.Expr:
    """Return a text column without spaces around, and null where nothing else is there."""
    import polars as pl

    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text)


def _casts(frame: pl.LazyFrame, kinds: Mapping[str, Logical]) -> Iterator[tuple[str, pl.Expr]]:
    for name, kind in kinds.items():
        if kind == "decimal":
            yield name, _decimal(frame, name)
        elif kind == "timestamp":
            yield name, _timestamp(frame, name)
        else:
            yield name, _cast(_text(name), kind)


def _cast(text: pl.Expr, kind: Logical) -> pl.Expr:
    import polars as pl

    if kind == "boolean":
        return text.str.to_lowercase().replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)
    if kind == "integer":
        # "3.0" is what pandas writes for an integer column with gaps.
        return text.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
    if kind == "date":
        # A date at midnight is what pandas writes for a date.
        return text.str.replace(r"[T ]00:00(:00(\.0+)?)?$", "").str.to_date("%Y-%m-%d", strict=False)
    if kind == "time":
        seconds = text.str.to_time("%H:%M:%S%.f", strict=False)
        return pl.coalesce(seconds, text.str.to_time("%H:%M", strict=False))
    return text.cast(pl.Float64, strict=False)


def _decimal(frame: pl.LazyFrame, name: str) -> pl.Expr:
    """Return the cast to a decimal with as many digits after the point as the longest value has."""
    import polars as pl

    digits = _text(name).str.extract(r"\.(\d+)$").str.len_chars().max()
    scale = frame.select(digits).collect(engine="streaming").item() or 0
    return _text(name).cast(pl.Decimal(_MAX_DIGITS, min(scale, _MAX_DIGITS)), strict=False)


def _timestamp(frame: pl.LazyFrame, name: str) -> pl.Expr:
    """Return the cast to timestamps, in UTC when the first value has an offset and as they stand otherwise."""
    import polars as pl

    text = _text(name)
    first = _sample(frame, name, 1)
    if first is not None and first.str.contains(_OFFSET).any():
        text = _spaced(text).str.replace("[zZ]$", "+00:00")
        return _first_format(text, ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z"), pl.Datetime("us", "UTC"))
    # A format that fails takes as long as one that fits, so each sees only what looks like it: four times as fast.
    by_t, by_space = text.str.contains(_MOMENT.format("T")), text.str.contains(_MOMENT.format(" "))
    usual = (
        pl.when(by_t).then(text).str.strptime(pl.Datetime("us"), "%Y-%m-%dT%H:%M:%S%.f", strict=False),
        pl.when(by_space).then(text).str.strptime(pl.Datetime("us"), "%Y-%m-%d %H:%M:%S%.f", strict=False),
    )
    rest = _spaced(pl.when(~by_t, ~by_space).then(text))
    formats = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    return pl.coalesce(*usual, _first_format(rest, formats, pl.Datetime("us")))


def _spaced(text: pl.Expr) -> pl.Expr:
    """Return timestamps with one space between day and time, where others write a T or several spaces."""
    return text.str.replace(r"^(\S+)[T ]\s*", "${1} ")


def _first_format(text: pl.Expr, formats: tuple[str, ...], kind: pl.Datetime) -> pl.Expr:
    import polars as pl

    return pl.coalesce(text.str.strptime(kind, form, strict=False) for form in formats)


def _null_of(name: str, kind: Logical) -> pl.Expr:
    import polars as pl

    types: dict[Logical, Any] = {
        "string": pl.String,
        "integer": pl.Int64,
        "number": pl.Float64,
        "decimal": pl.Decimal(_MAX_DIGITS, 0),
        "boolean": pl.Boolean,
        "date": pl.Date,
        "timestamp": pl.Datetime("us"),
        "time": pl.Time,
    }
    return pl.col(name).cast(types[kind])


def _sample(frame: pl.LazyFrame, name: str, rows: int) -> pl.Series | None:
    """Return the first values of a text column that are not blank, or None when there are none."""
    text = frame.select(_text(name)).drop_nulls().head(rows).collect(engine="streaming")
    return text.to_series() if text.height else None


def _guess(frame: pl.LazyFrame, names: Collection[str]) -> dict[str, Logical]:
    if not names:
        return {}
    head = frame.select(names).head(_SAMPLE).collect(engine="streaming")
    guesses: dict[str, Logical] = {}
    for name in names:
        values = head.select(_text(name)).to_series().drop_nulls()
        seen = values if len(values) else _sample(frame, name, _SAMPLE)
        kind = None if seen is None else _kind_of_all(seen.to_frame(name).lazy(), name)
        if kind is not None:
            guesses[name] = kind
    return guesses


def _kind_of_all(frame: pl.LazyFrame, name: str) -> Logical | None:
    """Return the type that all values of a text column have, or None when only text can hold them."""
    text = _text(name)
    fits = {kind: (_fits(frame, name, kind) | text.is_null()).all() for kind in _GUESSES}
    row = frame.select(text.count().alias(" count"), **{str(k): v for k, v in fits.items()})
    found: dict[str, Any] = row.collect(engine="streaming").row(0, named=True)
    if not found[" count"]:
        return None
    return next((kind for kind in _GUESSES if found[kind]), None)


def _fits(frame: pl.LazyFrame, name: str, kind: Logical) -> pl.Expr:
    """Return whether a text is of a type and would be told no less by it."""
    text = _text(name)
    if kind == "boolean":
        return text.str.to_lowercase().is_in(["true", "false"])
    if kind == "integer":
        return text.str.contains(_WHOLE) & _cast(text, "integer").is_not_null()
    if kind == "number":
        # Codes like 007, and whole numbers too long for 64 bits, would lose digits as numbers.
        lost = text.str.contains(_CODED) | text.str.contains(r"^[+-]?\d{19,}$")
        return _cast(text, "number").is_not_null() & lost.not_()
    cast = _timestamp(frame, name) if kind == "timestamp" else _cast(text, kind)
    return cast.is_not_null() & text.str.contains(r"^\d+[:-]\d\d")
