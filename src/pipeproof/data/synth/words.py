"""Words of a regular expression: numbered, so that any number of different ones can be had at once.

A pattern of the contract is read as a tree (`contracts.patterns`); each part of it has a number of
words, and a word is found by its number as digits are found in a number of mixed radix.
"""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pipeproof.contracts.constraints import keeps
from pipeproof.contracts.counter import samples
from pipeproof.contracts.patterns import Chars, Repeats, Tree, parse
from pipeproof.data.synth.expressions import tree_of
from pipeproof.data.synth.seeds import different, generator
from pipeproof.data.values import with_kind
from pipeproof.model.contract import Column

_PLAIN = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_.,:;/+@# "
_OTHER = "".join(chr(code) for code in (*range(33, 127), *range(0xC0, 0x180)))
_MORE = (6, 40, 300, 3000)  # how far repeats without an end go; the next when that gives too few words
_MANY = 2**60
_FEW = 50
_CORNERS = 24


# What pandas reads from CSV as missing. Code that reads codes so has a fault, but one that a few made rows in
# thousands would show with one seed and not with the next.
READ_AS_MISSING = frozenset(
    {"NA", "N/A", "NaN", "nan", "NULL", "null", "None", "n/a", "<NA>", "-NaN", "-nan"}
)


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
    tree = parse(column.pattern or "") or tree_of(column.pattern or "")
    best = Vocabulary((), ())
    for counted in () if tree is None else (_Counted(tree, more) for more in _MORE):
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


def _kept(counted: _Counted, column: Column, most: int) -> Iterator[str]:
    """Yield different words that keep the column, trying a bounded number of them."""
    size = min(counted.size, _MANY)
    positions = different(generator(column.pattern), min(size, most * 2), size)
    words = dict.fromkeys(counted.word(int(at)) for at in positions)
    yield from itertools.islice((word for word in words if keeps(word, column)), most)


class _Counted:
    """A tree whose words are counted: each has a number, and each number below `size` a word.

    A pattern that reads a word in two ways (``a*a*``) counts it twice.
    """

    __slots__ = ("chars", "counts", "kind", "least", "parts", "size")

    def __init__(self, tree: Tree, more: int) -> None:
        self.parts: list[_Counted] = []
        self.counts: list[int] = []
        self.chars = ""
        self.least = 0
        if isinstance(tree, Chars):
            self.kind = "chars"
            self.chars = _characters(tree)
            self.size = len(self.chars)
        elif isinstance(tree, Repeats):
            self.kind = "repeats"
            part = _Counted(tree.of, more)
            most = tree.least + more if tree.most is None else min(tree.most, tree.least + more)
            self.parts, self.least = [part], tree.least
            # Beyond the largest number that is drawn, more words make no difference.
            self.counts = [min(part.size**times, _MANY) for times in range(tree.least, most + 1)]
            self.size = sum(self.counts)
        else:
            self.kind = "choice" if tree.choice else "parts"
            self.parts = [_Counted(part, more) for part in tree.parts]
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
    def _each(number: int, parts: list[_Counted]) -> str:
        found = []
        for part in reversed(parts):
            number, digit = divmod(number, part.size)
            found.append(part.word(digit))
        return "".join(reversed(found))

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
    others = _OTHER if many else sorted(tree.chars)
    return "".join(
        plain if many and plain else dict.fromkeys((*plain, *(char for char in others if char in tree)))
    )
