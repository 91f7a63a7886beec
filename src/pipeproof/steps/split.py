"""``split``: a table becomes a part for each value of a column; hidden, the plan puts it before the items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import ContractError, Finding, suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract
from pipeproof.model.each import MOST_ITEMS, PARTS, labels_of
from pipeproof.planning.items import SPLIT, Split, part_name
from pipeproof.ports import Job, Objects, Program, Result, StepKind, Wiring, config_of
from pipeproof.running.context import StepContext


def _wire(_name: str, _config: Any, _contract: Contract) -> Wiring:
    return Wiring()


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, Split)
    table = job.inputs[job.step.inputs[config.table]]
    if table.kind != "table":
        what = f"{job.step.name} splits a table, {config.table!r} is a {table.kind}"
        raise ContractError(Finding("PPF568", what, step=job.step.name, fix="name a table"))
    return Program(
        "pipeproof.steps.split:take_apart",
        {"table": str(objects.path(table.digest)), "by": config.by, "into": str(job.scratch)},
    )


def take_apart(args: Mapping[str, Any], context: StepContext) -> list[dict[str, Any]]:
    """Write a table for each value of a column, in the order of the values, and return values and paths.

    Raises:
        ContractError: The column is not there, holds no single values, or too many.
    """
    import polars as pl

    from pipeproof.formats.tables import write

    by, frame = args["by"], pl.scan_parquet(args["table"], glob=False)
    schema = frame.collect_schema()
    if by not in schema:
        fix = suggest(by, schema.names())
        raise ContractError(
            Finding("PPF568", f"{context.step} splits by {by!r}, which is no column", fix=fix)
        )
    if schema[by].is_nested() or schema[by] == pl.Binary:
        what = f"{context.step} splits by {by!r}, whose values are no single values ({schema[by]})"
        raise ContractError(Finding("PPF568", what, fix="split by texts, numbers or dates"))
    values = frame.select(pl.col(by).unique().sort(nulls_last=True)).collect()[by]
    if len(values) > MOST_ITEMS:
        what = (
            f"{context.step} splits by {by!r}, which has {len(values):,} values; {MOST_ITEMS:,} is the most"
        )
        raise ContractError(Finding("PPF568", what, fix="split by a column with fewer values"))
    folder = Path(args["into"])
    folder.mkdir(parents=True, exist_ok=True)
    parts = frame.collect().partition_by(by, as_dict=True, maintain_order=True)
    made = []
    for number, value in enumerate(values):
        path = folder / f"{number}.parquet"
        write(parts[value,].lazy(), path, "parquet")
        plain = value if value is None or isinstance(value, str | int | float | bool) else str(value)
        made.append({"item": plain, "path": str(path)})
    return made


def _collect(job: Job, result: Result, objects: Objects) -> Mapping[str, Artifact]:
    from pipeproof.data.artifacts import take_table, value_artifact

    config = config_of(job, Split)
    items = [part["item"] for part in result.value]
    front = f"{job.step.name.removesuffix(PARTS)}{job.step.inputs[config.table]}"
    made = {
        part_name(front, label): take_table(Path(part["path"]), objects, f"{config.table}.parquet")
        for label, part in zip(labels_of(items), result.value, strict=True)
    }
    return {PARTS: value_artifact(items, objects, job.scratch), **made}


KIND = StepKind(
    name=SPLIT,
    summary="a table, taken apart by the values of a column",
    config=Split,
    example="",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    hidden=True,
)
