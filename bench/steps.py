"""What a step costs: chains and fan-outs of python steps that do nothing, durable record included."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from figures import median, say

import pipeproof as pp
from pipeproof.model.step import Isolation
from pipeproof.project.execute import run_plan
from pipeproof.steps.python import PythonConfig


def pipeline(count: int, shape: str, isolation: Isolation, folder: str) -> pp.Pipeline:
    """Return a pipeline of steps that do nothing."""
    steps = tuple(
        pp.Step(
            f"s{i}",
            "python",
            PythonConfig("nothing:nothing"),
            inputs={"x": f"s{i - 1}"} if shape == "chain" and i else {},
            outputs={f"s{i}": f"s{i}"},
            isolation=isolation,
        )
        for i in range(count)
    )
    return pp.Pipeline("bench", steps=steps, root=folder)


def plain_loop(count: int) -> float:
    """Return the microseconds a call takes in a loop without us."""
    nothing = __import__("nothing").nothing

    def loop() -> None:
        value = 1
        for _ in range(count):
            value = nothing(x=value)

    return median(loop) / count * 1e6


def joblib_memory(count: int, folder: str) -> float:
    """Return the microseconds a call takes through joblib's cache, which keeps a file a call."""
    from joblib import Memory

    cached = Memory(folder, verbose=0).cache(__import__("nothing").nothing)
    began = time.perf_counter()
    for number in range(count):
        cached(x=number)
    return (time.perf_counter() - began) / count * 1e6


def hop(executor: Executor, count: int) -> float:
    """Return the microseconds that a bare task takes there and back, one after another."""
    with executor as pool:
        pool.submit(int).result()
        began = time.perf_counter()
        for _ in range(count):
            pool.submit(int).result()
        return (time.perf_counter() - began) / count * 1e6


def doit_tasks(count: int, shape: str) -> float:
    """Return the microseconds a task takes through doit, which keeps a small database of them."""
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    def nothing() -> bool:
        return True

    def task_s() -> Iterator[dict[str, Any]]:
        for number in range(count):
            after = [f"s:{number - 1}"] if shape == "chain" and number else []
            yield {"name": str(number), "actions": [nothing], "task_dep": after, "verbosity": 0}

    loader = ModuleTaskLoader({"task_s": task_s, "DOIT_CONFIG": {"reporter": "zero", "dep_file": "doit.db"}})
    began = time.perf_counter()
    if DoitMain(loader).run(["run"]):
        raise RuntimeError("doit failed")
    return (time.perf_counter() - began) / count * 1e6


def main() -> None:
    """Print microseconds a step for every shape and isolation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--rival", action="store_true")
    given = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="pipeproof-bench-")
    os.chdir(folder)
    sys.path.insert(0, folder)
    Path("nothing.py").write_text("def nothing(**given):\n    return 1\n")
    loop = plain_loop(given.count)
    say("plain loop", loop, "µs/step")
    say("bare hop through ThreadPoolExecutor", hop(ThreadPoolExecutor(1), given.count), "µs/task")
    say("bare hop through ProcessPoolExecutor", hop(ProcessPoolExecutor(1), given.count), "µs/task")
    for isolation in ("thread", "worker"):
        for shape in ("chain", "fan"):
            examined = pp.examine(pipeline(given.count, shape, isolation, folder))
            took = median(lambda: pp.plan(examined, reuse=False), 1)  # noqa: B023 called at once
            say(f"{shape} by {isolation}, planning", took / given.count * 1e6, "µs/step")
            plan = pp.plan(examined, reuse=False)
            took = median(lambda: run_plan(plan, examined.project, jobs=2), given.times)  # noqa: B023 called at once
            say(
                f"{shape} by {isolation}, running",
                took / given.count * 1e6 - loop,
                "µs/step",
                "over the loop",
            )
    if given.rival and importlib.util.find_spec("joblib"):
        say("joblib Memory, calls in a loop", joblib_memory(given.count, folder) - loop, "µs/step")
    if given.rival and importlib.util.find_spec("doit"):
        for shape in ("chain", "fan"):
            say(f"doit, {shape}", doit_tasks(given.count, shape) - loop, "µs/step")


if __name__ == "__main__":
    main()
