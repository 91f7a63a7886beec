"""Columns that a query uses and the contracts of its tables do not have."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from pipeproof.errors import Finding, suggest
from pipeproof.model.contract import TableSchema
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step
from pipeproof.steps.sql.query import parse, table_name


def unknown_columns(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    """Yield a finding for each column that no table of its scope can have.

    A column without a table is looked for in all tables of its scope, and only reported when every
    one of them has a contract; a contract that allows extra columns counts as complete, since a
    query should use no column that nobody promised.
    """
    schemas = known_schemas(step, pipeline)
    tree = parse(step.config.query_template, step.config.dialect)  # type: ignore[attr-defined]  # the kind's own config
    reported: set[str] = set()
    for scope in traverse_scope(tree):
        for column in scope.columns:
            finding = _unknown(column, scope, schemas, step)
            if finding and finding.what not in reported:
                reported.add(finding.what)
                yield finding


def known_schemas(step: Step, pipeline: Pipeline) -> dict[str, TableSchema]:
    """Return the contracts of the tables that a step reads, by table name in lower case."""
    found: dict[str, TableSchema] = {}
    for table, dataset in step.inputs.items():
        schema = promised(dataset, pipeline)
        if schema is not None and schema.columns:
            found[table.lower()] = schema
    return found


def promised(dataset: str, pipeline: Pipeline) -> TableSchema | None:
    """Return the contract of whoever makes a dataset."""
    if dataset in pipeline.sources:
        return pipeline.sources[dataset].schema
    maker = pipeline.makers.get(dataset)
    if maker is None:
        return None
    step = pipeline.by_name[maker]
    port = next(
        (step.contract.outputs.get(local) for local, name in step.outputs.items() if name == dataset), None
    )
    return port.schema if port else None


def _unknown(column: exp.Column, scope: Scope, schemas: dict[str, TableSchema], step: Step) -> Finding | None:
    name = column.name
    if not name or isinstance(column.this, exp.Star) or name.startswith("__pipeproof"):
        return None
    sources = {alias: source for alias, source in scope.sources.items() if alias in scope.selected_sources}
    looked_in = {column.table: sources.get(column.table)} if column.table else sources
    columns: set[str] = set()
    for source in looked_in.values():
        if not isinstance(source, exp.Table):
            return None  # a subquery or common table expression: its own scope is checked
        schema = schemas.get(table_name(source).lower())
        if schema is None:
            return None
        columns |= {known.lower() for known in schema.names}
    if not looked_in or name.lower() in columns | _aliases(scope):
        return None
    where = f"table {column.table!r}" if column.table else " and ".join(sorted(looked_in))
    return Finding(
        "PPF151",
        f"the query of {step.name!r} uses column {name!r}, which the contract of {where} does not have",
        step=step.name,
        column=name,
        path=("config", "query_template"),
        fix=suggest(name.lower(), columns),
    )


def _aliases(scope: Scope) -> set[str]:
    expression = scope.expression
    selects = expression.selects if isinstance(expression, exp.Query) else []
    return {select.alias.lower() for select in selects if select.alias}
