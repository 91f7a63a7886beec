"""Regular expressions whose words are counted, so that the word with a number can be made alone or with others."""

from __future__ import annotations

import itertools
import math
import re
import string
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pipeproof.contracts.patterns import BEYOND_ASCII, Chars, Repeats, Tree, parse
from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.data.synth.seeds import Whole
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl

_STAND_INS = frozenset("".join(BEYOND_ASCII.values()))
_PLAIN = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_.,:;/+@# "
_OTHER = "".join(chr(code) for code in (*range(33, 127), *range(0xC0, 0x180)))
_MANY = 2**60
_CORNERS = 24
_LISTED = 2**16  # words that are listed and not put together

# What pandas reads from CSV as missing. Code that reads codes so has a fault, but one that a few made rows in
# thousands would show with one seed and not with the next.
READ_AS_MISSING = frozenset(
    {"NA", "N/A", "NaN", "nan", "NULL", "null", "None", "n/a", "<NA>", "-NaN", "-nan"}
)


@lru_cache(maxsize=64)
def spelled(column: Column) -> Counted | None:
    """Return all words of a column as numbers, where each word has exactly one and keeps the column; else None."""
    pattern = column.pattern or TEXT_FORMATS.get(column.format or "", "")
    ruled = (column.pattern and column.format) or column.minimum is not None or column.maximum is not None
    tree = None if ruled else parse(pattern)
    if tree is None or any(re.fullmatch(pattern, word) for word in READ_AS_MISSING):
        return None
    length = _length(tree)
    fits = length is not None and (column.min_length or 0) <= length <= (column.max_length or length)
    counted = Counted(tree, 0) if fits else None
    return counted if counted is not None and counted.size <= _MANY else None


def _length(tree: Tree) -> int | None:
    """Return the length of all words of a tree that reads each in one way; None for others."""
    if isinstance(tree, Chars):
        return 1
    if isinstance(tree, Repeats):
        each = _length(tree.of)
        return None if each is None or tree.most != tree.least else each * tree.least
    lengths = [_length(part) for part in tree.parts]
    if (tree.choice and len(lengths) > 1) or None in lengths:
        return None
    return sum(length or 0 for length in lengths)


class Counted:
    """A tree whose words are counted: each has a number, and each number below `size` a word.

    A pattern that reads a word in two ways (``a*a*``) counts it twice.
    """

    def __init__(self, tree: Tree, more: int) -> None:
        self.parts: list[Counted] = []
        self.counts: list[int] = []
        self.chars = ""
        self.least = 0
        if isinstance(tree, Chars):
            self.kind = "chars"
            self.chars = _characters(tree)
            self.size = len(self.chars)
        elif isinstance(tree, Repeats):
            self.kind = "repeats"
            part = Counted(tree.of, more)
            most = tree.least + more if tree.most is None else min(tree.most, tree.least + more)
            self.parts, self.least = [part], tree.least
            # Beyond the largest number that is drawn, more words make no difference.
            self.counts = [min(part.size**times, _MANY) for times in range(tree.least, most + 1)]
            self.size = sum(self.counts)
        else:
            self.kind = "choice" if tree.choice else "parts"
            self.parts = [Counted(part, more) for part in tree.parts]
            self.counts = [part.size for part in self.parts]
            self.size = sum(self.counts) if tree.choice else math.prod(self.counts)

    def word(self, number: int) -> str:
        """Return the word of a number from 0 to below `size`."""
        if self.kind == "chars":
            return self.chars[number]
        if self.kind == "parts":
            return self._each(number, self.parts)
        index = 0
        while number >= self.counts[index]:
            number -= self.counts[index]
            index += 1
        if self.kind == "choice":
            return self.parts[index].word(number)
        return self._each(number, self.parts * (self.least + index))

    @staticmethod
    def _each(number: int, parts: list[Counted]) -> str:
        found = []
        for part in reversed(parts):
            number, digit = divmod(number, part.size)
            found.append(part.word(digit))
        return "".join(reversed(found))

    def texts(self, at: Whole) -> pl.Series:
        """Return the words of many numbers, of a tree without choices whose repeats are fixed."""
        import polars as pl

        columns, rest = [], at
        for part in reversed(self.listed_parts):
            rest, digit = np.divmod(rest, len(part))
            columns.append(pl.lit(part.gather(digit)))
        return pl.select(pl.concat_str(columns[::-1])).to_series()

    @cached_property
    def listed_parts(self) -> list[pl.Series]:
        """Neighbouring parts as lists of words, as few lists as are not too long."""
        import polars as pl

        found: list[list[str]] = [[""]]
        for part in self.flat():
            words = [part.word(number) for number in range(part.size)]
            if len(found[-1]) * len(words) > _LISTED:
                found.append([""])
            found[-1] = [head + word for head in found[-1] for word in words]
        return [pl.Series("", words, dtype=pl.String) for words in found]

    def flat(self) -> Iterator[Counted]:
        """Yield the parts of a tree of fixed length that are sets of characters, in order."""
        if self.kind == "chars":
            yield self
        elif self.kind == "repeats":
            yield from list(self.parts[0].flat()) * self.least
        else:
            yield from itertools.chain.from_iterable(part.flat() for part in self.parts)

    def corners(self) -> Iterator[str]:
        """Yield words at the ends: of each branch, with the fewest and the most repeats."""
        if self.size == 0:
            return
        if self.kind == "chars":
            kinds = (str.isupper, str.islower, str.isdigit)
            firsts = [next(filter(kind, self.chars), "") for kind in kinds]
            yield from dict.fromkeys(char for char in (self.chars[0], self.chars[-1], *firsts) if char)
        elif self.kind == "choice":
            yield from itertools.chain.from_iterable(part.corners() for part in self.parts)
        elif self.kind == "repeats":
            for times in dict.fromkeys((self.least, self.least + len(self.counts) - 1)):
                yield from (corner * times for corner in self.parts[0].corners())
        else:
            yield from self._aligned()

    def _aligned(self) -> Iterator[str]:
        each = [list(itertools.islice(part.corners(), _CORNERS)) for part in self.parts]
        for index in range(max(map(len, each), default=1)):
            yield "".join(corners[index % len(corners)] for corners in each)


def _characters(tree: Chars) -> str:
    """Return the characters of a set, the plain ones first, or alone where it has very many."""
    plain = [char for char in _PLAIN if char in tree]
    many = tree.negated or len(tree.chars) > len(_OTHER)
    # What only stands for the rest of a class such as \\d is right, and nothing that codes are made of.
    others = _OTHER if many else sorted(tree.chars - _STAND_INS if plain else tree.chars)
    return "".join(
        plain if many and plain else dict.fromkeys((*plain, *(char for char in others if char in tree)))
    )
