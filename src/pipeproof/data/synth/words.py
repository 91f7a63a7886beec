"""Words of a regular expression: numbered, so that any number of different ones can be had at once.

A pattern of the contract is read as a tree (`contracts.patterns`); each part of it has a number of
words, and a word is found by its number as digits are found in a number of mixed radix.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipeproof.contracts.constraints import keeps
from pipeproof.contracts.counter import samples
from pipeproof.contracts.patterns import parse
from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.data.extremes import with_kind
from pipeproof.data.synth.counted import READ_AS_MISSING, Counted
from pipeproof.data.synth.expressions import tree_of
from pipeproof.data.synth.seeds import permutation
from pipeproof.model.contract import Column

_MORE = (6, 40, 300, 3000)  # how far repeats without an end go; the next when that gives too few words
_MANY = 2**60
_FEW = 50
_CORNERS = 24


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that a column allows.

    Attributes:
        words: Different words in no order.
        corners: Words at the ends of the pattern: shortest, longest, of each branch, of first and last characters.
    """

    words: tuple[str, ...]
    corners: tuple[str, ...]


def vocabulary(column: Column, most: int) -> Vocabulary:
    """Return words of a column with a pattern, `most` of them or all that are known."""
    return _vocabulary(with_kind(column), 1 << max(7, (most - 1).bit_length()))


@lru_cache(maxsize=256)
def _vocabulary(column: Column, most: int) -> Vocabulary:
    best = Vocabulary((), ())
    trees = [parse(pattern) or tree_of(pattern) for pattern in patterns_of(column)]
    for counted in (Counted(tree, more) for more in _MORE for tree in trees if tree is not None):
        known = tuple(_kept(counted, column, most))
        found = tuple(word for word in known if word not in READ_AS_MISSING) or known
        if len(found) > len(best.words):
            ends = (word for word in _once(counted.corners()) if word not in READ_AS_MISSING)
            corners = (word for word in ends if keeps(word, column))
            best = Vocabulary(found, tuple(itertools.islice(corners, _CORNERS)))
        if len(best.words) >= min(most, _FEW):
            break
    if best.words:
        return best
    few = tuple(str(value) for value in samples(column, _FEW) if value is not None)
    return Vocabulary(few, few[:_CORNERS])


def _once(words: Iterator[str]) -> Iterator[str]:
    yield from dict.fromkeys(itertools.islice(words, _CORNERS * 4))


def patterns_of(column: Column) -> list[str]:
    """Return the expressions that texts of a column match: its own, and that of its format."""
    found = [column.pattern or "", TEXT_FORMATS.get(column.format or "", "")]
    return [pattern for pattern in found if pattern]


def _kept(counted: Counted, column: Column, most: int) -> Iterator[str]:
    """Yield different words that keep the column, trying a bounded number of them."""
    size = min(counted.size, _MANY)
    positions = permutation(size, column.pattern or column.format)(np.arange(min(size, most * 2)))
    words = dict.fromkeys(counted.word(int(at)) for at in positions)
    yield from itertools.islice((word for word in words if keeps(word, column)), most)
