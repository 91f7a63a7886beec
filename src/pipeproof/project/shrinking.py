"""The smallest input with which a step of a pipeline still fails as it does on the whole."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.data.shrinking import MOST_TRIALS, Shrunk, shrink_by
from pipeproof.data.shrinking.signature import Signature, pattern_of
from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.formats.tables import write
from pipeproof.model.contract import frozen
from pipeproof.model.pipeline import Source
from pipeproof.model.record import StepRecord, by_trial
from pipeproof.model.trial import Trial
from pipeproof.planning.items import alone
from pipeproof.project.examine import Target, load
from pipeproof.project.execute import run_plan
from pipeproof.project.watching import recorded_table, step_with_code, trial_inputs, trial_values
from pipeproof.steps.source import as_step
from pipeproof.testing.infer_step import Given
from pipeproof.testing.variant import Variant, as_sources, plan_trials

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 12
"""Tables that are tried in one run: starting one takes as long as several trials."""


def shrink_step(
    target: Target,
    step: str,
    *,
    of: str = "",
    parameters: Mapping[str, object] | None = None,
    most: int = MOST_TRIALS,
    seconds: float | None = None,
) -> Shrunk:
    """Return the smallest table of an input with which a step still fails as it did in the last run.

    Each table is tried as in a test: in a clean process, held off from the world.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.
        step: Name of the step.
        of: Input that is shrunk; its only table unless given.
        parameters: Values of the pipeline's parameters; they say which run is meant.
        most: How many tables are tried at most.
        seconds: After which time it ends with what it has.

    Raises:
        UsageError: There is no such step or input, no run has its data, or it does not fail on them.
    """
    examined = load(target)
    pipeline, project = examined.pipeline, examined.project
    tried = step_with_code(pipeline, step)
    values = trial_values(examined, parameters or {})
    with (
        trial_inputs(tried, pipeline, project, values, 0) as given,
        tempfile.TemporaryDirectory(prefix="pipeproof-") as folder,
    ):
        local = _chosen(of, given, step)
        others = {name: data for name, data in given.items() if name != local}

        def variant(table: pl.DataFrame, number: int) -> Variant:
            path = Path(folder) / f"{number}.parquet"
            write(table.lazy(), path, "parquet")
            made = {data.dataset: data.step("") for data in others.values()}
            made[given[local].dataset] = as_step(Source(given[local].dataset, str(path), "parquet"))
            trial = Trial(f"{step}.standard.{number}", "isolation", step)
            single = alone(tried)
            return Variant(trial, replace(pipeline, steps=(single,), sources=as_sources(made)), frozen(made))

        def examine(tables: Sequence[pl.DataFrame]) -> list[Signature | None]:
            variants = [variant(table, number) for number, table in enumerate(tables, 1)]
            plan = plan_trials(pipeline, variants, project.kinds, values)
            record = run_plan(plan, project, keep_going=True).record
            parts = by_trial(record, record.trials)
            return [
                _signature(parts[trial.name].steps.get(step), str(project.root)) for trial in record.trials
            ]

        whole = recorded_table(given[local])
        return shrink_by(whole, examine, most=most, seconds=seconds, width=_AT_ONCE)


def _chosen(of: str, given: Mapping[str, Given], step: str) -> str:
    able = [local for local, data in given.items() if data.recorded and data.columns]
    if of in able or (not of and len(able) == 1):
        return of or able[0]
    if not able:
        what = f"no run has kept a table that {step} reads"
        raise UsageError(Finding("PPF363", what, fix="run the pipeline first, until the step fails"))
    what = f"{step} has no recorded table {of!r}" if of else f"{step} reads {len(able)} tables"
    fix = suggest(of, able) if of else f"say which one: --input {' or '.join(able)}"
    raise UsageError(Finding("PPF124", what, fix=fix))


def _signature(tried: StepRecord | None, root: str) -> Signature | None:
    """Return how a step failed; a table that breaks a contract fails by that."""
    if tried is None or tried.failure is None:
        return None
    failure = tried.failure
    broken = next((finding for finding in tried.findings if finding.severity == "error"), None)
    if not failure.frames and broken is not None:
        about = " ".join(filter(None, (broken.dataset, broken.column, broken.rule)))
        return Signature(broken.code, "", about, broken.what)
    frame = failure.frames[-1] if failure.frames else None
    place = ""
    if frame is not None:
        place = f"{frame.file.removeprefix(root).lstrip('/')}:{frame.line} in {frame.function}"
    message = failure.message.partition("\n")[0]
    return Signature(failure.type or failure.code, place, pattern_of(message), message)
