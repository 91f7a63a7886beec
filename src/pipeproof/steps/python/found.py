"""Where the function of a step is written and what its parameters are called, without importing it."""

from __future__ import annotations

import ast
import inspect
import os
import sys
from collections.abc import Collection
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path

from pipeproof.ports import Entry
from pipeproof.steps.calls.python import LOCAL


def entry_of(reference: str, root: Path) -> Entry | None:
    """Return where a function begins: ``file.py:name``, ``module:name``, or one that only this process has."""
    if reference in LOCAL:
        return Entry(None, reference)
    place, _, name = reference.rpartition(":")
    file = root / place if place.endswith(".py") else module_file(place, root)
    return None if file is None else Entry(file, name)


def module_file(module: str, root: Path) -> Path | None:
    """Return the file of a module, looked for in the project first; None for one that has none."""
    return _found(module, (str(root), *sys.path))


@lru_cache(maxsize=1024)
def _found(module: str, folders: tuple[str, ...]) -> Path | None:
    """Look for a module once in a process; whether its file has changed is for others to ask."""
    path, origin = list(folders), ""
    for part in range(1, module.count(".") + 2):
        spec = PathFinder.find_spec(".".join(module.split(".")[:part]), path)
        if spec is None:
            return None
        path, origin = list(spec.submodule_search_locations or ()), spec.origin or ""
    return Path(origin) if origin.endswith(".py") else None


def takes(reference: str, root: Path) -> Collection[str]:
    """Return the names of a function's parameters; none where they cannot be told."""
    if reference in LOCAL:
        return tuple(inspect.signature(LOCAL[reference]).parameters)
    return _taken(reference, root) or ()


def takes_context(reference: str, root: Path) -> bool:
    """Say whether a function may have a parameter `context`; where that cannot be told, it may."""
    if reference in LOCAL:
        return "context" in takes(reference, root)
    taken = _taken(reference, root)
    return taken is None or "context" in taken


def _taken(reference: str, root: Path) -> tuple[str, ...] | None:
    """Return the names of the parameters of a function in a file as it is now; None where there is none at its top."""
    file, name = _place(reference, root)
    try:
        found = os.stat(file)  # noqa: PTH116 asked for each step of a run
    except OSError:
        return None
    return _parameters(file, found.st_mtime_ns, found.st_size).get(name)


@lru_cache(maxsize=4096)
def _place(reference: str, root: Path) -> tuple[str, str]:
    entry = entry_of(reference, root)
    return ("", "") if entry is None or entry.file is None else (str(entry.file), entry.function)


@lru_cache(maxsize=256)
def _parameters(file: str, _changed: int, _size: int) -> dict[str, tuple[str, ...]]:
    """Return the parameters of the functions at the top of a file; it is read anew when it changed."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    return {
        node.name: tuple(
            argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
