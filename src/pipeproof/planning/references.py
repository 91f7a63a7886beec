"""What contracts say of other datasets, held against the datasets that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from pipeproof.errors import Finding, suggest
from pipeproof.model.contract import Port, TableSchema
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step

Promised = Callable[[str, Pipeline], TableSchema | None]
"""(dataset, pipeline) → the schema that whoever makes the dataset promises, or None."""
Path = tuple[str | int, ...]


def rows_of_nothing(step: Step) -> Iterator[Finding]:
    """Yield outputs whose rows are to be a share of those of an input that the step has not."""
    known = {*step.inputs, *step.inputs.values()}
    for local, port in step.contract.outputs.items():
        of = None if port.schema is None else port.schema.rows_of
        if of is not None and of.input not in known:
            yield Finding(
                "PPF157",
                f"the contract of step {step.name!r} counts the rows of {of.input!r}, which is no input of it",
                step=step.name,
                path=("contract", "outputs", local, "rows", "of"),
                fix=suggest(of.input, known) or "the step has no inputs",
            )
    yield from _rows_of_elsewhere(step.contract.inputs, step.name)


def _rows_of_elsewhere(ports: Mapping[str, Port], step: str) -> Iterator[Finding]:
    for local, port in ports.items():
        if port.schema is not None and port.schema.rows_of is not None:
            yield Finding(
                "PPF157",
                f"the contract of the input {local!r} of step {step!r} counts the rows of another input",
                step=step,
                path=("contract", "inputs", local, "rows", "of"),
                fix="`rows: of:` is for outputs: move it to the output that keeps the rows",
            )


def references_to_nothing(pipeline: Pipeline, promised: Promised) -> Iterator[Finding]:
    """Yield columns that refer to a dataset or column that is not there, as far as that is known."""
    datasets = {*pipeline.brought, *pipeline.makers}
    for section, places in (("sources", pipeline.sources), ("targets", pipeline.targets)):
        for place in places.values():
            if place.schema is not None and place.schema.rows_of is not None:
                yield _no_inputs(section, place.name)
            for name, path, what in _wrong(place.schema, {}, datasets, pipeline, promised):
                yield _finding(
                    f"{section[:-1]} {place.name!r}", name, what, (section, place.name, "contract", *path)
                )
    for step in pipeline.steps:
        for side, ports in (("inputs", step.contract.inputs), ("outputs", step.contract.outputs)):
            for port in ports.values():
                for name, path, what in _wrong(port.schema, step.inputs, datasets, pipeline, promised):
                    at = ("contract", side, port.name, *path)
                    yield _finding(f"step {step.name!r}", name, what, at, step.name)


def _no_inputs(section: str, name: str) -> Finding:
    return Finding(
        "PPF157",
        f"the contract of {section[:-1]} {name!r} counts the rows of an input, and only steps have inputs",
        path=(section, name, "contract", "rows", "of"),
        fix="`rows: of:` is for outputs of steps",
    )


def _wrong(
    schema: TableSchema | None,
    inputs: Mapping[str, str],
    datasets: Iterable[str],
    pipeline: Pipeline,
    promised: Promised,
) -> Iterator[tuple[str, Path, tuple[str, str]]]:
    """Yield each column with a wrong reference: its name, where that stands, what is wrong and what to do."""
    for column in schema.columns if schema is not None else ():
        reference = column.references
        if reference is None:
            continue
        path: Path = ("columns", column.name, "references")
        dataset = inputs.get(reference.dataset, reference.dataset)
        if dataset not in {*datasets}:
            known = {*datasets, *inputs}
            yield (
                column.name,
                path,
                (f"{reference.dataset!r}, which is no dataset", suggest(reference.dataset, known)),
            )
            continue
        there = promised(dataset, pipeline)
        if there is not None and there.columns and reference.column not in there.names:
            what = f"{reference.dataset}.{reference.column}; {dataset} has no such column"
            yield column.name, path, (what, suggest(reference.column, there.names))


def _finding(where: str, column: str, what: tuple[str, str], path: Path, step: str = "") -> Finding:
    says, fix = what
    text = f"column {column!r} in the contract of {where} refers to {says}"
    return Finding("PPF157", text, step=step, column=column, path=path, fix=fix)
