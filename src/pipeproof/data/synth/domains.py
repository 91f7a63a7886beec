"""From the rules of a column to its values: by categories, pools, patterns, bounds, or from nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeproof.contracts.constraints import Value, keeps
from pipeproof.contracts.counter import samples
from pipeproof.data.extremes import is_representable, with_kind
from pipeproof.data.synth import nested, scales
from pipeproof.data.synth.counted import spelled
from pipeproof.data.synth.domain import Domain, of_series, pool, series
from pipeproof.data.synth.plausible import with_plausible_bounds
from pipeproof.data.synth.pools import pool_for
from pipeproof.data.synth.pools.made import pool_named
from pipeproof.data.synth.seeds import Whole
from pipeproof.data.synth.words import vocabulary
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

_USUAL_TEXTS = 50
_USUAL_WORDS = 100
_POOLED = 5_000  # realistic texts that a table draws from, unless all are to differ
_LEAST_DIGITS = 3
_ROOMY = 12  # characters that hold a word and its number
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


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
    if column.type in {"list", "struct"}:
        return nested.nested(column, lambda inner: domain_of(inner, 0, around))
    ordered = scales.values(with_plausible_bounds(column, around), need, around)
    shape: Literal["bell", "flat"] = "bell" if ordered.is_free else "flat"
    return Domain(ordered.size, ordered.take, shape, 0, True, ordered.place, ordered.ends)  # noqa: FBT003 it is sorted


def _allowed(column: Column) -> Sequence[Value]:
    found = samples(column, len(column.categories))
    return [value for value in found if value is not None and is_representable(value)]


def _texts(column: Column, need: int) -> Domain:
    pooled = _pooled(column, need)
    if pooled is not None:
        return pooled
    if column.pattern is not None or column.format is not None:
        return _words(column, need)
    for head in _heads(column):
        numbered = _numbered(column, head, need)
        if numbered is not None:
            return numbered
    return pool(_few_texts(column), column)


def _pooled(column: Column, need: int) -> Domain | None:
    """Return realistic texts, or None where there are none that the column allows, or too few."""
    name = pool_for(column)
    if not name:
        return None
    known = pool_named(name)
    usual = min(_POOLED, known.size)
    common = known.texts(np.arange(usual)).rename(column.name)
    if _has_rules(column):
        kept = common.filter(np.array([keeps(text, column) for text in common.to_list()]))
        return of_series(kept) if len(kept) >= max(1, need) else None
    if known.size < need:
        return None

    def take(at: Whole) -> pl.Series:
        few = len(at) and at.max() < usual
        return common.gather(at) if few else known.texts(at).rename(column.name)

    return Domain(known.size, take, "skewed", usual)


def _has_rules(column: Column) -> bool:
    rules = (column.pattern, column.min_length, column.max_length, column.minimum, column.maximum)
    return any(rule is not None for rule in rules)


def _words(column: Column, need: int) -> Domain:
    if need > _POOLED:
        counted = spelled(column)
        if counted is not None and counted.size >= need:
            return Domain(counted.size, lambda at: counted.texts(at).rename(column.name), "flat", _POOLED)
    known = vocabulary(column, max(need, _USUAL_WORDS))
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

    def take(at: Whole) -> pl.Series:
        few = len(at) and at.max() < usual
        return common.gather(at) if few else _digits(column.name, head, width, at)

    return Domain(size, take, "skewed", usual, is_sorted=True)


def _digits(name: str, head: str, width: int, at: Whole) -> pl.Series:
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
