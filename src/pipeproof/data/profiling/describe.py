"""What is known of a table, told as a profile."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from pipeproof.data.profiling.bins import Bins
from pipeproof.data.profiling.column import ColumnPart, Numbers
from pipeproof.data.profiling.keys import single_keys
from pipeproof.data.profiling.profile import (
    ColumnProfile,
    Common,
    Grid,
    Lengths,
    Profile,
    Texts,
    Unit,
)
from pipeproof.data.profiling.relations import correlations_of, dependences_of
from pipeproof.data.profiling.table import TablePart
from pipeproof.data.profiling.texts import texts_of
from pipeproof.formats.tables import logical_type
from pipeproof.model.contract import Scalar

LEVELS = (0.0, 0.001, 0.005, *(round(step / 100, 2) for step in range(1, 100)), 0.995, 0.999, 1.0)
_BINS = 24
_SINGLE = 32  # whole numbers that have a bin each
_FEW = 256  # different values that are all told
_COMMON = 50  # that are told of more
_CATEGORIES = 30
_DIGITS = 15
_UNITS: Mapping[Any, Unit] = {
    pl.Date: "days",
    pl.Datetime: "microseconds",
    pl.Duration: "microseconds",
    pl.Time: "nanoseconds",
}


def describe(part: TablePart, name: str, rows: int, private: Mapping[str, str]) -> Profile:
    """Return the profile of a table, without its quality.

    Args:
        part: What is known of it.
        name: What it is called.
        rows: How many rows it has; more than are known of where a sample was drawn.
        private: Column → kind of personal data, for columns whose values are not to be shown.
    """
    columns = tuple(_column(column, part.sample, private.get(column.name, "")) for column in part.columns)
    there = [column for column in part.columns if column.present and not private.get(column.name)]
    numbers = [column.name for column in there if column.numbers is not None]
    measured = [name for name in numbers if part.sample.schema[name] != pl.Boolean]
    categories = [column.name for column in there if _is_category(column)]
    return Profile(
        name,
        rows,
        part.rows,
        columns,
        *_repeated(part),
        keys=single_keys(part),
        correlations=correlations_of(part.sample, numbers),
        dependences=dependences_of(part.sample, categories, measured),
        part=part,
    )


def describe_columns(part: TablePart) -> Profile:
    """Return the profile of a table with as much as its quality asks for."""
    columns = tuple(
        ColumnProfile(
            one.name,
            _type(one.physical),
            _word(one.physical),
            one.rows,
            one.nulls,
            one.nans,
            texts=_texts(one, part.sample, hidden=False),
        )
        for one in part.columns
    )
    return Profile("table", part.rows, part.rows, columns, *_repeated(part))


def _repeated(part: TablePart) -> tuple[int, bool]:
    """Return how many rows repeat an earlier one, and whether that is exact."""
    known = part.distinct.known
    return (part.repeated, False) if known is None else (part.rows - known, True)


def _is_category(column: ColumnPart) -> bool:
    if column.distinct is None or column.physical.is_nested():
        return False
    kind = column.physical
    return 1 < column.distinct.count <= _CATEGORIES and (kind == pl.Boolean or column.numbers is None)


def _column(part: ColumnPart, sample: pl.DataFrame | None, private: str) -> ColumnProfile:
    numbers, kind = part.numbers, part.physical
    told = numbers if numbers and numbers.moments.count and kind != pl.Boolean else None
    hidden = bool(private)
    common, others = _common(part, hidden=hidden)
    return ColumnProfile(
        part.name,
        _type(kind),
        _word(kind),
        part.rows,
        part.nulls,
        part.nans,
        part.infinite,
        part.distinct.count if part.distinct else None,
        part.distinct.error if part.distinct else 0.0,
        part.unique,
        _order(part),
        _scalar(numbers.least, kind) if told and numbers and not hidden else None,
        _scalar(numbers.most, kind) if told and numbers and not hidden else None,
        _finite(told.moments.mean) if told and not hidden else None,
        _finite(told.moments.std) if told and not hidden else None,
        told.zeros if told and not kind.is_temporal() else None,
        told.negative if told and not kind.is_temporal() else None,
        _UNITS.get(kind.base_type()),
        _grid(told, whole=kind.is_integer() or kind == pl.Date) if told and not hidden else None,
        common,
        others,
        part.frequent.missed if part.frequent else 0,
        _lengths(part.lengths),
        _texts(part, sample, hidden=hidden),
        private,
        tuple(_column(field, None, private) for field in part.fields),
    )


def _type(kind: pl.DataType) -> str:
    word = logical_type(kind)
    return _word(kind) if word == str(kind) else word


def _word(kind: pl.DataType) -> str:
    """Return a Polars type as people write it, without its arguments spelled out."""
    if isinstance(kind, pl.Datetime):
        return f"Datetime({kind.time_unit}{f', {kind.time_zone}' if kind.time_zone else ''})"
    if isinstance(kind, pl.Duration):
        return f"Duration({kind.time_unit})"
    if isinstance(kind, pl.Decimal):
        return f"Decimal({kind.precision}, {kind.scale})"
    return "Enum" if isinstance(kind, pl.Enum) else str(kind)


def _order(part: ColumnPart) -> Any:
    if part.order is None or part.present < 2 or part.order.up == part.order.down:  # noqa: PLR2004 an order needs two
        return None
    return "ascending" if part.order.up else "descending"


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _scalar(value: Any, kind: pl.DataType) -> Scalar:
    """Return a value as JSON has it: times as ISO text, decimals as numbers."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if kind.is_temporal():
        text: str = pl.Series([value], dtype=kind).dt.to_string("iso:strict")[0]
        return text.replace(".000000000", "").replace(".000000", "")
    if isinstance(value, bytes):
        return value.hex()
    number = float(value) + 0.0  # no -0
    return number if math.isfinite(number) else str(number)


