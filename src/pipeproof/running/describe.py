"""Exceptions as plain data, with the user's frames. Standard library only."""

from __future__ import annotations

import contextlib
import linecache
import re
import sys
import sysconfig
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

_HERE = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = tuple(
    {sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {_HERE, "<frozen"},
)
_COMPILED = (".pyx", ".pxi", ".pyd", ".so")  # of a library, under the path that it was built from
_PASSING_ON = (f"{_HERE}/running/parameters.py", f"{_HERE}/running/used.py")
_MOST_FRAMES = 40
_DUMPED = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>.*)$', re.MULTILINE)


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
        "type": type(error).__name__,
        "module": type(error).__module__,
        "bases": [base.__name__ for base in type(error).__mro__[:-1]],
        "message": _message(error),
        "frames": frames,
        "findings": [
            asdict(finding)
            for finding in getattr(error, "findings", ())
            if type(finding).__module__ == "pipeproof.errors"  # not imported here: few programs need it
        ],
        "traceback": _printable("".join(_tell_all(error))),
    }


def tell(described: Mapping[str, Any]) -> None:
    """Write the traceback of the user's code into the log, where a person looks for it."""
    if described["frames"] and described["traceback"]:
        with contextlib.suppress(Exception):  # the code may have closed or exchanged its streams
            sys.stderr.write(described["traceback"])


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


def _printable(text: str) -> str:
    """Return a text that can be written as UTF-8: file names may hold halves of characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _message(error: BaseException) -> str:
    # str(KeyError('x')) is "'x'" and str(AssertionError()) is empty: say the least confusing thing.
    try:
        text = _printable(str(error))
    except Exception:  # noqa: BLE001 an exception of the user's may fail even at this
        return "its message cannot be made: __str__ failed"
    if isinstance(error, AssertionError) and not text:
        return "an assertion without a message does not hold"
    return text if len(text) <= 4000 else text[:4000] + f" ... ({len(text)} characters)"  # noqa: PLR2004 a screen or two


def _user_frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    frames = []
    for frame, line in traceback.walk_tb(trace):
        file = frame.f_code.co_filename
        if is_users(file):
            text = linecache.getline(file, line, frame.f_globals).strip()
            frames.append({"file": file, "line": line, "function": frame.f_code.co_name, "text": text})
    return frames[-_MOST_FRAMES:]  # endless recursion has a thousand


def _tell_all(error: BaseException) -> list[str]:
    """Return the lines of an exception with its causes, without frames that only pass a question on."""
    told = traceback.TracebackException(type(error), error, _skip_ours(error.__traceback__))
    causes: list[traceback.TracebackException | None] = [told]
    while causes:
        if cause := causes.pop():
            cause.stack[:] = [frame for frame in cause.stack if frame.filename not in _PASSING_ON]
            causes += (cause.__cause__, cause.__context__)
    return list(told.format())


def _skip_ours(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((_HERE, "<frozen")):
        trace = trace.tb_next
    return trace


def is_users(file: str) -> bool:
    """Say whether a file is the user's: neither a library nor ours."""
    return not file.startswith((*_LIBRARIES, "<")) and not file.endswith(_COMPILED)


def frames_of_dump(text: str) -> list[dict[str, Any]]:
    """Return the user's frames in a stack that `faulthandler` wrote, outermost first."""
    found = [
        {
            "file": match["file"],
            "line": int(match["line"]),
            "function": match["function"],
            "text": linecache.getline(match["file"], int(match["line"])).strip(),
        }
        for match in _DUMPED.finditer(text)
        if is_users(match["file"])
    ]
    return found[::-1]
