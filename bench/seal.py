"""What a trivial trial takes: the seal itself, and tasks of a run with and without it, two at once."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from figures import say

import pipeproof as pp
from pipeproof.project import Project
from pipeproof.project.execute import run_plan
from pipeproof.running import seal
from pipeproof.steps.python import PythonConfig
from pipeproof.steps.script import ScriptConfig

TASKS = 200
SLOTS = 2
OUTPUTS = {"script": (), "python": ("nothing",)}
KINDS = {
    "script": ScriptConfig("nothing.py"),
    "python": PythonConfig("nothing.py:main"),
}


def in_fork(folder: str) -> float:
    """Return the milliseconds that a seal takes in a forked child."""
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        began = time.perf_counter()
        reason = seal.seal((folder,))
        os.write(write, f"{(time.perf_counter() - began) * 1e3} {reason}".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        took, _, reason = pipe.read().partition(" ")
    os.waitpid(pid, 0)
    if reason:
        sys.exit(f"not sealed: {reason}")
    return float(took)


def a_task(kind: str, folder: str, *, trial: str) -> float:
    """Return the milliseconds a task takes in a run of many; what the run itself takes is not counted."""
    took = []
    for count in (1, TASKS):
        steps = tuple(
            pp.Step(
                f"s{number}",
                kind,
                KINDS[kind],
                outputs={name: f"{name}{number}" for name in OUTPUTS[kind]},
                isolation="fresh",
            )
            for number in range(count)
        )
        the_plan = pp.plan(pp.Pipeline("bench", steps=steps, root=folder))
        the_plan = replace(the_plan, tasks=tuple(replace(task, trial=trial) for task in the_plan.tasks))
        began = time.perf_counter()
        if run_plan(the_plan, Project.at(Path(folder)), jobs=SLOTS).record.status != "passed":
            sys.exit("a task failed")
        took.append(time.perf_counter() - began)
    return (took[1] - took[0]) / (TASKS - 1) * 1e3


def main() -> None:
    """Print the figures."""
    folder = tempfile.mkdtemp(prefix="pipeproof-bench-")
    (Path(folder) / "nothing.py").write_text("def main(*_):\n    pass\n")
    seal.prepare()
    say("seal, in a forked child", statistics.median(in_fork(folder) for _ in range(100)), "ms")
    for kind in KINDS:
        plain = a_task(kind, folder, trial="")
        sealed = a_task(kind, folder, trial="t")
        say(f"trivial {kind}, two at once, in a run", plain, "ms", "a task")
        say(f"trivial {kind}, two at once, in a trial", sealed, "ms", "a task")


if __name__ == "__main__":
    main()
