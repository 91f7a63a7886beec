"""How many different values there are, and which come often: both can be merged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_SPACE = 2**64
_NEAR = 0.97  # of as many different values as values: worth counting them exactly
_SPARE = 1.2  # how many more hashes are looked at than are expected to be kept
_LOOK = 0.02  # share of the hashes by which their number is guessed
_SMALL = 50_000  # hashes that are all looked at
RARE = 0.001
"""Share of the rows of a chunk below which a value is not followed, where there are too many to follow all."""
_BUCKETS = 16  # bits


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    """How many different values there are, by the smallest of their hashes.

    The estimate is the k-minimum-values one of Bar-Yossef et al., "Counting distinct elements in a data stream"
    (2002), made unbiased by Beyer et al. (2007): (k - 1) / the k-th smallest hash as a share of all.

    Attributes:
        hashes: The smallest hashes, ascending, each once.
        known: The number where it is known exactly.
    """

    hashes: Hashes
    known: int | None

    @property
    def count(self) -> int:
        """The number of different values, or its estimate."""
        if self.known is not None:
            return self.known
        share = (float(self.hashes[-1]) + 1) / _SPACE
        return round((len(self.hashes) - 1) / share)

    @property
    def error(self) -> float:
        """The standard error of the number, as a share of it; 0 where it is exact."""
        return 0.0 if self.known is not None else 1 / math.sqrt(len(self.hashes) - 2)

    @property
    def whole(self) -> bool:
        """Whether the hashes of all values are kept."""
        return self.known == len(self.hashes)

    def merge(self, other: Distinct, most: int) -> Distinct:
        """Return the different values of both together, of which at most `most` hashes are kept."""
        both = _different(np.concatenate([self.hashes, other.hashes]))
        known = len(both) if self.whole and other.whole and len(both) <= most else None
        return Distinct(both[:most], known)


def roughly(hashes: pl.Series) -> float:
    """Return about how many of the hashes are different, from a fiftieth of them."""
    few = hashes.filter(hashes < int(_LOOK * _SPACE)) if len(hashes) > _SMALL else hashes
    return len(_different(few.to_numpy())) / (_LOOK if len(hashes) > _SMALL else 1)


def distinct_of(hashes: pl.Series, most: int, *, unique: bool = False, settle: bool = True) -> Distinct:
    """Return the different ones of hashes.

    Args:
        hashes: Hashes of values, as 64-bit unsigned integers.
        most: How many are kept.
        unique: Whether all are known to be different.
        settle: Whether to count exactly where nearly all seem to be different.
    """
    total = len(hashes)
    if total <= most:
        kept = _different(hashes.to_numpy())
        return Distinct(kept, len(kept))
    share = most * _SPARE / (total if unique else max(roughly(hashes), most))
    few = hashes.filter(hashes < int(share * _SPACE)) if share < 1 else hashes
    kept = _different(few.to_numpy())
    if len(kept) < most:
        kept = hashes.unique().sort().to_numpy()
        return Distinct(kept[:most], len(kept))
    found = Distinct(kept[:most], total if unique else None)
    if not unique and settle and found.count >= _NEAR * total:
        return Distinct(found.hashes, hashes.n_unique())
    return found


def _different(hashes: Hashes) -> Hashes:
    ordered = np.sort(hashes)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


@dataclass(frozen=True, slots=True, eq=False)
class Frequent:
    """How often values come.

    Attributes:
        counts: Value → how often it was seen.
        missed: How much more often than counted any value may come; 0 where all is exact.
    """

    counts: Mapping[Any, int]
    missed: int = 0

    def merge(self, other: Frequent, most: int) -> Frequent:
        """Return the counts of both together, of at most `most` values.

        What is dropped adds to `missed`, as in the mergeable summaries of Agarwal et al. (2012).
        """
        counts = dict(self.counts)
        for value, count in other.counts.items():
            counts[value] = counts.get(value, 0) + count
        missed = self.missed + other.missed
        if len(counts) <= most:
            return Frequent(counts, missed)
        order = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
        return Frequent(dict(order[:most]), missed + order[most][1])


def frequent_of(values: pl.Series, hashes: pl.Series, distinct: Distinct, most: int) -> Frequent:
    """Return how often the values come that come often, of values of which many are different.

    Args:
        values: The values, none missing.
        hashes: Their hashes.
        distinct: How many of them are different.
        most: How many may be counted.
    """
    if distinct.known == len(values):
        return Frequent({}, 1)
    least = max(2, math.ceil(len(values) * RARE))
    # A value that comes so often fills its bucket: only what lies in full buckets is counted.
    buckets = (hashes.to_numpy() >> np.uint64(64 - _BUCKETS)).astype(np.int64)
    full = np.bincount(buckets, minlength=1 << _BUCKETS) >= least
    if not full.any():
        return Frequent({}, least - 1)
    found = values.filter(pl.Series(full[buckets])).alias("value").value_counts(name="n")
    return _frequent(found.filter(pl.col("n") >= least), least - 1, most)


def frequent_among(counted: pl.DataFrame, most: int) -> Frequent:
    """Return how often values come, of all that there are (columns `value` and `n`).

    While they are few all are kept, of more those that are not rare.
    """
    if counted.height <= most:
        return _frequent(counted, 0, most)
    least = max(2, math.ceil(int(counted["n"].sum()) * RARE))
    return _frequent(counted.filter(counted["n"] >= least), least - 1, most)


def _frequent(counted: pl.DataFrame, missed: int, most: int) -> Frequent:
    if counted.height > most:
        counted = counted.sort("n", descending=True)
        missed = max(missed, int(counted["n"][most]))
        counted = counted.head(most)
    return Frequent(dict(zip(counted["value"].to_list(), counted["n"].to_list(), strict=True)), missed)
