"""Where and how a task's code is started, limited and stopped.

One way in for every isolation: a program and a job go in, an `Ended` comes out; nothing that the
code does (raise, hang, exit, crash, print without end) gets past this file as an exception.

- ``thread``: called right here; for our own steps, which can be interrupted.
- ``worker``: in a warm process that is kept for the next task.
- ``fresh``: in a fork of its own that ends with the task, with everything it started.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from pipeproof.errors import PipeproofError
from pipeproof.model.contract import frozen
from pipeproof.model.record import Failure, Measures, Metric
from pipeproof.model.step import Isolation
from pipeproof.ports import Job, Program, Result
from pipeproof.running import failures, worker
from pipeproof.running.context import StepContext
from pipeproof.running.logs import LogFile

PRELOAD = frozenset(
    {
        "duckdb",
        "joblib",
        "lightgbm",
        "numpy",
        "pandas",
        "polars",
        "pyarrow",
        "scipy",
        "sklearn",
        "xgboost",
    }
)
_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its result or its failure, and what it took."""

    result: Result = field(default_factory=Result)
    failure: Failure | None = None
    measures: Measures = field(default_factory=Measures)
    notes: tuple[str, ...] = ()


class Launcher:
    """Starts programs; owns the fork server and the warm workers, both started when first needed.

    Args:
        preload: Libraries that the pipeline's code imports; only known ones are preloaded.
    """

    def __init__(self, preload: Iterable[str] = ()) -> None:
        self.preload = tuple(sorted(PRELOAD & set(preload)))
        self._lock = threading.Lock()
        self._server: ForkServer | None = None
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._running: dict[int, Child | StepContext] = {}
        self._stopping = threading.Event()

    def start_server(self) -> ForkServer:
        """Start the fork server unless it runs; it imports what is preloaded meanwhile."""
        with self._lock:
            if self._server is None:
                self._server = ForkServer(self.preload)
            return self._server

    def launch(self, program: Program, job: Job, isolation: Isolation) -> Ended:
        """Run a program to its end and say how it ended."""
        if self._stopping.is_set():
            return Ended(failure=failures.INTERRUPTED)
        request = _request(program, job)
        if isolation == "thread":
            return self._call_here(program, request, job)
        try:
            if isolation == "worker":
                return self._ask_worker(request, job)
            return self._fork(request, job)
        except ForkFailedError as error:
            return Ended(failure=Failure("internal", "PPF211", "ForkFailed", str(error)))

    def stop(self) -> None:
        """End everything that runs; what is launched afterwards ends at once."""
        self._stopping.set()
        for running in list(self._running.values()):
            if isinstance(running, Child):
                running.kill()
            elif running.stop is not None:
                running.stop()

    def close(self) -> None:
        """End the warm workers and the fork server."""
        with contextlib.suppress(Empty):
            while True:
                self._idle.get_nowait().close()
        if self._server is not None:
            self._server.close()

    def _call_here(self, program: Program, request: Mapping[str, Any], job: Job) -> Ended:
        context = StepContext(request["about"])
        self._running[id(job)] = context
        overdue = threading.Event()
        timer = _interrupt_after(job.timeout, context, overdue)
        started, cpu = time.perf_counter(), time.thread_time()
        value, failure = None, None
        try:
            value = worker.call(program.target, program.args, context)
        except PipeproofError as error:
            failure = failures.from_problem(error)
        except BaseException as error:  # noqa: BLE001 whatever the code raised becomes a value, here and only here
            failure = failures.from_exception(worker.describe(error))
        finally:
            if timer:
                timer.cancel()
            self._running.pop(id(job), None)
        if failure and overdue.is_set():
            failure = failures.from_timeout(job.timeout or 0)
        elif failure and self._stopping.is_set():
            failure = failures.INTERRUPTED
        measures = Measures(time.perf_counter() - started, time.thread_time() - cpu)
        return Ended(Result(value, _metrics(context.metrics), frozen(context.params)), failure, measures)

    def _ask_worker(self, request: Mapping[str, Any], job: Job) -> Ended:
        try:
            child = self._idle.get_nowait()
        except Empty:
            child = self.start_server().fork(once=False, limits={})
        ended = self._converse(child, request, job, {})
        if child.alive:
            self._idle.put(child)
        return ended

    def _fork(self, request: Mapping[str, Any], job: Job) -> Ended:
        limits = {
            "memory": job.step.resources.memory,
            "cpu_seconds": job.step.resources.cpu_seconds,
            "open_files": job.step.resources.open_files,
            "network": job.step.resources.network,
        }
        child = self.start_server().fork(once=True, limits=limits)
        return self._converse(child, request, job, limits)

    def _converse(
        self, child: Child, request: Mapping[str, Any], job: Job, limits: Mapping[str, Any]
    ) -> Ended:
        """Send a request, keep the log, wait for the answer, the end or the deadline."""
        log = LogFile(job.log, job.secrets)
        self._running[id(job)] = child
        try:
            child.send(request)
            reply = child.wait(log, job.timeout)
        finally:
            self._running.pop(id(job), None)
            dropped = log.close()
        notes = (f"printed {log.total:,} bytes; {dropped:,} in the middle were dropped",) if dropped else ()
        return self._ended(child, reply, job, limits, notes)

    def _ended(
        self,
        child: Child,
        reply: Mapping[str, Any],
        job: Job,
        limits: Mapping[str, Any],
        notes: tuple[str, ...],
    ) -> Ended:
        failure: Failure | None = None
        if child.overdue:
            failure = failures.from_timeout(job.timeout or 0)
        elif self._stopping.is_set() and (not reply or child.killed):
            failure = failures.INTERRUPTED
        elif "failure" in reply:
            failure = failures.from_exception(reply["failure"])
        elif child.error:
            failure = Failure("internal", "PPF211", "ForkFailed", child.error)
        elif not reply:
            failure = failures.from_status(child.status or 0, limits)
        measures = Measures(
            reply.get("seconds", child.seconds),
            reply.get("cpu_seconds", child.cpu_seconds),
            reply.get("memory"),
        )
        result = Result(reply.get("value"), _metrics(reply.get("metrics", ())), frozen(reply.get("params")))
        return Ended(result, failure, measures, notes)


