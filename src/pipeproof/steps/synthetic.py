"""Made data as a step: a trial has it where a run has a source or a step upstream."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.model.artifact import Artifact
from pipeproof.model.codec import from_plain, to_plain
from pipeproof.model.contract import Contract, TableSchema
from pipeproof.model.step import Step
from pipeproof.model.trial import STANDARD, Case
from pipeproof.ports import Job, Objects, Program, Result, StepKind, Wiring, config_of, option
from pipeproof.running.context import StepContext

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A table that is to be made."""

    schema: TableSchema = option(doc="What it keeps, or breaks in one rule.")
    case: Case = option(STANDARD, doc="What is peculiar about it.")
    rows: int = option(200, doc="How many rows are wanted, as far as the schema allows.")
    seed: int = option(0, doc="Seed of all that is drawn.")
    name: str = option("", doc="Dataset that it is made for; part of the seed.")
    around: str = option("", doc="Last day of dates without bounds, such as 2013-07-03.")


def parents_of(schema: TableSchema) -> tuple[str, ...]:
    """Return the datasets that the columns of a schema refer to."""
    found = (column.references.dataset for column in schema.columns if column.references is not None)
    return tuple(dict.fromkeys(found))


def as_step(name: str, config: Synthetic, parents: Mapping[str, str], dataset: str = "") -> Step:
    """Return the step that makes a table.

    Args:
        name: Name of the step.
        config: What is made.
        parents: What columns refer to: name in the contract → dataset; those of others are left out.
        dataset: Dataset that it makes; named as the step unless given.
    """
    wanted = {local: parents[local] for local in parents_of(config.schema) if local in parents}
    return Step(name, "synthetic", config, inputs=wanted, outputs={config.name: dataset or name})


def _wire(name: str, config: Synthetic, _contract: Contract) -> Wiring:
    parents = parents_of(config.schema)
    return Wiring(dict(zip(parents, parents, strict=True)), {config.name or name: name})


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, Synthetic)
    tables = {
        local: job.inputs[dataset] for local, dataset in job.step.inputs.items() if dataset in job.inputs
    }
    return Program(
        "pipeproof.steps.synthetic:make",
        {
            "schema": to_plain(config.schema),
            "case": to_plain(config.case),
            "rows": config.rows,
            "seed": config.seed,
            "name": config.name or job.step.name,
            "around": config.around,
            "parents": {
                local: str(objects.path(made.digest))
                for local, made in tables.items()
                if made.kind == "table"
            },
            "into": str(job.scratch / "table.parquet"),
        },
    )


def make(args: Mapping[str, Any], _context: StepContext) -> dict[str, Any]:
    """Make the table, write it, and return how many rows and which columns it has.

    Raises:
        ContractError: The contract asks for more rows than it allows values for.
    """
    from pipeproof.data.synth import make_table
    from pipeproof.formats.tables import logical_type, write

    schema = from_plain(TableSchema, args["schema"])
    table = make_table(
        schema,
        from_plain(Case, args["case"]),
        rows=args["rows"],
        seed=args["seed"],
        name=args["name"],
        around=dt.date.fromisoformat(args["around"]) if args["around"] else None,
        parents=_parents(schema, args["parents"]),
    )
    into = Path(args["into"])
    into.parent.mkdir(parents=True, exist_ok=True)
    write(table.lazy(), into, "parquet")
    return {
        "rows": table.height,
        "columns": [(column, logical_type(kind)) for column, kind in table.schema.items()],
    }


def _parents(schema: TableSchema, paths: Mapping[str, str]) -> dict[str, pl.DataFrame]:
    """Return the columns that are referred to, of each table that is there."""
    import polars as pl

    wanted: dict[str, set[str]] = {}
    for column in schema.columns:
        if column.references is not None:
            wanted.setdefault(column.references.dataset, set()).add(column.references.column)
    frames = {name: pl.scan_parquet(path, glob=False) for name, path in paths.items()}
    there = {name: set(frame.collect_schema()) & wanted.get(name, set()) for name, frame in frames.items()}
    return {name: frame.select(sorted(there[name])).collect() for name, frame in frames.items()}


def _collect(job: Job, result: Result, objects: Objects) -> Mapping[str, Artifact]:
    digest, size = objects.add(job.scratch / "table.parquet", move=True)
    name = f"{config_of(job, Synthetic).name}.parquet"
    columns = tuple((column, kind) for column, kind in result.value["columns"])
    made = Artifact("table", digest, size, name=name, rows=result.value["rows"], columns=columns)
    return dict.fromkeys(job.step.outputs, made)


KIND = StepKind(
    name="synthetic",
    summary="made data (a test puts them where data come from)",
    config=Synthetic,
    example="",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    hidden=True,
)
