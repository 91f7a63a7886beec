"""``sql``: a query over datasets, on the embedded DuckDB; other dialects are transpiled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pipeproof.errors import Finding, Location
from pipeproof.model.contract import Contract
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Isolation, Step
from pipeproof.ports import Job, Objects, Program, StepKind, Wiring, config_of, option
from pipeproof.steps.staging import collect_table

if TYPE_CHECKING:
    from pipeproof.steps.marking import BadSqlError

Dialect = Literal[
    "duckdb", "snowflake", "postgres", "spark", "bigquery", "redshift", "mysql", "sqlite", "tsql"
]


@dataclass(frozen=True, slots=True)
class SqlConfig:
    """What a sql step needs."""

    query_template: str = option(doc="One SELECT; {parameter} is bound, never pasted.")
    output_name: str = option("", doc="Dataset that it makes; the step's name unless given.")
    query_parameters: Mapping[str, Any] = option(
        factory=dict, doc="Values for placeholders, over those of the run."
    )
    dialect: Dialect = option("duckdb", doc="SQL that the query is written in.")
    chunk_size: int | None = option(None, doc="Rows of a row group in what is written.")
    timeout: int | None = option(None, doc="Seconds; the same as `timeout` of the step.")


def _wire(name: str, config: SqlConfig, _contract: Contract) -> Wiring:
    from pipeproof.steps.marking import BadSqlError
    from pipeproof.steps.sql.query import parse, tables

    output = config.output_name or name
    try:
        read = tables(parse(config.query_template, config.dialect), config.query_parameters)
    except BadSqlError:
        read = ()  # `check` says what is wrong with the query
    return Wiring({table: table for table in read}, {output: output})


def _settle(step: Step, datasets: Collection[str]) -> Mapping[str, str]:
    from pipeproof.steps.sql.query import settle

    return {**step.inputs, **settle(step.inputs, datasets)}


def _check(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    from pipeproof.steps.marking import BadSqlError
    from pipeproof.steps.sql.query import parse, refuse_untranslatable, tables

    config = config_of(step, SqlConfig)
    try:
        query = parse(config.query_template, config.dialect)
        tables(query, config.query_parameters)
        refuse_untranslatable(query)
    except BadSqlError as error:
        yield _bad_query(step, error)
        return
    if config.chunk_size is not None and config.chunk_size < 1:
        yield Finding(
            "PPF105",
            f"chunk_size of {step.name!r} must be at least 1, this is {config.chunk_size}",
            step=step.name,
            path=("config", "chunk_size"),
        )
    from pipeproof.steps.sql.columns import unknown_columns

    yield from unknown_columns(query, step, pipeline)


def _bad_query(step: Step, error: BadSqlError) -> Finding:
    place = f" (line {error.line}, column {error.column} of it)" if error.line else ""
    return Finding(
        "PPF145",
        f"the query of {step.name!r} cannot be used: {error.message}",
        Location("", error.line, error.column) if error.line else None,
        step=step.name,
        path=("config", "query_template"),
        fix=f"correct the query{place}",
    )


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, SqlConfig)
    return Program(
        "pipeproof.steps.sql.execute:execute",
        {
            "query": config.query_template,
            "dialect": config.dialect,
            "parameters": {**job.parameters, **config.query_parameters},
            "tables": {
                table: str(objects.path(job.inputs[dataset].digest))
                for table, dataset in job.step.inputs.items()
            },
            "chunk_size": config.chunk_size,
            "into": str(job.scratch / "table.parquet"),
        },
    )


def _placeholders(config: SqlConfig) -> Iterable[str]:
    from pipeproof.steps.marking import placeholders

    found = placeholders(config.query_template, config.dialect)
    return [name for name in found if name not in config.query_parameters]


def _barrier(step: Step) -> str:
    from pipeproof.steps.volatile import may_be_volatile, volatile_part

    config = config_of(step, SqlConfig)
    if not may_be_volatile(config.query_template):
        return ""
    from pipeproof.steps.sql.query import parse

    part = volatile_part(parse(config.query_template, config.dialect).tree)
    return f"its query gives something else each time: {part}" if part else ""


def _meaning(step: Step) -> SqlConfig:
    """Return the config with the query as DuckDB gets it, but for what is bound: layout and comments are gone."""
    from pipeproof.steps.marking import BadSqlError
    from pipeproof.steps.sql.query import meaning

    config = config_of(step, SqlConfig)
    try:
        said = meaning(config.query_template, config.dialect)
    except BadSqlError:
        return config  # the run says what is wrong with it
    return replace(config, query_template=said, timeout=None)


def _isolation(_step: Step) -> Isolation:
    return "thread"


KIND = StepKind(
    name="sql",
    summary="a query over datasets, on the embedded DuckDB",
    config=SqlConfig,
    example="""\
- name: extract
  type: sql
  config:
    query_template: SELECT * FROM flights WHERE date < '{partition_date}'
    output_name: past_flights
""",
    wire=_wire,
    prepare=_prepare,
    collect=collect_table,
    settle=_settle,
    check=_check,
    engines=("duckdb",),
    barrier=_barrier,
    meaning=_meaning,
    draws=False,
    isolation=_isolation,
    placeholders=_placeholders,
    aliases={"SnowparkQueryStep": {"dialect": "snowflake"}},
)
