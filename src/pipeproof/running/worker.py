"""The child's side: take programs from a socket, run them, answer in JSON. Standard library only.

This file runs in forked children (and later in foreign interpreters), so it imports nothing of
ours but the context, and nothing else at all.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import linecache
import os
import resource
import socket
import struct
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeproof.running.context import StepContext

_HERE = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = tuple(
    {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {_HERE, "<frozen"},
)
_LENGTH = struct.Struct("!I")


def send(channel: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one JSON message behind its length."""
    body = json.dumps(message, default=_plain, separators=(",", ":")).encode()
    channel.sendall(_LENGTH.pack(len(body)) + body)


def receive(channel: socket.socket) -> dict[str, Any] | None:
    """Return the next message, or None when the other side is gone."""
    header = _read(channel, _LENGTH.size)
    if header is None:
        return None
    body = _read(channel, _LENGTH.unpack(header)[0])
    return None if body is None else json.loads(body)


def _read(channel: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = channel.recv(size - len(parts))
        except ConnectionResetError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)


def serve(channel: socket.socket, *, once: bool) -> None:
    """Run programs as they come in; `once` ends after the first."""
    while (request := receive(channel)) is not None:
        send(channel, answer(request, last=once))
        if once:
            return


def answer(request: Mapping[str, Any], *, last: bool) -> dict[str, Any]:
    """Run one program and return its value, what it logged, how it was measured, or why it failed."""
    context = StepContext(request["about"])
    reply: dict[str, Any] = {}
    before = dict(os.environ)
    os.environ.update(request["environment"])
    _forget_peak()
    baseline, cpu, started = _resident(), time.process_time(), time.perf_counter()
    try:
        with _import_path(request["path"]):
            reply["value"] = call(request["target"], request["args"], context)
            if last:
                _finish()
    except BaseException as error:  # noqa: BLE001 whatever the code raised becomes a value, here and only here
        reply["failure"] = describe(error)
    finally:
        _restore(before)
    reply |= {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "memory": max(_peak() - baseline, 0),
        "metrics": context.metrics,
        "params": context.params,
    }
    _flush()
    return reply


def call(target: str, args: Mapping[str, Any], context: StepContext) -> Any:
    """Call ``module:function`` with its arguments and the context."""
    module, _, name = target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function(args, context)


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception as plain data: type, message, the user's frames, the text of the traceback."""
    if isinstance(error, SystemExit):
        return _describe_exit(error)
    if isinstance(error, SyntaxError) and error.filename:
        frames = [
            {
                "file": error.filename,
                "line": error.lineno or 0,
                "function": "",
                "text": (error.text or "").strip(),
            }
        ]
    else:
        frames = _user_frames(error.__traceback__)
    return {
        "type": type(error).__qualname__,
        "module": type(error).__module__,
        "bases": [base.__name__ for base in type(error).__mro__[:-1]],
        "message": _message(error),
        "frames": frames,
        "traceback": "".join(traceback.format_exception(type(error), error, _skip_ours(error.__traceback__))),
        "findings": getattr(error, "findings_as_plain", None),
    }


def _describe_exit(error: SystemExit) -> dict[str, Any]:
    code = error.code
    if isinstance(code, str):  # sys.exit("text") prints the text and ends with 1
        sys.stderr.write(code + "\n")
    status = 0 if code is None else code if isinstance(code, int) else 1
    text = code if isinstance(code, str) else f"the code called sys.exit({status})"
    return {
        "type": "SystemExit",
        "bases": ["SystemExit"],
        "message": text,
        "exit": status,
        "frames": _user_frames(error.__traceback__),
        "traceback": "",
    }


def _message(error: BaseException) -> str:
    # str(KeyError('x')) is "'x'" and str(AssertionError()) is empty: say the least confusing thing.
    text = str(error)
    if isinstance(error, AssertionError) and not text:
        return "an assertion without a message does not hold"
    return text if len(text) <= 4000 else text[:4000] + f" ... ({len(text)} characters)"  # noqa: PLR2004


def _user_frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    frames = []
    for frame, line in traceback.walk_tb(trace):
        file = frame.f_code.co_filename
        if not file.startswith(_LIBRARIES) and not file.startswith("<"):
            text = linecache.getline(file, line, frame.f_globals).strip()
            frames.append({"file": file, "line": line, "function": frame.f_code.co_name, "text": text})
    return frames


def _skip_ours(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((_HERE, "<frozen")):
        trace = trace.tb_next
    return trace


@contextlib.contextmanager
def _import_path(path: str) -> Any:
    if path and path not in sys.path:
        sys.path.insert(0, path)
    yield


def _restore(before: Mapping[str, str]) -> None:
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


def _finish() -> None:
    """Do what an interpreter does at its end, for a child that leaves by ``os._exit``.

    A real finalisation would wait on threads of libraries that did not survive the fork.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    gc.collect()  # closes files that only cycles hold
    _flush()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the code may have closed or exchanged its streams
            stream.flush()


def _forget_peak() -> None:
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as refs:  # noqa: PTH123 hot path
        refs.write("5")  # resets the high-water mark of resident memory, see proc(5)


def _resident() -> int:
    with contextlib.suppress(OSError), open("/proc/self/statm") as statm:  # noqa: PTH123 hot path
        return int(statm.read().split()[1]) * resource.getpagesize()
    return _peak()


def _peak() -> int:
    with contextlib.suppress(OSError), open("/proc/self/status") as status:  # noqa: PTH123 hot path
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)  # NumPy scalars
    return item() if callable(item) else str(value)
