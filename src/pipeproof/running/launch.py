"""Where and how a task's code is started, limited and stopped.

One way in for every isolation: a program and a job go in, an `Ended` comes out; nothing that the
code does (raise, hang, exit, crash, print without end) gets past this file as an exception.

- ``thread``: called right here; for our own steps, which can be interrupted.
- ``worker``: in a warm process that is kept for the next task.
- ``fresh``: in a fork of its own that ends with the task, with everything it started.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from pipeproof.errors import Finding
from pipeproof.loading.private import is_private
from pipeproof.model.codec import to_plain
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.record import Asked, Failure, Measures, Metric
from pipeproof.model.step import Isolation
from pipeproof.ports import Job, Program, Result
from pipeproof.running import failures
from pipeproof.running.children import Child, ForkFailedError, ForkServer
from pipeproof.running.here import UNSTOPPABLE, Call
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
OURS = frozenset({"pipeproof.steps.calls.python", "pipeproof.steps.calls.script"})
"""What every child of these kinds needs; imported once, before the fork."""
STAND_IN = "made-for-a-test"
"""The value of a secret in a trial."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its result or its failure and findings, what it took, asked for, and whether it printed."""

    result: Result = field(default_factory=Result)
    failure: Failure | None = None
    measures: Measures = field(default_factory=Measures)
    notes: tuple[str, ...] = ()
    printed: bool = False
    findings: tuple[Finding, ...] = ()
    asked: tuple[Asked, ...] = ()


class Launcher:
    """Starts programs; owns the fork server and the warm workers, both started when first needed.

    Args:
        preload: Modules that the pipeline's code imports; only known libraries and ours are preloaded.
        root: Folder that the code starts in.
    """

    def __init__(self, preload: Iterable[str] = (), root: Path | None = None) -> None:
        self.preload = tuple(sorted(name for name in set(preload) if name in PRELOAD or name in OURS))
        self.root = root
        self._lock = threading.Lock()
        self._server: ForkServer | None = None
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._running: dict[int, Child | Call] = {}
        self._stopping = threading.Event()

    def start_server(self) -> ForkServer:
        """Start the fork server unless it runs; it imports what is preloaded meanwhile."""
        with self._lock:
            if self._server is not None and not self._server.alive:
                self._server.close()
                self._server = None
            if self._server is None:
                self._server = ForkServer(self.preload, self.root)
            return self._server

    def _new_child(self, *, once: bool, limits: Mapping[str, Any]) -> Child:
        """Fork a child; a server that a step's code has just killed is replaced once."""
        server = self.start_server()
        try:
            return server.fork(once=once, limits=limits)
        except ForkFailedError:
            with self._lock:
                if self._server is server:
                    server.close()
                    self._server = None
            return self.start_server().fork(once=once, limits=limits)

    def launch(self, program: Program, job: Job, isolation: Isolation) -> Ended:
        """Run a program to its end and say how it ended."""
        if self._stopping.is_set():
            return Ended(failure=failures.INTERRUPTED)
        if job.sealed and not _is_ours(program):
            if _is_local(program):
                return Ended(failure=failures.UNSEALABLE)
            isolation = "fresh"  # a process that is sealed cannot be unsealed for the next task
        log = LogFile(job.log_file, job.secrets, personal=job.reads_personal)
        try:
            if isolation == "thread":
                call = Call(program, _about(job), log)
                with self._held(job, call):  # no method of its own: few frames of ours above the user's
                    call.run() if job.timeout is None else call.run_for(job.timeout)
                ended = self._called(call, job)
            elif isolation == "worker":
                ended = self._ask_worker(program, job, log)
            else:
                ended = self._fork(program, job, log)
        except ForkFailedError as error:
            ended = Ended(failure=Failure("internal", "PPF211", "ForkFailed", str(error)))
        finally:
            dropped = log.close()
        if not log.total:
            return ended
        note = f"printed {log.total:,} bytes; {dropped:,} in the middle were dropped"
        return replace(ended, printed=True, notes=(*ended.notes, note) if dropped else ended.notes)

    def stop(self) -> None:
        """End everything that runs; what is launched afterwards ends at once."""
        self._stopping.set()
        running = list(self._running.values())
        for child in running:
            if isinstance(child, Child):
                child.kill()
        calls = [call for call in running if isinstance(call, Call)]
        for call in calls:
            call.stop()
        for call in calls:  # beside us: whoever stops has to hear what ends meanwhile
            threading.Thread(target=call.insist, name="pipeproof stop", daemon=True).start()

    def close(self) -> None:
        """End the warm workers and the fork server."""
        with contextlib.suppress(Empty):
            while True:
                self._idle.get_nowait().close()
        if self._server is not None:
            self._server.close()

    def _called(self, call: Call, job: Job) -> Ended:
        """Say how a call ended."""
        notes = () if call.over else (UNSTOPPABLE,)
        failure = call.failure
        if self._stopping.is_set() and (failure or notes):
            failure = failures.INTERRUPTED
        elif call.stopped:
            failure = failures.from_timeout(job.timeout or 0)
        measures = Measures(call.seconds, call.cpu_seconds)
        result = _result(call.value, call.context.metrics, call.context.params)
        return Ended(result, failure, measures, notes, findings=call.findings)

    def _ask_worker(self, program: Program, job: Job, log: LogFile) -> Ended:
        child = self._warm() or self._new_child(once=False, limits={})
        ended = self._converse(child, program, job, log, {})
        if child.alive:
            self._idle.put(child)
        return ended

    def _warm(self) -> Child | None:
        """Return a worker that waits for a program; those that died meanwhile are let go."""
        with contextlib.suppress(Empty):
            while True:
                child = self._idle.get_nowait()
                if child.is_idle():
                    return child
                child.kill()
                child.close()
        return None

    def _fork(self, program: Program, job: Job, log: LogFile) -> Ended:
        limits = to_plain(job.step.resources)
        child = self._new_child(once=True, limits=limits)
        return self._converse(child, program, job, log, limits)

    def _converse(
        self, child: Child, program: Program, job: Job, log: LogFile, limits: Mapping[str, Any]
    ) -> Ended:
        """Send a program, keep the log, wait for the answer, the end or the deadline."""
        with self._held(job, child):
            child.send(_request(program, job))
            reply = child.wait(log, job.timeout)
        measures = Measures(
            reply.get("seconds", child.seconds),
            reply.get("cpu_seconds", child.cpu_seconds),
            reply.get("memory"),
        )
        result = _result(reply.get("value"), reply.get("metrics", ()), reply.get("params", {}))
        return Ended(
            result,
            self._failure(child, reply, job, limits),
            measures,
            notes=tuple(reply.get("notes", ())),
            findings=failures.findings_of(reply.get("failure", {})),
            asked=tuple(Asked(**asked) for asked in reply.get("asked", ())),
        )

    def _failure(
        self, child: Child, reply: Mapping[str, Any], job: Job, limits: Mapping[str, Any]
    ) -> Failure | None:
        if child.overdue and not reply:
            return failures.from_timeout(job.timeout or 0, child.where)
        if self._stopping.is_set() and (not reply or "failure" in reply):
            return failures.INTERRUPTED
        if "refused" in reply:
            return Failure("internal", "PPF211", "Refused", reply["refused"], permanent=True)
        if "failure" in reply:
            return failures.from_exception(reply["failure"], touched=reply.get("touched", ""))
        if child.error:
            return Failure("internal", "PPF211", "ForkFailed", child.error)
        if not reply:
            return failures.from_status(child.status or 0, limits, child.cpu_seconds)
        return None

    @contextlib.contextmanager
    def _held(self, job: Job, running: Child | Call) -> Iterator[None]:
        """Let `stop` find what runs, also when it comes just before."""
        self._running[id(job)] = running
        if self._stopping.is_set():
            running.kill() if isinstance(running, Child) else running.stop()
        try:
            yield
        finally:
            del self._running[id(job)]


