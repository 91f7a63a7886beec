"""What every executor must come to: all jobs, large jobs, jobs that stay, runs that are ended, workers that die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

import pipeproof as pp
from pipeproof.model.event import AttemptFailed
from pipeproof.steps.python import PythonConfig

WHERE = ["threads", "processes", pytest.param("dask", marks=pytest.mark.slow)]
STEPS = """
import os, signal, time, traceback
from pathlib import Path

def double(number=0):
    return 2 * number

def measure(text, tables):
    return len(text) + len(tables)

def frames(ours):
    return [frame.name for frame in traceback.extract_stack() if frame.filename.startswith(ours)]

def sleep():
    for _ in range(1000):
        time.sleep(0.05)

def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

def kill_worker(context, deep, seen):
    # Of a function in a worker of the executor itself, or in a child of the fork server of one.
    with open(seen, "a") as file:
        print(context.attempt, file=file)
    if context.attempt == 1:
        os.kill(parent(os.getppid()) if deep else os.getpid(), signal.SIGKILL)
        time.sleep(60)
    return os.getpid()
"""


def step(name, function, **settings):
    retry = pp.Retry(count=settings.pop("retries", 0), first=0.01)
    arguments = settings.pop("arguments", {})
    config = PythonConfig(f"steps.py:{function}", arguments=arguments)
    return pp.Step(name, "python", config, outputs={name: name}, retry=retry, **settings)


def pipeline_of(folder, *steps, **settings):
    return pp.Pipeline("p", steps=steps, root=str(folder), **settings)


@pytest.fixture
def folder(write):
    return write({"steps.py": STEPS})


def until(holds, seconds=10.0):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def running_in(folder):
    """Return the commands of the processes that work in a folder; a fork server does."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found.append((process / "cmdline").read_text())
        except OSError:  # it has ended, or is another user's
            continue
    return found


@pytest.mark.parametrize("name", ["here", *WHERE])
def test_a_hundred_jobs_have_each_their_own_outcome(executors, folder, name):
    steps = [step(f"s{n}", "double", arguments={"number": n}, isolation="thread") for n in range(100)]
    run = pp.run(pipeline_of(folder, *steps), executor=executors[name])
    assert [run[f"s{n}"].outputs[f"s{n}"].value for n in range(100)] == [2 * n for n in range(100)]


@pytest.mark.parametrize("name", WHERE)
def test_a_job_of_megabytes_arrives_whole(executors, folder, name):
    arguments = {"text": "ä" * 2_000_000, "tables": {str(n): [n] for n in range(1000)}}
    run = pp.run(pipeline_of(folder, step("big", "measure", arguments=arguments)), executor=executors[name])
    assert run["big"].outputs["big"].value == 2_001_000


@pytest.mark.parametrize("name", WHERE)
def test_at_most_five_frames_of_ours_stand_above_a_function_in_a_worker(executors, folder, name):
    ours = str(Path(pp.__file__).parent)
    look = step("look", "frames", arguments={"ours": ours}, isolation="thread")
    run = pp.run(pipeline_of(folder, look), executor=executors[name])
    seen = run["look"].outputs["look"].value
    assert seen == ["work_remotely", "work", "launch", "run", "call_function"]


@pytest.mark.parametrize("name", WHERE)
def test_functions_that_only_this_process_has_run_here_and_say_so(executors, tmp_path, name):
    @pp.step
    def pid():
        return os.getpid()

    run = pp.run(pp.Pipeline("p", steps=[pid], root=str(tmp_path)), executor=executors[name])
    assert run["pid"].outputs["pid"].value == os.getpid()
    assert any("ran in the process of the run" in note for note in run["pid"].record.notes)


