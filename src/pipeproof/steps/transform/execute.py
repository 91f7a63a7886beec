"""Running the operations of a transform as one query, from Parquet to Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from pipeproof.errors import ContractError, Finding
from pipeproof.formats import tables
from pipeproof.running.context import StepContext
from pipeproof.steps.transform.apply import Stage, apply_all, order_counts
from pipeproof.steps.transform.cells import LostValuesError
from pipeproof.steps.transform.operations import Cast, Operation, decode

_VALUE_ERRORS = (pl.exceptions.PolarsError, LostValuesError)


def execute(args: Mapping[str, Any], context: StepContext) -> None:
    """Run the operations and write the result to ``into``.

    Raises:
        ConfigError: An operation uses a column that is not there, or cannot be compiled.
        ContractError: A value does not fit an operation; the message names the operation.
    """
    del context  # a Polars query can neither be interrupted nor watched
    operations = [decode(plain) for plain in args["operations"]]
    frames = {name: pl.scan_parquet(path, glob=False) for name, path in args["tables"].items()}
    stage = Stage(frames, args["parameters"], args["dialect"], args["seed"])
    into = Path(args["into"])
    into.parent.mkdir(parents=True, exist_ok=True)
    stages = apply_all(operations, frames[args["input"]], stage)
    try:
        _write(stages[-1], into, operations)
    except _VALUE_ERRORS as error:
        raise _blame(operations, stages, into, error) from error


def _write(frame: pl.LazyFrame, into: Path, operations: Sequence[Operation]) -> None:
    if any(order_counts(operation) for operation in operations):
        # Streaming adds floats up in the order in which threads finish, so that the last digits change
        # from run to run. In memory they do not, whatever the number of threads.
        frame = frame.collect(engine="in-memory").lazy()
    tables.write(frame, into, "parquet")


def _blame(
    operations: Sequence[Operation], stages: Sequence[pl.LazyFrame], into: Path, error: Exception
) -> ContractError:
    """Find the first operation whose query fails alone, since the whole query does not say which it was."""
    probe = into.with_name("probe.parquet")
    for number, operation in enumerate(operations):
        try:
            if isinstance(operation, Cast):
                stages[number + 1].collect(engine="in-memory")  # all values at once, for a full count
            _write(stages[number + 1], probe, operations[: number + 1])
        except _VALUE_ERRORS as failed:
            return ContractError(value_error(number, operation, failed))
    return ContractError(Finding("PPF242", f"the table cannot be written: {_first_line(error)}"))


def value_error(number: int, operation: Operation, error: Exception) -> Finding:
    """Return the finding for values that an operation cannot take."""
    return Finding(
        "PPF242",
        f"operation {number + 1} ({operation.type}) failed: {_first_line(error)}",
        fix="filter or cast these values before, or write the operation so that it takes them",
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