def _common(part: ColumnPart, *, hidden: bool) -> tuple[tuple[Common, ...], float]:
    """Return the values that come often, and the share of all others."""
    if part.frequent is None or not part.present:
        return (), 0.0
    counts = part.frequent.counts
    ordered = sorted(counts.items(), key=lambda item: (-item[1], _sorting(item[0])))
    all_told = not part.frequent.missed and len(ordered) <= _FEW
    kept = [item for item in ordered[: _FEW if all_told else _COMMON] if all_told or item[1] > 1]
    told = tuple(
        Common(None if hidden else _scalar(value, part.physical), count, count / part.present)
        for value, count in kept
    )
    return told, 0.0 if all_told else max(0.0, 1 - sum(one.share for one in told))


def _sorting(value: Any) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def _lengths(numbers: Numbers | None) -> Lengths | None:
    if numbers is None or not numbers.moments.count:
        return None
    return Lengths(int(numbers.least), numbers.moments.mean, int(numbers.most))


def _texts(part: ColumnPart, sample: pl.DataFrame | None, *, hidden: bool) -> Texts | None:
    """Return what the texts look like: of all where all are counted, of the sampled rows otherwise."""
    text = part.physical.base_type() in {pl.String, pl.Categorical, pl.Enum}
    if not text or part.frequent is None:
        return None
    if not part.frequent.missed:
        counts = part.frequent.counts
        counted = pl.DataFrame(
            {"value": list(counts), "n": list(counts.values())}, schema={"value": pl.String, "n": pl.Int64}
        )
    elif sample is not None:
        values = sample[part.name].cast(pl.String).drop_nulls().alias("value")
        counted = values.value_counts(name="n")
    else:
        return None
    texts = texts_of(counted)
    if not hidden:
        return texts
    return Texts(texts.looked, texts.shapes, texts.kinds, texts.odd, texts.respelled)


def _grid(numbers: Numbers, *, whole: bool) -> Grid:
    bins = numbers.bins
    low, high = _ends(bins, numbers)
    quantiles = np.clip(bins.quantiles(LEVELS), low, high)
    quantiles[0], quantiles[-1] = low, high
    edges = np.array(_plain(_edges(low, high, quantiles, whole=whole)))
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
    below = bins.below(edges)
    below[0], below[-1] = 0, bins.total
    counts = np.diff(below)
    told = tuple(round(float(count), 1) for count in counts)
    return Grid(LEVELS, _plain(quantiles), tuple(map(float, edges)), told, bins.error)


def _ends(bins: Bins, numbers: Numbers) -> tuple[float, float]:
    """Return the smallest and the largest number, in the unit of the bins."""
    low, high = float(bins.values()[0]), float(bins.ends()[-1])
    exact = (numbers.least, numbers.most)
    if all(isinstance(one, int | float) for one in exact):
        low, high = float(exact[0]) + 0.0, float(exact[1]) + 0.0
    return low, high


def _edges(low: float, high: float, quantiles: np.ndarray[Any, Any], *, whole: bool) -> np.ndarray[Any, Any]:
    """Return the edges of a histogram; where few values lie far out, the first or last bin holds them.

    Args:
        low: The smallest number.
        high: The largest one.
        quantiles: The numbers at `LEVELS`.
        whole: Whether the numbers are whole; then bins hold whole numbers of them.
    """
    first, last = (float(quantiles[LEVELS.index(level)]) for level in (0.005, 0.995))
    wide = (last - first) or (high - low)
    inner_low = low if first - low <= wide else first
    inner_high = high if high - last <= wide else last
    if whole:
        start, end = math.floor(inner_low), math.floor(inner_high) + 1
        step = 1 if end - start <= _SINGLE else math.ceil((end - start) / _BINS)
        inner = np.arange(start, end + step, step, dtype=float)
        inner = inner[: int(np.searchsorted(inner, end)) + 1]
        high = max(high + 1, inner[-1])
    elif inner_low == inner_high:
        low, high, inner = low - 0.5, high + 0.5, np.array([low - 0.5, high + 0.5])
    else:
        inner = np.linspace(inner_low / 2, inner_high / 2, _BINS + 1) * 2  # the width may be no float
    return np.unique(np.concatenate([[low], inner, [high]]))


def _plain(numbers: np.ndarray[Any, Any]) -> tuple[float, ...]:
    """Return numbers without the last digits that only rounding made; whole ones as they are."""
    return tuple(number if number.is_integer() else float(f"{number:.15g}") for number in map(float, numbers))
