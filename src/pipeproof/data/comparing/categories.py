"""Drift of a column of categories: texts that come again, truth values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeproof.data.comparing.distances import jensen_shannon, psi
from pipeproof.data.comparing.effects import LEAST_CRAMER, cramers_v
from pipeproof.data.comparing.result import Category, Question
from pipeproof.data.comparing.significance import chi_square, chi_square_tail
from pipeproof.data.privacy.masking import shown

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Counts = NDArray[np.float64]

_EXPECTED = 5.0
"""Expected count below which categories are put together (Cochran 1954, "Some methods for strengthening the
common chi-square tests")."""
_SHOWN = 10
_NEW = 5
_NAME = 40


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The categories of two samples with how often each comes, the most frequent first."""

    names: list[Any]
    a: Counts
    b: Counts


def counted(a: pl.Series, b: pl.Series) -> Counted:
    """Return the categories of two columns; missing values are none."""
    import polars as pl

    def counts(values: pl.Series, name: str) -> pl.LazyFrame:
        frame = values.rename("value").to_frame().lazy().drop_nulls()
        return frame.group_by("value").agg(pl.len().alias(name))

    both = (
        counts(a, "a")
        .join(counts(b, "b"), on="value", how="full", coalesce=True)
        .with_columns(pl.col("a", "b").fill_null(0).cast(pl.Float64))
        .sort(-(pl.col("a") + pl.col("b")), "value")
        .collect()
    )
    return Counted(both["value"].to_list(), both["a"].to_numpy(), both["b"].to_numpy())


def without_rare(both: Counted) -> tuple[Counts, Counts]:
    """Return the counts with rare categories put together, so that chi-square may be asked.

    Which ones are rare is decided by both samples together, which says nothing of how they differ.
    """
    import numpy as np

    share = min(both.a.sum(), both.b.sum()) / (both.a.sum() + both.b.sum())
    expected = (both.a + both.b) * share
    kept = expected >= _EXPECTED
    if kept.all():
        return both.a, both.b
    rest = (both.a[~kept].sum(), both.b[~kept].sum())
    a, b = both.a[kept], both.b[kept]
    if sum(rest) * share >= _EXPECTED or not len(a):
        return np.append(a, rest[0]), np.append(b, rest[1])
    a, b = a.copy(), b.copy()  # too few to stand alone: they go with the smallest that is kept
    a[-1] += rest[0]
    b[-1] += rest[1]
    return a, b


def measured(both: Counted) -> tuple[Question, float, float]:
    """Return whether the shares moved, the population stability index and the Jensen-Shannon distance."""
    a, b = without_rare(both)
    index, distance = psi(a, b), jensen_shannon(a, b)
    statistic, freedom = chi_square(a, b) if len(a) > 1 else (0.0, 0)
    size = cramers_v(statistic, int(a.sum() + b.sum()))
    method = f"chi-square, {freedom} degree{'s' * (freedom != 1)} of freedom"
    chance = chi_square_tail(statistic, freedom)
    return (
        Question("distribution", method, statistic, chance, size, "V", LEAST_CRAMER),
        index,
        distance,
    )


def largest(both: Counted, private: str | None) -> tuple[Category, ...]:
    """Return the most frequent categories; none of personal data."""
    return () if private else _categories(both, range(min(_SHOWN, len(both.names))), private)


def new_and_gone(
    both: Counted, private: str | None
) -> tuple[tuple[Category, ...], tuple[Category, ...], tuple[int, int]]:
    """Return categories that only the second table has, those that only the first has, and how many there are."""
    import numpy as np

    new, gone = np.flatnonzero((both.a == 0) & (both.b > 0)), np.flatnonzero((both.b == 0) & (both.a > 0))
    some = (_categories(both, places[:_NEW], private) for places in (new, gone))
    return next(some), next(some), (len(new), len(gone))


def _categories(both: Counted, places: Any, private: str | None) -> tuple[Category, ...]:
    a_rows, b_rows = both.a.sum() or 1.0, both.b.sum() or 1.0
    return tuple(
        Category(_name(both.names[at], private), float(both.a[at] / a_rows), float(both.b[at] / b_rows))
        for at in places
    )


def _name(value: Any, private: str | None) -> str:
    text = str(value) if private is None else shown(value, private)
    return text if len(text) <= _NAME else text[: _NAME - 1] + "…"
