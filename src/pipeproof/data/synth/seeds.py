"""Randomness that depends on names, never on order: a generator of its own for whatever is named.

A table is made in blocks of rows. Each column of each block has its own generator, so a block can be
made alone, before or beside any other, and what is made depends on neither chunks nor threads.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

BLOCK = 65_536
"""Rows that share a generator."""
VERSION = 3
"""Version of what is made: with the same one, and the same NumPy, a seed gives the same values."""
Whole = np.ndarray[Any, Any]
_ROUNDS = 4
_LISTED = 4096  # a permutation up to this size is a list


def generator(*names: object) -> np.random.Generator:
    """Return the generator that belongs to some names, such as seed, table, column and block."""
    return np.random.Generator(np.random.PCG64(_number(*names)))


def _number(*names: object) -> int:
    text = "\x1f".join(map(str, names))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest, "big")


@dataclass(frozen=True)
class Block:
    """Some consecutive rows of a table: which block, its first row, how many rows."""

    number: int
    first: int
    rows: int

    @cached_property
    def at(self) -> Whole:
        """The numbers of its rows."""
        return np.arange(self.first, self.first + self.rows)


def blocks(rows: int) -> Iterator[Block]:
    """Yield the blocks of a table; a table without rows has one."""
    for number in range(max(1, -(-rows // BLOCK))):
        yield Block(number, number * BLOCK, min(BLOCK, rows - number * BLOCK))


def mixed(numbers: Whole, key: int) -> Whole:
    """Return 64-bit numbers that look random and depend on a key (SplitMix64's last steps, Steele et al. 2014)."""
    found = numbers.astype(np.uint64) + np.uint64(key & (2**64 - 1))
    found ^= found >> np.uint64(30)
    found *= np.uint64(0xBF58476D1CE4E5B9)
    found ^= found >> np.uint64(27)
    found *= np.uint64(0x94D049BB133111EB)
    found ^= found >> np.uint64(31)
    return np.asarray(found)


@dataclass(frozen=True, slots=True)
class Permutation:
    """The whole numbers from 0 to below `size` in another order, any of which can be had alone.

    Large ones are a Feistel network over two digits whose product is just above the size, walked on
    where it leads beyond (J. Black, P. Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002).
    """

    size: int
    keys: tuple[int, ...] = ()
    listed: Whole | None = None

    def __call__(self, at: Whole) -> Whole:
        """Return the numbers at some positions."""
        if self.listed is not None:
            return np.asarray(self.listed[at])
        found = self._once(at)
        while (beyond := found >= self.size).any():
            found[beyond] = self._once(found[beyond])
        return found

    def _once(self, at: Whole) -> Whole:
        low = math.isqrt(self.size - 1) + 1
        high = -(-self.size // low)
        right, left = (part.astype(np.uint64) for part in np.divmod(at, low))
        for first, second in zip(self.keys[::2], self.keys[1::2], strict=True):
            left = (left + (mixed(right, first) >> np.uint64(1))) % np.uint64(low)
            right = (right + (mixed(left, second) >> np.uint64(1))) % np.uint64(high)
        return np.asarray((right * np.uint64(low) + left).astype(np.int64))


@lru_cache(maxsize=512)
def permutation(size: int, *names: object) -> Permutation:
    """Return the order of `size` whole numbers that belongs to some names."""
    if size <= _LISTED:
        return Permutation(size, listed=generator(*names, "order").permutation(size))
    return Permutation(size, tuple(_number(*names, "order", number) for number in range(_ROUNDS)))


def rising(size: int, rows: int, at: Whole, *names: object) -> Whole:
    """Return positions below `size` that never fall from row to row, and rise where there are enough.

    Each row has a stratum of its own, so that it does not matter what the rows before it have.

    Args:
        size: How many positions there are.
        rows: Rows of the whole table.
        at: Numbers of the rows that are wanted.
        *names: What decides where in its stratum a row lies.
    """
    low = _share(at, size, rows)
    high = np.maximum(_share(at + 1, size, rows), low + 1)
    where = (mixed(at, _number(*names)) >> np.uint64(11)) / 2**53
    return np.asarray(low + (where * (high - low)).astype(np.int64))


def _share(at: Whole, size: int, rows: int) -> Whole:
    """Return `at * size // rows` without leaving 64 bits."""
    whole, rest = divmod(size, rows)
    if rest < 2**31 and rows < 2**31:
        return np.asarray(at * whole + at * rest // rows)
    return np.array([int(one) * size // rows for one in at], dtype=np.int64)
