"""What Python itself can say of what the code of a run uses: variables, parameters, questions after files.

Standard library only. What the kernel reports needs no help (`pipeproof.running.listening`), but for two things:
whether a folder is listed to import from it, and which files are only asked after. Both are said to the
supervisor in the kernel's own order, by opening a path that cannot be there. Where the kernel does not
report, the events of the interpreter (PEP 578) stand in; they know of no native library.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pipeproof.running.asked import ALL, Questions, watch_variables
from pipeproof.running.parameters import Parameters

IMPORTING = b"/dev/null/pipeproof/importing"
"""Opened before a folder is listed to import from it."""
PROBING = b"/dev/null/pipeproof/probing"
"""What a path begins with that is opened before somebody asks after the file of the rest."""
READING = b"/dev/null/pipeproof/reading"
"""What a path begins with that is opened before the code in the file of the rest is read as data."""
ASKING = b"/dev/null/pipeproof/asking/"
"""What a path begins with by which a process that was forked says for what it asks: ``variable/NAME``, ``parameter/NAME``."""

_MOST = 10_000
# Who lists the folders that modules are imported from: to import, or to find out which packages are there.
_IMPORTERS = (
    "<frozen importlib._bootstrap_external>",
    "importlib/metadata/__init__.py",
    "importlib_metadata/__init__.py",
    "pkg_resources/__init__.py",
)
_OURS = "pipeproof."


class Uses:
    """What the code of one process after another attempt uses, as far as Python sees it.

    Args:
        root: Folder of the project.
        listening: Whether the kernel reports what is opened.
    """

    def __init__(self, root: str, *, listening: bool) -> None:
        self._listening = listening
        self._variables: Questions = watch_variables(root, lambda name: self._tell("variable", name))
        self._parameters: Parameters | None = None
        self._events: list[tuple[str, str, int]] = []
        self._probed: set[str] = set()
        self._on = False
        self._process = os.getpid()
        self._told: set[tuple[str, str]] = set()
        sys.addaudithook(self._hear_code if listening else self._hear)
        _ask_through(self._probe)

    def begin(self, parameters: Parameters) -> None:
        """Forget the attempt before; a new one begins."""
        self._variables.forget()
        self._events.clear()
        self._probed.clear()
        self._told.clear()
        self._process = os.getpid()
        self._parameters = parameters
        parameters.tell = lambda name: self._tell("parameter", name)
        self._on = True

    def end(self) -> dict[str, Any]:
        """Return what the attempt used, as plain data without what is empty."""
        self._on = False
        names = {question["name"] for question in self._variables.kept()}
        used = {
            "variables": sorted(names | ({ALL} if self._variables.lists else set())),
            "parameters": list(self._parameters.asked) if self._parameters is not None else [],
            "events": self._events[:_MOST],
            "too_much": len(self._events) >= _MOST or self._variables.is_full,
        }
        return {name: value for name, value in used.items() if value}

    def _tell(self, what: str, name: str) -> None:
        """Say at once what a process asks for that was forked: what it notes for itself is lost with it."""
        if self._on and os.getpid() != self._process and (what, name) not in self._told:
            self._told.add((what, name))
            self._say("", "", ASKING + os.fsencode(f"{what}/{name}"))

    def _probe(self, path: Any, folder: int | None = None) -> None:
        if not self._on or isinstance(path, int):
            return
        asker = _asker()
        if _is_one_of(asker, _LOOKING) or (
            folder is not None and asker == "shutil"
        ):  # which removes a folder
            return
        with contextlib.suppress(Exception):  # the call itself says what is wrong with its argument
            named = os.fsdecode(path) if folder is None else f"{_of_descriptor(folder)}/{os.fsdecode(path)}"
            asked = os.path.abspath(named)  # noqa: PTH100 hot path
            if asked not in self._probed and len(self._probed) < _MOST:
                self._probed.add(asked)
                self._say("probed", asked, PROBING + os.fsencode(asked))

    def _say(self, event: str, path: str, said: bytes) -> None:
        if not self._listening:
            self._note(event, path)
            return
        with contextlib.suppress(OSError):
            os.close(os.open(said, os.O_RDONLY))

    def _hear_code(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "os.listdir":
            if _is_importing():
                self._say("", "", IMPORTING)
        elif event == "open" and self._on:
            self._hear_reading(details[0])

    def _hear_reading(self, path: Any) -> None:
        """Say that code is read as data: who imports it depends on less of it."""
        ending: Any = b".py" if isinstance(path, bytes) else ".py"
        if isinstance(path, str | bytes) and path.endswith(ending) and _reads_as_data():
            read = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 hot path
            self._say("read_as_data", read, READING + os.fsencode(read))

    def _hear(self, event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and self._on:
            self._hear_reading(details[0])
        heard = _HEARD.get(event)
        if heard is not None and self._on:
            with contextlib.suppress(Exception):  # arguments of every kind come by here
                for noted in heard(details):
                    self._note(*noted)

    def _note(self, event: str, what: str, flags: int = 0) -> None:
        if len(self._events) < _MOST:
            self._events.append((event, what, flags))


Noted = Iterator[tuple[str, str] | tuple[str, str, int]]


def _opened(details: tuple[Any, ...]) -> Noted:
    path, _, flags = details
    if not isinstance(path, int):
        yield "opened", os.path.abspath(os.fsdecode(path)), flags  # noqa: PTH100 hot path


def _listed(details: tuple[Any, ...]) -> Noted:
    path = details[0]
    if not isinstance(path, int) and not _is_importing(3):
        yield "opened", os.path.abspath(os.fsdecode(path or ".")), os.O_DIRECTORY  # noqa: PTH100 hot path


def _database(details: tuple[Any, ...]) -> Noted:
    path = os.fsdecode(details[0])
    if path and path != ":memory:":
        yield "opened", os.path.abspath(path), os.O_RDWR | os.O_CREAT  # noqa: PTH100 hot path


def _started(details: tuple[Any, ...]) -> Noted:
    yield "unseen", f"what {os.fsdecode(details[0])} used"


def _forked(_details: tuple[Any, ...]) -> Noted:
    yield "unseen", "what a process that it forked used"


def _connected(details: tuple[Any, ...]) -> Noted:
    address = details[1]
    if isinstance(address, tuple):
        yield "connected", f"{address[0]}:{address[1]}"
    else:
        yield "connected", os.fsdecode(address)


_HEARD: dict[str, Callable[[tuple[Any, ...]], Noted]] = {
    "open": _opened,
    "os.listdir": _listed,
    "os.scandir": _listed,
    "sqlite3.connect": _database,
    "subprocess.Popen": _started,
    "os.system": _started,
    "os.exec": _started,
    "os.posix_spawn": _started,
    "os.fork": _forked,
    "os.forkpty": _forked,
    "socket.connect": _connected,
    "socket.sendto": _connected,
}


_local = threading.local()


@contextlib.contextmanager
def overhearing(sightings: Any) -> Iterator[None]:
    """Note what this thread opens with Python, for code that has no process of its own.

    Not heard: libraries that open files without Python, threads that the code starts, variables.

    Args:
        sightings: A `pipeproof.running.sightings.Sightings`; None hears nothing.
    """
    if sightings is not None:
        _hear_threads()
    _local.sightings = sightings
    try:
        yield
    finally:
        _local.sightings = None


@cache
def _hear_threads() -> None:
    sys.addaudithook(_overhear)  # it stays as long as the process


def _overhear(event: str, details: tuple[Any, ...]) -> None:
    sightings = getattr(_local, "sightings", None)
    if sightings is None or event not in _HEARD:
        return
    _local.sightings = None  # what noting opens itself is no use of the step's
    with contextlib.suppress(Exception):  # arguments of every kind come by here
        for noted in _HEARD[event](details):
            getattr(sightings, noted[0])(*noted[1:])
    _local.sightings = sightings


def _is_importing(depth: int = 2) -> bool:
    return sys._getframe(depth).f_code.co_filename.endswith(_IMPORTERS)  # noqa: SLF001 the only way to the caller that is quick


# Modules that pass a question on, and those that only look whether a line of code is as it was.
_PASSING = frozenset(
    {"genericpath", "glob", "os", "ntpath", "pathlib", "pathlib._abc", "pathlib._os", "posixpath"}
)
_MAKING = ("makedirs", "mkdir")
_LOOKING = ("pipeproof", "linecache", "inspect", "tokenize", "traceback", "warnings", "importlib")
# Modules that read code for somebody, and those that read it to run it or to show a line of it.
_READING = frozenset({"codecs", "inspect", "linecache", "pathlib", "pathlib._local", "tokenize"})
_SHOWING = ("pipeproof", "traceback", "warnings", "importlib", "runpy", "pdb", "bdb", "faulthandler")


def _is_one_of(module: str, names: tuple[str, ...]) -> bool:
    """Say whether a module is one of these, or lies in one."""
    return module in names or f"{module.partition('.')[0]}" in names


def _reads_as_data() -> bool:
    frame: Any = sys._getframe(3)  # noqa: SLF001 the only way to the caller that is quick
    while frame.f_globals.get("__name__") in _READING and frame.f_back is not None:
        frame = frame.f_back
    if frame.f_code.co_filename.startswith("<frozen "):
        return False
    return not _is_one_of(str(frame.f_globals.get("__name__", "")), _SHOWING)


def _asker() -> str:
    """Return the name of the module that asks after a file."""
    frame: Any = sys._getframe(3)  # noqa: SLF001 the only way to the caller that is quick
    while frame.f_globals.get("__name__") in _PASSING and frame.f_back is not None:
        if frame.f_code.co_name in _MAKING:
            return _OURS  # whoever makes a folder only asks whether that is still to be done
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", ""))


_ASKED_BY = ("stat", "lstat", "access", "readlink")
_readlink = os.readlink


def _of_descriptor(folder: int) -> str:
    return _readlink(f"/proc/self/fd/{folder}")


def _ask_through(probe: Callable[[Any, int | None], None]) -> None:
    """Let `os.stat` and its like tell which file they ask after: of these the interpreter has no event.

    Imports are not slowed down, as they have the functions themselves. They stand where the old ones
    stood in what the module says of its functions.
    """
    for name in _ASKED_BY:
        old = getattr(os, name)
        new = _telling(old, probe)
        for sort in (
            os.supports_dir_fd,
            os.supports_effective_ids,
            os.supports_fd,
            os.supports_follow_symlinks,
        ):
            functions: set[Any] = sort
            if old in functions:
                functions.add(new)
        setattr(os, name, new)


def _telling(function: Callable[..., Any], probe: Callable[[Any, int | None], None]) -> Callable[..., Any]:
    def tell(path: Any, *args: Any, **options: Any) -> Any:
        probe(path, options.get("dir_fd"))
        return function(path, *args, **options)

    tell.__name__ = tell.__qualname__ = function.__name__
    tell.__module__ = "os"  # where it is found again when it goes to another process
    tell.__doc__ = function.__doc__
    return tell


_uses: dict[tuple[str, bool], Uses] = {}


def uses_in(root: str, *, listening: bool) -> Uses:
    """Return what notes the uses in this process, made for its first attempt."""
    key = (root, listening)
    if key not in _uses:
        _uses[key] = Uses(root, listening=listening)
    return _uses[key]
