"""Whole runs through the command, ended by signals: the record is complete and nothing survives."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.project.place import Project

FOREVER = """
import os, pathlib, subprocess, sys, time
def main(input_paths, output_paths):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
        pathlib.Path("pids", str(os.getpid())).touch()
        os.closerange(0, 1000)
        time.sleep(600)
    pathlib.Path("pids", str(os.getpid())).touch()
    print("waiting", flush=True)
    time.sleep(600)
"""
ENDLESS = """
workflow:
  name: endless
  steps:
    - name: first
      type: script
      config: {script: forever.py, outputs: {x: x}}
    - name: second
      type: script
      config: {script: forever.py, inputs: {x: x}}
"""


def alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until something holds, and say whether it came to that."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def descendants(pid: int) -> list[int]:
    """Return the processes below a process."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(file.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            child = int(file.parent.name)
            found += [child, *descendants(child)]
    return found


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    (tmp_path / "pids").mkdir()
    (tmp_path / "forever.py").write_text(FOREVER)
    (tmp_path / "endless.yaml").write_text(ENDLESS)
    return tmp_path


def start(folder: Path, pipeline: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeproof", "run", pipeline, *words],
        cwd=folder,
        env=_workspace(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _workspace(folder: Path) -> dict[str, str]:
    return {**os.environ, "PIPEPROOF_WORKSPACE": str(folder)}


def pids(folder: Path) -> list[int]:
    """Return the processes that the step's code has named."""
    return [int(file.name) for file in (folder / "pids").iterdir()]


def started(folder: Path, process: subprocess.Popen[str]) -> list[int]:
    """Wait until the step and what it forked run, and return all processes below the run."""
    assert until(lambda: len(pids(folder)) == 3), process.communicate(timeout=1)
    return sorted({*descendants(process.pid), *pids(folder)})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_a_complete_record_and_exit_130(endless, number):
    process = start(endless, "endless.yaml")
    below = started(endless, process)
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert not [pid for pid in below if alive(pid)]
    (record,) = Project.at(endless).records()
    assert record.status == "interrupted"
    assert {name: step.status for name, step in record.steps.items()} == {
        "first": "interrupted",
        "second": "blocked",
    }
    assert Path(record["first"].logs[0]).read_text() == "waiting\n"


def test_a_run_that_is_killed_leaves_nothing_running_and_is_seen_as_interrupted(endless):
    process = start(endless, "endless.yaml")
    below = started(endless, process)
    assert len(below) >= 4
    assert [record.status for record in Project.at(endless).records()] == ["running"]
    process.kill()
    process.communicate(timeout=30)
    assert until(lambda: not [pid for pid in below if alive(pid)])
    (record,) = Project.at(endless).records()
    assert record.status == "interrupted"
    assert record["first"].status == "interrupted"


def test_the_workflows_timeout_ends_all_of_it(endless):
    (endless / "endless.yaml").write_text(ENDLESS.replace("name: endless", "name: endless\n  timeout: 2"))
    process = start(endless, "endless.yaml")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1, said
    below = pids(endless)
    assert not [pid for pid in below if alive(pid)]
    (record,) = Project.at(endless).records()
    assert record.status == "failed"
    assert record["first"].failure.kind == "timeout"


BUSY = """
workflow:
  name: busy
  steps:
"""


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    (tmp_path / "work.py").write_text(
        "import pathlib, os\n"
        "def main(input_paths, output_paths):\n"
        "    for path in output_paths.values():\n"
        "        pathlib.Path(path).write_bytes(os.urandom(300_000))\n"
    )
    steps = [
        f"    - {{name: s{i}, type: script, config: {{script: work.py, outputs: {{x: d{i}}}"
        + (f", inputs: {{y: d{i - 1}}}" if i % 3 else "")
        + "}}"  # of the config and of the step
        for i in range(60)
    ]
    (tmp_path / "busy.yaml").write_text(BUSY + "\n".join(steps) + "\n")
    return tmp_path


# One process that has everything imported and forks the runs it kills, so that thirty take seconds.
KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from pipeproof.project import run
from pipeproof.project import execute
chance, runs = random.Random(7), Path(".pipeproof/runs")
for count in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0:
        run("busy.yaml")
        os._exit(0)
    while len(os.listdir(runs) if runs.is_dir() else ()) <= count:
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.3))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
run("busy.yaml")  # on a busy machine none of the others may have got so far as to keep anything
"""


def test_killed_at_any_moment_the_ledger_opens_and_objects_are_whole(busy):
    subprocess.run(
        [sys.executable, "-c", KILLER, "30"], cwd=busy, env=_workspace(busy), timeout=100, check=True
    )
    project = Project.at(busy)
    records = list(project.records())
    assert len(records) > 5  # on a busy machine many are killed before they have begun
    assert {record.status for record in records} <= {"interrupted", "passed"}
    for record in records:
        for step in record.steps.values():
            assert step.status in {"waiting", "interrupted", "passed", "reused"}
            for artifact in step.outputs.values():
                assert project.objects.path(artifact.digest).stat().st_size == artifact.size
    _objects_are_what_their_names_say(project.state / "objects")


def _objects_are_what_their_names_say(folder: Path) -> None:
    files = [file for file in folder.glob("[0-9a-f][0-9a-f]/*") if file.is_file()]
    assert files
    for file in files:
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.parent.name + file.name
