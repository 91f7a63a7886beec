"""Checking ten columns against twelve rules: seconds and memory, in memory's usual measure and in little.

.venv/bin/python bench/check.py            # a table of ten million rows
.venv/bin/python bench/check.py 1 3 10     # of as many million rows each: is it linear?
.venv/bin/python bench/check.py --rival    # pandera and dataframely on the same file, in the same run
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import gettempdir

from figures import say
from one_core import Took, tell, time_apart
from tables import schema, write_table

_MILLION = 1_000_000
_WAYS = ("usual", "shuffled", "broken", "low memory")


def main(words: list[str]) -> None:
    """Print what checking takes for each size and way."""
    if words[:1] == ["--one"]:
        _one(int(words[1]), words[2], Path(words[3]))
        return
    sizes = [int(word) * _MILLION for word in words if not word.startswith("-")] or [10 * _MILLION]
    for rows in sizes:
        file = write_table(Path(gettempdir()) / f"pipeproof-bench-{rows}.parquet", rows)
        took = {way: _ours(way, file, rows) for way in _WAYS}
        for way, one in took.items():
            _line(f"{one.who}, {way}", one)
        if "--rival" in words:
            _race(rows, file, took["usual"])


def _ours(way: str, file: Path, rows: int) -> Took:
    return time_apart([sys.executable, __file__, "--one", str(rows), way, _variant(way, file)])


def _race(rows: int, file: Path, ours: Took) -> None:
    from rivals import race

    for took in race("check", rows, file):
        _line(took.who, took, f" · {took.seconds / ours.seconds:.1f} x ours")


def _line(what: str, took: Took, note: str = "") -> None:
    say(f"{what}: {took.rows:,} rows", took.seconds, "s", f"{took.peak / 1e6:,.0f} MB{note}")


def _one(rows: int, way: str, file: Path) -> None:
    """Check a file in one way and tell what it took."""
    from pipeproof.data import check

    contract = schema()
    tell("pipeproof", lambda: check(file, contract, low_memory=way == "low memory"), rows)


def _variant(way: str, file: Path) -> Path:
    """Return the file for a way: ids in no order for `shuffled`, three broken rules for `broken`."""
    import polars as pl

    into = file.with_suffix(f".{way}.parquet")
    if way not in {"shuffled", "broken"} or into.exists():
        return into if into.exists() else file
    frame = pl.scan_parquet(file)
    if way == "shuffled":
        changed = frame.with_columns(id=(pl.col("id") * 2_654_435_761) % (2**31 - 1))
    else:
        rare = pl.when(pl.col("id") % 1_000_003 == 5).then(-1).otherwise(pl.col("distance"))
        changed = frame.with_columns(distance=rare, share=pl.col("share") + 0.001, origin=pl.lit("XXX"))
    changed.sink_parquet(into, row_group_size=131_072)
    return into


if __name__ == "__main__":
    main(sys.argv[1:])