class ForkFailedError(Exception):
    """The fork server could not make a child."""


class ForkServer:
    """The coordinator's end of the fork server."""

    def __init__(self, preload: Iterable[str] = ()) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        self._lock = threading.Lock()
        self._number = 0
        environment = {**os.environ, "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0")}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 our own program
                [sys.executable, "-m", "pipeproof.running.forkserver", str(theirs.fileno()), *preload],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )

    def fork(self, *, once: bool, limits: Mapping[str, Any]) -> Child:
        """Ask for a child; it may still be on its way when this returns."""
        ours, theirs = socket.socketpair()
        log_read, log_write = os.pipe()
        end_read, end_write = os.pipe()
        with self._lock:
            self._number += 1
            number = self._number
            request = {"number": number, "once": once, "limits": dict(limits)}
            try:
                self._send(request, [theirs.fileno(), log_write, end_write])
            except OSError as error:
                raise ForkFailedError(f"the fork server is gone ({error})") from None
            finally:
                theirs.close()
                os.close(log_write)
                os.close(end_write)
        return Child(self, number, ours, log_read, end_read, once=once)

    def kill(self, number: int) -> None:
        """End a child and everything it started."""
        with self._lock, contextlib.suppress(OSError):
            self._send({"kill": number}, [])

    def close(self) -> None:
        """End the server and everything below it."""
        self._control.close()
        try:
            self._process.wait(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, request: Mapping[str, Any], descriptors: list[int]) -> None:
        body = json.dumps(request).encode()
        message = len(body).to_bytes(4, "big") + body
        if descriptors:
            socket.send_fds(self._control, [message], descriptors)
        else:
            self._control.sendall(message)


