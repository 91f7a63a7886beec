"""The child's side of a python step: inputs as the function wants them, results as data."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ContractError, Finding, suggest
from pipeproof.importing import importing
from pipeproof.running.context import StepContext
from pipeproof.steps.calls.files import import_file, make_importable

LOCAL: dict[str, Callable[..., Any]] = {}
"""Functions of this process that cannot be imported elsewhere (notebook cells), by reference."""


def call_function(args: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Call the function and return its results as plain data: values, or paths of tables and files.

    Raises:
        ContractError: The function is not there, or returned something that cannot be kept.
    """
    function = find_function(args["function"], args["root"])
    parameters = _parameters(function)
    given = {name: convert(item, parameters.get(name)) for name, item in args["inputs"].items()}
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


@functools.lru_cache(maxsize=256)
def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


async def _await(awaitable: Any) -> Any:
    return await awaitable


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


def convert(item: Mapping[str, Any], parameter: inspect.Parameter | None) -> Any:
    """Return an input as its parameter is annotated: a Polars frame unless it asks for something else."""
    if "value" in item:
        return item["value"]
    if "path" in item:
        return Path(item["path"])
    wanted = _annotation(parameter)
    if wanted.endswith("Path"):
        return Path(item["table"])
    import polars as pl

    if wanted.endswith("LazyFrame"):
        return pl.scan_parquet(item["table"], glob=False)
    frame = pl.read_parquet(item["table"], glob=False)
    if wanted in {"pandas.DataFrame", "pd.DataFrame"}:
        return frame.to_pandas()
    if wanted in {"pyarrow.Table", "pa.Table"}:
        return frame.to_arrow()
    return frame


def _annotation(parameter: inspect.Parameter | None) -> str:
    if parameter is None or parameter.annotation is inspect.Parameter.empty:
        return ""
    annotation = parameter.annotation
    if isinstance(annotation, str):
        return annotation
    module = getattr(annotation, "__module__", "").partition(".")[0]
    return f"{module}.{getattr(annotation, '__name__', '')}"


def _results(returned: Any, args: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    names: list[str] = args["outputs"]
    if not args["split"]:
        return {names[0]: keep(returned, names[0], args["into"], context)}
    if not isinstance(returned, Mapping) or set(names) - set(returned):
        got = sorted(returned) if isinstance(returned, Mapping) else type(returned).__name__
        what = f"{context.step} must return a dict with {', '.join(names)}; it returned {got}"
        raise ContractError(Finding("PPF207", what, step=context.step))
    return {name: keep(returned[name], name, args["into"], context) for name in names}


def _scalar(value: Any) -> Any:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 0) == 0:
        return item()
    raise TypeError


# Taken before any code of the user's runs, which may exchange what the module offers.
_encode = json.JSONEncoder(default=_scalar).encode
_decode = json.JSONDecoder().decode


def keep(value: Any, name: str, into: str, context: StepContext) -> dict[str, Any]:
    """Return a result as plain data; tables are written, anything that JSON cannot hold is refused."""
    if isinstance(value, os.PathLike):
        return {"path": os.fspath(value)}
    if hasattr(value, "__arrow_c_stream__") or type(value).__name__ in {"LazyFrame", "DataFrame"}:
        return {"table": str(_write_table(value, name, into))}
    try:
        return {"value": _decode(_encode(value))}
    except (TypeError, ValueError):
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise ContractError(
            Finding(
                "PPF208",
                f"{context.step} returned {kind} as {name!r}, which cannot be kept",
                step=context.step,
                fix="return a table, a path, or values that JSON can hold",
            )
        ) from None


def _write_table(value: Any, name: str, into: str) -> Path:
    import polars as pl

    from pipeproof.formats.tables import write

    frame = value if isinstance(value, pl.DataFrame | pl.LazyFrame) else pl.DataFrame(value)
    folder = Path(into)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.parquet"
    write(frame.lazy(), path, "parquet")
    return path
