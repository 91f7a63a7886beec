"""Randomness that depends on names, never on order: a generator of its own for whatever is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

BLOCK = 65_536
"""Rows that share a generator."""


def generator(*names: object) -> np.random.Generator:
    """Return the generator that belongs to some names, such as seed, table, column and block."""
    text = "\x1f".join(map(str, names))
    seed = int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "big"
    )
    return np.random.Generator(np.random.PCG64(seed))


def by_block(
    rows: int, draw: Callable[[np.random.Generator, int, int], Any], *names: object
) -> np.ndarray[Any, Any]:
    """Return what `draw(generator, rows, block)` gives for each block of rows, one after the other."""
    blocks = [draw(generator(*names, block), count, block) for block, count in _blocks(rows)]
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _blocks(rows: int) -> Iterator[tuple[int, int]]:
    yield 0, min(rows, BLOCK)
    for block in range(1, -(-rows // BLOCK)):
        yield block, min(BLOCK, rows - block * BLOCK)


def different(random: np.random.Generator, count: int, size: int) -> np.ndarray[Any, Any]:
    """Return `count` different whole numbers from 0 to below `size`, in no order.

    Few of many are taken one from each of `count` strata, so that no two are alike by construction.
    """
    if size <= 4 * count:
        return random.permutation(size)[:count]
    stratum = size // count
    found: np.ndarray[Any, Any] = np.arange(count) * stratum + random.integers(0, stratum, count)
    random.shuffle(found)
    return found
