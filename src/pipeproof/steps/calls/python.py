"""The child's side of a python step: inputs as the function wants them, results as data."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from pipeproof.errors import ContractError, Finding, suggest
from pipeproof.importing import importing
from pipeproof.running.context import StepContext
from pipeproof.running.exchange import keep, open_as
from pipeproof.steps.calls.files import import_file, make_importable

LOCAL: WeakValueDictionary[str, Callable[..., Any]] = WeakValueDictionary()
"""Functions of this process that cannot be imported elsewhere (notebook cells), by reference."""
_signatures: WeakKeyDictionary[Callable[..., Any], Mapping[str, inspect.Parameter]] = WeakKeyDictionary()


class LocalReference(str):
    """The reference of a function that only this process has.

    A step that holds it keeps the function; with the last one the function goes, and all that it holds.
    """

    __slots__ = ("function",)
    function: Callable[..., Any]


def call_function(args: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Call the function and return its results as plain data: values, or paths of tables and files.

    Raises:
        ContractError: The function is not there, or returned something that cannot be kept.
    """
    function = find_function(args["function"], args["root"])
    parameters = _parameters(function)
    given = {name: open_as(item, _annotation(parameters.get(name))) for name, item in args["inputs"].items()}
    offered = args.get("offered", {})
    taken = offered.keys() & parameters.keys()
    given |= {name: open_as(offered[name], _annotation(parameters[name])) for name in taken}
    given |= args["arguments"]
    given |= {name: None for name in args.get("absent", ()) if _has_no_default(parameters.get(name))}
    for name in parameters:
        if name == "context":
            given[name] = context
        elif name not in given and name in context.parameters:
            given[name] = context.parameters[name]
    returned = function(**given)
    if inspect.isawaitable(returned):
        import asyncio  # takes longer than all else here, and few functions need it

        returned = asyncio.run(returned if inspect.iscoroutine(returned) else _await(returned))
    return _results(returned, args, context)


def _has_no_default(parameter: inspect.Parameter | None) -> bool:
    return parameter is not None and parameter.default is inspect.Parameter.empty


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function, looked up once while it lives."""
    try:
        found = _signatures.get(function)
        if found is None:
            found = _signatures[function] = inspect.signature(function).parameters
    except TypeError:  # a callable that cannot be hashed, or referred to weakly
        return inspect.signature(function).parameters
    return found


async def _await(awaitable: Any) -> Any:
    return await awaitable


def _annotation(parameter: inspect.Parameter | None) -> Any:
    return None if parameter is None else parameter.annotation


def find_function(reference: str, root: str) -> Callable[..., Any]:
    """Return the function that ``module:name``, ``file.py:name`` or a local reference names.

    Raises:
        ContractError: The module has no such function.
    """
    if reference in LOCAL:
        return LOCAL[reference]
    place, _, name = reference.rpartition(":")
    with importing(place):
        module = _from_file(Path(root) / place) if place.endswith(".py") else importlib.import_module(place)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    found = getattr(found, "function", found)  # a @step wraps the function
    if not callable(found):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise ContractError(Finding("PPF142", f"{place} has no function {name!r}", fix=suggest(name, known)))
    function: Callable[..., Any] = found
    return function


def _from_file(path: Path) -> Any:
    make_importable(str(path.parent))  # for each call: the worker puts the import path back after a task
    if not path.is_file():
        raise ContractError(Finding("PPF141", f"there is no Python file {path}", fix="check `function`"))
    return import_file(path)


def _results(returned: Any, args: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Return the outputs of the step: what the function returned, and what it stored under their names.

    Raises:
        ContractError: One is missing, or was returned and stored.
    """
    names: list[str] = args["outputs"]
    by_dataset = context.logged.named("stored")
    datasets = args["datasets"] if by_dataset else {}
    stored = {name: by_dataset[dataset] for name, dataset in datasets.items() if dataset in by_dataset}
    if args["split"]:
        given = {} if returned is None and stored else returned
        if not isinstance(given, Mapping) or set(names) - set(given) - set(stored):
            raise ContractError(_not_returned(names, returned, context.step))
    else:
        given = {} if returned is None and stored else {names[0]: returned}
    if twice := sorted(set(given) & set(stored)):
        what = f"{context.step} stored {', '.join(twice)} and returned it too"
        raise ContractError(Finding("PPF261", what, step=context.step, fix="do one of the two"))
    said = f"{context.step} returned"
    return {
        name: {"stored": stored[name]} if name in stored else keep(given[name], name, args["into"], said)
        for name in names
    }


def _not_returned(names: Collection[str], returned: Any, step: str) -> Finding:
    got = sorted(returned) if isinstance(returned, Mapping) else type(returned).__name__
    return Finding(
        "PPF207", f"{step} must return a dict with {', '.join(names)}; it returned {got}", step=step
    )
