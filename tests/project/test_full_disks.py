"""A disk that is full, or can only be read: a clear error, a record that is whole, and a run that goes on when it is mended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeproof.cli import main
from pipeproof.project import Project

PIPELINE = """\
workflow:
  name: fills
  steps:
  - {name: one, type: python, isolation: thread, config: {function: "steps.py:one"}}
  - {name: rows, type: python, isolation: thread, retry_count: 0, config: {function: "steps.py:rows", inputs: [one]}}
  - {name: send, type: files, retry_count: 0, config: {operation: copy, input_name: rows, to: out/rows.csv}}
"""
STEPS = """\
import os
from pathlib import Path
import polars as pl

def fill():
    level = os.environ.get("LEAVE")
    if level:
        disk = Path(os.environ["PIPEPROOF_WORKSPACE"])
        found = os.statvfs(disk)
        with (disk / "fill").open("wb") as file:
            file.write(bytes(max(0, found.f_bavail * found.f_frsize - int(level) * 1024)))

def one():
    fill()
    print("x" * int(os.environ.get("LOUD", "1")))
    return 1

def rows(one):
    return pl.DataFrame({"n": range(60_000)}).with_columns(text=pl.col("n").hash().cast(pl.String))
"""


@dataclass(frozen=True)
class Disk:
    """A small disk that the runs are kept on."""

    place: Path

    def fill(self, leave: int) -> None:
        """Fill it but for some bytes."""
        found = os.statvfs(self.place)
        (self.place / "fill").write_bytes(bytes(max(0, found.f_bavail * found.f_frsize - leave)))

    def free(self) -> None:
        """Make room again."""
        (self.place / "fill").unlink(missing_ok=True)

    def remount(self, how: str) -> None:
        """Let it be written to (`rw`) or not (`ro`)."""
        subprocess.run(["mount", "-o", f"remount,{how}", self.place], check=True)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    monkeypatch.setenv("PIPEPROOF_WORKSPACE", str(place))
    (tmp_path / "fills.yaml").write_text(PIPELINE)
    (tmp_path / "steps.py").write_text(STEPS)
    monkeypatch.chdir(tmp_path)
    yield Disk(place)
    subprocess.run(["umount", "-l", place], check=True)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


def goes_on(disk: Disk) -> bool:
    """Make room, let the run go on (or begin it, if it never began), and say whether all is as it should be."""
    disk.free()
    begun = Project.at(disk.place.parent).has_runs and list(Project.at(disk.place.parent).ledger.runs())
    os.environ.pop("LEAVE", None)
    if main(["resume", "--quiet"] if begun else ["run", "fills.yaml", "--quiet"]) != 0:
        return False
    record = Project.at(disk.place.parent).record("last")
    rows = (disk.place.parent / "out" / "rows.csv").read_text().count("\n")
    return record.status == "passed" and rows == 60_001


@pytest.mark.slow
@pytest.mark.parametrize(
    "leave", [0, 20, 90, 400, 700, 1500]
)  # kB: not even a ledger … what goes out is not kept
def test_a_disk_that_is_full_when_a_run_begins(
    disk: Disk, leave: int, capsys: pytest.CaptureFixture[str]
) -> None:
    disk.fill(leave * 1024)
    code = main(["run", "fills.yaml"])
    told = said(capsys)
    assert code in {1, 2}, told
    assert any(known in told for known in ("PPF501", "PPF503", "PPF510", "PPF516")), told
    assert str(disk.place) in told
    assert "PPF299" not in told
    assert goes_on(disk), said(capsys)


@pytest.mark.slow
@pytest.mark.parametrize("leave", ["0", "150", "1100"])  # kB: the ledger, the table, what goes out
def test_a_disk_that_fills_up_while_a_step_is_at_work(
    disk: Disk, leave: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAVE", leave)
    assert main(["run", "fills.yaml"]) in {1, 2}
    told = said(capsys)
    assert str(disk.place) in told
    assert "make room on that disk" in told
    assert goes_on(disk), said(capsys)


@pytest.mark.slow
def test_a_log_that_finds_no_room_ends_no_run_of_itself(
    disk: Disk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAVE", "60")
    monkeypatch.setenv("LOUD", "500000")
    main(["run", "fills.yaml"])
    assert "PPF299" not in said(capsys)
    assert goes_on(disk), said(capsys)


def test_a_summary_that_finds_no_room_is_said_and_the_run_stands(
    disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "fills.yaml", "--json", "/dev/full"]) == 2
    assert "PPF523" in said(capsys)
    assert Project.at(disk.place.parent).record("last").status == "passed"


@pytest.mark.parametrize("command", [["run", "fills.yaml"], ["rollback", "last"], ["resume"]])
def test_a_store_that_can_only_be_read_is_said(
    disk: Disk, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (disk.place.parent / "fills.yaml").write_text(PIPELINE.replace("steps.py:rows", "steps.py:absent"))
    # In a process of its own, since nothing may have a file open for writing.
    subprocess.run([sys.executable, "-m", "pipeproof", "run", "fills.yaml"], capture_output=True, check=False)
    disk.remount("ro")
    code = main(command)
    disk.remount("rw")
    told = said(capsys)
    assert code == 2, told
    assert str(disk.place) in told
    assert "PPF299" not in told
