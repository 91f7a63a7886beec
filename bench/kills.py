"""Runs that are killed at random moments and go on: is anything lost, done twice, or seen half written?

.venv/bin/python bench/kills.py             # 1,000 kills
.venv/bin/python bench/kills.py 200 7       # 200 of them, from seed 7

Each case is a project of its own: steps in Python, a script, SQL, a loop with checkpoints, and copies to a file and a
folder in which older content stands. Its run, and then `resume` of it, is killed one to three times with SIGKILL: the
coordinator, a worker, the fork server, or all of them; at a random moment, or as soon as something is on its way
into the store, to a target or into the ledger. Then it goes on until it has passed, and is held against an undisturbed run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeproof.errors import PipeproofError
from pipeproof.model.event import Finished, Reused, Started
from pipeproof.model.record import RunRecord
from pipeproof.project import run
from pipeproof.project.place import Project
from pipeproof.project.resuming import resume

PIPELINE = """\
targets:
  report: out/report.csv
  parts: out/parts/
workflow:
  name: kills
  steps:
    - {name: rows, type: python, config: {function: "steps.py:rows"}}
    - {name: loop, type: python, retry_delay: 0.01, config: {function: "steps.py:loop", inputs: [rows]}}
    - {name: split, type: script, retry_delay: 0.01, config: {script: split.py, inputs: {rows: rows}, outputs: {parts: parts}}}
    - {name: totals, type: sql, config: {query_template: "SELECT n % 7 AS k, sum(n) AS total FROM rows GROUP BY k ORDER BY k"}}
    - {name: report, type: files, config: {operation: copy, input_name: totals, to: report}}
    - {name: send, type: files, config: {operation: copy, input_name: parts, to: parts}}
"""
STEPS = """\
from pathlib import Path
import polars as pl

def count(step):
    with (Path(__file__).parent / "counts" / step).open("a") as file:
        file.write("x")

def rows():
    count("rows")
    return pl.DataFrame({"n": range(5000)})

def loop(rows, context):
    count("loop")
    total = context.load_checkpoint("total", 0)
    for item in context.iterate(range(5), name="items"):
        total += item * rows.height
        context.save_checkpoint("total", total)
    return total
"""
SCRIPT = """\
from pathlib import Path
import polars as pl

def main(input_paths, output_paths):
    with (Path(__file__).parent / "counts" / "split").open("a") as file:
        file.write("x")
    rows = pl.read_parquet(input_paths["rows"])
    folder = Path(output_paths["parts"])
    folder.mkdir(parents=True)
    for part in range(3):
        rows.filter(pl.col("n") % 3 == part).write_csv(folder / f"{part}.csv")
"""
OLD = {"out/report.csv": b"old report\n", **{f"out/parts/{part}.csv": b"old part\n" for part in range(3)}}
VICTIMS = ("coordinator", "worker", "fork server", "all")
PATIENCE = 120.0  # seconds; what takes longer hangs


class Wrong(Exception):  # noqa: N818 no error of a program: what is looked for
    """What must never be was."""


@dataclass(slots=True)
class Told:
    """How often what happened.

    Attributes:
        kills: Whom, how often.
        caught: What was on its way when it was killed, as far as that was waited for.
        runs: Runs that were killed and passed at last.
        unbegun: Kills before a run had begun.
        looks: Times that the targets were read meanwhile.
    """

    kills: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    unbegun: int = 0
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """An undisturbed run: its datasets by digest, the files of its targets, and how long it took."""

    digests: Mapping[str, str]
    files: Mapping[str, bytes]
    seconds: float


def make_project(folder: Path) -> None:
    """Write the project, with older content in its targets."""
    (folder / "counts").mkdir(parents=True)
    for name, text in (("kills.yaml", PIPELINE), ("steps.py", STEPS), ("split.py", SCRIPT)):
        (folder / name).write_text(text)
    for name, content in OLD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def start(folder: Path, work: Callable[[], object]) -> int:
    """Do some work in a process of its own, and return its number; it ends with 0 when the work came to something."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.chdir(folder)
        with (folder / "said").open("a") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        code = 0 if work() else 1
    except PipeproofError as error:
        print(error, flush=True)
        code = 3
    except BaseException as error:  # noqa: BLE001 the parent is told
        print(f"{type(error).__name__}: {error}", flush=True)
        code = 4
    finally:
        os._exit(code)


