"""Runs that go on: what has passed stands, what failed or was cut short is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeproof.errors import UsageError
from pipeproof.project import Project
from pipeproof.project.execute import run
from pipeproof.project.resuming import resume
from pipeproof.store.lock import RunLock

PIPELINE = """\
workflow:
  name: going
  steps:
  - {name: one, type: python, config: {function: "steps.py:one"}, cache: false}
  - {name: two, type: python, config: {function: "steps.py:two", inputs: [one]}}
  - {name: three, type: python, config: {function: "steps.py:three", inputs: [two]}}
"""
STEPS = """\
from pathlib import Path
HERE = Path(__file__).parent

def count(name):
    with (HERE / f"{name}.count").open("a") as file:
        file.write("x")

def one():
    count("one")
    return 1

def two(one):
    print("at work")
    count("two")
    if (HERE / "broken").exists():
        raise ValueError("broken")
    if (HERE / "hangs").exists():
        (HERE / "hanging").touch()
        import time
        time.sleep(60)
    return one + 1

def three(two):
    count("three")
    return two + 1
"""


@pytest.fixture
def going(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "going.yaml").write_text(PIPELINE)
    (tmp_path / "steps.py").write_text(STEPS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def counts(folder: Path) -> dict[str, int]:
    """Return how often each step has run."""
    return {file.stem: len(file.read_text()) for file in sorted(folder.glob("*.count"))}


@pytest.fixture
def failed(going: Path) -> Path:
    (going / "broken").touch()
    assert not run("going.yaml")
    (going / "broken").unlink()
    return going


def test_a_failed_run_goes_on_behind_what_has_passed(failed: Path) -> None:
    assert resume("last")
    assert counts(failed) == {"one": 1, "three": 1, "two": 2}


def test_a_run_that_goes_on_is_one_run_and_its_record_is_whole(failed: Path) -> None:
    done = resume("last")
    record = Project.at(failed).record(done.name)
    assert [record.run] == list(Project.at(failed).ledger.runs())
    assert {name: step.status for name, step in record.steps.items()} == dict.fromkeys(
        ("one", "two", "three"), "passed"
    )
    assert record["one"].why == "done before the run was interrupted"


def test_a_step_that_passed_is_run_again_when_its_code_is_another_now(failed: Path) -> None:
    (failed / "steps.py").write_text(STEPS.replace("return 1\n", "return 10\n"))
    done = resume("last")
    assert done["three"].outputs["three"].value == 12
    assert counts(failed)["one"] == 2


def test_logs_of_the_first_part_stay(failed: Path) -> None:
    (failed / "steps.py").write_text(STEPS.replace("at work", "at work again"))
    logs = resume("last").record["two"].logs
    assert [Path(log).read_text().splitlines()[0] for log in logs] == ["at work", "at work again"]


def test_a_failed_step_that_is_no_step_any_more_stays_in_the_record(failed: Path) -> None:
    lines = (failed / "going.yaml").read_text().splitlines()
    (failed / "going.yaml").write_text("\n".join(line for line in lines if "name: t" not in line))
    done = resume("last")
    assert done
    assert {name: step.status for name, step in done.record.steps.items()} == {
        "one": "passed",
        "two": "failed",
        "three": "blocked",
    }
    assert done["two"].record.notes == ("not in the pipeline any more",)


def test_a_step_that_is_back_is_done_and_not_noted(failed: Path) -> None:
    (failed / "broken").touch()
    written = (failed / "going.yaml").read_text()
    other = written.replace('two"', 'one"').replace("inputs: [one]", "").replace("name: two", "name: new")
    (failed / "going.yaml").write_text("\n".join(line for line in other.splitlines() if "three" not in line))
    (failed / "steps.py").write_text(STEPS.replace("return 1\n", "raise ValueError('too')\n"))
    assert not resume("last")
    (failed / "broken").unlink()
    (failed / "going.yaml").write_text(written)
    (failed / "steps.py").write_text(STEPS)
    done = resume("last")
    assert done["two"].record.status == "passed"
    assert done["two"].record.notes == ()
    assert done.record.steps["new"].status == "failed"


def test_a_run_of_a_pipeline_with_another_name_now_does_not_go_on(failed: Path) -> None:
    (failed / "going.yaml").write_text(PIPELINE.replace("name: going", "name: gone"))
    with pytest.raises(UsageError, match="is called gone now"):
        resume("last")


@pytest.mark.parametrize(
    ("state", "says"),
    [("passed", "there is nothing left to do"), ("held", "is under way")],
)
def test_a_run_that_cannot_go_on_says_why(going: Path, state: str, says: str) -> None:
    (going / "broken").touch() if state == "held" else None
    name = run("going.yaml").name
    lock = RunLock(going / ".pipeproof" / "runs" / name)
    if state == "held":
        lock.acquire()
    with pytest.raises(UsageError, match="PPF506") as told:
        resume(name)
    lock.release()
    assert says in str(told.value)


def test_a_pipeline_made_in_memory_must_be_given(going: Path) -> None:
    from pipeproof.project import load

    (going / "broken").touch()
    pipeline = load("going.yaml").pipeline
    name = run(pipeline).name
    (going / "broken").unlink()
    with pytest.raises(UsageError, match="made in memory"):
        resume(name)
    assert resume(name, pipeline=pipeline)


@pytest.fixture
def killed(going: Path) -> Path:
    """A run that was killed while its second step was at work."""
    (going / "hangs").touch()
    process = subprocess.Popen([sys.executable, "-m", "pipeproof", "run", "going.yaml"], cwd=going)
    while not (going / "hanging").exists():
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (going / "hangs").unlink()
    return going


@pytest.mark.slow
def test_a_killed_run_goes_on(killed: Path) -> None:
    done = resume("last")
    assert done["three"].outputs["three"].value == 3
    assert counts(killed)["one"] == 1


@pytest.mark.slow
def test_a_touch_of_the_world_that_was_cut_short_is_not_done_twice_unasked(killed: Path) -> None:
    written = (killed / "going.yaml").read_text()
    (killed / "going.yaml").write_text(
        written.replace("inputs: [one]}}", "inputs: [one]}, effects: external}")
    )
    with pytest.raises(UsageError, match="PPF507"):
        resume("last")
    assert resume("last", again=["two"])


def test_a_durable_run_syncs_every_event(going: Path) -> None:
    from pipeproof.project import load

    examined = load(going / "going.yaml")
    assert run(examined, durable=True)
    assert examined.project.ledger._database.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.slow
def test_of_two_that_let_a_run_go_on_at_once_one_is_refused(killed: Path) -> None:
    (killed / "hangs").touch()
    (killed / "hanging").unlink()
    words = [sys.executable, "-m", "pipeproof", "resume", "last"]
    first = subprocess.Popen(words, cwd=killed, stdout=subprocess.DEVNULL)
    while not (killed / "hanging").exists():
        assert first.poll() is None
        time.sleep(0.01)
    second = subprocess.run(words, cwd=killed, capture_output=True, text=True, check=False)
    first.kill()
    first.wait()
    assert (second.returncode, "PPF506" in second.stderr + second.stdout) == (2, True)


@pytest.mark.slow
def test_a_run_whose_process_dies_again_and_again_goes_on_each_time(killed: Path) -> None:
    for _ in range(2):
        (killed / "hangs").touch()
        (killed / "hanging").unlink()
        process = subprocess.Popen([sys.executable, "-m", "pipeproof", "resume"], cwd=killed)
        while not (killed / "hanging").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait()
        (killed / "hangs").unlink()
    assert resume("last")["three"].outputs["three"].value == 3
    assert counts(killed) == {"one": 1, "three": 1, "two": 4}


@pytest.mark.slow
def test_a_run_that_was_killed_before_it_began_is_none(going: Path) -> None:
    (going / ".pipeproof" / "runs" / "r-0101-xxxx").mkdir(parents=True)
    with pytest.raises(UsageError, match="nothing was run here yet"):
        resume("last")
    assert run("going.yaml")
    assert [record.status for record in Project.at(going).records()] == ["passed"]
