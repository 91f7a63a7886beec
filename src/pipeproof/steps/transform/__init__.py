"""``transform``: operations on a table, one after the other, compiled to one lazy Polars query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pipeproof.errors import Finding, Location
from pipeproof.model.contract import Contract
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Isolation, Step
from pipeproof.planning.lint import promised
from pipeproof.ports import Job, Objects, Program, StepKind, Wiring, config_of, option
from pipeproof.steps.staging import collect_table
from pipeproof.steps.transform.columns import Columns, walk
from pipeproof.steps.transform.expressions import expressions, fill_placeholders
from pipeproof.steps.transform.operations import (
    AddColumn,
    Aggregate,
    Aggregation,
    AnyOperation,
    Cast,
    Distinct,
    Drop,
    FillNulls,
    Filter,
    Join,
    Operation,
    Rename,
    Sample,
    Select,
    Sort,
    Union,
    Window,
    encode,
    others,
)
from pipeproof.steps.transform.rules import problems

__all__ = [
    "KIND",
    "AddColumn",
    "Aggregate",
    "Aggregation",
    "Cast",
    "Distinct",
    "Drop",
    "FillNulls",
    "Filter",
    "Join",
    "Operation",
    "Rename",
    "Sample",
    "Select",
    "Sort",
    "TransformConfig",
    "Union",
    "Window",
]


@dataclass(frozen=True, slots=True)
class TransformConfig:
    """What a transform step needs."""

    input_name: str = option(doc="Dataset to work on; the left one of a join, the first of a union.")
    transformations: tuple[AnyOperation, ...] = option(doc="Operations, in order; each has a `type`.")
    output_name: str = option("", doc="Dataset that it makes; the step's name unless given.")
    dialect: Literal["duckdb", "snowflake", "postgres"] = option(
        "duckdb", doc="SQL that the expressions are written in."
    )


def _wire(name: str, config: TransformConfig, _contract: Contract) -> Wiring:
    read = [
        config.input_name,
        *(other for operation in config.transformations for other in others(operation)),
    ]
    return Wiring(
        {dataset: dataset for dataset in read}, {config.output_name or name: config.output_name or name}
    )


def _check(step: Step, pipeline: Pipeline) -> Iterator[Finding]:
    config = config_of(step, TransformConfig)
    for found in (
        *problems(config.transformations),
        *_bad_expressions(config),
        *_unknown_columns(config, step, pipeline),
    ):
        yield _of_step(found, step)


def _of_step(finding: Finding, step: Step) -> Finding:
    return replace(finding, what=f"{step.name}: {finding.what}", step=step.name)


def _bad_expressions(config: TransformConfig) -> Iterator[Finding]:
    for number, operation in enumerate(config.transformations):
        for place, text, role in expressions(operation):
            from pipeproof.steps.marking import BadSqlError
            from pipeproof.steps.transform.expression import parse

            try:
                parse(text, role, config.dialect)
            except BadSqlError as error:
                yield Finding(
                    "PPF146",
                    f"operation {number + 1} ({operation.type}): {error.message}",
                    Location("", error.line, error.column) if error.line else None,
                    path=("config", "transformations", number, *place),
                    fix="correct the expression",
                )


def _unknown_columns(config: TransformConfig, step: Step, pipeline: Pipeline) -> Iterator[Finding]:
    known = {local: _promised(dataset, pipeline) for local, dataset in step.inputs.items()}
    yield from walk(config.transformations, known.get(config.input_name), known, config.dialect)


def _promised(dataset: str, pipeline: Pipeline) -> Columns:
    schema = promised(dataset, pipeline)
    return schema.names if schema is not None and schema.columns else None


def _placeholders(config: TransformConfig) -> Iterable[str]:
    names: dict[str, None] = {}
    for operation in config.transformations:
        names |= dict.fromkeys(fill_placeholders(operation))
        for _, text, _ in expressions(operation):
            if "{" in text:
                from pipeproof.steps.marking import placeholders

                names |= dict.fromkeys(placeholders(text, config.dialect))
    return tuple(names)


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, TransformConfig)
    return Program(
        "pipeproof.steps.transform.execute:execute",
        {
            "input": config.input_name,
            "tables": {
                name: str(objects.path(job.inputs[dataset].digest))
                for name, dataset in job.step.inputs.items()
            },
            "operations": [encode(operation) for operation in config.transformations],
            "parameters": dict(job.parameters),
            "dialect": config.dialect,
            "seed": job.seed,
            "into": str(job.scratch / "table.parquet"),
        },
    )


def _barrier(step: Step) -> str:
    from pipeproof.steps.volatile import may_be_volatile, volatile_part

    config = config_of(step, TransformConfig)
    for operation in config.transformations:
        for _, text, role in expressions(operation):
            if may_be_volatile(text):
                from pipeproof.steps.transform.expression import parse

                if part := volatile_part(parse(text, role, config.dialect).tree):
                    return f"its expression gives something else each time: {part}"
    return ""


def _isolation(step: Step) -> Isolation:
    # A Polars query cannot be interrupted, so one that may have to be ended runs in a process.
    return "thread" if step.timeout is None else "worker"


def _preload(_step: Step) -> Iterable[str]:
    return ("polars",)


KIND = StepKind(
    name="transform",
    summary="operations on a table, one after the other, as one Polars query",
    config=TransformConfig,
    example="""\
- name: features
  type: transform
  config:
    input_name: clean_flights
    output_name: features
    transformations:
      - {type: fill_nulls, columns: [wind_gust], value: 0}
      - {type: add_column, name: minute_of_day, value: hour * 60 + minute}
      - {type: filter, condition: "date >= DATE '{partition_date}'"}
""",
    wire=_wire,
    prepare=_prepare,
    collect=collect_table,
    check=_check,
    preload=_preload,
    engines=("polars",),
    barrier=_barrier,
    isolation=_isolation,
    placeholders=_placeholders,
    aliases={"SnowparkTransformStep": {"dialect": "snowflake"}},
)
