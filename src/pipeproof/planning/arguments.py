"""The arguments that a step gives its code, held against those that its contract declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeproof.errors import Finding, suggest
from pipeproof.model.contract import Argument
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step
from pipeproof.planning.parameters import IMPLIED
from pipeproof.planning.templates import names_in


def arguments_that_do_not_fit(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    """Yield arguments that are missing, of a wrong type, or not declared; nothing declared is no promise."""
    declared = {_plain(argument.name): argument for argument in step.contract.arguments}
    given = getattr(step.config, "arguments", None)
    if not declared or not isinstance(given, Mapping):
        return
    names = {_plain(name) for name, value in given.items() if value is not None}
    for plain, argument in declared.items():
        if argument.required and argument.default is None and plain not in names:
            yield Finding(
                "PPF156",
                f"step {step.name!r} does not give the argument {argument.name!r}, which its contract requires",
                step=step.name,
                path=("config", "arguments"),
                fix=f"add {argument.name}: to `arguments:` of its config",
            )
    for name, value in given.items():
        at = ("config", "arguments", name)
        if _plain(name) not in declared:
            known = [argument.name for argument in declared.values()]
            what = f"step {step.name!r} gives the argument {name!r}, which its contract does not declare"
            yield Finding(
                "PPF156", what, severity="warning", step=step.name, path=at, fix=suggest(name, known)
            )
        elif says := _misfit(value, declared[_plain(name)], pipeline):
            what = f"step {step.name!r}: the argument {name!r} {says}"
            yield Finding("PPF156", what, step=step.name, path=at, fix="correct the value, or the contract")


def _plain(name: str) -> str:
    """Return the name that the code sees: `max-delay` on the command line is `max_delay` there."""
    return name.replace("-", "_")


def _misfit(value: Any, argument: Argument, pipeline: Pipeline) -> str:
    """Return what is wrong with a value, or ''; any single value can be written as a text."""
    wanted = argument.type
    if value is None:
        return ""
    names = list(names_in(value))
    if isinstance(value, str) and names and value == f"{{{names[0]}}}":
        parameter = pipeline.parameters.get(names[0]) or IMPLIED.get(names[0])
        made = parameter.type if parameter else wanted
        fits = wanted in {"string", made} or (wanted, made) == ("number", "integer")
        return "" if fits else f"is the parameter {names[0]!r}, a {made}; its contract says {wanted}"
    fits = {
        "string": isinstance(value, str | int | float),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }[wanted]
    return "" if fits else f"is {value!r}; its contract says {wanted}"