class Child:
    """A forked process that takes programs: its channel, its log, and the pipe that tells its end."""

    def __init__(
        self, server: ForkServer, number: int, channel: socket.socket, log: int, end: int, *, once: bool
    ) -> None:
        self.server = server
        self.number = number
        self.channel = channel
        self.once = once
        self.alive = True
        self.overdue = False
        self.killed = False
        self.status: int | None = None
        self.error = ""
        self.seconds = 0.0
        self.cpu_seconds: float | None = None
        self._log = log
        self._end = end
        os.set_blocking(log, False)
        self._poll = select.poll()
        for descriptor in (channel.fileno(), log, end):
            self._poll.register(descriptor, select.POLLIN)

    def send(self, request: Mapping[str, Any]) -> None:
        """Hand over a program; a child that is already dead is noticed when waiting."""
        with contextlib.suppress(OSError):
            worker.send(self.channel, request)

    def wait(self, log: LogFile, timeout: float | None) -> dict[str, Any]:
        """Return the answer; it is empty when the process ended, or was ended, without one."""
        started = time.monotonic()
        deadline = None if timeout is None else started + timeout
        reply: dict[str, Any] = {}
        while self.alive and not (reply and not self.once):
            ready = self._ready(deadline)
            if not ready:
                self.overdue, deadline = True, None
                self.kill()
            if self._log in ready:
                self._drain(log)
            if self.channel.fileno() in ready:
                reply = self._answer()
            if self._end in ready:
                self._take_end()
        self._drain(log)
        self.seconds = time.monotonic() - started
        if not self.alive:
            self._release()
        return reply

    def kill(self) -> None:
        """End the process and everything it started."""
        self.killed = True
        self.server.kill(self.number)

    def close(self) -> None:
        """Let a warm worker go; it ends when its channel closes."""
        self.alive = False
        self._release()

    def _ready(self, deadline: float | None) -> set[int]:
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000 + 1
        return {descriptor for descriptor, _ in self._poll.poll(left)}

    def _answer(self) -> dict[str, Any]:
        reply = worker.receive(self.channel)
        if reply is None or self.once:
            self._poll.unregister(self.channel)
        return reply or {}

    def _drain(self, log: LogFile) -> None:
        # At most as much as a pipe holds, so that endless output cannot keep us from the deadline.
        for _ in range(16):
            try:
                data = os.read(self._log, 65536)
            except BlockingIOError:
                return
            except OSError:
                return
            if not data:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(self._log)
                return
            log.write(data)

    def _take_end(self) -> None:
        notice = json.loads(os.read(self._end, 65536) or b'{"error": "the fork server ended"}')
        self.alive = False
        self.status = notice.get("status")
        self.cpu_seconds = notice.get("cpu_seconds")
        self.error = notice.get("error", "")

    def _release(self) -> None:
        self.channel.close()
        for descriptor in (self._log, self._end):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _request(program: Program, job: Job) -> dict[str, Any]:
    about = {
        "step": job.step.name,
        "run": job.run,
        "attempt": job.attempt,
        "parameters": dict(job.parameters),
        "seed": job.seed,
        "scratch": str(job.scratch),
    }
    return {
        "target": program.target,
        "args": program.args,
        "path": program.path,
        "environment": dict(program.environment),
        "about": about,
    }


def _metrics(logged: Iterable[Mapping[str, Any]]) -> tuple[Metric, ...]:
    return tuple(Metric(**metric) for metric in logged)


def _interrupt_after(
    seconds: float | None, context: StepContext, overdue: threading.Event
) -> threading.Timer | None:
    if seconds is None:
        return None

    def interrupt() -> None:
        overdue.set()
        if context.stop:
            context.stop()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    return timer
