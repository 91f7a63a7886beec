"""Two cores at work: steps of a second of pure Python each, against the same calls in a bare pool of processes.

Ours are functions in warm workers, as a run starts them by itself; the pool of the standard library is warm too.
A step counts to what took a second of processor time when it was measured, in this run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from figures import say

import pipeproof as pp
from pipeproof.project.execute import run_plan
from pipeproof.steps.python import PythonConfig

CODE = """
def work(turns):
    total = 0
    for number in range(turns):
        total += number * number % 7
    return total
"""


def turns_of_a_second() -> int:
    """Return how many turns of the loop take a second of processor time here."""
    work = __import__("work").work
    began = time.process_time()
    work(1_000_000)
    return int(1_000_000 / (time.process_time() - began))


def ours(steps: int, turns: int, folder: str) -> float:
    """Return the seconds of a run of so many steps, the start of its workers included."""
    listed = tuple(
        pp.Step(
            f"s{number}",
            "python",
            PythonConfig("work:work", arguments={"turns": turns + number}),
            outputs={f"s{number}": f"s{number}"},
        )
        for number in range(steps)
    )
    examined = pp.examine(pp.Pipeline("bench", steps=listed, root=folder))
    plan = pp.plan(examined, reuse=False)
    began = time.perf_counter()
    if not run_plan(plan, examined.project, jobs=2):
        raise RuntimeError("a step failed")
    return time.perf_counter() - began


def bare(pool: ProcessPoolExecutor, steps: int, turns: int) -> float:
    """Return the seconds of the same calls in a pool of processes."""
    work = __import__("work").work
    began = time.perf_counter()
    list(pool.map(work, [turns + number for number in range(steps)]))
    return time.perf_counter() - began


def main() -> None:
    """Print the seconds of both, one after the other several times, and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", nargs="?", type=int, default=8)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pipeproof-bench-")
    os.chdir(folder)
    sys.path.insert(0, folder)
    Path("work.py").write_text(CODE)
    turns = turns_of_a_second()
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        bare(pool, 2, 1)  # starts its workers
        for _ in range(given.times):
            took["bare"].append(bare(pool, given.steps, turns))
            took["ours"].append(ours(given.steps, turns, folder))
    medians = {name: statistics.median(times) for name, times in took.items()}
    print(f"load {os.getloadavg()[0]:.1f}, {given.steps} steps of a second on two cores")
    say("bare ProcessPoolExecutor", medians["bare"], "s")
    say(
        "steps in warm workers",
        medians["ours"],
        "s",
        f"{medians['ours'] / medians['bare']:.3f} x the bare pool",
    )


if __name__ == "__main__":
    main()
