"""What the code of a trial asks for: environment variables, arguments, files of the project. Standard library only.

Only questions of the project's own lines count: what a library looks up for itself is not the step's
business. Programs that the code starts are not followed, nor libraries that open files without Python.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pipeproof.running.describe import is_users
from pipeproof.running.no_inputs import is_no_input

ALL = "*"
"""Stands for all variables, where code goes through them."""

_MOST = 200
# Modules that only pass a question on; whoever called them has asked. Others of the standard library
# (urllib looks for proxies) ask for themselves.
_PASSING = frozenset({__name__, "os", "collections.abc", "posixpath", "string", "collections"})
# In a run, whoever is told what these found: where programs lie, where a user's folder is.
_PASSING_IN_RUNS = _PASSING | {"getpass", "locale", "pathlib", "pathlib._local", "shutil"}
# Modules that call what they are given: `executor.map(os.environ.get, names)` is a question of the project's.
_CALLING = frozenset(
    {
        "concurrent.futures.process",
        "concurrent.futures.thread",
        "multiprocessing.pool",
        "multiprocessing.process",
        "threading",
    }
)
_CODE = (".py", ".pyc", ".so")
_SETTING = frozenset({"setdefault", "pop"})  # look before they set or remove, which is no question
_KEPT = frozenset(
    {
        "CUDA_VISIBLE_DEVICES",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TERM",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
    }
)
_KEPT_FROM = ("LC_", "PYTHON", "OMP_", "OPENBLAS_", "MKL_", "POLARS_", "NUMEXPR_", "RAYON_", "COVERAGE_")


def leave_out(keep: Collection[str]) -> None:
    """Remove all variables of this process but those that any program needs, and `keep`."""
    for name in left_out(os.environ, keep):
        del os.environ[name]


def left_out(names: Iterable[str], keep: Collection[str]) -> list[str]:
    """Return those names of variables that no program needs and that are not to be kept."""
    return [
        name for name in names if name not in _KEPT and name not in keep and not name.startswith(_KEPT_FROM)
    ]


class Questions:
    """The questions that lines of a project asked, each once.

    Args:
        root: Folder of the project.
        scratch: Folder of the attempt, whose files are the step's inputs and outputs.
        tell: Is told of each variable as it is asked for. Then it is a run: whatever its result may depend on
            counts, also what modules beside the project and code without a file ask for, or who sets a default.
    """

    def __init__(self, root: str, scratch: str = "", tell: Callable[[str], None] | None = None) -> None:
        self._tell = tell
        self._root = root.rstrip("/") + "/"
        self._scratch = scratch.rstrip("/") + "/"
        self._asked: dict[tuple[str, int, str], bool] = {}
        self._arguments: dict[tuple[str, int, str], bool] = {}
        self._files: dict[tuple[str, int, str], bool] = {}
        self._listed: set[tuple[str, int]] = set()

    def note(self, name: str, *, found: bool) -> None:
        """Note that the caller asks for a variable."""
        place = self._place()
        if place is not None and len(self._asked) < _MOST:
            self._asked.setdefault((*place, name), found)
        if place is not None and self._tell is not None:
            self._tell(name)

    def note_argument(self, name: str, *, found: bool) -> None:
        """Note that the caller asks for an argument."""
        place = self._behind()
        if place is not None and len(self._arguments) < _MOST:
            self._arguments.setdefault((*place, name), found)

    def note_file(self, path: str) -> None:
        """Note that a file of the project is opened which is no code, on behalf of a line of the project."""
        real = os.path.abspath(path)  # noqa: PTH100 hot path
        inside = real.startswith(self._root) and not real.startswith((self._scratch, self._root + "."))
        if not inside or real.endswith(_CODE) or len(self._files) >= _MOST:
            return
        place = self._behind()
        if place is not None:
            self._files.setdefault((*place, real.removeprefix(self._root)), os.path.exists(real))  # noqa: PTH110 the same

    def note_listing(self) -> None:
        """Note that the caller goes through all variables: it copies them and asks for none."""
        place = self._place()
        if place is not None:
            self._listed.add(place)
        if place is not None and self._tell is not None:
            self._tell(ALL)

    def forget(self) -> None:
        """Begin anew, for the next attempt in this process."""
        for noted in (self._asked, self._arguments, self._files, self._listed):
            noted.clear()

    @property
    def lists(self) -> bool:
        """Whether some line went through all variables."""
        return bool(self._listed)

    @property
    def is_full(self) -> bool:
        """Whether there were more variables than are kept."""
        return len(self._asked) >= _MOST

    def kept(self) -> list[dict[str, Any]]:
        """Return the questions as plain data."""
        variables = {
            (file, line, name): found
            for (file, line, name), found in self._asked.copy().items()
            if not (found and (file, line) in self._listed)
        }
        kinds = {"variable": variables, "argument": self._arguments, "file": self._files}
        return [
            {"name": name, "file": file, "line": line, "found": found, "what": what}
            for what, questions in kinds.items()
            for (file, line, name), found in questions.copy().items()
        ]

    def _place(self) -> tuple[str, int] | None:
        """Return the project's file and line that is asking; None when it is somebody else."""
        frame = sys._getframe(2)  # noqa: SLF001 the only way to the caller that makes no list of frames
        passing = _PASSING if self._tell is None else _PASSING_IN_RUNS
        while frame.f_globals.get("__name__") in passing and frame.f_back is not None:
            if self._tell is None and frame.f_code.co_name in _SETTING:
                return None
            frame = frame.f_back
        file = frame.f_code.co_filename
        if self._tell is None:
            is_own = self._is_own(file)
        else:
            is_own = _is_of_a_run(file, self._root) or frame.f_globals.get("__name__") in _CALLING
        return (file.removeprefix(self._root), frame.f_lineno) if is_own else None

    def _behind(self) -> tuple[str, int] | None:
        """Return the nearest line of the project's that stands behind what is going on."""
        frame = sys._getframe(2).f_back  # noqa: SLF001 the same
        while frame is not None and not self._is_own(frame.f_code.co_filename):
            frame = frame.f_back
        return None if frame is None else (frame.f_code.co_filename.removeprefix(self._root), frame.f_lineno)

    def _is_own(self, file: str) -> bool:
        return file.startswith(self._root) and "/site-packages/" not in file and is_users(file)


