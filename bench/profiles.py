"""Profiling a table of ten columns: seconds on one core and peak memory, the curve, and skrub on the same file.

.venv/bin/python bench/profiles.py            # 1 and 4 million rows
.venv/bin/python bench/profiles.py 10 30      # as many million rows
.venv/bin/python bench/profiles.py --rival    # skrub on one million, in the same run
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import gettempdir

from figures import say
from one_core import Took, tell, time_apart
from tables import write_table

_MILLION = 1_000_000
_SHORT = 4 * _MILLION  # above, once is enough


def main(words: list[str]) -> None:
    """Print what a profile takes for each size."""
    if words[:1] == ["--one"]:
        _one(Path(words[1]), int(words[2]))
        return
    sizes = [int(word) * _MILLION for word in words if not word.startswith("-")] or [_MILLION, _SHORT]
    for rows in sizes:
        ours = _ours(rows)
        _line(ours, f"{ours.rate / 1e6:.2f} M rows/s")
    if "--rival" in words:
        from rivals import race

        ours = _ours(_MILLION)
        for took in race("profile", _MILLION, _file(_MILLION)):
            _line(took, f"{took.seconds / ours.seconds:.1f} x ours ({ours.seconds:.2f} s)")


def _ours(rows: int) -> Took:
    return time_apart([sys.executable, __file__, "--one", _file(rows), str(rows)])


def _file(rows: int) -> Path:
    return write_table(Path(gettempdir()) / f"pipeproof-bench-{rows}.parquet", rows)


def _line(took: Took, note: str) -> None:
    what = f"{took.who}: profile of {took.rows:,} rows"
    say(what, took.seconds * 1e3, "ms", f"{took.peak / 1e6:,.0f} MB · {note}")


def _one(file: Path, rows: int) -> None:
    from pipeproof.data.quality.reading import profile

    tell("pipeproof", lambda: profile(file), rows, 5 if rows <= _SHORT else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
