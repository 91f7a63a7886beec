"""Importing a user's file into a process that has modules of its own. Standard library only."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
import zlib
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from pipeproof.importing import importing


def import_file(path: Path) -> ModuleType:
    """Return the module in a Python file; a warm process runs the file once.

    It is known under the file's own name, so that it can pickle its classes and its neighbours can
    import it. A file named like a library (``random.py``) gets a name of its own instead: whoever
    imports ``random`` afterwards, in this task or the next, means the library.

    Raises:
        ImportError: There is no such file.
    """
    with _locks.setdefault(str(path), threading.RLock()):  # another thread may be half through it
        return _import(path, _name(path))


_locks: dict[str, threading.RLock] = {}


def _import(path: Path, name: str) -> ModuleType:
    known = sys.modules.get(name)
    if known is not None and _is_from(known, path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError(name=path.stem, path=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with importing(str(path)):
            spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)  # half a module must not be found by the next try
        raise
    return module


def make_importable(folder: str) -> None:
    """Let the modules of a folder be imported, but never in the place of the standard library's.

    What a library imports while the user's code runs stays in a warm process for the next task.
    """
    if folder in sys.path:
        sys.path.remove(folder)
    library = str(Path(os.__file__).parent)
    ours = [index for index, place in enumerate(sys.path) if place in {library, f"{library}/lib-dynload"}]
    sys.path.insert(max(ours, default=-1) + 1, folder)


def _name(path: Path) -> str:
    stem = path.stem
    return f"{stem}_{_mark(path)}" if _is_taken(stem, path) else stem


def _mark(path: Path) -> str:
    return f"{zlib.crc32(str(path).encode()):08x}"


def _is_taken(name: str, path: Path) -> bool:
    """Say whether a module other than this file has the name, or would get it from an import."""
    if name in getattr(sys, "stdlib_module_names", ()) or name in sys.builtin_module_names:
        return True
    known = sys.modules.get(name)
    if known is not None:
        return not _is_from(known, path)
    # The file's own folder is on the import path, but must not decide: a file there shadows libraries.
    elsewhere = [folder for folder in sys.path if Path(folder or ".").resolve() != path.parent.resolve()]
    found = PathFinder.find_spec(name, elsewhere)
    return found is not None and found.origin is not None and Path(found.origin).resolve() != path.resolve()


def _is_from(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and (file == str(path) or Path(file).resolve() == path.resolve())