@pytest.mark.parametrize("isolation", ["thread", "fresh"])
@pytest.mark.parametrize("name", WHERE)
def test_a_run_that_is_ended_ends_what_runs_and_what_waits(executors, folder, name, isolation):
    steps = [step(f"s{n}", "sleep", isolation=isolation) for n in range(6)]
    run = pp.run(pipeline_of(folder, *steps, timeout=1.0), executor=executors[name])
    assert {record.status for record in run.record.steps.values()} <= {"failed", "blocked"}
    begun = [record for record in run.record.steps.values() if record.status == "failed"]
    assert {record.failure.message[:17] for record in begun} == {"the run's timeout"}
    assert not [note for record in begun for note in record.notes], "each answered before the run ended"


@pytest.mark.parametrize("name", WHERE)
def test_nothing_of_a_run_is_left_in_workers_that_live_on(executors, folder, name):
    assert pp.run(pipeline_of(folder, step("one", "double", isolation="worker")), executor=executors[name])
    assert until(lambda: not running_in(folder)), running_in(folder)


def killing(folder, isolation, retries):
    arguments = {"deep": isolation == "fresh", "seen": str(folder / "seen")}
    return step("kill", "kill_worker", arguments=arguments, isolation=isolation, retries=retries)


@pytest.mark.parametrize("isolation", ["thread", "fresh"])
def test_a_worker_that_dies_is_replaced_and_the_step_tried_again(executors, folder, isolation):
    beside = step("beside", "double", retries=2)  # in the same pool, which breaks as a whole
    run = pp.run(pipeline_of(folder, killing(folder, isolation, 2), beside), executor=executors.processes)
    assert run, run["kill"].record.failure
    assert run["kill"].record.attempts == 2
    assert until(lambda: not running_in(folder)), running_in(folder)


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["thread", "fresh"])
def test_dask_begins_no_attempt_twice_when_a_worker_dies(executors, folder, isolation):
    events = []
    pipeline = pipeline_of(folder, killing(folder, isolation, 1))
    run = pp.run(pipeline, executor=executors["dask"], sinks=[events.extend])
    assert run, run["kill"].record.failure
    assert [event.outcome.failure.type for event in events if isinstance(event, AttemptFailed)] == [
        "WorkerLost"
    ]
    assert (folder / "seen").read_text().split() == ["1", "2"]


def test_an_executor_that_breaks_and_cannot_be_replaced_fails_the_step_for_good(executors, folder):
    with executors.processes() as broken:
        after = step("after", "double", retries=2)
        run = pp.run(
            pipeline_of(folder, killing(folder, "thread", 2), after), executor=broken, jobs=1, keep_going=True
        )
    assert [run[name].record.attempts for name in ("kill", "after")] == [1, 1]
    assert {run[name].record.failure.code for name in ("kill", "after")} == {"PPF558"}
    assert "a function that makes the executor" in run["kill"].record.failure.fix


def test_an_executor_that_is_shut_down_fails_steps_and_keeps_nobody_waiting(folder):
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    run = pp.run(pipeline_of(folder, step("one", "double")), executor=executor)
    assert run["one"].record.failure.code == "PPF558"
    assert "after shutdown" in run["one"].record.failure.message


def test_an_executor_that_is_handed_in_stays_open_and_one_that_was_made_is_shut_down(folder):
    made = []

    def make():
        made.append(ThreadPoolExecutor(1))
        return made[-1]

    with ThreadPoolExecutor(1) as given:
        assert pp.run(pipeline_of(folder, step("one", "double")), executor=given)
        assert given.submit(int).result() == 0
    assert pp.run(pipeline_of(folder, step("two", "double")), executor=make)
    with pytest.raises(RuntimeError, match="after shutdown"):
        made[0].submit(int)


def test_what_cannot_be_pickled_is_told_before_it_travels(executors, folder):
    one = step("one", "double", arguments={"number": lambda: 1})
    run = pp.run(pipeline_of(folder, one), executor=executors["threads"])
    assert run["one"].record.failure.code == "PPF559"
    assert "<lambda>" in run["one"].record.failure.message