@cache
def _is_of_a_run(file: str, root: str) -> bool:
    """Say whether a file is code of the user's, in the project or beside it; code of a text has no file."""
    if file.startswith("<"):
        return not file.startswith("<frozen")
    return is_users(file) and not is_no_input(file, root, ())


class _Watched(dict[Any, Any]):
    """What stands behind `os.environ`, noting what it is asked for."""

    def __init__(self, values: Mapping[Any, Any], questions: Questions) -> None:
        super().__init__(values)
        self._questions = questions

    def __getitem__(self, name: Any) -> Any:
        self._questions.note(os.fsdecode(name), found=name in self)
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[Any]:
        self._questions.note_listing()
        return super().__iter__()


def watch(root: str, scratch: str = "") -> Questions:
    """Note from now on what the project's code asks this process for: variables, and files of the project."""
    questions = Questions(root, scratch)

    def hear(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str):
            questions.note_file(details[0])

    sys.addaudithook(hear)  # it stays as long as the process, which is the trial's own
    _watch_environment(questions)
    return questions


def watch_variables(root: str, tell: Callable[[str], None]) -> Questions:
    """Note from now on which variables the code of a run asks this process for."""
    questions = Questions(root, tell=tell)
    _watch_environment(questions)
    return questions


def _watch_environment(questions: Questions) -> None:
    # Beneath the mapping, not in its place: libraries hold on to os.environ, and no frame of ours
    # stands in the traceback of a KeyError.
    environment: Any = os.environ
    environment._data = data = _Watched(environment._data, questions)  # noqa: SLF001 there is no other way beneath
    as_bytes: Any = os.environb
    as_bytes._data = data  # noqa: SLF001 the same variables


class Variables(dict[str, str]):
    """The variables that a script is given as an argument, noting those that it asks for."""

    def __init__(self, values: Mapping[str, str], questions: Questions) -> None:
        super().__init__(values)
        self._questions = questions

    def __getitem__(self, name: str) -> str:
        self._questions.note(str(name), found=super().__contains__(name))
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        there = super().__contains__(name)
        self._questions.note(str(name), found=there)
        return there

    def get(self, name: str, default: Any = None) -> Any:
        """Return a variable, or the default."""
        self._questions.note(str(name), found=super().__contains__(name))
        return super().get(name, default)
