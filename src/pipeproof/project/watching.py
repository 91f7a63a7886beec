"""Watching a step of a project at work: its data, its trials, and what they show."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.errors import ConfigError, Finding, UsageError, suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Contract, Scalar, TableSchema
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.plan import Plan
from pipeproof.model.step import Step
from pipeproof.model.trial import STANDARD, Case
from pipeproof.planning.lint import placeholders
from pipeproof.planning.parameters import bind, declared_parameters, stand_in
from pipeproof.ports import Objects, Sink
from pipeproof.project.examine import Examined, Target, in_file, load
from pipeproof.project.execute import run_plan
from pipeproof.project.place import Project
from pipeproof.steps.source import as_step
from pipeproof.testing.infer_step import Given, Observed, differences, observe, observed_contract, watch
from pipeproof.testing.schemas import input_schema
from pipeproof.testing.variant import plan_trials
from pipeproof.testing.vary import CODE_KINDS, aim_at, makers

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 20_000
"""Rows of recorded data that trials get: every n-th of more."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A step that was watched.

    Attributes:
        observed: What was seen.
        contract: The contract that follows from it.
        findings: How it differs from the declared one.
        run: Name of the run of its trials.
    """

    observed: Observed
    contract: Contract
    findings: tuple[Finding, ...]
    run: str


def infer_step(
    target: Target,
    step: str,
    *,
    parameters: Mapping[str, object] | None = None,
    seed: int = 0,
    exact: bool = False,
    sinks: Sequence[Sink] = (),
) -> Watched:
    """Watch a step at work and return the contract that it really has, with what differs from the declared one.

    Its inputs are what the last run made of them, else they are made from contracts. It runs as in a test: held
    off from the world.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.
        step: Name of the step.
        parameters: Values of the pipeline's parameters; examples for those that are missing.
        seed: Seed of made data.
        exact: Whether ranges are just what was seen.
        sinks: Called with every wave of events.

    Raises:
        ConfigError: The pipeline is wrong.
        UsageError: There is no such step, it has no code, or its inputs are not known.
    """
    examined = load(target)
    pipeline, project = examined.pipeline, examined.project
    watched = step_with_code(pipeline, step)
    values = trial_values(examined, parameters or {})
    with trial_inputs(watched, pipeline, project, values, seed) as given:
        plan = plan_trials(pipeline, watch(watched, pipeline, given), project.kinds, values)
        done = run_plan(plan, project, keep_going=True, sinks=sinks)
        observed = observe(done.record, watched, given)
        if observed.failure is not None or (not observed.outputs and watched.outputs):
            raise ConfigError(_failed(watched, plan, observed))
        schemas = _schemas(watched, given, observed, project.objects, exact=exact)
    found = tuple(map(in_file(examined.loaded), differences(observed, watched)))
    return Watched(observed, observed_contract(observed, watched, schemas), found, done.name)


def trial_values(examined: Examined, given: Mapping[str, object]) -> dict[str, Scalar]:
    """Return the values of a pipeline's parameters, examples for those that are missing."""
    pipeline = examined.pipeline
    used = placeholders(pipeline, examined.project.kinds)
    declared = declared_parameters(pipeline, used)
    missing = {name: stand_in(parameter) for name, parameter in declared.items() if parameter.required}
    return dict(bind(pipeline, {**missing, **given}, used))


def step_with_code(pipeline: Pipeline, name: str) -> Step:
    """Return a step by its name.

    Raises:
        UsageError: There is no such step, or it has no code.
    """
    able = [step.name for step in pipeline.steps if step.kind in CODE_KINDS]
    if name in able:
        return pipeline.by_name[name]
    kind = pipeline.by_name[name].kind if name in pipeline.by_name else ""
    what = f"{name} is a {kind} step, which has no code to watch" if kind else f"there is no step {name!r}"
    raise UsageError(Finding("PPF124", what, fix=suggest(name, able)))


