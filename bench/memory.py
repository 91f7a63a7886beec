"""Memory of a process that runs one pipeline after another: resident bytes after 10, 50 and 100 runs.

Each run has functions that can be imported and functions that live in this process alone, all of them defined
anew, a failing step, and every fifth goes through an executor. What a run leaves behind shows as growth
between the tenth and the last one; the first ones load libraries.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from figures import say

import pipeproof as pp
from pipeproof.steps.python import PythonConfig

CODE = """
import polars as pl
def numbers(run):
    return pl.DataFrame({"n": range(1000), "run": [run] * 1000})
"""


def resident() -> int:
    """Return the resident bytes of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def pipeline(run: int, folder: str) -> pp.Pipeline:
    """Return a pipeline whose local functions, closures over a megabyte, are defined anew."""
    ballast = bytearray(2**20)

    def size(numbers: object) -> int:
        return len(ballast) + len(numbers)  # type: ignore[arg-type]  # a table

    def fail(numbers: object) -> None:
        raise ValueError(numbers)

    imported = pp.Step(
        "numbers",
        "python",
        PythonConfig("made:numbers", arguments={"run": run}),
        outputs={"numbers": "numbers"},
    )
    return pp.Pipeline("bench", steps=[imported, pp.step(size), pp.step(fail)], root=folder)


def main() -> None:
    """Print resident memory as runs go by, and what grows beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=100)
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pipeproof-bench-")
    sys.path.insert(0, folder)
    Path(folder, "made.py").write_text(CODE)
    first = 0
    with ThreadPoolExecutor(2) as threads:
        for run in range(1, given.runs + 1):
            executor = threads if run % 5 == 0 else None
            pp.run(pipeline(run, folder), keep_going=True, reuse=False, executor=executor)
            if run in {10, given.runs // 2, given.runs}:
                now = resident()
                first = first or now
                descriptors = sum(1 for _ in Path("/proc/self/fd").iterdir())
                note = f"{threading.active_count()} threads, {descriptors} descriptors"
                say(f"after {run} runs", now / 2**20, "MiB", note)
    say("growth a run", (resident() - first) / (given.runs - 10) / 2**10, "KiB")


if __name__ == "__main__":
    main()
