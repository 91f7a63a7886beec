"""The child's side of a hook: a function called with what happened, or a script run with it in its environment."""

from __future__ import annotations

import inspect
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ContractError, Finding
from pipeproof.running.context import StepContext
from pipeproof.steps.calls.python import find_function


def call_hook(args: Mapping[str, Any], context: StepContext) -> None:
    """Call a hook; what it returns means nothing.

    A function is given those of ``event``, ``context``, its arguments and the run's parameters that it has
    parameters for.

    Raises:
        ContractError: The function or script is not there.
    """
    reference = args["function"]
    if ":" not in reference:
        path = Path(args["root"]) / reference
        if not path.is_file():
            raise ContractError(Finding("PPF141", f"there is no script {path}", fix="check the hook"))
        runpy.run_path(str(path), run_name="__main__")
        return
    function = find_function(reference, args["root"])
    known = {**context.parameters, **args["arguments"], "event": args["event"], "context": context}
    parameters = inspect.signature(function).parameters.values()
    takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)
    names = {one.name for one in parameters}
    given = {
        name: known[name] for name in known if name in names or (takes_all and name in args["arguments"])
    }
    returned = function(**given)
    if inspect.isawaitable(returned):
        import asyncio

        asyncio.run(_await(returned))


async def _await(awaitable: Any) -> Any:
    return await awaitable