def _about(job: Job) -> dict[str, Any]:
    return {
        "step": job.step.name,
        "run": job.run,
        "attempt": job.attempt,
        "parameters": dict(job.parameters),
        "seed": job.seed,
        "scratch": job.scratch_folder,
        "log_level": job.log_level,
    }


def _request(program: Program, job: Job) -> dict[str, Any]:
    return {
        "target": program.target,
        "args": program.args,
        "path": program.path,
        "environment": {**_stand_ins(job), **program.environment},
        "about": _about(job),
        **({"sealed": _sealed(job)} if job.sealed else {}),
    }


def _sealed(job: Job) -> dict[str, Any]:
    """Return what a child must know to seal itself off."""
    keep = [variable.name for variable in job.step.contract.environment]
    return {"root": str(job.root), "scratch": job.scratch_folder, "keep": keep}


def _stand_ins(job: Job) -> dict[str, str]:
    """Return values for the secrets that a trial's code declares: it has nobody to show them to."""
    if not job.sealed:
        return {}
    declared = (variable.name for variable in job.step.contract.environment)
    return {name: STAND_IN for name in declared if name in os.environ and is_private(name)}


def _is_ours(program: Program) -> bool:
    """Say whether a program runs no code of the user's: it writes below its scratch folder and to targets only."""
    module = program.target.partition(":")[0]
    return module.startswith("pipeproof.steps.") and not module.startswith("pipeproof.steps.calls.")


def _is_local(program: Program) -> bool:
    """Say whether a program calls a function that only this process has."""
    return str(program.args.get("function", "")).startswith("local:")


def _result(value: Any, metrics: Iterable[Mapping[str, Any]], params: Mapping[str, Scalar]) -> Result:
    return Result(value, tuple(Metric(**metric) for metric in metrics), frozen(params))
