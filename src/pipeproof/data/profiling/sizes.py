"""How much a profile keeps, which decides what is exact."""

from __future__ import annotations

from dataclasses import dataclass

_ALL = 2**62


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is kept of a table and of each column while it is read.

    Attributes:
        chunk: Rows read at a time; what is said of a table of one chunk is exact where others are sketched.
        bins: Most values, or ranges of values, that are counted for a distribution. 4,096 keep the largest
            range at some 0.2 % of the rows for the usual distributions.
        hashes: Hashes kept to count different values: exact up to so many, with a standard error of
            1/√(hashes - 2) above, 0.4 % for 65,536.
        frequent: Most values of which it is known how often they come.
        rows: Rows kept to look at columns together, and at texts.
    """

    chunk: int = 1 << 20
    bins: int = 4096
    hashes: int = 1 << 16
    frequent: int = 1000
    rows: int = 1 << 14


USUAL = Sizes()
EXACT = Sizes(chunk=1 << 20, bins=_ALL, hashes=_ALL, frequent=_ALL)
"""Nothing is sketched; memory grows with the number of different values."""
