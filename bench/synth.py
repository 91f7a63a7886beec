"""What made data cost: a million rows of ten columns, and the small tables of which a test makes hundreds."""

from __future__ import annotations

import itertools

from figures import median, say

from pipeproof.data.synth import make_table
from pipeproof.model.contract import Column, TableSchema

TEN = TableSchema(
    (
        Column("a", "integer"),
        Column("b", "integer", minimum=0, maximum=2400),
        Column("c", "number", minimum=-40, maximum=130),
        Column("d", "number", minimum=0),
        Column("e", "number", minimum=0, maximum=1),
        Column("f", "string", categories=("EWR", "JFK", "LGA")),
        Column("g", "string", pattern="[A-Z0-9]{2}"),
        Column("h", "date"),
        Column("i", "timestamp"),
        Column("j", "boolean"),
    )
)
WIDE = TableSchema(tuple(Column(f"x{number}", "number", nullable=number % 3 == 0) for number in range(25)))


def main() -> None:
    """Print rows a second of a large table, and milliseconds of a small one."""
    million, seeds = 1_000_000, itertools.count()
    took = median(lambda: make_table(TEN, rows=million, seed=1, name="ten"), 3)
    say("1,000,000 rows of 10 columns", million / took / 1e6, "M rows/s")
    took = median(lambda: make_table(WIDE, rows=200, seed=next(seeds), name="wide"), 50)
    say("200 rows of 25 columns", took * 1e3, "ms")


if __name__ == "__main__":
    main()
