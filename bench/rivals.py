"""Timing what others do on the same data, on one core each: generate, check, profile, compare.

Rivals live in `.venv-rivals`, which `script/environment rivals` makes: their hundred packages, some of
them old, stay out of the environment of this project.

    from rivals import race

    for took in race("check", rows, file):
        say(took.who, took.seconds, "s", f"{took.seconds / ours:.1f} x ours")
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from one_core import Took, time_apart

_HERE = Path(__file__).parent
_PYTHON = _HERE.parent / ".venv-rivals" / "bin" / "python"
_WORKS = {
    "generate": {"dataframely": 1_000_000, "faker": 5_000},
    "check": {"pandera": None, "dataframely": None},
    "profile": {"skrub": None},
    "compare": {"nannyml": None},
}
"""Work → its rivals, with the most rows that one is given because it is slow."""


def race(work: str, rows: int, *files: Path, times: int = 3) -> Iterator[Took]:
    """Yield what every rival takes for a piece of work.

    Args:
        work: generate, check, profile or compare.
        rows: How many rows to make, or how many the files have.
        files: The Parquet files that `tables.write_table` wrote; compare takes two.
        times: Repeats, of which the median counts.
    """
    if not _PYTHON.exists():
        sys.exit("the rivals are not installed: script/environment rivals")
    for rival, most in _WORKS[work].items():
        program = (_PYTHON, _HERE / "rival_work.py", work, rival, min(rows, most or rows), times, *files)
        yield time_apart([str(word) for word in program])
