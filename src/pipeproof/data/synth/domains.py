"""The values that a column may have, as a numbered list: position → value, as vectors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeproof.contracts.constraints import Value, keeps
from pipeproof.contracts.counter import samples
from pipeproof.data.synth import scales
from pipeproof.data.synth.words import Vocabulary, vocabulary
from pipeproof.data.values import is_representable, with_kind
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

Positions = np.ndarray[Any, Any]
_USUAL_TEXTS = 50
_USUAL_WORDS = 100
_LEAST_DIGITS = 3
_ROOMY = 12  # characters that hold a word and its number
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Domain:
    """Different values, by position from 0.

    Attributes:
        size: How many there are.
        take: Positions → the values there.
        shape: How an ordinary table draws from them: all alike, the middle ones more often, or the
            first ones more often.
        usual: How many of them an ordinary table draws from.
    """

    size: int
    take: Callable[[Positions], pl.Series]
    shape: Literal["flat", "bell", "skewed"] = "flat"
    usual: int = 0

    def draw(self, random: np.random.Generator, count: int, block: int = 0) -> Positions:
        """Return positions as an ordinary table has them; the first block has each of a few values."""
        usual = min(self.usual or self.size, self.size)
        if self.shape == "flat":
            return random.integers(0, usual, count)
        if self.shape == "bell":
            drawn = (random.random(count) + random.random(count) + random.random(count)) / 3
            return (drawn * usual).astype(np.int64)
        skewed = np.searchsorted(_shares(usual), random.random(count), side="right")
        if block == 0 and usual <= count:
            skewed[random.permutation(count)[:usual]] = np.arange(usual)
        return skewed


@lru_cache(maxsize=64)
def _shares(size: int) -> Positions:
    """Return the cumulated shares of a list whose first items come more often (Zipf's law, softened)."""
    weights = 1 / np.sqrt(np.arange(1, size + 1))
    return np.cumsum(weights / weights.sum())[:-1]


@lru_cache(maxsize=2048)
def domain_of(column: Column, need: int, around: dt.date) -> Domain:
    """Return the values of a column.

    Args:
        column: The column.
        need: How many different values are wanted, 0 where it does not matter.
        around: The last day of dates without bounds.
    """
    column = with_kind(column)
    if column.categories:
        return pool(_allowed(column), column)
    if column.type == "boolean":
        return pool([True, False], column)
    if column.type == "string":
        return _texts(column, need)
    ordered = scales.values(column, need, around)
    return Domain(ordered.size, ordered.take, "bell" if ordered.is_free else "flat")


def _allowed(column: Column) -> Sequence[Value]:
    found = samples(column, len(column.categories))
    return [value for value in found if value is not None and is_representable(value)]


def pool(values: Sequence[Value], column: Column) -> Domain:
    """Return a domain of a few listed values."""
    return of_series(series(values, column))


def of_series(values: pl.Series) -> Domain:
    """Return a domain of the values of a series, which are all different."""
    return Domain(len(values), values.gather, "skewed")


def series(values: Sequence[Value], column: Column) -> pl.Series:
    """Return values as a series of the type that a column's made values have."""
    import polars as pl

    kinds: dict[str, Any] = {
        "string": pl.String,
        "integer": pl.Int64,
        "boolean": pl.Boolean,
        "date": pl.Date,
        "timestamp": pl.Datetime("us"),
        "time": pl.Time,
    }
    return pl.Series(column.name, values, dtype=kinds.get(str(column.type), pl.Float64))


def _texts(column: Column, need: int) -> Domain:
    if column.pattern is not None:
        return _words(column, need)
    for head in _heads(column):
        numbered = _numbered(column, head, need)
        if numbered is not None:
            return numbered
    return pool(_few_texts(column), column)


def _words(column: Column, need: int) -> Domain:
    known: Vocabulary = vocabulary(column, max(need, _USUAL_WORDS))
    words = series(known.words, column)
    return Domain(len(words), words.gather, "skewed", min(max(need, _USUAL_WORDS), len(words)))


def _heads(column: Column) -> list[str]:
    """Return what texts may begin with, the most telling first."""
    least = column.minimum if isinstance(column.minimum, str) else ""
    return list(dict.fromkeys((f"{column.name}-", least + "-" if least else "", least, least + "a")))


def _numbered(column: Column, head: str, need: int) -> Domain | None:
    """Return ``head-017`` and so on, or None when the column does not allow them.

    They are equally long and rise with their number, so the first and the last keep bounds and
    lengths only if all do.
    """
    most = _ROOMY * 10 if column.max_length is None else column.max_length
    least = column.minimum if isinstance(column.minimum, str) else ""
    if head.startswith(column.name) and len(head) + _LEAST_DIGITS > most:
        head = column.name[: max(0, most - max(_LEAST_DIGITS, len(str(need))))]
    width = max(_LEAST_DIGITS, len(str(need)), (column.min_length or 0) - len(head))
    width = min(width, most - len(head))
    if width < 0 or not head.startswith(least[: len(head)] if least else ""):
        return None
    letters = _short(column, head, width, need)
    if letters is not None:
        return letters
    size = 10 ** min(width, 15)
    if not all(keeps(head + str(at).zfill(width), column) for at in (0, size - 1)):
        return None
    usual = min(_USUAL_TEXTS, size)
    common = _digits(column.name, head, width, np.arange(usual))

    def take(at: Positions) -> pl.Series:
        few = len(at) and at.max() < usual
        return common.gather(at) if few else _digits(column.name, head, width, at)

    return Domain(size, take, "skewed", usual)


def _digits(name: str, head: str, width: int, at: Positions) -> pl.Series:
    import polars as pl

    numbers = pl.Series(name, at, dtype=pl.Int64).cast(pl.String)
    return head + numbers.str.zfill(width) if head else numbers.str.zfill(width)


def _short(column: Column, head: str, width: int, need: int) -> Domain | None:
    """Return short texts of letters, where there is no room for a number."""
    if width >= _LEAST_DIGITS and need <= 10**width:
        return None
    values = list(_spelled(width, max(need, _USUAL_TEXTS)))
    kept = [head + value for value in values if keeps(head + value, column)]
    return pool(kept, column) if kept else None


def _spelled(width: int, most: int) -> list[str]:
    """Return texts of letters, all of one length, at most so many."""
    found = [""]
    for _ in range(width):
        found = [text + letter for letter in _LETTERS for text in found][: max(most, len(_LETTERS))]
    return found[:most]


def _few_texts(column: Column) -> Sequence[Value]:
    return [value for value in samples(column, _USUAL_TEXTS) if value is not None]
