"""What parsing cannot follow, and how it is told: the trace of a run sees what it led to."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A place that parsing cannot follow.

    Attributes:
        line: Where it stands.
        why: What it does.
        root: The name that it begins with; where the module binds that name itself, it is something else.
    """

    line: int
    why: str
    root: str


_BUILTINS = {
    "exec": "runs code from text",
    "eval": "runs code from text",
    "execfile": "runs code from text",
    "__import__": "imports a module whose name is computed",
}
_METHODS = {
    "iter_modules": "looks for modules in folders",
    "walk_packages": "looks for modules in folders",
    "entry_points": "looks for plug-ins among the installed packages",
    "spec_from_file_location": "imports a file by its path",
    "SourceFileLoader": "imports a file by its path",
    "run_path": "runs a file by its path",
    "run_module": "runs a module by its name",
    "read_pickle": "unpickles, which imports the classes that the file names",
}
_UNPICKLE = "unpickles, which imports the classes that the file names"
_PROGRAM = "starts a program"
_OF_MODULES = {
    ("pickle", "load"): _UNPICKLE,
    ("pickle", "loads"): _UNPICKLE,
    ("pickle", "Unpickler"): _UNPICKLE,
    ("cloudpickle", "load"): _UNPICKLE,
    ("cloudpickle", "loads"): _UNPICKLE,
    ("dill", "load"): _UNPICKLE,
    ("dill", "loads"): _UNPICKLE,
    ("joblib", "load"): _UNPICKLE,
    ("torch", "load"): _UNPICKLE,
    ("shelve", "open"): _UNPICKLE,
    ("sys", "path"): "changes or reads where modules are looked for",
    ("sys", "modules"): "looks modules up by name",
    ("sys", "meta_path"): "changes how modules are found",
    ("gc", "get_objects"): "looks at all objects",
    ("inspect", "getmembers"): "looks at all members",
    ("inspect", "stack"): "looks at its callers",
    ("sys", "_getframe"): "looks at its callers",
}
_PROGRAMS = {"subprocess": None, "os": ("system", "popen", "exec", "spawn", "posix_spawn")}


def dynamic_call(function: ast.expr) -> str:
    """Return why a call cannot be followed, '' where it can."""
    if isinstance(function, ast.Name):
        return _BUILTINS.get(function.id) or _METHODS.get(function.id, "")
    return _METHODS.get(function.attr, "") if isinstance(function, ast.Attribute) else ""


def dynamic_name(root: str, *attributes: str) -> str:
    """Return why an attribute of a module cannot be followed, '' where it can."""
    if not attributes:
        return ""
    if root in _PROGRAMS:
        starts = _PROGRAMS[root]
        if starts is None:
            return _PROGRAM if attributes[0] in {"run", "Popen", "call", "check_call", "check_output"} else ""
        return _PROGRAM if attributes[0].startswith(starts) else ""
    return _OF_MODULES.get((root, attributes[0]), "")
