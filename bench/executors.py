"""What a step costs in the workers of an executor, over a bare call through the same one.

Steps that do nothing, fanned out, in a thread of the worker: what is left is the way there and back, the
check that the run goes on, the note that the attempt has begun, and the durable record.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from figures import say

import pipeproof as pp
from pipeproof.project.execute import run_plan
from steps import pipeline

WORKERS = 2


@contextmanager
def dask() -> Iterator[Executor]:
    """Open a cluster of two worker processes on this machine."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs="ERROR"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client.get_executor()


def bare(executor: Executor, count: int) -> float:
    """Return the seconds that so many calls of nothing take, as many at once as there are workers."""

    def call_one_after_another() -> None:
        for number in range(count // WORKERS):
            executor.submit(abs, number).result()

    with ThreadPoolExecutor(WORKERS) as callers:
        began = time.perf_counter()
        for caller in [callers.submit(call_one_after_another) for _ in range(WORKERS)]:
            caller.result()
        return time.perf_counter() - began


def main() -> None:
    """Print microseconds a step for every executor, and the ratio to a bare call."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=500)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pipeproof-bench-")
    sys.path.insert(0, folder)
    Path(folder, "nothing.py").write_text("def nothing(**given):\n    return 1\n")
    examined = pp.examine(pipeline(given.count, "fan", "thread", folder))
    openers: dict[str, Callable[[], object]] = {
        "ThreadPoolExecutor": lambda: ThreadPoolExecutor(WORKERS),
        "ProcessPoolExecutor": lambda: ProcessPoolExecutor(WORKERS, multiprocessing.get_context("spawn")),
        "Dask LocalCluster": dask,
    }

    def run(executor: Executor | None) -> float:
        plan = pp.plan(examined, reuse=False)
        began = time.perf_counter()
        if not run_plan(plan, examined.project, jobs=WORKERS, executor=executor):
            raise RuntimeError("a step failed")
        return time.perf_counter() - began

    print(f"load {os.getloadavg()[0]:.1f}, {given.count} steps, {WORKERS} workers, medians of {given.times}")
    ours = statistics.median([run(None) for _ in range(given.times)])
    say("no executor", ours / given.count * 1e6, "µs/step")
    for name, opener in openers.items():
        with ExitStack() as stack:
            executor = stack.enter_context(opener())  # type: ignore[arg-type]  # each opens as a context
            run(executor)  # starts the workers, which import us
            calls = statistics.median([bare(executor, given.count) for _ in range(given.times)])
            steps = statistics.median([run(executor) for _ in range(given.times)])
        say(f"{name}, bare call", calls / given.count * 1e6, "µs/call")
        say(f"{name}, step", steps / given.count * 1e6, "µs/step", f"{steps / calls:.1f} x the bare call")


if __name__ == "__main__":
    main()
