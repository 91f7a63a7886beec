"""The table that benchmarks of data work on: ten columns of the kinds that real tables have, and twelve rules.

The rules: `id` is unique; eight of values (id, day, carrier, tail, origin, distance, delay, share); a flight
lands after it left; only delays may be missing; there are rows. `rival_work` asks the same of the rivals.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from pipeproof.model.contract import TableSchema

CARRIERS = ("9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV")
ORIGINS = ("EWR", "JFK", "LGA")
TAIL = "N[0-9]{3}[A-Z]{2}"
FIRST_DAY, LAST_DAY = "2013-01-01", "2013-12-31"
LEAST_DELAY, MOST_DELAY, MOST_DISTANCE = -60.0, 1301.0, 5000
_PART = 1_000_000
_MISSING = 0.025


def write_table(path: Path, rows: int, seed: int = 7, later: float = 0.0) -> Path:
    """Write the table as Parquet, unless the file is there; every row keeps every rule.

    Args:
        path: The file.
        rows: How many rows.
        seed: Of the random values.
        later: Minutes by which delays are longer, for comparisons.
    """
    import polars as pl

    if path.exists():
        return path
    parts = path.with_name(f"{path.name}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    for start in range(0, rows, _PART):
        part = _part(start, min(_PART, rows - start), seed, later)
        part.write_parquet(parts / f"{start:012}.parquet")
    beside = path.with_name(f"{path.name}.new")
    pl.scan_parquet(sorted(parts.iterdir())).sink_parquet(beside, row_group_size=131_072)
    shutil.rmtree(parts)
    beside.replace(path)
    return path


def schema() -> TableSchema:
    """Return the twelve rules as a contract."""
    from pipeproof.model.contract import Column, Comparison, TableSchema

    return TableSchema(
        (
            Column("id", "integer", unique=True, minimum=0),
            Column("day", "date", minimum=FIRST_DAY, maximum=LAST_DAY),
            Column("left_at", "timestamp"),
            Column("landed_at", "timestamp"),
            Column("carrier", "string", categories=CARRIERS),
            Column("tail", "string", pattern=TAIL),
            Column("origin", "string", categories=ORIGINS),
            Column("distance", "integer", minimum=1, maximum=MOST_DISTANCE),
            Column("delay", "number", nullable=True, minimum=LEAST_DELAY, maximum=MOST_DELAY),
            Column("share", "number", minimum=0, maximum=1),
        ),
        min_rows=1,
        comparisons=(Comparison("left_at", "<=", "landed_at"),),
    )


def _part(start: int, rows: int, seed: int, later: float) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    random = np.random.default_rng((seed, start))
    days = random.integers(0, 365, rows)
    left = days * 86_400 + random.integers(0, 86_000, rows)
    digits = pl.Series(random.integers(100, 1000, rows)).cast(pl.String)
    letters = pl.Series([chr(65 + number // 26) + chr(65 + number % 26) for number in range(676)])
    delay = np.clip(random.gamma(1.2, 25.0, rows) - 15 + later, LEAST_DELAY, MOST_DELAY).round()
    zero = pl.datetime(2013, 1, 1, time_unit="us")
    frame = pl.DataFrame(
        {
            "id": np.arange(start, start + rows),
            "day": days,
            "left_at": left,
            "landed_at": left + random.integers(1_800, 40_000, rows),
            "carrier": pl.Series(CARRIERS).gather(random.integers(0, len(CARRIERS), rows)),
            "tail": "N" + digits + letters.gather(random.integers(0, 676, rows)),
            "origin": pl.Series(ORIGINS).gather(random.integers(0, len(ORIGINS), rows)),
            "distance": random.integers(17, 4984, rows),
            "delay": pl.Series(delay).set(pl.Series(random.random(rows) < _MISSING), None),
            "share": random.random(rows),
        }
    )
    return frame.with_columns(
        (zero.dt.date() + pl.duration(days=pl.col("day"))).alias("day"),
        *((zero + pl.duration(seconds=pl.col(name))).alias(name) for name in ("left_at", "landed_at")),
    )
