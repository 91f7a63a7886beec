"""Processes that begin runs in one workspace at the same moment: do all finish, and is the ledger whole?

.venv/bin/python bench/runs_at_once.py             # 100 processes
.venv/bin/python bench/runs_at_once.py 12 FOLDER   # 12 of them, in a folder that stays

The processes are forked with everything imported and wait for one signal, so that they meet in the first microseconds
of a workspace in which nothing was run yet: its folder, salt, ledger and objects are made by all of them at once.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from figures import say

from pipeproof.project import run
from pipeproof.project.place import Project

PIPELINE = """\
targets: {report: out/report.csv}
workflow:
  name: meets
  steps:
    - {name: rows, type: python, isolation: thread, config: {function: "steps.py:rows"}}
    - {name: totals, type: sql, config: {query_template: "SELECT n % 7 AS k, sum(n) AS total FROM rows GROUP BY k ORDER BY k"}}
    - {name: report, type: files, config: {operation: copy, input_name: totals, to: report}}
"""
STEPS = """\
import polars as pl

def rows():
    return pl.DataFrame({"n": range(1000)})
"""


def start(folder: Path, gate: int) -> int:
    """Fork a process that runs the pipeline once the gate is closed at its other end."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.chdir(folder)
        os.read(gate, 1)
        code = 0 if run("meets.yaml", reuse=False) else 1
    except BaseException as error:  # noqa: BLE001 the parent is told
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def meet(count: int, folder: Path) -> list[int]:
    """Let so many processes begin at once, and return how they ended."""
    reads, writes = os.pipe()
    pids = [start(folder, reads) for _ in range(count)]
    os.write(writes, b"x" * count)
    os.close(writes)
    os.close(reads)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def main() -> None:
    """Print the figures; end with 1 when anything was wrong."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="pipeproof-bench-"))
    (folder / "meets.yaml").write_text(PIPELINE)
    (folder / "steps.py").write_text(STEPS)
    began = time.perf_counter()
    ends = meet(count, folder)
    took = time.perf_counter() - began
    project = Project.at(folder)
    with contextlib.closing(project.ledger):
        statuses = Counter(record.status for record in project.records())
    with contextlib.closing(sqlite3.connect(project.state / "ledger.db")) as database:
        (whole,) = database.execute("PRAGMA integrity_check").fetchone()
    say(f"{count} runs begun at once", took, "s", f"{took / count * 1e3:.0f} ms each")
    print(f"processes that ended with 0: {ends.count(0)}; runs: {dict(statuses)}; the ledger: {whole}")
    sys.exit(0 if ends == [0] * count and statuses == {"passed": count} and whole == "ok" else 1)


if __name__ == "__main__":
    main()
