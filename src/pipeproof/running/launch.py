"""Where and how a task's code is started, limited and stopped.

One way in for every isolation: a program and a job go in, an `Ended` comes out; nothing that the
code does (raise, hang, exit, crash, print without end) gets past this file as an exception.

- ``thread``: called right here; for our own steps, which can be interrupted.
- ``worker``: in a warm process that is kept for the next task.
- ``fresh``: in a fork of its own that ends with the task, with everything it started.
- ``environment``: in such a fork, which goes on as the interpreter of another environment.
- ``container``: in a container, which such a fork starts and waits for.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import Any

from pipeproof.errors import Finding, PipeproofError
from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Asked, Failure, Measures, Metric, Seen
from pipeproof.model.step import Isolation
from pipeproof.ports import Job, Program, Result
from pipeproof.running import containers, environments, failures
from pipeproof.running.children import Child, ForkFailedError, ForkServer
from pipeproof.running.here import UNSTOPPABLE, Call
from pipeproof.running.keeping import not_kept
from pipeproof.running.logs import LogFile
from pipeproof.running.request import about, is_local, is_ours, request_for
from pipeproof.running.seeing import ONLY_PYTHON, Memory, Sight, TraceLevel, digest_today, matters_until

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
UNSEEN = "what the code read besides its inputs was not noted: another interpreter ran it"
"""The note of a step that ran in another environment or a container."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its result or its failure and findings, what it took, asked for and saw, and whether it printed.

    Attributes:
        waited: Seconds until a process could be had at all, while libraries of this and other steps were imported.
    """

    result: Result = field(default_factory=Result)
    failure: Failure | None = None
    measures: Measures = field(default_factory=Measures)
    notes: tuple[str, ...] = ()
    printed: bool = False
    findings: tuple[Finding, ...] = ()
    asked: tuple[Asked, ...] = ()
    seen: tuple[Seen, ...] = ()
    waited: float = 0.0


class Launcher:
    """Starts programs; owns the fork server and the warm workers, both started when first needed.

    Args:
        preload: Modules that the pipeline's code imports; only known libraries and ours are preloaded.
        root: Folder that the code starts in.
        own: Folders of Pipeproof's own, such as the store: what is read there is no input besides those declared.
        salt: Key of the hashes of values that code asks for; with another one they never compare as equal.
        trace: Who says what code uses.
        libraries: Step → modules that are imported before its process is forked, if it comes to that.
    """

    def __init__(
        self,
        preload: Iterable[str] = (),
        root: Path | None = None,
        *,
        own: Iterable[str] = (),
        salt: bytes | None = None,
        trace: TraceLevel = "kernel",
        libraries: Mapping[str, Iterable[str]] = MappingProxyType({}),
    ) -> None:
        self.preload = _known(preload)
        self.libraries = {step: _known(names) for step, names in libraries.items()}
        self.root = root
        self.own = tuple(own)
        self.salt = salt or secrets.token_bytes(32)
        self.trace = trace
        self._lock = threading.Lock()
        self._server: ForkServer | None = None
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._running: dict[int, Child | Call] = {}
        self._stopping = threading.Event()
        self._ways: Mapping[Isolation, Callable[[Program, Job, LogFile], Ended]] = {
            "worker": self._ask_worker,
            "fresh": self._fork,
            "environment": self._fork_elsewhere,
            "container": self._fork_container,
        }

    def start_server(self) -> ForkServer:
        """Start the fork server unless it runs; it imports what is preloaded meanwhile."""
        with self._lock:
            if self._server is not None and not self._server.alive:
                self._server.close()
                self._server = None
            if self._server is None:
                self._server = ForkServer(self.preload, self.root)
            return self._server

    def _new_child(
        self,
        *,
        once: bool,
        limits: Mapping[str, Any],
        trace: bool = False,
        command: Mapping[str, Any] | None = None,
        needs: Iterable[str] = (),
    ) -> Child:
        """Fork a child; a server that a step's code has just killed is replaced once."""
        server = self.start_server()
        try:
            return server.fork(once=once, limits=limits, trace=trace, command=command, needs=needs)
        except ForkFailedError:
            with self._lock:
                if self._server is server:
                    server.close()
                    self._server = None
            server = self.start_server()
            return server.fork(once=once, limits=limits, trace=trace, command=command, needs=needs)

    def launch(self, program: Program, job: Job, isolation: Isolation) -> Ended:
        """Run a program to its end and say how it ended."""
        if self._stopping.is_set():
            return Ended(failure=failures.INTERRUPTED)
        if job.sealed and not is_ours(program):
            if is_local(program):
                return Ended(failure=failures.UNSEALABLE)
            if isolation not in {"environment", "container"}:
                isolation = "fresh"  # a process that is sealed cannot be unsealed for the next task
        log = LogFile(job.log_file, job.secrets, personal=job.reads_personal)
        if program.counterpart is not None:
            program.counterpart.compare_by(lambda seen: digest_today(job, self.salt, seen))
        try:
            if isolation == "thread":
                sight = None if is_ours(program) else self._sight(program, job)  # ours says what it reads
                call = Call(program, about(job), log, sight.sightings if sight else None)
                with self._held(job, call):  # no method of its own: few frames of ours above the user's
                    call.run() if job.timeout is None else call.run_for(job.timeout)
                ended = self._called(call, job, sight, program)
            else:
                ended = self._ways[isolation](program, job, log)
        except ForkFailedError as error:
            ended = Ended(failure=Failure("internal", "PPF211", "ForkFailed", str(error)))
        except PipeproofError as error:
            ended = Ended(failure=replace(failures.from_problem(error), kind="internal"))
        finally:
            dropped = log.close()
        notes = [*ended.notes, *_not_kept(job, isolation)]
        if dropped:
            notes.append(f"printed {log.total:,} bytes; {dropped:,} in the middle were dropped")
        return replace(ended, printed=bool(log.total), notes=tuple(notes))

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

    def _sight(self, program: Program, job: Job) -> Sight | None:
        """Return what sees what an attempt uses; a trial has questions of its own."""
        return None if job.sealed else Sight.open(job, program, self.own, self.salt)

    def _called(self, call: Call, job: Job, sight: Sight | None, program: Program) -> Ended:
        """Say how a call ended."""
        notes = () if call.over else (UNSTOPPABLE,)
        failure = call.failure
        if self._stopping.is_set() and (failure or notes):
            failure = failures.INTERRUPTED
        elif call.stopped:
            failure = failures.from_timeout(job.timeout or 0)
        measures = Measures(call.seconds, call.cpu_seconds)
        reply = call.context.reply()
        notes = (*notes, *call.context.notes)
        seen = _used(reply)
        if sight is not None:
            asked = {"parameters": [*call.context.parameters.asked]}
            seen += sight.close(asked, Memory(), listening=True, until=matters_until(program, failure))
        return Ended(_result(call.value, reply), failure, measures, notes, findings=call.findings, seen=seen)

    def _ask_worker(self, program: Program, job: Job, log: LogFile) -> Ended:
        child = self._warm(job) or self._new_child(
            once=False, limits={}, trace=self.trace == "kernel", needs=self.libraries.get(job.step.base, ())
        )
        ended = self._converse(child, program, job, log, {})
        if child.alive and child.memory.stained:
            child.close()
        elif child.alive:
            self._idle.put(child)
        return ended

    def _warm(self, job: Job) -> Child | None:
        """Return a worker that waits for a program; those that died meanwhile are let go.

        Code that parsing cannot follow gets none: whether it uses what others imported there cannot be seen.
        """
        if not job.followed:
            return None
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
        traced = self.trace == "kernel" and not job.sealed
        needs = self.libraries.get(job.step.base, ())
        child = self._new_child(once=True, limits=limits, trace=traced, needs=needs)
        return self._converse(child, program, job, log, limits)

    def _fork_elsewhere(self, program: Program, job: Job, log: LogFile) -> Ended:
        """Run a program under the interpreter of another environment."""
        limits = to_plain(job.step.resources)
        command = environments.command_for(job)
        child = self._new_child(once=True, limits={**limits, "foreign": True}, command=command)
        return self._converse(child, program, job, log, limits, foreign=True)

    def _fork_container(self, program: Program, job: Job, log: LogFile) -> Ended:
        """Run a program in a container, and see that none is left."""
        limits = to_plain(job.step.resources)
        starting = containers.contained(program, job, request_for(program, job, limits), limits)
        child = self._new_child(once=True, limits=containers.limits_outside(job, limits))
        ended = self._converse(child, starting, job, log, limits)
        if not isinstance(ended.result.value, Mapping):  # it was ended, and its container was not
            containers.remove(job)
            return ended
        reply, status = ended.result.value["reply"], ended.result.value["status"]
        if reply is None:
            return replace(ended, result=Result(), failure=containers.failure_of(status, limits))
        return self._answered(child, reply, job, limits)

    def _answered(self, child: Child, reply: Mapping[str, Any], job: Job, limits: Mapping[str, Any]) -> Ended:
        """Say how a program ended that answered from a container."""
        return Ended(
            _result(reply.get("value"), reply),
            self._failure(child, reply, job, limits),
            Measures(reply["seconds"], reply["cpu_seconds"], reply["memory"]),
            notes=tuple(reply["notes"]) if job.sealed else (*reply["notes"], UNSEEN),
            findings=failures.findings_of(reply.get("failure", {})),
            seen=() if job.sealed else (Seen("unseen", "what code in a container used", "never"),),
        )

    def _converse(
        self,
        child: Child,
        program: Program,
        job: Job,
        log: LogFile,
        limits: Mapping[str, Any],
        *,
        foreign: bool = False,
    ) -> Ended:
        """Send a program, keep the log, wait for the answer, the end or the deadline."""
        sight = self._sight(program, job)
        child.trace.sightings = sight.sightings if sight else None
        with self._held(job, child):
            child.send(request_for(program, job, limits))
            reply = child.wait(log, job.timeout, program.counterpart)
        waited, child.waited = child.waited, 0.0
        measures = Measures(
            reply.get("seconds", child.seconds),
            reply.get("cpu_seconds", child.cpu_seconds),
            reply.get("memory"),
        )
        result = _result(reply.get("value"), reply)
        failure = self._failure(child, reply, job, limits)
        seen: tuple[Seen, ...] = ()
        notes = tuple(reply.get("notes", ()))
        if sight is not None:
            listening = child.trace.began
            if foreign:
                sight.sightings.unseen("what code in another environment used")
            until = matters_until(program, failure)
            seen = sight.close(reply.get("traced", {}), child.memory, listening=listening, until=until)
            if foreign:
                notes = (*notes, UNSEEN)
            elif self.trace == "kernel" and not listening and reply:
                notes = (*notes, ONLY_PYTHON)
        return Ended(
            result,
            failure,
            measures,
            notes=notes,
            findings=failures.findings_of(reply.get("failure", {})),
            asked=tuple(Asked(**asked) for asked in reply.get("asked", ())),
            seen=(*_used(reply), *seen),
            waited=waited,
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
            touched = reply.get("touched", "")
            return failures.from_exception(reply["failure"], touched=touched, limits=limits)
        if child.error:
            return Failure("internal", "PPF211", "ForkFailed", child.error)
        if not reply:
            return failures.from_status(child.status or 0, limits, child.cpu_seconds, over=child.over)
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


def _not_kept(job: Job, isolation: Isolation) -> Iterator[str]:
    """Yield what the limits of a job do not mean where it ran; those of a trial are its test's."""
    if job.sealed or not job.step.resources.limited:
        return
    by_engine = bool(isolation == "container" and containers.limits_outside(job, {}) == {})
    yield from not_kept(to_plain(job.step.resources), isolation, by_engine=by_engine)


def _known(modules: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that are known to be safe to import before a fork."""
    return tuple(sorted(name for name in set(modules) if name in PRELOAD or name in OURS))


def _result(value: Any, reply: Mapping[str, Any]) -> Result:
    return Result(
        value,
        tuple(Metric(**metric) for metric in reply.get("metrics", ())),
        frozen(reply.get("params", {})),
        _artifacts(reply.get("stored", {})),
        _artifacts(reply.get("artifacts", {})),
    )


def _artifacts(plain: Mapping[str, Any]) -> Mapping[str, Artifact]:
    return frozen({name: from_plain(Artifact, item) for name, item in plain.items()})


def _used(reply: Mapping[str, Any]) -> tuple[Seen, ...]:
    """Return what the code asked its context for."""
    return tuple(Seen(**seen) for seen in reply.get("used", ()))
