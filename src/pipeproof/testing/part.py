"""The part of a test's record that belongs to one trial, as if it were a run of its own."""

from __future__ import annotations

from dataclasses import replace

from pipeproof.model.contract import frozen
from pipeproof.model.record import RunRecord
from pipeproof.model.trial import Trial


def part_of(record: RunRecord, trial: Trial) -> RunRecord:
    """Return the record of one trial, its steps under their own names."""
    front = f"{trial.name}/"
    steps = {
        name.removeprefix(front): replace(
            step,
            name=name.removeprefix(front),
            needs=tuple(need.removeprefix(front) for need in step.needs),
        )
        for name, step in record.steps.items()
        if name.startswith(front)
    }
    return replace(record, steps=frozen(steps), trials=(trial,))
