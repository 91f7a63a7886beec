"""What it costs to see what a step uses: an opening, an import of heavy libraries, a step that does nothing; and to look again."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from figures import median, say

from pipeproof.model.outcome import Seen
from pipeproof.model.plan import Task
from pipeproof.model.step import Step
from pipeproof.ports import Job, Program
from pipeproof.running.children import Child, ForkServer
from pipeproof.running.logs import LogFile
from pipeproof.running.seeing import Sight
from pipeproof.running.seen import digest_seen

OPENS, STEPS, LOOKS = 2000, 100, 10_000  # opens and steps of one measure; the least of many is said
NOTHING = Program("", {})
CODE = f"""
import os, time
def nothing(args, context):
    return None
def opens(args, context):
    began = time.perf_counter()
    for _ in range({OPENS}):
        os.close(os.open("data.csv", os.O_RDONLY))
    return time.perf_counter() - began
def imports(args, context):
    began = time.perf_counter()
    import pandas, sklearn, xgboost
    return time.perf_counter() - began
"""


def request(target: str, folder: Path, *, traced: bool) -> dict[str, Any]:
    """Return what a child is sent to call a function of the code above."""
    plain = {"target": f"measured:{target}", "args": {}, "about": {}, "environment": {}, "path": str(folder)}
    return {**plain, "traced": str(folder)} if traced else plain


def job_in(folder: Path) -> Job:
    """Return an attempt at nothing in particular."""
    return Job("r", Task(Step("s", "python"), "", "run", ""), 1, {}, {}, str(folder / "s"), "", folder)


def converse(child: Child, asked: Mapping[str, Any], job: Job, *, traced: bool) -> Any:
    """Return what a function returns; with the trace, see what it used as a run does."""
    sight = None
    if traced:
        sight = Sight.open(job, NOTHING, (), b"salt")
        child.trace.sightings = sight.sightings
    child.send(asked)
    reply = child.wait(LogFile(job.root / "log"), 120)
    if sight is not None:
        sight.close(reply["traced"], child.memory, listening=child.trace.began, until=None)
    return reply["value"]


def once(server: ForkServer, target: str, folder: Path, *, traced: bool) -> float:
    """Return what a fresh child measures."""
    child = server.fork(once=True, limits={}, trace=traced)
    return float(converse(child, request(target, folder, traced=traced), job_in(folder), traced=traced))


def steps(server: ForkServer, folder: Path, *, traced: bool) -> float:
    """Return the seconds that a step which does nothing takes in a warm worker."""
    child = server.fork(once=False, limits={}, trace=traced)
    asked = request("nothing", folder, traced=traced)
    job = job_in(folder)
    converse(child, asked, job, traced=traced)
    began = time.perf_counter()
    for _ in range(STEPS):
        converse(child, asked, job, traced=traced)
    took = time.perf_counter() - began
    child.close()
    return took / STEPS


def best(measure: Any, *given: Any, times: int = 5) -> tuple[float, float]:
    """Return the least of some measures, without and with the trace, taken in turn."""
    both = [(measure(*given, traced=False), measure(*given, traced=True)) for _ in range(times)]
    return min(without for without, _ in both), min(with_it for _, with_it in both)


def look_again(folder: Path) -> float:
    """Return the seconds for as many looks at files that have not changed."""
    names = [f"f{number}" for number in range(100)]
    for name in names:
        (folder / name).write_text(name)
        os.utime(folder / name, (0, 0))
    seen = [Seen("file", names[number % 100]) for number in range(LOOKS)]

    def look() -> None:
        for item in seen:
            digest_seen(item, folder, {}, {}, salt=b"")

    time.sleep(2.1)  # what is younger than two seconds is not remembered
    look()
    return median(look, 5)


def main() -> None:
    """Print the figures."""
    folder = Path(tempfile.mkdtemp(prefix="pipeproof-bench-"))
    (folder / "measured.py").write_text(CODE)
    (folder / "data.csv").write_text("a\n1\n")
    server = ForkServer(["pipeproof.steps.calls.script"], folder)
    once(server, "imports", folder, traced=True)
    without, with_it = best(once, server, "opens", folder, times=20)
    say(
        "an opening, added",
        (with_it - without) / OPENS * 1e6,
        "µs",
        f"{without / OPENS * 1e6:.1f} µs without",
    )
    without, with_it = best(once, server, "imports", folder)
    say(
        "import of pandas, scikit-learn, XGBoost, added",
        (with_it - without) * 1e3,
        "ms",
        f"{without * 1e3:.0f} ms without",
    )
    without, with_it = best(steps, server, folder, times=30)
    say(
        "a step that does nothing, warm worker, added",
        (with_it - without) * 1e6,
        "µs",
        f"{without * 1e6:.0f} µs without",
    )
    server.close()
    say(f"{LOOKS:,} looks at files that have not changed", look_again(folder) * 1e3, "ms")


if __name__ == "__main__":
    main()
