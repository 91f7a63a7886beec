"""Comparing two tables of ten columns: seconds of drift alone, and of everything; nannyml on the same files.

.venv/bin/python bench/compare.py            # two tables of a million rows
.venv/bin/python bench/compare.py 4          # of as many million rows
.venv/bin/python bench/compare.py --rival    # nannyml on a million, in the same run
.venv/bin/python bench/compare.py --seeds    # of 900 pairs of samples of one distribution, how many raise an alarm
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import gettempdir

from figures import say
from one_core import Took, tell, time_apart
from tables import write_table

_MILLION = 1_000_000
_WORKS = ("drift", "everything")
_SEEDS = 300


def main(words: list[str]) -> None:
    """Print what comparing takes for each size."""
    if words[:1] == ["--one"]:
        _one(words[1], int(words[2]), [Path(word) for word in words[3:]])
    elif "--seeds" in words:
        _false_alarms()
    else:
        sizes = [int(word) * _MILLION for word in words if not word.startswith("-")] or [_MILLION]
        for rows in sizes:
            for work in _WORKS:
                _line(_ours(work, rows))
        if "--rival" in words:
            _race()


def _race() -> None:
    from rivals import race

    ours = _ours("drift", _MILLION)
    for took in race("compare", _MILLION, *_files(_MILLION)):
        _line(took, f" · {took.seconds / ours.seconds:.1f} x ours ({ours.seconds:.2f} s)")


def _ours(work: str, rows: int) -> Took:
    return time_apart([sys.executable, __file__, "--one", work, str(rows), *map(str, _files(rows))])


def _files(rows: int) -> list[Path]:
    folder = Path(gettempdir())
    return [
        write_table(folder / f"pipeproof-bench-{rows}.parquet", rows),
        write_table(folder / f"pipeproof-bench-{rows}-later.parquet", rows, seed=8, later=2.0),
    ]


def _line(took: Took, note: str = "") -> None:
    say(f"{took.who}: 2 x {took.rows:,} rows", took.seconds * 1e3, "ms", f"{took.peak / 1e6:,.0f} MB{note}")


def _one(work: str, rows: int, files: list[Path]) -> None:
    from pipeproof.data.comparing.compare import compare, drift

    a, b = files
    if work == "drift":
        tell("drift", lambda: drift(a, b), rows, 5)
    else:
        tell("everything, rows by key", lambda: compare(a, b, "id"), rows)


def _false_alarms() -> None:
    """Count alarms among samples of one distribution, ten columns each, of several sizes."""
    import numpy as np
    import polars as pl

    from pipeproof.data.comparing.compare import drift

    def table(random: np.random.Generator, rows: int) -> pl.DataFrame:
        columns: dict[str, object] = {f"n{at}": random.normal(size=rows) for at in range(5)}
        columns |= {"count": random.poisson(3, rows), "skewed": random.lognormal(0, 2, rows)}
        columns |= {"kind": random.choice(list("abcd"), rows), "rare": random.random(rows) < 0.02}
        return pl.DataFrame({**columns, "gaps": np.where(random.random(rows) < 0.1, np.nan, 1.0)})

    for rows in (200, 1_000, 5_000):
        seeds = range(_SEEDS)
        randoms = (np.random.default_rng((seed, rows)) for seed in seeds)
        alarms = sum(bool(drift(table(one, rows), table(one, rows)).drifted) for one in randoms)
        say(f"false alarms, 2 x {rows:,} rows of 10 columns", alarms, f"of {len(seeds):,}")


if __name__ == "__main__":
    main(sys.argv[1:])
