"""Pools of realistic texts: each text is put together from parts, and has a number."""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from pipeproof.data.synth.pools import lists
from pipeproof.data.synth.seeds import Whole, mixed, permutation

if TYPE_CHECKING:
    import polars as pl

_MOST = 2**48  # texts that are numbered; parts beyond them follow from the number by chance


@dataclass(frozen=True, eq=False)
class Part:
    """Words of which each text has one in this place."""

    words: Sequence[str]

    @cached_property
    def series(self) -> pl.Series:
        """The words as a column."""
        import polars as pl

        return pl.Series("", self.words, dtype=pl.String)


@dataclass(frozen=True, eq=False)
class Pool:
    """Texts put together from parts; a pool in several letters has several ways to do so.

    Attributes:
        ways: For each way the parts of its texts.
    """

    ways: tuple[tuple[Part, ...], ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many texts there are of each way."""
        return tuple(min(_MOST, math.prod(len(part.words) for part in way)) for way in self.ways)

    @property
    def size(self) -> int:
        """How many texts there are."""
        return sum(self.sizes)

    def texts(self, at: Whole) -> pl.Series:
        """Return the texts with some numbers, which lie in no order."""
        import polars as pl

        at = permutation(self.size, "pool")(at)
        if len(self.ways) == 1:
            return _joined(self.ways[0], at)
        first, found = 0, pl.zeros(len(at), pl.Int64, eager=True).cast(pl.String)
        for way, size in zip(self.ways, self.sizes, strict=True):
            here = np.flatnonzero((at >= first) & (at < first + size))
            if len(here):
                found = found.scatter(pl.Series(here), _joined(way, at[here] - first))
            first += size
        return found


def _joined(parts: tuple[Part, ...], at: Whole) -> pl.Series:
    import polars as pl

    columns, rest, room = [], at, _MOST
    for number, part in enumerate(parts):
        size = len(part.words)
        if size == 1:
            columns.append(pl.lit(part.words[0]))
            continue
        if room > 1:
            rest, digit = np.divmod(rest, size)
            room //= size
        else:
            digit = (mixed(at, number + 1) % np.uint64(size)).astype(np.int64)
        columns.append(pl.lit(part.series.gather(digit)))
    return pl.select(pl.concat_str(columns)).to_series()


def _pool(*parts: Sequence[str]) -> Pool:
    return Pool((tuple(Part((part,) if isinstance(part, str) else part) for part in parts),))


def _digits(count: int) -> tuple[str, ...]:
    return tuple(f"{number:0{count}d}" for number in range(10**count))


@lru_cache(maxsize=8)
def _hex(count: int) -> tuple[str, ...]:
    return tuple(f"{number:0{count}x}" for number in range(16**count))


def in_latin(text: str) -> str:
    """Return a name as e-mail addresses spell it: small plain letters."""
    spelled = text.replace("ß", "ss").replace("Ø", "O").replace("ø", "o").replace("Ł", "L").replace("ł", "l")
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode().lower()
    return "".join(char for char in plain if char.isalnum())


def _native(word: str) -> str:
    return word.partition("/")[0]


def _latin(word: str) -> str:
    return word.partition("/")[2] or in_latin(word)


_PEOPLE = ((lists.FIRST_NAMES, lists.LAST_NAMES), *lists.OTHER_LETTERS)


def _people(*, first: bool = False, last: bool = False, latin: bool = False) -> Pool:
    spell = _latin if latin else _native
    between = "." if latin else " "
    ways = []
    for firsts, lasts in _PEOPLE:
        names = [tuple(map(spell, words)) for words, wanted in ((firsts, first), (lasts, last)) if wanted]
        parts = names if len(names) == 1 else [names[0], (between,), names[1]]
        ways.append(tuple(map(Part, parts)))
    return Pool(tuple(ways))


PERSONAL = ("first_name", "last_name", "full_name", "username", "email")
"""Pools that say something of one person, and go together in a row."""


@lru_cache(maxsize=8)
def of_people(name: str) -> pl.Series:
    """Return what a pool says of each of some thousand people, who are the same for all such pools."""
    import polars as pl

    latin = name in {"username", "email"}
    spell, between = (_latin, ".") if latin else (_native, " " if name == "full_name" else "")
    ways = []
    for firsts, lasts in _PEOPLE:
        # What is not said stands there as nothing, so that the numbers stay those of the same people.
        first = tuple(map(spell, firsts)) if name != "last_name" else ("",) * len(firsts)
        last = tuple(map(spell, lasts)) if name != "first_name" else ("",) * len(lasts)
        ways.append((Part(first), Part((between,)), Part(last)))
    found = Pool(tuple(ways))
    texts = found.texts(np.arange(found.size))
    if name != "email":
        return texts
    number = np.arange(found.size)
    domains = pl.Series(lists.DOMAINS).gather(mixed(number, 5) % np.uint64(len(lists.DOMAINS)))
    digits = pl.Series(mixed(number, 6) % np.uint64(90) + np.uint64(10)).cast(pl.String)
    return texts + digits + pl.Series("at", ["@"]) + domains


def _emails() -> Pool:
    firsts, lasts = (
        tuple(sorted({_latin(word) for words in each for word in words}))
        for each in zip(*_PEOPLE, strict=True)
    )
    ends = tuple(f"@{domain}" for domain in lists.DOMAINS)
    return _pool(firsts, (".", "_"), lasts, ("", *map(str, range(1, 1000))), ends)


def _uuids() -> Pool:
    four, three = _hex(4), _hex(3)
    variants = tuple(f"{first}{rest}-" for first, rest in itertools.product("89ab", three))
    ended = tuple(f"{word}-" for word in four)
    return _pool(four, ended, ended, tuple(f"4{word}-" for word in three), variants, four, four, four)


def _addresses() -> Pool:
    return _pool(tuple(map(str, range(1, 200))), " ", lists.STREETS, ", ", lists.CITIES)


def _column(of: Sequence[str], at: int) -> tuple[str, ...]:
    return tuple(item.split("/")[at] for item in of)


_OCTETS = tuple(map(str, range(256)))
_PATHS = tuple(f"/{path}/" for path in lists.PATHS)
_HEXTETS = 6  # after the prefix that RFC 3849 reserves for documents

_MAKERS: Mapping[str, Callable[[], Pool]] = MappingProxyType(
    {
        "first_name": lambda: _people(first=True),
        "last_name": lambda: _people(last=True),
        "full_name": lambda: _people(first=True, last=True),
        "username": lambda: _people(first=True, last=True, latin=True),
        "email": _emails,
        # Numbers that begin with 555 belong to nobody in North America.
        "phone": lambda: _pool("+1", tuple(map(str, range(201, 990))), "555", _digits(4)),
        "city": lambda: _pool(lists.CITIES),
        "country": lambda: _pool(_column(lists.COUNTRIES, 1)),
        "country_code": lambda: _pool(_column(lists.COUNTRIES, 0)),
        "currency": lambda: _pool(lists.CURRENCIES),
        "language": lambda: _pool(lists.LANGUAGES),
        "colour": lambda: _pool(lists.COLOURS),
        "street": lambda: _pool(tuple(map(str, range(1, 200))), " ", lists.STREETS),
        "address": _addresses,
        "postcode": lambda: _pool(_digits(5)),
        "company": lambda: _pool(tuple(map(_native, lists.LAST_NAMES)), " ", lists.TRADES, " ", lists.LEGAL),
        "job": lambda: _pool(lists.JOBS),
        "product": lambda: _pool(
            lists.QUALITIES, " ", lists.THINGS, ("", " II", " Mini", " Pro", " XL", " 200", " 3000", " S")
        ),
        "product_group": lambda: _pool(lists.CLASSES),
        "sentence": lambda: _pool(
            lists.SUBJECTS, " ", lists.VERBS, " ", lists.MANNERS, ("", ",", " again,"), " ", lists.ENDS
        ),
        "url": lambda: _pool("https://www.", lists.DOMAINS[:3], _PATHS, _digits(5)),
        "hostname": lambda: _pool(("www", "api", "db", "app", "mail"), _digits(3), ".", lists.DOMAINS[:3]),
        "ipv4": lambda: _pool("10.", _OCTETS, ".", _OCTETS, ".", _OCTETS),
        "ipv6": lambda: _pool(
            "2001:0db8", *itertools.repeat(tuple(f":{word}" for word in _hex(4)), _HEXTETS)
        ),
        "uuid": _uuids,
        "iban": lambda: _pool("DE", _digits(2), "50010517", _digits(5), _digits(5)),
        "card": lambda: _pool("4000", _digits(4), _digits(4), _digits(4)),
    }
)


@lru_cache(maxsize=64)
def pool_named(name: str) -> Pool:
    """Return a pool by name."""
    return _MAKERS[name]()
