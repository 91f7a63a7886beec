"""Programs in threads of this process: a stop reaches them whenever it comes."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeproof.model.plan import Task
from pipeproof.model.step import Step
from pipeproof.ports import Job, Program
from pipeproof.running.context import StepContext
from pipeproof.running.here import Call
from pipeproof.running.launch import Ended, Launcher
from pipeproof.running.logs import LogFile

Function = Callable[[Mapping[str, Any], StepContext], Any]


@pytest.fixture
def program() -> Iterator[Callable[[Function], Program]]:
    """Make a program of a function of the test."""
    name = f"made_for_tests_{uuid.uuid4().hex}"
    module = ModuleType(name)
    sys.modules[name] = module

    def make(function: Function) -> Program:
        setattr(module, function.__name__, function)
        return Program(f"{name}:{function.__name__}", {})

    yield make
    del sys.modules[name]


def _job(tmp_path: Path, name: str = "a") -> Job:
    task = Task(Step(name, "sql"), "", "run", "", isolation="thread")
    return Job("r", task, 1, {}, {}, str(tmp_path / name), str(tmp_path / f"{name}.log"), tmp_path)


def _started(launcher: Launcher, program: Program, job: Job) -> tuple[threading.Thread, list[Ended]]:
    ended: list[Ended] = []
    thread = threading.Thread(target=lambda: ended.append(launcher.launch(program, job, "thread")))
    thread.start()
    return thread, ended


def test_a_program_that_is_stopped_before_it_begins_never_runs(tmp_path, program):
    ran = []

    def main(_args: object, _context: StepContext) -> None:
        ran.append(1)

    call = Call(program(main), {}, LogFile(tmp_path / "log"))
    call.stop()
    call.run()
    assert ran == []
    assert call.failure is not None


def test_an_interrupt_that_a_database_forgot_is_repeated(tmp_path, program):
    named, stopped_once, asked = threading.Event(), threading.Event(), []

    def main(_args: object, context: StepContext) -> None:
        running = threading.Event()
        heard = threading.Event()

        def interrupt() -> None:  # as DuckDB's: without effect unless a query runs
            asked.append(1)
            stopped_once.set()
            if running.is_set():
                heard.set()

        context.on_stop(interrupt)
        named.set()
        assert stopped_once.wait(5)
        running.set()
        if heard.wait(5):
            raise InterruptedError("the query was interrupted")

    launcher = Launcher()
    thread, ended = _started(launcher, program(main), _job(tmp_path))
    assert named.wait(5)
    began = time.monotonic()
    launcher.stop()
    thread.join(10)
    assert time.monotonic() - began < 3
    assert len(asked) >= 2
    assert ended[0].failure is not None
    assert ended[0].failure.kind == "interrupted"


def test_a_closed_connection_keeps_no_other_task_from_being_stopped(tmp_path, program):
    ready = [threading.Event(), threading.Event()]

    def closed(_args: object, context: StepContext) -> None:
        def interrupt() -> None:
            raise ConnectionError("connection already closed")

        context.on_stop(interrupt)
        ready[0].set()
        while True:
            time.sleep(0.01)

    def other(_args: object, context: StepContext) -> None:
        stop = threading.Event()
        context.on_stop(stop.set)
        ready[1].set()
        if stop.wait(10):
            raise InterruptedError

    launcher = Launcher()
    threads = [
        _started(launcher, program(function), _job(tmp_path, function.__name__))
        for function in (closed, other)
    ]
    assert all(event.wait(5) for event in ready)
    launcher.stop()
    for thread, ended in threads:
        thread.join(5)
        assert [how.failure and how.failure.kind for how in ended] == ["interrupted"]