def below(pid: int) -> dict[int, int]:
    """Return the processes below a process, each with its depth."""
    parents: dict[int, list[int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents.setdefault(int(file.read_text().rpartition(")")[2].split()[1]), []).append(
                int(file.parent.name)
            )
    found, waiting = {}, [(pid, 0)]
    while waiting:
        one, depth = waiting.pop()
        for child in parents.get(one, ()):
            found[child] = depth + 1
            waiting.append((child, depth + 1))
    return found


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def on_its_way(folder: Path) -> dict[str, Callable[[], bool]]:
    """Return what may be waited for: a moment in which something is only half done."""
    state = folder / ".pipeproof"
    wal = state / "ledger.db-wal"

    def size() -> int:
        return wal.stat().st_size if wal.exists() else 0

    began = size()
    return {
        "an object on its way": lambda: any((state / "objects" / "incoming").glob("*")),
        "a target on its way": lambda: any((folder / "out").rglob(".*")),
        "the ledger being written": lambda: size() > began,
    }


class Case:
    """One project whose run is killed a few times."""

    def __init__(self, folder: Path, expected: Expected, chance: random.Random, told: Told) -> None:
        self.folder, self.expected, self.chance, self.told = folder, expected, chance, told
        self.passed: dict[str, int] = {}
        self.seen: set[int] = set()
        make_project(folder)

    def go(self, kills: int) -> None:
        """Kill the run so often, let it pass, and look whether all is as it must be."""
        code = 1
        for _ in range(kills):
            if code != 0:
                code = self.part(self.kill)
        while code != 0:
            code = self.part(lambda _pid: None)
        self.verify()
        self.told.runs += 1

    def part(self, disturb: Callable[[int], None]) -> int:
        """Begin the run or let it go on, disturb it, and return how it ended."""
        begun = self.record() is not None
        pid = start(self.folder, (lambda: resume("last")) if begun else lambda: run("kills.yaml"))
        disturb(pid)
        code = self.wait(pid)
        if code == 3:
            raise Wrong(f"it cannot go on: {(self.folder / 'said').read_text()}")
        record = self.record()
        if record is None:
            self.told.unbegun += 1
            refused(self.folder)
        else:
            self.note(record)
        return code

    def kill(self, pid: int) -> None:
        """Kill one or all at some moment."""
        victim = self.chance.choice(VICTIMS)
        name, ready = self.chance.choice([("", None), *on_its_way(self.folder).items()])
        until = time.monotonic() + (
            PATIENCE if ready else self.chance.uniform(0.0, 1.2 * self.expected.seconds)
        )
        while time.monotonic() < until and is_alive(pid) and not (ready and ready()):
            self.look()
            time.sleep(0 if ready else 0.002)
        if not is_alive(pid):
            return
        whom = self.whom(victim, pid)
        for one in whom:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        if whom:
            self.told.kills[victim] += 1
            self.told.caught[name or "any moment"] += 1

    def whom(self, victim: str, pid: int) -> list[int]:
        """Return the processes to kill."""
        family = below(pid)
        self.seen |= family.keys()
        if victim == "coordinator":
            return [pid]
        if victim == "all":
            return [pid, *family]
        depth = 1 if victim == "fork server" else 2
        there = [one for one, found in family.items() if found == depth]
        return [self.chance.choice(there)] if there else []

    def wait(self, pid: int) -> int:
        """Wait for a process and return how it ended."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            self.look()
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise Wrong("it hangs")

    def look(self) -> None:
        """Read the targets, as anybody may at any time: each file is the old or the new one."""
        self.told.looks += 1
        for name, old in OLD.items():
            found = (self.folder / name).read_bytes()
            if found not in (old, self.expected.files.get(name, old)):
                raise Wrong(f"half of {name} was seen: {len(found)} bytes")

    def record(self) -> RunRecord | None:
        """Return the record so far, or None when no run has begun."""
        project = Project.at(self.folder)
        if not project.has_runs:
            return None
        with contextlib.closing(project.ledger):
            names = list(project.ledger.runs())
            if len(names) > 1:
                raise Wrong(f"one run became {len(names)}")
            return project.record(names[0]) if names else None

    def note(self, record: RunRecord) -> None:
        """Remember what has passed, and how often its code had run by then."""
        for name, step in record.steps.items():
            if step.status == "passed" and name not in self.passed:
                self.passed[name] = self.count(name)

    def count(self, step: str) -> int:
        """Return how often the code of a step has begun."""
        file = self.folder / "counts" / step
        return len(file.read_text()) if file.exists() else 0

    def verify(self) -> None:
        """Hold everything against an undisturbed run.

        Raises:
            Wrong: Something was lost, done twice, or is not what it should be.
        """
        record = self.record()
        if record is None or record.status != "passed":
            raise Wrong("the run has not passed")
        if digests(record) != self.expected.digests:
            raise Wrong("other results than those of an undisturbed run")
        for name, content in self.expected.files.items():
            if (self.folder / name).read_bytes() != content:
                raise Wrong(f"{name} is not the new one")
        again = [name for name, count in self.passed.items() if self.count(name) != count]
        if again:
            raise Wrong(f"done again after they had passed: {again}")
        self.verify_store(record)
        leftovers = [str(path.relative_to(self.folder)) for path in (self.folder / "out").rglob(".*")]
        if leftovers:
            raise Wrong(f"left beside the targets: {leftovers}")
        until = time.monotonic() + 20
        while (left := [pid for pid in self.seen if is_alive(pid)]) and time.monotonic() < until:
            time.sleep(0.02)
        if left:
            raise Wrong(f"processes were left: {left}")

    def verify_store(self, record: RunRecord) -> None:
        """Look whether the ledger is sound, and each object what its name says."""
        state = self.folder / ".pipeproof"
        with contextlib.closing(sqlite3.connect(state / "ledger.db")) as database:
            if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise Wrong("the ledger is not whole")
        done: set[str] = set()
        project = Project.at(self.folder)
        with contextlib.closing(project.ledger):
            for _, event in project.ledger.events(record.run):
                if isinstance(event, Started) and event.task in done:
                    raise Wrong(f"{event.task} was begun again after it had passed")
                if isinstance(event, Finished) and event.outcome.failure is None:
                    done.add(event.outcome.task)
                if isinstance(event, Reused) and event.run != record.run:
                    raise Wrong(f"{event.task} was taken from {event.run}")
        for file in (state / "objects").glob("[0-9a-f][0-9a-f]/*"):
            content = file.read_bytes()
            whole = hashlib.sha256(content).hexdigest()
            if file.name.endswith(".folder"):
                whole = hashlib.sha256(b"folder\0" + content).hexdigest() + ".folder"
            if whole != file.parent.name + file.name:
                raise Wrong(f"the object {file.name} is not what its name says")


def digests(record: RunRecord) -> dict[str, str]:
    """Return what a run made: dataset → digest."""
    return {name: made.digest for step in record.steps.values() for name, made in step.outputs.items()}


def refused(folder: Path) -> None:
    """Make sure that a run that never began is said to be none."""

    def ask() -> bool:
        try:
            resume("last")
        except PipeproofError as error:
            return "PPF504" in str(error) and "nothing was run here yet" in str(error)
        return False

    _, status = os.waitpid(start(folder, ask), 0)
    if os.waitstatus_to_exitcode(status):
        raise Wrong("resume of a run that never began does not say so")


def undisturbed(folder: Path) -> Expected:
    """Return what comes of a run that nobody kills."""
    make_project(folder)
    began = time.monotonic()
    _, status = os.waitpid(start(folder, lambda: run("kills.yaml")), 0)
    took = time.monotonic() - began
    if status:
        raise Wrong((folder / "said").read_text())
    project = Project.at(folder)
    with contextlib.closing(project.ledger):
        return Expected(
            digests(project.record("last")), {name: (folder / name).read_bytes() for name in OLD}, took
        )


def cases(kills: int, told: Told, chance: random.Random, folder: Path) -> Iterator[str]:
    """Kill so often, count, and yield after each case what was wrong with it."""
    expected = undisturbed(folder / "undisturbed")
    number = 0
    while sum(told.kills.values()) < kills:
        number += 1
        place = folder / str(number)
        wrong = ""
        try:
            Case(place, expected, chance, told).go(chance.randint(1, 3))
        except Wrong as error:
            wrong = f"case {number}: {error} (kept in {place})"
        else:
            shutil.rmtree(place)
        yield wrong


def main() -> None:
    """Print the counts; end with 1 when anything was wrong."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    folder = Path(tempfile.mkdtemp(prefix="pipeproof-kills-"))
    told, wrongs = Told(), []
    began = time.monotonic()
    for wrong in cases(kills, told, random.Random(seed), folder):
        if told.runs % 20 == 0:
            print(f"... {sum(told.kills.values())} kills", file=sys.stderr, flush=True)
        if wrong:
            wrongs.append(wrong)
            print(wrong, flush=True)
            if len(wrongs) > 20:
                break
    print(f"{sum(told.kills.values())} kills in {time.monotonic() - began:.0f} s, seed {seed}")
    print("  of " + ", ".join(f"{who} {count}" for who, count in sorted(told.kills.items())))
    print("  at " + ", ".join(f"{what} {count}" for what, count in sorted(told.caught.items())))
    print(f"  {told.unbegun} before a run had begun; targets were read {told.looks} times meanwhile")
    print(f"{told.runs} runs passed as if nobody had killed them, {len(wrongs)} did not")
    if not wrongs:
        shutil.rmtree(folder)
    sys.exit(1 if wrongs else 0)


if __name__ == "__main__":
    main()
