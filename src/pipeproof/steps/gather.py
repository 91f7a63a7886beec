"""``gather``: what the items of a step made becomes one dataset; hidden, the plan puts it behind the items."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ContractError, Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract, Port, TableSchema
from pipeproof.planning.items import GATHER, Gather, part_name
from pipeproof.ports import Job, Objects, Program, Result, StepKind, Wiring, config_of
from pipeproof.running.context import StepContext

if TYPE_CHECKING:
    import polars as pl


def _wire(_name: str, _config: Any, _contract: Contract) -> Wiring:
    return Wiring()


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, Gather)
    tables = {
        output: [
            {"item": item, "path": str(objects.path(made.digest)), "label": label}
            for item, label, made in _made(job, config, output)
        ]
        for output in config.outputs
        if _kind(job, config, output) == "table"
    }
    return Program(
        "pipeproof.steps.gather:put_together",
        {"tables": tables, "column": config.column},
    )


def _made(job: Job, config: Gather, output: str) -> list[tuple[Any, str, Artifact]]:
    """Return what each item made for an output, as far as it did, in the order of the items."""
    found = []
    for item, label in zip(config.items, config.labels, strict=True):
        artifact = job.inputs.get(job.step.inputs[part_name(output, label)])
        if artifact is not None:
            found.append((item, label, artifact))
    return found


def _kind(job: Job, config: Gather, output: str) -> str:
    """Return what is gathered: a table, a list of values, or a folder of what the items made.

    Raises:
        ContractError: Items made different kinds of data.
    """
    kinds = {made.kind for _, _, made in _made(job, config, output)}
    if "file" in kinds or "folder" in kinds:
        kinds = {kind for kind in kinds if kind not in {"file", "folder"}} | {"folder"}
    if not kinds:
        port = job.step.contract.outputs.get(output, Port(output))
        return "table" if port.schema is not None and port.schema.columns else "value"
    if len(kinds) > 1:
        what = f"the items of {job.step.name} made different kinds of data for {output!r}: {', '.join(sorted(kinds))}"
        raise ContractError(
            Finding("PPF569", what, step=job.step.name, fix="let each item make the same kind")
        )
    return kinds.pop()


def put_together(args: Mapping[str, Any], context: StepContext) -> dict[str, str]:
    """Write one table for each output whose items made tables; a column says which item a row is of.

    Raises:
        ContractError: The tables of two items do not fit together.
    """
    made = {}
    for output, parts in args["tables"].items():
        path = Path(context.scratch, f"{output}.parquet")
        if parts:
            _write(parts, args["column"], path, context.step)
        made[output] = str(path)
    return made


def _write(parts: Sequence[Mapping[str, Any]], column: str, path: Path, step: str) -> None:
    import polars as pl

    from pipeproof.formats.tables import write

    frames = [_with_item(pl.scan_parquet(part["path"], glob=False), column, part["item"]) for part in parts]
    try:
        write(pl.concat(frames, how="vertical_relaxed"), path, "parquet")
    except pl.exceptions.PolarsError as error:
        first = frames[0].collect_schema()
        other = next((i for i, frame in enumerate(frames) if frame.collect_schema() != first), 0)
        what = (
            f"what the items of {step} made does not fit together: {parts[0]['label']} has {_columns(frames[0])}; "
            f"{parts[other]['label']} has {_columns(frames[other])}"
        )
        fix = "let each item make the same columns with the same types"
        raise ContractError(Finding("PPF569", what, step=step, fix=fix)) from error


def _write_empty(schema: TableSchema | None, path: Path) -> None:
    """Write a table without rows, with the columns that are known of it."""
    import polars as pl

    from pipeproof.formats.casts import cast_to
    from pipeproof.formats.tables import write

    columns = {column.name: pl.Null for column in schema.columns} if schema else {}
    write(cast_to(pl.LazyFrame(schema=columns), schema).frame, path, "parquet")


def _with_item(frame: pl.LazyFrame, column: str, item: Any) -> pl.LazyFrame:
    """Return a table with the column that says which item it is of, unless it has one of this name."""
    import polars as pl

    return frame if column in frame.collect_schema() else frame.with_columns(pl.lit(item).alias(column))


def _columns(frame: pl.LazyFrame) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in frame.collect_schema().items())


def _collect(job: Job, result: Result, objects: Objects) -> Mapping[str, Artifact]:
    config = config_of(job, Gather)
    return {output: _gathered(job, config, output, result, objects) for output in config.outputs}


def _gathered(job: Job, config: Gather, output: str, result: Result, objects: Objects) -> Artifact:
    from pipeproof.data.artifacts import take_table, value_artifact, value_of
    from pipeproof.formats.convert import narrow_dates

    made = _made(job, config, output)
    kind = _kind(job, config, output)
    if kind == "table":
        path, port = Path(result.value[output]), job.step.contract.outputs.get(output)
        if not made:
            _write_empty(port.schema if port else None, path)
        narrow_dates(path, port.schema if port else None)
        return take_table(path, objects, f"{output}.parquet")
    if kind == "value":
        return value_artifact([value_of(artifact, objects) for _, _, artifact in made], objects, job.scratch)
    folder = job.scratch / "gathered" / output
    folder.mkdir(parents=True, exist_ok=True)
    for _, label, artifact in made:
        to = folder / label
        if artifact.kind == "file":
            to = to.with_name(label + "".join(Path(artifact.name).suffixes))
        objects.lay_out(artifact.digest, to)
    digest, size = objects.add(folder, move=False)
    shutil.rmtree(folder)
    return Artifact("folder", digest, size, name=output)


KIND = StepKind(
    name=GATHER,
    summary="what the items of a step made, put together",
    config=Gather,
    example="",
    wire=_wire,
    prepare=_prepare,
    collect=_collect,
    spares=True,
    hidden=True,
)
