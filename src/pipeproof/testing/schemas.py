"""Which schema the made data of a dataset keeps: what its reader needs, filled up with what its maker promises."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from functools import reduce

from pipeproof.contracts.constraints import ACCEPTED
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step
from pipeproof.planning.lint import promised

_PAIRED = {"maximum": "maximum_open", "minimum": "minimum_open"}
_UNSAID = Column("")


def input_schema(step: Step, local: str, pipeline: Pipeline) -> TableSchema | None:
    """Return what the data of an input are made from, or None when nothing is known of it."""
    port = step.contract.inputs.get(local)
    return _merge(port.schema if port else None, promised(step.inputs[local], pipeline))


def source_schema(source: str, pipeline: Pipeline) -> TableSchema | None:
    """Return what the data of a source are made from: its contract, filled up by those of all who read it."""
    read = (
        port.schema
        for step in pipeline.steps
        for local, dataset in step.inputs.items()
        if dataset == source and (port := step.contract.inputs.get(local)) is not None
    )
    schemas: Iterable[TableSchema | None] = (pipeline.sources[source].schema, *read)
    return reduce(_merge, schemas)


def _merge(first: TableSchema | None, second: TableSchema | None) -> TableSchema | None:
    """Return a schema that keeps both; where they differ on a column, the first one counts."""
    if first is None or second is None:
        return first or second
    asked = {column.name: column for column in first.columns}
    both = [_combine(asked.pop(column.name, None), column) for column in second.columns]
    most = [limit for limit in (first.max_rows, second.max_rows) if limit is not None]
    return replace(
        first,
        columns=(*both, *asked.values()),
        key=first.key or second.key,
        min_rows=max(first.min_rows, second.min_rows),
        max_rows=min(most, default=None),
    )


def _combine(asked: Column | None, given: Column) -> Column:
    if asked is None:
        return given
    said = {
        field.name: getattr(asked, field.name)
        for field in fields(Column)
        if getattr(asked, field.name) != getattr(_UNSAID, field.name)
    }
    if asked.type is not None and given.type in ACCEPTED[asked.type]:
        said["type"] = given.type  # an integer is what the maker writes, and a number to the reader
    for bound, mark in _PAIRED.items():
        if bound in said:
            said[mark] = getattr(asked, mark)
    return replace(given, **{**said, "nullable": asked.nullable})
