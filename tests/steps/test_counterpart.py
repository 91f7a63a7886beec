"""What earlier attempts used counts for those that go on from their checkpoints, however they go on."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import pipeproof as pp

STEP = """
import os
from pathlib import Path

def loop(context):
    total = context.load_checkpoint("total")
    if total is None:
        total = int(Path("start.txt").read_text()) + int(os.environ.get("START", 0))
        context.save_checkpoint("total", total)
    for n in context.iterate(range(4)):
        if n == 2:
            {stop}
        total += n
        context.save_checkpoint("total", total)
    return total
"""
FAILS = "if Path('stop.txt').exists(): raise ValueError(Path('stop.txt').read_text())"
IS_KILLED = f"if os.path.exists('stop.txt'): os.kill(os.getpid(), {int(signal.SIGKILL)})"
PIPELINE = """
workflow:
  name: p
  steps:
    - {name: loop, type: python, retry_count: 0, config: {function: "steps.py:loop"}}
"""
Lay = Callable[[str, str], None]


@pytest.fixture
def lay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lay:
    """Return the function that writes a file of the project an hour ago."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> None:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        os.utime(path, (time.time() - 3600, time.time() - 3600))

    write("p.yaml", PIPELINE)
    write("start.txt", "0")
    write("stop.txt", "not yet")
    return write


def result(done: pp.Run) -> tuple[str, int]:
    return done["loop"].status, done["loop"].outputs["loop"].value


@pytest.mark.parametrize("stop", [FAILS, IS_KILLED])
def test_what_the_attempts_before_a_resume_read_counts_for_its_result(lay, stop):
    lay("steps.py", STEP.replace("{stop}", stop))
    assert not pp.run("p.yaml")
    Path("stop.txt").unlink()
    assert result(pp.resume("last")) == ("passed", 6)
    lay("start.txt", "100")
    assert result(pp.run("p.yaml")) == ("passed", 106)


@pytest.mark.parametrize("go_on", [lambda: pp.run("p.yaml"), lambda: pp.resume("last")])
def test_an_attempt_begins_anew_when_a_file_changed_that_the_failed_one_had_read(lay, go_on):
    lay("steps.py", STEP.replace("{stop}", FAILS))
    assert not pp.run("p.yaml")
    Path("stop.txt").unlink()
    lay("start.txt", "100")
    done = go_on()
    assert result(done) == ("passed", 106)
    assert "left aside: file start.txt changed since" in " ".join(done["loop"].record.notes)


def test_an_attempt_begins_anew_when_a_variable_changed_that_the_failed_one_had_asked_for(lay, monkeypatch):
    lay("steps.py", STEP.replace("{stop}", FAILS))
    assert not pp.run("p.yaml")
    Path("stop.txt").unlink()
    monkeypatch.setenv("START", "7")
    assert result(pp.run("p.yaml")) == ("passed", 13)


def test_what_an_attempt_read_after_its_last_checkpoint_may_change_before_the_next_goes_on(lay):
    lay("steps.py", STEP.replace("{stop}", FAILS))
    assert not pp.run("p.yaml")
    Path("stop.txt").unlink()
    notes = pp.run("p.yaml")["loop"].record.notes
    assert notes == ("iterations: went on after iteration 2, which an earlier attempt had saved",)


def test_an_attempt_that_goes_on_from_a_killed_one_says_what_is_not_known(lay):
    lay("steps.py", STEP.replace("{stop}", IS_KILLED))
    assert not pp.run("p.yaml")
    Path("stop.txt").unlink()
    lay("start.txt", "100")  # nobody knows that it was read
    done = pp.run("p.yaml")
    assert result(done) == ("passed", 6)
    assert "what that one had read is not known" in " ".join(done["loop"].record.notes)
    assert result(pp.run("p.yaml")) == ("passed", 106)
