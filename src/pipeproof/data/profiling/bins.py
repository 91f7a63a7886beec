"""A distribution that can be merged: values counted one by one while they are few, in narrow ranges above.

Numbers are taken as whole numbers of 64 bits that keep their order: integers as they are, floats by their
bits. A bin is such a number without its last `shift` bits. While there are more bins than may be kept, one more
bit is dropped; this is the uniform collapse of UDDSketch (Epicoco et al., 2020) on the bits of the
number instead of its logarithm. The shift is the smallest that does, so a distribution does not depend
on how a table was cut into chunks, nor on their order. A bin of floats is at most 2^(shift-52) of its value wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Whole = NDArray[np.int64]
_DENSE = 20  # bits of a table that is counted directly; it has 8 MB
_LARGEST = np.finfo(np.float64).max
_BITS = np.int64(0x7FFF_FFFF_FFFF_FFFF)


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """How many numbers lie in each bin.

    Attributes:
        floats: Whether the numbers are floats.
        shift: How many bits a bin leaves out; with 0 each bin is one value, and all that is told is exact.
        bins: The bins that are not empty, ascending.
        counts: How many numbers lie in each.
    """

    floats: bool
    shift: int
    bins: Whole
    counts: Whole

    @property
    def total(self) -> int:
        """How many numbers there are."""
        return int(self.counts.sum())

    @property
    def error(self) -> float:
        """The largest share of the numbers by which the rank of a quantile may be off."""
        return float(self.counts.max() / self.total) if self.shift and len(self.counts) else 0.0

    def merge(self, other: Bins, most: int) -> Bins:
        """Return the distribution of both together, of at most `most` bins."""
        shift = max(self.shift, other.shift)
        bins = np.concatenate([self.bins >> (shift - self.shift), other.bins >> (shift - other.shift)])
        order = np.argsort(bins, kind="stable")
        counts = np.concatenate([self.counts, other.counts])[order]
        return _collapsed(self.floats, shift, *_together(bins[order], counts), most)

    def values(self) -> NDArray[Any]:
        """Return the smallest number that each bin may hold, which is its value where the shift is 0."""
        return _numbers(self.bins << self.shift, floats=self.floats)

    def ends(self) -> NDArray[Any]:
        """Return the largest number that each bin may hold."""
        return _numbers((self.bins << self.shift) | ((1 << self.shift) - 1), floats=self.floats)

    def quantiles(self, levels: Sequence[float]) -> NDArray[np.float64]:
        """Return the numbers at these levels from 0 to 1, by linear interpolation between neighbours.

        Args:
            levels: Shares of the numbers that are smaller; NumPy's default definition (Hyndman and Fan's 7).
        """
        at = np.asarray(levels) * (self.total - 1)
        low = np.floor(at)
        first, second = self._ranked(low), self._ranked(np.ceil(at))
        found: NDArray[np.float64] = first * (1 - (at - low)) + second * (at - low)  # no overflow
        return found

    def _ranked(self, ranks: NDArray[np.float64]) -> NDArray[np.float64]:
        upto = np.cumsum(self.counts)
        index = np.minimum(np.searchsorted(upto, ranks, side="right"), len(upto) - 1)
        low = self.values()[index].astype(np.float64)
        if not self.shift:
            return low
        inside = (ranks - (upto[index] - self.counts[index]) + 0.5) / self.counts[index]
        found: NDArray[np.float64] = low * (1 - inside) + self.ends()[index] * inside
        return found

    def below(self, edges: NDArray[Any]) -> NDArray[np.float64]:
        """Return how many numbers are smaller than each edge; inside a bin they are taken to lie evenly."""
        if not self.shift:
            upto = np.concatenate([[0], np.cumsum(self.counts)])
            found: NDArray[np.float64] = upto[np.searchsorted(self.values(), edges)].astype(np.float64)
            return found
        places = np.stack([self.values(), self.ends()], axis=1).ravel().astype(np.float64)
        upto = np.cumsum(self.counts)
        amounts = np.stack([upto - self.counts, upto], axis=1).ravel()
        between: NDArray[np.float64] = np.interp(edges, places, amounts)
        return between


def bins_of(numbers: NDArray[Any], most: int) -> Bins:
    """Return the distribution of finite numbers, as 64-bit integers or floats.

    Args:
        numbers: The numbers; of floats, 0 and -0 are the same.
        most: How many bins may be kept.
    """
    floats = numbers.dtype.kind == "f"
    keys = _keys(numbers) if floats else numbers
    if not len(keys):
        return Bins(floats, 0, np.empty(0, np.int64), np.empty(0, np.int64))
    low, high = int(keys.min()), int(keys.max())
    shift = max(0, (high - low).bit_length() - _DENSE)
    base = low >> shift
    table = np.bincount((keys >> shift) - base)
    bins = np.flatnonzero(table)
    if len(bins) > most or not shift:
        return _collapsed(floats, shift, bins + base, table[bins], most)
    # So few bins are filled that narrower ones may be kept: the numbers are counted one by one.
    counted = pl.Series("key", keys).value_counts(name="n")
    return bins_of_counted(counted["key"].to_numpy(), counted["n"].to_numpy(), most, floats=floats)


def bins_of_counted(keys: NDArray[Any], counts: NDArray[Any], most: int, *, floats: bool = False) -> Bins:
    """Return the distribution of different numbers that come so often.

    Args:
        keys: The numbers; where they are marked as floats and are whole numbers, the keys that stand for floats.
        counts: How often each comes.
        most: How many bins may be kept.
        floats: Whether keys stand for floats.
    """
    if keys.dtype.kind == "f":
        keys, floats = _keys(keys), True
    order = np.argsort(keys)
    return _collapsed(floats, 0, keys[order], counts[order].astype(np.int64), most)


def _collapsed(floats: bool, shift: int, bins: Whole, counts: Whole, most: int) -> Bins:  # noqa: FBT001 a field
    while len(bins) > most:
        # Dropping a bit at best halves the bins, so that many at least have to go.
        bits = max(1, math.ceil(math.log2(len(bins) / most)))
        shift += bits
        bins, counts = _together(bins >> bits, counts)
    return Bins(floats, shift, bins, counts)


def _together(bins: Whole, counts: Whole) -> tuple[Whole, Whole]:
    """Return sorted bins without repetition, with the sums of their counts."""
    if not len(bins):
        return bins, counts
    starts = np.flatnonzero(np.concatenate([[True], bins[1:] != bins[:-1]]))
    return bins[starts], np.add.reduceat(counts, starts)


def _keys(numbers: NDArray[Any]) -> Whole:
    """Return floats as whole numbers of the same order: negative ones with all bits but the sign turned."""
    bits = (numbers + 0.0).view(np.int64)
    keys: Whole = bits ^ ((bits >> 63) & _BITS)
    return keys


def _numbers(keys: Whole, *, floats: bool) -> NDArray[Any]:
    if not floats:
        return keys
    # A bin at the end of all floats reaches beyond the largest, where infinity and NaN are.
    floating = (keys ^ ((keys >> 63) & _BITS)).view(np.float64)
    return np.where(np.isfinite(floating), floating, _LARGEST * np.sign(keys))
