"""The child's side: take programs from a channel, run them, answer. Standard library only.

This file runs in forked children, so it imports nothing of ours but its neighbours that do the same.
`pipeproof.running.guest` does the same under foreign interpreters.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pipeproof.running.asked import leave_out, watch
from pipeproof.running.context import Ask, StepContext, log_from
from pipeproof.running.describe import describe, tell
from pipeproof.running.listening import UNREPORTED
from pipeproof.running.seal import seal
from pipeproof.running.seeding import seed_all
from pipeproof.running.state import state_in
from pipeproof.running.used import uses_in


def answer(
    request: Mapping[str, Any], *, last: bool, ask: Ask | None = None, listening: bool = False
) -> dict[str, Any]:
    """Run one program and return its value, what it logged, how it was measured, or why it failed.

    ``last`` in the reply says that this process ends now: it was asked to, or the program left
    threads, processes or another state behind, which must not live on into the next task. ``ask`` asks whoever sent
    the program, on behalf of its context. ``listening`` says that the kernel reports what is opened.
    """
    context = StepContext(request["about"], ask)
    log_from(context.log_level)
    reply: dict[str, Any] = {}
    uses = uses_in(request["traced"], listening=listening) if request.get("traced") else None
    before = Surroundings.now()
    state = state_in(request["traced"]) if request.get("traced") and not last else None
    sealed = request.get("sealed")
    notes = _seal_off(sealed, context) if sealed else []
    os.environ.update(request["environment"])
    _import_from(request["path"])
    if not request["target"].startswith(_OURS) or request["target"].startswith(_CALLS):
        seed_all(context.seed)
    if uses is not None:
        uses.begin(context.parameters)
    if state is not None:
        state.begin()
    _forget_peak()
    baseline, cpu, started = _peak(), time.process_time(), time.perf_counter()
    try:
        reply["value"] = function(request["target"])(request["args"], context)
    except BaseException as error:  # noqa: BLE001 whatever the code raised becomes a value, here and only here
        reply["failure"] = describe(error)
        reply["touched"] = _touched(error, sealed)
        tell(reply["failure"])
    context.close()
    last = last or _left_something()
    if last and "failure" not in reply:
        _finish()
    reply |= {
        "last": last,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "memory": max(_peak() - baseline, 0),
        "notes": [*notes, *context.notes],
        **context.reply(),
        "asked": context.asked.kept() if context.asked else [],
        "traced": uses.end() if uses is not None else {},
    }
    _flush()
    if not last:
        reply["last"] = not before.restore() or (state is not None and not state.is_unchanged())
    return reply


_OURS, _CALLS = "pipeproof.steps.", "pipeproof.steps.calls."  # our own steps draw nothing; those of users may
UNSEALED = "not sealed off from the world"
"""How the note of a trial begins whose process could touch the world."""


def _seal_off(sealed: Mapping[str, Any], context: StepContext) -> list[str]:
    """Hold this process off from the world, for the code of a trial, and say what of that cannot be had."""
    if sealed["keep"] is not None:
        leave_out(sealed["keep"])
    folder = f"{context.scratch}/tmp"  # noqa: S108 in a folder of its own
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 hot path
    for name in ("TMPDIR", "TMP", "TEMP"):
        os.environ[name] = folder
    if tempfile := sys.modules.get("tempfile"):
        tempfile.tempdir = None  # type: ignore[attr-defined]  # what it found before the fork
    context.asked = watch(sealed["root"], context.scratch)
    reason = seal((context.scratch,), sealed["root"])
    return [f"{UNSEALED}: {reason}"] if reason else []


def _touched(error: BaseException, sealed: Mapping[str, Any] | None) -> str:
    if not sealed:
        return ""
    from pipeproof.running.touched import touched

    return touched(error, sealed["scratch"])


_FUNCTIONS: dict[str, Callable[..., Any]] = {}


def function(target: str) -> Callable[..., Any]:
    """Return the function that ``module:function`` names."""
    if target not in _FUNCTIONS:
        module, _, name = target.partition(":")
        _FUNCTIONS[target] = getattr(importlib.import_module(module), name)
    return _FUNCTIONS[target]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a program finds around itself and must leave as it was for the next one."""

    environment: dict[Any, Any]
    path: list[str]
    folder: str
    streams: tuple[Any, Any, Any]
    output: tuple[int, int]

    @classmethod
    def now(cls) -> Self:
        """Return the surroundings of this process as they are."""
        return cls(
            dict(dict.items(_environment())),  # past whoever notes what is asked for
            sys.path.copy(),
            os.getcwd(),  # noqa: PTH109 hot path
            (sys.stdin, sys.stdout, sys.stderr),
            _where_output_goes(),
        )

    def restore(self) -> bool:
        """Put everything back; False when that cannot be done."""
        if _environment() != self.environment:
            kept = {os.fsdecode(name): os.fsdecode(value) for name, value in self.environment.items()}
            os.environ.clear()
            os.environ.update(kept)
        if sys.path != self.path:
            sys.path[:] = self.path
        sys.stdin, sys.stdout, sys.stderr = self.streams
        try:
            os.chdir(self.folder)
        except OSError:
            return False
        return not any(stream.closed for stream in self.streams) and _where_output_goes() == self.output


def _environment() -> dict[Any, Any]:
    # Copying os.environ itself decodes every variable, which takes longer than a small task.
    data: dict[Any, Any] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001
    return data


def _where_output_goes() -> tuple[int, int]:
    """Return what the descriptors 1 and 2 are open on, 0 for one that is closed."""
    found = [0, 0]
    for index in (0, 1):
        with contextlib.suppress(OSError):
            found[index] = os.fstat(index + 1).st_ino
    return found[0], found[1]


def _import_from(path: str) -> None:
    if path and path not in sys.path:
        sys.path.insert(0, path)


_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)


def _left_something() -> bool:
    """Say whether threads, processes or timers of the program are still there."""
    if threading.active_count() > 1 or any(signal.getitimer(timer)[0] for timer in _TIMERS):
        return True
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    return False


def _finish() -> None:
    """Do what an interpreter does at its end, for a child that leaves by ``os._exit``.

    Executors are shut down, threads and worker processes awaited, ``atexit`` functions called. The
    real finalisation would also tear down libraries whose threads did not survive the fork.
    """
    with contextlib.suppress(BaseException):  # the program itself has ended well
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 what the interpreter calls; there is no other way
        atexit._run_exitfuncs()  # noqa: SLF001 the same
        gc.collect()  # closes files that only cycles hold
    _flush()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the code may have closed or exchanged its streams
            stream.flush()


def _forget_peak() -> None:
    """Reset the high-water mark of resident memory, see proc(5)."""
    with contextlib.suppress(OSError):
        refs = os.open("/proc/self/clear_refs", os.O_WRONLY | UNREPORTED)
        try:
            os.write(refs, b"5")
        finally:
            os.close(refs)


def _peak() -> int:
    """Return the high-water mark of resident memory in bytes; a fork starts without its parent's."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
