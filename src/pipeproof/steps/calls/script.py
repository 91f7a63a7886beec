"""The child's side of a script step: import the file, call it as it wants to be called. Standard library only."""

from __future__ import annotations

import ast
import inspect
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pipeproof.running.asked import Questions, Variables
from pipeproof.running.context import StepContext
from pipeproof.steps.calls.calling import Arguments, Paths, command_line, entry_of, sagemaker, takes
from pipeproof.steps.calls.files import import_file

_CONTEXT = "context"


def call_script(args: Mapping[str, Any], context: StepContext) -> Any:
    """Run a script and return what its ``main`` returned; numbers in it become metrics.

    A file without ``main`` runs as ``__main__`` with its arguments on the command line.
    """
    script = Path(args["script"])
    os.chdir(args["root"])
    os.environ.update(sagemaker(args))
    # The step's own environment is already in os.environ, so what stands there wins over defaults.
    offered_variables = {
        name: os.environ.get(name, default) for name, default in args["environ_vars"].items()
    }
    variables = {name: value for name, value in offered_variables.items() if value is not None}
    os.environ.update(variables)
    sys.argv = [str(script), *command_line(args["arguments"])]
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
    returned = main(*_in_turn(main, offered, context), **_by_keyword(main, context))
    if inspect.isawaitable(returned):
        import asyncio  # takes longer than all else here, and few scripts need it

        return asyncio.run(returned if inspect.iscoroutine(returned) else _await(returned))
    return returned


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


def _in_turn(main: Any, offered: Sequence[Any], context: StepContext) -> list[Any]:
    """Return the arguments of ``main``: what is offered in turn, and the context where a parameter is called so."""
    parameters = inspect.signature(main).parameters
    if _CONTEXT not in parameters:
        return list(offered[: takes(main)])
    positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    rest = iter(offered)
    given: list[Any] = []
    for name, parameter in parameters.items():
        if parameter.kind in positional:
            given += [context] if name == _CONTEXT else list(islice(rest, 1))
    return given


def _by_keyword(main: Any, context: StepContext) -> dict[str, Any]:
    asked = inspect.signature(main).parameters.get(_CONTEXT)
    return {_CONTEXT: context} if asked is not None and asked.kind is inspect.Parameter.KEYWORD_ONLY else {}


async def _await(awaitable: Any) -> Any:
    return await awaitable
