"""From the way an attempt ended to a failure with a code: one place for all of them."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeproof.errors import ROOM, Finding, PipeproofError, StoreError
from pipeproof.model.codec import from_plain
from pipeproof.model.outcome import Failure, Frame

# Errors that come again whatever the hour: the code, the data or the configuration must change.
# Names, not classes: the exception was raised in another process, with libraries we do not import.
PERMANENT = frozenset(
    {
        "ArithmeticError",
        "AssertionError",
        "AttributeError",
        "ImportError",
        "LookupError",
        "NameError",
        "NotImplementedError",
        "SyntaxError",
        "TypeError",
        "ValueError",
        "MemoryError",
        "RecursionError",
        "FileNotFoundError",
        "FileExistsError",
        "IsADirectoryError",
        "NotADirectoryError",
        "PermissionError",
        "PipeproofError",
        # polars
        "ColumnNotFoundError",
        "SchemaError",
        "ShapeError",
        "InvalidOperationError",
        "ComputeError",
        "DuplicateError",
        "SQLInterfaceError",
        "SQLSyntaxError",
        "OutOfBoundsError",
        # duckdb
        "BinderException",
        "CatalogException",
        "ConversionException",
        "ParserException",
        "SyntaxException",
        "InvalidInputException",
        "TypeMismatchException",
        "ConstraintException",
        "OutOfRangeException",
    }
)


def from_exception(
    described: Mapping[str, Any], *, touched: str = "", limits: Mapping[str, Any] = MappingProxyType({})
) -> Failure:
    """Return the failure for an exception that `describe` described.

    Args:
        described: The exception.
        touched: What the code of a trial wanted when the seal refused it; empty when it is not the seal's doing.
        limits: Limits by name.
    """
    bases = set(described.get("bases", ()))
    frames = tuple(Frame(**frame) for frame in described.get("frames", ()))
    if findings := findings_of(described):
        return from_problem(PipeproofError(*findings))
    if "exit" in described:
        return Failure("exit", "PPF204", "SystemExit", described["message"], frames, permanent=True)
    kind, code = ("import", "PPF209") if bases & {"ImportError"} else ("exception", "PPF201")
    if "MemoryError" in bases:
        kind, code = "memory", "PPF205"
    failure = Failure(
        kind,  # type: ignore[arg-type]  # the two assignments above are literals
        code,
        described["type"],
        described["message"],
        frames,
        permanent=bool(bases & PERMANENT),
        traceback=described.get("traceback", ""),
    )
    if kind == "memory" and limits.get("memory"):
        failure = _at_limit(failure, limits["memory"])
    return _refused(failure, touched) if touched else failure


def _at_limit(failure: Failure, most: int) -> Failure:
    """Return the failure of code that got no more memory, which Python says without a word, with what it may use."""
    said = f"{failure.message.rstrip()}; " if failure.message.strip() else ""
    text = f"{said}the step may use {most / 1e6:,.0f} MB, and this was to be more"
    return replace(failure, message=text, fix="read less at once, or raise `resources.memory`")


def _refused(failure: Failure, touched: str) -> Failure:
    """Return the failure of code that wanted to touch the world outside of its trial."""
    return replace(
        failure,
        code="PPF243",
        message=f"a trial is sealed off from the world, and the code wanted to {touched}: {failure.message}",
        permanent=True,
        fix="write below output_paths or to a temporary file, or say `effects: external`: tests leave such a step out",
    )


def findings_of(described: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the findings of an error of ours that `describe` described; empty for any other."""
    return tuple(from_plain(Finding, plain) for plain in described.get("findings", ()))


def from_problem(error: PipeproofError) -> Failure:
    """Return the failure for an error of ours: a contract, an output, a configuration."""
    first = error.findings[0]
    text = "; ".join(finding.what for finding in error.findings)
    kind = "contract" if first.code.startswith("PPF3") else "output"
    frames = (Frame(first.where.file, first.where.line, ""),) if first.where else ()
    return Failure(
        kind,  # type: ignore[arg-type]  # both values are literals
        first.code,
        type(error).__name__,
        text,
        frames,
        permanent=True,
        fix=first.fix,
    )


_SAYS_FULL = os.strerror(errno.ENOSPC)  # libraries that are not Python's say it in the same words
_NO_ROOM = {errno.ENOSPC: "is full", errno.EDQUOT: "has no quota left", errno.EROFS: "can only be read"}


