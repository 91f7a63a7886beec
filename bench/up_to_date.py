"""Many steps that are all up to date: loaded, planned and taken by a new process, beside joblib and doit.

.venv/bin/python bench/up_to_date.py            # 10,000 steps that share one file
.venv/bin/python bench/up_to_date.py 1000       # is it linear?

Rivals run in `.venv-rivals` (`script/environment rivals`) where they are installed there: joblib calls as many
cached functions, doit looks at as many tasks. Each program is a process of its own that says its seconds after its imports.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import say

_RIVALS = Path(__file__).parent.parent / ".venv-rivals" / "bin" / "python"
_OURS = """
import time
import pipeproof as pp
from pipeproof.project import execute
began = time.perf_counter()
loaded = pp.load("flow.yaml")
middle = time.perf_counter()
planned = pp.plan(loaded)
decided = time.perf_counter()
done = execute.run_plan(planned, loaded.project)
ended = time.perf_counter()
print(middle - began, decided - middle, ended - decided, sum(one.status == "reused" for one in done.record.steps.values()))
"""
_JOBLIB = """
import sys, time
from joblib import Memory
import code_of_steps
cached = Memory("joblib", verbose=0).cache(code_of_steps.f0)
began = time.perf_counter()
for number in range(int(sys.argv[1])):
    cached(number)
print(time.perf_counter() - began)
"""
_DOIT = """
import sys, time
from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain
from doit.tools import config_changed
def task_s():
    for number in range(int(sys.argv[1])):
        yield {"name": str(number), "actions": ["true"] if False else [(int,)], "uptodate": [config_changed(str(number))]}
began = time.perf_counter()
DoitMain(ModuleTaskLoader({"task_s": task_s, "DOIT_CONFIG": {"reporter": "zero", "dep_file": "doit.db"}})).run([])
print(time.perf_counter() - began)
"""


def write(folder: Path, steps: int) -> None:
    """Write a pipeline whose functions all stand in one file; all but the first read what that one makes."""
    functions = (f"def f{number}({'x=0'}):\n    return {number}\n" for number in range(steps))
    (folder / "code_of_steps.py").write_text("".join(functions))
    listed = [
        {
            "name": f"f{number}",
            "type": "python",
            "config": {
                "function": f"code_of_steps.py:f{number}",
                **({"inputs": {"x": "f0"}} if number else {}),
            },
        }
        for number in range(steps)
    ]
    (folder / "flow.yaml").write_text(json.dumps({"workflow": {"name": "flow", "steps": listed}}))


def figures(python: Path | str, program: str, folder: Path, steps: int) -> list[float]:
    """Return the last line of numbers that a program prints."""
    done = subprocess.run(
        [str(python), "-c", f"import sys; sys.path.insert(0, '')\n{program}", str(steps)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(word) for word in done.stdout.splitlines()[-1].split()]


def main(words: list[str]) -> None:
    """Print the seconds of each."""
    steps = int(words[0]) if words else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, steps)
        figures(sys.executable, _OURS, folder, steps)  # makes what the others find
        load, plan, run, reused = figures(sys.executable, _OURS, folder, steps)
        ours = load + plan + run
        say(f"{steps:,} steps, {reused:,.0f} taken: load", load, "s")
        say("plan", plan, "s")
        say("run", run, "s")
        say("all", ours, "s")
        for rival, program in (("joblib", _JOBLIB), ("doit", _DOIT)):
            try:
                figures(_RIVALS, program, folder, steps)
                (took,) = figures(_RIVALS, program, folder, steps)
            except (OSError, subprocess.CalledProcessError):
                print(f"{rival} is not installed: script/environment rivals")
                continue
            say(rival, took, "s", f"{ours / took:.1f} x")


if __name__ == "__main__":
    main(sys.argv[1:])
