"""What made data cost: rows a second on one core, in memory and to disk, peak memory, and small tables of a test.

.venv/bin/python bench/synth.py            # 1 and 10 million rows
.venv/bin/python bench/synth.py 30         # as many million rows
.venv/bin/python bench/synth.py --rival    # dataframely and Faker in the same run
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from pathlib import Path

from figures import say
from one_core import Took, tell, time_apart

from pipeproof.data.synth import Recipe, make_table
from pipeproof.data.synth.files import write_made
from pipeproof.data.synth.generating import Wanted, prepare
from pipeproof.data.synth.seeds import blocks
from pipeproof.model.contract import Column, Comparison, Condition, TableSchema

_MILLION = 1_000_000
TEN = TableSchema(
    (
        Column("customer_id", "integer", unique=True, minimum=1),
        Column("first_name", "string"),
        Column("last_name", "string"),
        Column("email", "string", format="email"),
        Column("city", "string"),
        Column("country", "string"),
        Column("amount", "decimal", minimum=0, maximum=10_000, scale=2),
        Column("status", "string", categories=("new", "paid", "sent")),
        Column("ordered_at", "timestamp"),
        Column("comment", "string", nullable=True),
    )
)
RULED = TableSchema(
    (
        *TEN.columns[:7],
        Column("pieces", "integer", minimum=1, maximum=20),
        Column("ordered", "date"),
        Column("sent", "date", nullable=True),
    ),
    comparisons=(Comparison("ordered", "<=", "sent"),),
    conditions=(Condition("no free gifts", "amount * pieces > 100"),),
)
WIDE = TableSchema(tuple(Column(f"x{number}", "number", nullable=number % 3 == 0) for number in range(25)))


def main(words: list[str]) -> None:
    """Print the figures."""
    if words[:1] == ["--one"]:
        _one(words[1], int(words[2]))
        return
    sizes = [int(word) * _MILLION for word in words if not word.startswith("-")] or [_MILLION, 10 * _MILLION]
    ours = _apart("blocks", _MILLION)
    _line("10 columns with real strings", ours)
    _line("with a comparison and a condition", _apart("ruled", _MILLION))
    for rows in sizes:
        _line(f"{rows:,} rows to a Parquet file", _apart("file", rows))
    took = time_apart([sys.executable, __file__, "--one", "small", "200"])
    say("200 rows of 25 columns", took.seconds * 1e3, "ms")
    if "--rival" in words:
        from rivals import race

        for took in race("generate", _MILLION):
            say(took.who, took.rate / 1e6, "M rows/s", f"ours is {ours.rate / took.rate:,.0f} x")


def _apart(what: str, rows: int) -> Took:
    return time_apart([sys.executable, __file__, "--one", what, str(rows)])


def _line(what: str, took: Took) -> None:
    say(what, took.rate / 1e6, "M rows/s", f"peak {took.peak / 1e6:,.0f} MB")


def _one(what: str, rows: int) -> None:
    """Do one piece of work in this process, and tell what it took."""
    if what == "small":
        seeds = itertools.count()
        tell(what, lambda: make_table(WIDE, rows=rows, seed=next(seeds), name="wide"), rows, 50)
    elif what == "file":
        with tempfile.TemporaryDirectory() as folder:
            tell("file", lambda: write_made(prepare(TEN, Wanted(rows)), Path(folder)), rows, 1)
    else:
        schema = RULED if what == "ruled" else TEN
        _in_blocks(schema, 1000)
        tell(what, lambda: _in_blocks(schema, rows), rows)


def _in_blocks(schema: TableSchema, rows: int) -> None:
    """Make a table block by block and keep nothing."""
    recipe = Recipe(schema, wanted=rows)
    for block in blocks(recipe.rows):
        recipe.block(block)


if __name__ == "__main__":
    main(sys.argv[1:])