def from_full_disk(error: OSError, folder: Path) -> Failure | None:
    """Return the failure for a disk that takes nothing more, while a step is prepared or taken in; None for others.

    Args:
        error: What was raised.
        folder: The run's folder.
    """
    says = _NO_ROOM.get(error.errno or 0)
    if says is None:
        return None
    place = error.filename or folder
    what = f"the disk of {place} {says}"
    return from_problem(StoreError(Finding("PPF516", what, fix=ROOM)))


def told_of_full_disk(failure: Failure | None, folder: Path) -> Failure | None:
    """Return the failure of a step's code, with what to do when a disk was full: most likely that of the run."""
    if failure is None or _SAYS_FULL not in failure.message:
        return failure
    fix = f"if that is the disk of {folder}: {ROOM}"
    return replace(failure, code="PPF516", fix=fix)


def from_timeout(seconds: float, frames: Iterable[Mapping[str, Any]] = ()) -> Failure:
    """Return the failure of a step that took longer than it may, and where it was then."""
    return Failure(
        "timeout",
        "PPF202",
        "Timeout",
        f"still running after {seconds:g} s; it and all it started were ended",
        tuple(Frame(**frame) for frame in frames),
        # Code that hung once mostly hangs again, and each try would cost the whole timeout.
        permanent=True,
        fix="raise `timeout`, or look where it waits",
    )


def from_run_timeout(seconds: float) -> Failure:
    """Return the failure of a step that was under way when the time of the run was over."""
    text = f"the run's timeout of {seconds:g} s was over; the step and all it started were ended"
    return Failure(
        "timeout", "PPF202", "Timeout", text, permanent=True, fix="raise `timeout` of the workflow"
    )


def from_limit(name: str, limits: Mapping[str, Any]) -> Failure:
    """Return the failure of a step that was ended since it used more than a limit, with all that it started."""
    most = limits.get(name) or 0
    fix = f"raise `resources.{name}`"
    if name == "memory":
        text = f"used more than {most / 1e6:,.0f} MB of memory, with all that it started"
        return Failure("memory", "PPF205", "MemoryLimit", text, permanent=True, fix=fix)
    if name == "cpu_seconds":
        text = f"used more than {most:g} s of processor time, with all that it started"
        return Failure("timeout", "PPF202", "ProcessorTime", text, permanent=True, fix=fix)
    text = f"had more than {most} processes at once"
    return Failure("exit", "PPF535", "TooManyProcesses", text, permanent=True, fix=fix)


def from_status(
    status: int, limits: Mapping[str, Any], cpu_seconds: float | None = None, *, over: str = ""
) -> Failure:
    """Return the failure of a process that ended without an answer, by its exit status and limits.

    Args:
        status: Exit status; minus the signal's number if one ended it.
        limits: Limits by name.
        cpu_seconds: Processor time that it used.
        over: The limit that it was ended for, where that is known.
    """
    if over:
        return from_limit(over, limits)
    if status >= 0:
        text = f"the code ended its own process with status {status} (os._exit?)"
        return Failure("exit", "PPF204", "Exit", text, permanent=True)
    number = -status
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    cpu = limits.get("cpu_seconds")
    if name == "SIGXCPU" or (name == "SIGKILL" and cpu and (cpu_seconds or 0) >= cpu):
        text = "used up its processor time" if cpu is None else f"used more than {cpu:g} s of processor time"
        return Failure("timeout", "PPF202", name, text, permanent=True, fix="raise `resources.cpu_seconds`")
    if limits.get("memory") and name in {"SIGABRT", "SIGSEGV", "SIGBUS"}:
        text = f"the process died of {name}, most likely because its memory limit was reached"
        return Failure(
            "memory",
            "PPF205",
            name,
            text,
            permanent=True,
            fix="read less at once, or raise `resources.memory`",
        )
    hint = {
        "SIGSEGV": "a crash in C code",
        "SIGKILL": "killed from outside, often by the kernel for want of memory",
        "SIGABRT": "a library gave up",
    }.get(name, "")
    return Failure("signal", "PPF203", name, f"the process died of {name}" + (f": {hint}" if hint else ""))


UNSEALABLE = Failure(
    "internal",
    "PPF244",
    "Unsealable",
    "the function lives in this process alone (a notebook, a prompt, the main file), where nothing can hold it off from the world",
    permanent=True,
    fix="put it into a module of its own",
)
INTERRUPTED = Failure("interrupted", "PPF210", "Interrupted", "ended because the run was stopped")
