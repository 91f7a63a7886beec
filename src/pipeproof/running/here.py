"""Programs that run in a thread of this process: started, captured, interrupted."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.errors import Finding, PipeproofError
from pipeproof.model.outcome import Failure
from pipeproof.ports import Program
from pipeproof.running import failures, worker
from pipeproof.running.context import StepContext
from pipeproof.running.describe import describe
from pipeproof.running.logs import LogFile
from pipeproof.running.sightings import Sightings
from pipeproof.running.used import overhearing

_GRACE = 2.0  # seconds that an interrupted program has to end
_LONGEST_IMPORT = 8.0  # seconds that a program that imports something has; less than a run waits for its end
_AGAIN = 0.05  # seconds between two calls for an end
UNSTOPPABLE = "could not be stopped: it goes on in a thread of this process"


class Interrupted(BaseException):
    """Raised in the middle of a program that runs in a thread, to end it."""


class Call:
    """A program that runs in a thread of this process.

    It is ended by what it named with `context.on_stop` (a database can interrupt a query), or by an
    exception raised in its thread, which takes effect between two lines of Python. A thread that
    sits in C code cannot be ended; then it is left alone, and the record says so. One that imports a
    module is awaited: half imported, a library such as Polars is broken for the whole process.
    """

    def __init__(
        self, program: Program, about: Mapping[str, Any], log: LogFile, sightings: Sightings | None = None
    ) -> None:
        self.context = StepContext(about, program.counterpart.answer if program.counterpart else None)
        self.value: Any = None
        self.failure: Failure | None = None
        self.findings: tuple[Finding, ...] = ()
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.stopped = False
        self.over = False
        self.sightings = sightings
        self._program = program
        self._log = log
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._raised = False

    def run(self) -> None:
        """Run the program in this thread; whatever happens is kept."""
        started, cpu = time.perf_counter(), time.thread_time()
        try:
            try:
                self._begin()
                with captured(self._log), overhearing(self.sightings):
                    self.value = worker.function(self._program.target)(self._program.args, self.context)
            except PipeproofError as error:
                self.failure, self.findings = failures.from_problem(error), error.findings
            except BaseException as error:  # noqa: BLE001 whatever the code raised becomes a value, here and only here
                described = describe(error)
                if described["frames"]:
                    self._log.write(described["traceback"].encode("utf-8", "backslashreplace"))
                self.failure = failures.from_exception(described)
            finally:
                self.context.close()
                with self._lock:
                    self._thread = None
                    self.over = True
        except Interrupted:  # it came just as the program had ended
            self.failure = self.failure or failures.INTERRUPTED
            self._thread = None
            self.over = True
        self.seconds, self.cpu_seconds = time.perf_counter() - started, time.thread_time() - cpu

    def run_for(self, seconds: float) -> None:
        """Run the program in a thread of its own, ended after `seconds`."""
        thread = threading.Thread(target=self.run, name="pipeproof step", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            self.stop()
            self.insist()

    def stop(self) -> None:
        """End the program as far as that is possible; one that has not begun never does."""
        with self._lock:
            self.stopped = True
            if self._thread is None:
                return
            for interrupt in tuple(self.context.interrupts):
                with contextlib.suppress(Exception):  # whatever a closed connection says to this
                    interrupt()
            self._end()

    def insist(self) -> None:
        """Ask for the end until it comes, at most for the grace: what ran no query yet forgot the first time."""
        began = time.monotonic()
        while not self.over and time.monotonic() - began < (_LONGEST_IMPORT if self._imports() else _GRACE):
            time.sleep(_AGAIN)
            with self._lock:
                if self._thread is not None:
                    self._end()

    def _begin(self) -> None:
        with self._lock:
            if self.stopped:
                raise Interrupted
            self._thread = threading.get_ident()

    def _end(self) -> None:
        """End the program in its own way, or by an exception: one, as its handlers must not be disturbed."""
        if not self._asked() and not self._raised and not self._imports():
            self._raised = True
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread or 0), ctypes.py_object(Interrupted)
            )

    def _imports(self) -> bool:
        """Say whether the thread is in the middle of an import statement; the step's own file is not meant."""
        frame = sys._current_frames().get(self._thread or 0)  # noqa: SLF001 there is no other way to see it
        while frame is not None:
            if frame.f_code.co_name == "_find_and_load":
                return True
            frame = frame.f_back
        return False

    def _asked(self) -> bool:
        """Ask the program's own way to stop; False when it has none, or that fails (a closed connection)."""
        if self.context.stop is None:
            return False
        try:
            self.context.stop()
        except Exception:  # noqa: BLE001 whatever a database says to this, the other tasks are to be stopped too
            return False
        return True


_local = threading.local()
_lock = threading.Lock()
_capturing = 0


@contextlib.contextmanager
def captured(log: LogFile) -> Iterator[None]:
    """Send what this thread prints to a log; what other threads print goes where it went."""
    _local.log = log
    _capture(1)
    try:
        yield
    finally:
        _capture(-1)
        _local.log = None


def _capture(change: int) -> None:
    global _capturing  # noqa: PLW0603 the streams of the process are global too
    with _lock:
        _capturing += change
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if _capturing and not isinstance(stream, ByThread):
                setattr(sys, name, ByThread(stream))
            elif not _capturing and isinstance(stream, ByThread):
                setattr(sys, name, stream.usual)


class ByThread:
    """A text stream that goes to the log of the step that runs in the writing thread, if there is one."""

    def __init__(self, usual: Any) -> None:
        self.usual = usual

    def write(self, text: str) -> int:
        """Write to the log of this thread's step, or where it went before."""
        log: LogFile | None = getattr(_local, "log", None)
        if log is not None:
            log.write(text.encode("utf-8", "backslashreplace"))
        elif self.usual is not None:
            self.usual.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream beneath."""
        if self.usual is not None and not self.usual.closed:
            self.usual.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.usual, name)
