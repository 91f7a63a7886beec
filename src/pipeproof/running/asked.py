"""Which environment variables the code of a trial asks for. Standard library only.

Only questions of the project's own lines count: what a library looks up for itself is not the step's
business. Programs that the code starts are not followed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pipeproof.running.describe import is_users

_MOST = 200
# Modules that only pass a question on; whoever called them has asked. Others of the standard library
# (urllib looks for proxies) ask for themselves.
_PASSING = frozenset({__name__, "os", "collections.abc", "posixpath", "string", "collections"})
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
    for name in list(os.environ):
        if name not in _KEPT and name not in keep and not name.startswith(_KEPT_FROM):
            del os.environ[name]


class Questions:
    """The questions for variables that lines of a project asked, each once.

    Args:
        root: Folder of the project.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/") + "/"
        self._asked: dict[tuple[str, int, str], bool] = {}
        self._listed: set[tuple[str, int]] = set()

    def note(self, name: str, *, found: bool) -> None:
        """Note that the caller asks for a variable."""
        place = self._place()
        if place is not None and len(self._asked) < _MOST:
            self._asked.setdefault((*place, name), found)

    def note_listing(self) -> None:
        """Note that the caller goes through all variables: it copies them and asks for none."""
        place = self._place()
        if place is not None:
            self._listed.add(place)

    def kept(self) -> list[dict[str, Any]]:
        """Return the questions as plain data."""
        return [
            {"name": name, "file": file, "line": line, "found": found}
            for (file, line, name), found in self._asked.items()
            if not (found and (file, line) in self._listed)
        ]

    def _place(self) -> tuple[str, int] | None:
        """Return the project's file and line that is asking; None when it is somebody else."""
        frame = sys._getframe(2)  # noqa: SLF001 the only way to the caller that makes no list of frames
        while frame.f_globals.get("__name__") in _PASSING and frame.f_back is not None:
            if frame.f_code.co_name in _SETTING:
                return None
            frame = frame.f_back
        file = frame.f_code.co_filename
        if not file.startswith(self._root) or "/site-packages/" in file or not is_users(file):
            return None
        return file.removeprefix(self._root), frame.f_lineno


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


def watch(root: str) -> Questions:
    """Note from now on each variable that the project's code asks this process for."""
    questions = Questions(root)
    # Beneath the mapping, not in its place: libraries hold on to os.environ, and no frame of ours
    # stands in the traceback of a KeyError.
    environment: Any = os.environ
    environment._data = data = _Watched(environment._data, questions)  # noqa: SLF001 there is no other way beneath
    as_bytes: Any = os.environb
    as_bytes._data = data  # noqa: SLF001 the same variables
    return questions


class Variables(dict[str, str]):
    """The variables that a script is given as an argument, noting those it asks for that it was not given."""

    def __init__(self, values: Mapping[str, str], questions: Questions) -> None:
        super().__init__(values)
        self._questions = questions

    def __missing__(self, name: str) -> str:
        self._questions.note(str(name), found=False)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        there = super().__contains__(name)
        if not there:
            self._questions.note(str(name), found=False)
        return there

    def get(self, name: str, default: Any = None) -> Any:
        """Return a variable, or the default."""
        if not super().__contains__(name):
            self._questions.note(str(name), found=False)
        return super().get(name, default)