class Broken(Executor):
    """An executor that answers every call in one way, or refuses it."""

    def __init__(self, answer):
        self.answer = answer

    def submit(self, _call, *_given):
        if isinstance(self.answer, Exception):
            raise self.answer
        future = Future()
        future.set_result(self.answer)
        return future


@pytest.mark.parametrize("answer", [None, "no JSON", "[]"])
def test_an_executor_that_answers_nonsense_fails_the_step(folder, answer):
    run = pp.run(pipeline_of(folder, step("one", "double")), executor=Broken(answer))
    assert run["one"].record.failure.kind == "internal"


def test_what_an_executor_says_is_told_without_secrets(folder, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "hunter2-and-more")
    refusing = Broken(RuntimeError("no connection as user:hunter2-and-more"))
    run = pp.run(pipeline_of(folder, step("one", "double")), executor=refusing)
    assert run["one"].record.failure.message == "Broken lost the step: no connection as user:***"


def test_a_run_uses_as_many_workers_as_its_executor_has(folder):
    run = pp.run(pipeline_of(folder, step("one", "double")), executor=ThreadPoolExecutor(3))
    assert run.record.about["jobs"] == 3
    run = pp.run(pipeline_of(folder, step("two", "double")), executor=ThreadPoolExecutor(3), jobs=7)
    assert run.record.about["jobs"] == 7


def test_workers_that_are_forks_of_this_process_are_refused(folder):
    forking = ProcessPoolExecutor(1, multiprocessing.get_context("fork"))
    with pytest.raises(pp.UsageError, match="PPF560") as refused:
        pp.run(pipeline_of(folder, step("one", "double")), executor=forking)
    assert "spawn" in refused.value.findings[0].fix


@pytest.mark.parametrize("given", ["processes", 4, lambda: 4], ids=["text", "number", "function"])
def test_what_is_no_executor_is_refused(folder, given):
    with pytest.raises(pp.UsageError, match="is no executor"):
        pp.run(pipeline_of(folder, step("one", "double")), executor=given)


PROGRAM = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
import pipeproof as pp
from pipeproof.steps.python import PythonConfig

def sleeping(name):
    return pp.Step(name, "python", PythonConfig("steps.py:wait"), outputs={name: name}, isolation=sys.argv[1])

if __name__ == "__main__":
    processes = partial(ProcessPoolExecutor, 2, multiprocessing.get_context("spawn"))
    pipeline = pp.Pipeline("p", steps=[sleeping(f"s{n}") for n in range(4)], root=".")
    record = pp.run(pipeline, executor=processes).record
    print(record.status, *sorted(step.status for step in record.steps.values()))
"""
WAIT = """
import os, time
from pathlib import Path
def wait():
    Path(f"begun.{os.getpid()}").touch()
    for _ in range(1000):
        time.sleep(0.05)
"""


@pytest.fixture
def program(write):
    """Start a program that runs steps without end in processes, and return it when two of them have begun."""
    started = []

    def start(isolation):
        folder = write({"steps.py": WAIT, "program.py": PROGRAM})
        process = subprocess.Popen(
            [sys.executable, "program.py", isolation],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert until(lambda: len(list(folder.glob("begun.*"))) == 2, 30)
        return process, folder

    yield start
    for process in started:
        with process:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["thread", "fresh"])
def test_ctrl_c_in_a_terminal_ends_the_run_and_its_record_is_complete(program, isolation):
    process, folder = program(isolation)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    out, err = process.communicate(timeout=30)
    assert (out, err) == ("interrupted blocked blocked interrupted interrupted\n", "")
    assert until(lambda: not running_in(folder)), running_in(folder)


@pytest.mark.slow
@pytest.mark.parametrize("isolation", ["thread", "fresh"])
def test_nothing_survives_a_run_that_is_killed(program, isolation):
    process, folder = program(isolation)
    process.kill()
    assert until(lambda: not running_in(folder)), running_in(folder)
