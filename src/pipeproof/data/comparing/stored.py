"""A table against the stored profile of another: drift as far as bins and frequent values tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeproof.data.comparing.categories import Counted, new_and_gone, without_rare
from pipeproof.data.comparing.distances import (
    StoredColumn,
    aligned_shares,
    as_numbers,
    jensen_shannon,
    ks_from_grid,
    psi,
    wasserstein_from_grid,
)
from pipeproof.data.comparing.drift import missing_question, side_of, side_of_numbers, with_alarms
from pipeproof.data.comparing.effects import LEAST_CRAMER, LEAST_KS, LEAST_PSI, cramers_v
from pipeproof.data.comparing.ordered import SHOWN
from pipeproof.data.comparing.pairs import read_columns
from pipeproof.data.comparing.result import (
    Bins,
    Category,
    ColumnDifference,
    ColumnDrift,
    Question,
    Retyped,
    Side,
)
from pipeproof.data.comparing.sides import Table
from pipeproof.data.comparing.significance import chi_square, chi_square_tail
from pipeproof.data.profiling.profile import ColumnProfile, Profile
from pipeproof.formats.tables import logical_type

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

_UNITS = {"days": 1.0, "microseconds": 1e6, "nanoseconds": 1e9}
_SHOWN = 10


def stored_column(profile: ColumnProfile) -> StoredColumn:
    """Return what a profile keeps of a column, as distances are measured from it.

    Times count in seconds and dates in days, as `distances.as_numbers` counts them.
    """
    missing = profile.missing / profile.rows if profile.rows else 0.0
    known = StoredColumn(profile.name, missing=missing, rows=profile.rows)
    if profile.grid is not None and len(profile.grid.edges) > 1:
        unit = _UNITS[profile.unit] if profile.unit else 1.0
        edges = tuple(edge / unit for edge in profile.grid.edges)
        return replace(known, edges=edges, shares=profile.grid.shares)
    named = {_text(one.value): one.share for one in profile.common if one.value is not None}
    return replace(known, categories=named, other=profile.others)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def columns_since(profile: Profile, table: Table) -> ColumnDifference:
    """Return how the columns of a table differ from those of a profile."""
    before = {column.name: column for column in profile.columns}
    common = [name for name in before if name in table.types]
    retyped = (Retyped(name, before[name].type, logical_type(table.types[name])) for name in common)
    return ColumnDifference(
        tuple(name for name in table.types if name not in before),
        tuple(name for name in before if name not in table.types),
        tuple(
            one
            for one in retyped
            if one.before != one.after and before[one.column].present and one.after != "Null"
        ),
        reordered=common != [name for name in table.types if name in before],
    )


def drift_since(
    profile: Profile, table: Table, names: Sequence[str], private: Mapping[str, str], alpha: float
) -> tuple[ColumnDrift, ...]:
    """Return how columns moved since a profile was made; the statistics are as exact as its bins."""
    known = {column.name: column for column in profile.columns}
    found = [
        column_since(known[name], values, private.get(name) or known[name].private or None)
        for name, values in read_columns(table, names)
    ]
    return with_alarms(found, alpha)


def column_since(profile: ColumnProfile, values: pl.Series, private: str | None) -> ColumnDrift:
    """Return how one column moved since a profile was made; its questions are not corrected yet."""
    stored = stored_column(profile)
    word = logical_type(values.dtype)
    before = Side(profile.rows, stored.missing)
    after = side_of(values, len(values) - values.null_count())
    if stored.ordered and (values.dtype.is_numeric() or values.dtype.is_temporal()):
        return _numbers_since(profile, stored, values, before, private)
    if stored.categories and word in {"string", "boolean"}:
        return _categories_since(stored, values, before, after, private)
    note = "the profile keeps no values of it" if not stored.ordered else "types differ"
    asked = (missing_question(before, after),)
    return ColumnDrift(profile.name, "categories", word, before, after, asked, notes=(note,))


def _numbers_since(
    profile: ColumnProfile, stored: StoredColumn, values: pl.Series, before: Side, private: str | None
) -> ColumnDrift:
    numbers = as_numbers(values)
    before, after = _told(profile, before, private), side_of_numbers(values, numbers)
    missing = missing_question(before, after)
    drift = ColumnDrift(profile.name, "numbers", logical_type(values.dtype), before, after, (missing,))
    if not len(numbers):
        return replace(drift, notes=("one table has no values",))
    kept, found = aligned_shares(values, stored)
    index, largest = psi(kept, found), ks_from_grid(kept, found)
    effect = (
        (index, "PSI", LEAST_PSI) if largest < LEAST_KS and index >= LEAST_PSI else (largest, "D", LEAST_KS)
    )
    asked = _asked(kept * profile.present, found * len(numbers), *effect)
    levels = {name: float(numbers.quantile(float(name), "linear") or 0.0) for name in before.quantiles}
    return replace(
        drift,
        after=replace(after, quantiles=levels),
        questions=(asked, missing),
        ks=largest,
        psi=index,
        js=jensen_shannon(kept, found),
        wasserstein=wasserstein_from_grid([stored.edges[0], *stored.edges, stored.edges[-1]], kept, found),
        bins=None if private else Bins(stored.edges, tuple(kept[1:-1].tolist()), tuple(found[1:-1].tolist())),
        beyond=float(found[0] + found[-1]),
    )


def _told(profile: ColumnProfile, side: Side, private: str | None) -> Side:
    """Return what a profile says of a column in a few numbers, times in seconds and dates in days."""
    unit = _UNITS[profile.unit] if profile.unit else 1.0
    known = {} if profile.grid is None or private else {level: profile.grid.at(level) for level in SHOWN}
    return replace(
        side,
        mean=None if profile.mean is None else profile.mean / unit,
        std=None if profile.std is None else profile.std / unit,
        quantiles={f"{level:g}": at / unit for level, at in known.items() if at is not None},
    )


def _categories_since(
    stored: StoredColumn, values: pl.Series, before: Side, after: Side, private: str | None
) -> ColumnDrift:
    kept, found = aligned_shares(values, stored)
    rows = round(before.rows * (1 - stored.missing)), round(after.rows * (1 - after.missing))
    index, distance = psi(kept, found), jensen_shannon(kept, found)
    asked = _asked(kept * rows[0], found * rows[1], None, "V", LEAST_CRAMER)
    names: list[str] = [*stored.categories, "(others)"]
    both = Counted(names, kept * rows[0], found * rows[1])
    _, gone, many = new_and_gone(both, private)
    shown = () if private else tuple(map(Category, names, kept.tolist(), found.tolist()))[:_SHOWN]
    return ColumnDrift(
        stored.name,
        "categories",
        logical_type(values.dtype),
        before,
        after,
        (asked, missing_question(before, after)),
        psi=index,
        js=distance,
        cramer=asked.effect,
        categories=shown,
        gone=gone,
        many=(0, many[1]),
    )


def _asked(
    a_counts: NDArray[np.float64],
    b_counts: NDArray[np.float64],
    effect: float | None,
    name: str,
    least: float,
) -> Question:
    """Return the question whether shares of bins or categories moved; chi-square, as the values are not at hand."""
    a, b = without_rare(Counted([], a_counts, b_counts))
    statistic, freedom = chi_square(a, b) if len(a) > 1 else (0.0, 0)
    size = cramers_v(statistic, round(float(a.sum() + b.sum()))) if effect is None else effect
    chance = chi_square_tail(statistic, freedom)
    return Question("distribution", f"chi-square of {len(a)} bins", statistic, chance, size, name, least)
