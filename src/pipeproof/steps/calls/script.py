"""The child's side of a script step: import the file, call it as it wants to be called. Standard library only."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pipeproof.running.asked import Questions, Variables
from pipeproof.running.context import StepContext
from pipeproof.steps.calls.files import import_file

Entry = Literal["paths", "command", ""]
_FEWEST = 2  # parameters of a main that takes paths


def call_script(args: Mapping[str, Any], context: StepContext) -> Any:
    """Run a script and return what its ``main`` returned; numbers in it become metrics.

    A file without ``main`` runs as ``__main__`` with its arguments on the command line.
    """
    script = Path(args["script"])
    os.chdir(args["root"])
    os.environ.update(_sagemaker(args))
    # The step's own environment is already in os.environ, so what stands there wins over defaults.
    offered_variables = {
        name: os.environ.get(name, default) for name, default in args["environ_vars"].items()
    }
    variables = {name: value for name, value in offered_variables.items() if value is not None}
    os.environ.update(variables)
    sys.argv = [str(script), *_command_line(args["arguments"])]
    try:
        returned = _run(script, args, variables, context)
    except SystemExit as error:
        if error.code:
            raise
        return None  # sys.exit(0) says that all went well
    if isinstance(returned, Mapping):
        context.log_metrics(returned)
        return {
            str(key): value for key, value in returned.items() if isinstance(value, str | int | float | bool)
        }
    return None


def _run(script: Path, args: Mapping[str, Any], variables: dict[str, str], context: StepContext) -> Any:
    if entry_of(ast.parse(script.read_bytes(), filename=str(script))) != "paths":
        runpy.run_path(str(script), run_name="__main__")
        return None
    main = import_file(script).main
    job_args = Arguments(**{name.replace("-", "_"): value for name, value in args["arguments"].items()})
    if context.asked:
        job_args = WatchedArguments(job_args, context.asked)
    inputs, outputs = Paths(args["input_paths"], "input"), Paths(args["output_paths"], "output")
    given = Variables(variables, context.asked) if context.asked else variables
    offered = (inputs, outputs, given, job_args, context.logger)
    returned = main(*offered[: _takes(main)])
    if inspect.isawaitable(returned):
        import asyncio  # takes longer than all else here, and few scripts need it

        return asyncio.run(returned if inspect.iscoroutine(returned) else _await(returned))
    return returned


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


class WatchedArguments(Arguments):
    """The arguments of a script in a trial, noting those that it asks for."""

    __slots__ = ("_questions",)  # beside what `vars` shows

    def __init__(self, given: Arguments, questions: Questions) -> None:
        super().__init__(**vars(given))
        object.__setattr__(self, "_questions", questions)

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            self._questions.note_argument(name, found=name in self.__dict__)
        return super().__getattribute__(name)


async def _await(awaitable: Any) -> Any:
    return await awaitable


def entry_of(tree: ast.Module) -> Entry:
    """Return how a script is begun: its ``main`` is called with ``paths``, or it runs as a ``command``.

    ``main()`` and ``main(argv=None)`` are what a ``__main__`` block calls; without such a block any
    ``main`` is called. A module imported as ``main`` cannot be called; what has neither begins at ``""``.
    """
    block = any(isinstance(node, ast.If) and "__main__" in ast.dump(node.test) for node in tree.body)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "main":
            arguments = node.args
            count = len(arguments.posonlyargs) + len(arguments.args)
            takes = not block or count >= _FEWEST or arguments.vararg is not None
            return "paths" if takes else "command"
        if isinstance(node, ast.ImportFrom) and any(
            (alias.asname or alias.name) == "main" for alias in node.names
        ):
            return "command" if block else "paths"
    return "command" if block else ""


def _takes(main: Any) -> int:
    """Return how many of the five offered arguments ``main`` takes."""
    kinds = [parameter.kind for parameter in inspect.signature(main).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 4
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return min(5, sum(kind in positional for kind in kinds))


def _command_line(arguments: Mapping[str, Any]) -> list[str]:
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


def _sagemaker(args: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that SageMaker training containers set; each names a folder."""
    folders = args["folders"]
    found = {f"SM_CHANNEL_{name.upper()}": folders["input"][name] for name in args["input_paths"]}
    found |= {f"SM_OUTPUT_{name.upper()}": path for name, path in args["output_paths"].items()}
    if "model" in args["output_paths"]:
        found["SM_MODEL_DIR"] = folders["output"]["model"]
    return found