@contextmanager
def trial_inputs(
    step: Step, pipeline: Pipeline, project: Project, values: Mapping[str, Scalar], seed: int
) -> Iterator[dict[str, Given]]:
    """Yield the inputs of a step for its trials, as long as its recorded tables are kept apart for them.

    Raises:
        UsageError: No run made one of them, and no contract says what it is like.
    """
    earlier = project.earlier(pipeline.name, values)
    made = {local: found[1] for local, dataset in step.inputs.items() if (found := earlier(dataset))}
    schemas = {local: input_schema(step, local, pipeline) for local in step.inputs if local not in made}
    unknown = [local for local, schema in schemas.items() if schema is None or not schema.columns]
    if unknown:
        what = f"nothing is known of {', '.join(unknown)}, which {step.name} reads"
        fix = f"run it first: pipeproof run {pipeline.name} --until {step.name}"
        raise UsageError(Finding("PPF363", what, step=step.name, fix=fix))
    known = {step.inputs[local]: schema for local, schema in schemas.items() if schema is not None}
    ready = makers(known, aim_at(pipeline, values, seed))
    with tempfile.TemporaryDirectory(prefix="pipeproof-") as folder:
        yield {
            local: _recorded(dataset, made[local], project.objects, Path(folder))
            if local in made
            else Given(dataset, known[dataset].names, _without_column(ready[dataset]), recorded=False)
            for local, dataset in step.inputs.items()
        }


def _without_column(make: Callable[[Case], Step]) -> Callable[[str], Step]:
    return lambda column: make(Case("malformed", "missing_column", column) if column else STANDARD)


def _recorded(dataset: str, made: Artifact, objects: Objects, folder: Path) -> Given:
    """Return an input as an earlier run made it; a table with at most so many rows."""
    if made.kind != "table":
        if made.kind == "value":
            what = f"{dataset} is a value, and only tables, files and folders can be given to a step that is watched"
            raise UsageError(Finding("PPF363", what, fix="watch another step"))
        kept = as_step(Source(dataset, str(objects.path(made.digest)), made.kind))
        return Given(dataset, (), lambda _column: kept, recorded=True)

    stored = objects.path(made.digest)

    def step(column: str) -> Step:
        import polars as pl

        from pipeproof.formats.tables import write

        frame = pl.scan_parquet(stored, glob=False).gather_every(-(-(made.rows or 1) // MOST_ROWS))
        path = folder / f"{len(list(folder.iterdir()))}.parquet"
        write(frame.drop(column) if column else frame, path, "parquet")
        return as_step(Source(dataset, str(path), "parquet"))

    return Given(dataset, tuple(name for name, _ in made.columns), step, recorded=True)


def recorded_table(data: Given) -> pl.DataFrame:
    """Return the table of an input that a run made, as trials get it."""
    import polars as pl

    source = data.step("").config
    assert isinstance(source, Source)  # noqa: S101 what `_recorded` makes
    return pl.read_parquet(source.path, glob=False)


def _failed(step: Step, plan: Plan, observed: Observed) -> Finding:
    failure = observed.failure
    said = f"{failure.type}: {failure.message}" if failure else "it wrote nothing"
    fix = f"look at it with: pipeproof test {plan.pipeline.name} {step.name}"
    what = f"{step.name} cannot be watched, since it fails as it is: {said}"
    return Finding("PPF364", what, step=step.name, fix=fix)


def _schemas(
    step: Step, given: Mapping[str, Given], observed: Observed, objects: Objects, *, exact: bool
) -> dict[str, TableSchema]:
    """Return what the data of each input and output are like.

    What was made from a contract says nothing new of the input: its contract stands.
    """
    import polars as pl

    from pipeproof.data.inferring import infer

    found: dict[str, TableSchema] = {}
    for local, data in given.items():
        port = step.contract.inputs.get(local)
        if data.recorded and data.columns:
            found[local] = infer(recorded_table(data), exact=exact)
        elif port is not None and port.schema is not None:
            found[local] = port.schema
    for local, artifact in observed.outputs.items():
        if artifact.kind == "table":
            found[local] = infer(pl.scan_parquet(objects.path(artifact.digest), glob=False), exact=exact)
    return found
