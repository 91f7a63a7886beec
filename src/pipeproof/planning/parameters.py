"""The values that a run is given: declared, typed, with defaults."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Parameter

# Workflows of the first generation use {partition_date} without declaring it.
IMPLIED = {"partition_date": Parameter("partition_date", "date", description="day that is processed")}


def bind(pipeline: Pipeline, given: Mapping[str, object], used: Iterable[str]) -> Mapping[str, Scalar]:
    """Return a typed value for every parameter.

    Args:
        pipeline: Its declared parameters.
        given: Values as given, texts from a command line among them.
        used: Placeholders that the pipeline uses; an implied parameter counts when it is used.

    Raises:
        UsageError: With every problem: unknown names, wrong types, missing values.
    """
    declared = declared_parameters(pipeline, used)
    problems = [_unknown(pipeline, name, declared) for name in given if name not in declared]
    values: dict[str, Scalar] = {}
    for name, parameter in declared.items():
        try:
            values[name] = _value(parameter, given)
        except ValueError as error:
            problems.append(Finding("PPF133", str(error), fix=f"give -p {name}=VALUE ({parameter.type})"))
    if problems:
        raise UsageError(*problems)
    return values


def declared_parameters(pipeline: Pipeline, used: Iterable[str]) -> Mapping[str, Parameter]:
    """Return the parameters of a pipeline, implied ones among them when they are used."""
    used = set(used)
    implied = {name: parameter for name, parameter in IMPLIED.items() if name in used}
    return {**implied, **pipeline.parameters}


def _value(parameter: Parameter, given: Mapping[str, object]) -> Scalar:
    if parameter.name in given:
        return convert(parameter, given[parameter.name])
    if parameter.required:
        raise ValueError(f"the parameter {parameter.name!r} has no value")
    return parameter.default


_STAND_INS: Mapping[str, Scalar] = {
    "date": "2024-06-30",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "string": "test",
}


def stand_in(parameter: Parameter) -> Scalar:
    """Return what a test gives for a parameter that has no value: its example, else one of its type."""
    return _STAND_INS[parameter.type] if parameter.example is None else parameter.example


def convert(parameter: Parameter, value: object) -> Scalar:
    """Return a value as the type of its parameter; dates stay text, checked.

    Raises:
        ValueError: It is not of that type.
    """
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    try:
        if parameter.type == "integer":
            return int(text)
        if parameter.type == "number":
            return float(text)
        if parameter.type == "boolean":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                text.lower()
            ]
        if parameter.type == "date":
            return dt.date.fromisoformat(text[:10] if isinstance(value, dt.datetime) else text).isoformat()
    except (ValueError, KeyError):
        example = {"date": " such as 2013-07-03", "boolean": ": true or false"}.get(parameter.type, "")
        raise ValueError(
            f"the parameter {parameter.name!r} is {text!r}, which is no {parameter.type}{example}"
        ) from None
    return text


def with_defaults(pipeline: Pipeline, given: Mapping[str, object], used: Iterable[str]) -> Pipeline:
    """Return a pipeline whose parameters have these values unless a run is given others.

    Raises:
        UsageError: An unknown parameter or a wrong type.
    """
    declared = dict(declared_parameters(pipeline, used))
    problems: list[Finding] = []
    for name, value in given.items():
        if name not in declared:
            problems.append(_unknown(pipeline, name, declared))
            continue
        try:
            declared[name] = replace(declared[name], default=convert(declared[name], value), required=False)
        except ValueError as error:
            problems.append(Finding("PPF133", str(error), fix=f"give it as a {declared[name].type}"))
    if problems:
        raise UsageError(*problems)
    return replace(pipeline, parameters=frozen(declared))


def _unknown(pipeline: Pipeline, name: str, declared: Mapping[str, Parameter]) -> Finding:
    return Finding(
        "PPF133", f"{pipeline.name} has no parameter {name!r}", fix=suggest(name, declared) or "it takes none"
    )
