"""How a script wants to be called: its entry, and its paths and arguments. Standard library only.

Interpreters of other environments load it too (`running/guest.py`), so it keeps to Python 3.9.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
from collections.abc import Mapping
from typing import Any, Literal

Entry = Literal["paths", "command", ""]
_FEWEST = 2  # parameters of a main that takes paths
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class UnknownNameError(KeyError):
    """A script asks for an input or output that its step does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


class Paths(dict[str, str]):
    """The paths of a script by the names of its ports; a wrong name is told with the right ones."""

    def __init__(self, paths: Mapping[str, str], what: str) -> None:
        super().__init__(paths)
        self.what = what

    def __missing__(self, name: str) -> str:
        there = ", ".join(self) or "none"
        raise UnknownNameError(f"the step has no {self.what} {name!r}; its {self.what}s: {there}")


class Arguments(argparse.Namespace):
    """The arguments of a script; a wrong name is told with the right ones."""

    def __getattr__(self, name: str) -> Any:
        # Only reached for what is not there; names with underscores are asked for by copy and pickle.
        if name.startswith("_"):
            raise AttributeError(name)
        there = ", ".join(vars(self)) or "none"
        raise AttributeError(f"the step gives no argument {name!r}; it gives: {there}")


def entry_of(tree: ast.Module) -> Entry:
    """Return how a script is begun: its ``main`` is called with ``paths``, or it runs as a ``command``.

    ``main()`` and ``main(argv=None)`` are what a ``__main__`` block calls; without such a block any
    ``main`` is called. A module imported as ``main`` cannot be called; what has neither begins at ``""``.
    """
    block = any(isinstance(node, ast.If) and "__main__" in ast.dump(node.test) for node in tree.body)
    for node in tree.body:
        if isinstance(node, _FUNCTIONS) and node.name == "main":
            arguments = node.args
            count = len(arguments.posonlyargs) + len(arguments.args)
            takes = not block or count >= _FEWEST or arguments.vararg is not None
            return "paths" if takes else "command"
        if isinstance(node, ast.ImportFrom) and any(
            (alias.asname or alias.name) == "main" for alias in node.names
        ):
            return "command" if block else "paths"
    return "command" if block else ""


def takes(main: Any) -> int:
    """Return how many of the five offered arguments ``main`` takes."""
    kinds = [parameter.kind for parameter in inspect.signature(main).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 4
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return min(5, sum(kind in positional for kind in kinds))


def command_line(arguments: Mapping[str, Any]) -> list[str]:
    """Return arguments as the words of a command line."""
    words: list[str] = []
    for name, value in arguments.items():
        if value is True:
            words.append(f"--{name}")
        elif isinstance(value, list):
            words += [f"--{name}", *map(str, value)]
        elif isinstance(value, Mapping):
            words += [f"--{name}", json.dumps(value)]
        elif value is not None and value is not False:
            words += [f"--{name}", str(value)]
    return words


def sagemaker(args: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that SageMaker training containers set; each names a folder."""
    folders = args["folders"]
    found = {f"SM_CHANNEL_{name.upper()}": folders["input"][name] for name in args["input_paths"]}
    found |= {f"SM_OUTPUT_{name.upper()}": path for name, path in args["output_paths"].items()}
    if "model" in args["output_paths"]:
        found["SM_MODEL_DIR"] = folders["output"]["model"]
    return found
