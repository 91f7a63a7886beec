"""From a pipeline to its trials: each step alone on made data, and the whole on made sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from pipeproof.data.cases import edge_cases, malformed_cases, narrow
from pipeproof.errors import Finding, suggest
from pipeproof.model.contract import Scalar, TableSchema, frozen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step
from pipeproof.model.trial import STANDARD, Case, Expect, Trial
from pipeproof.planning.items import alone, no_sample
from pipeproof.ports import StepKind
from pipeproof.steps.synthetic import Synthetic, as_step, parents_of
from pipeproof.testing.schemas import input_schema, source_schema
from pipeproof.testing.variant import Variant, as_sources, unsealable

ROWS = 200
"""Rows of a made table for one step, unless its contract wants more."""
WHOLE_ROWS = 2_000
"""Rows of a made source for a whole pipeline, unless a contract wants more."""
MOST_ROWS = 2_000_000
"""Rows of a made table at most; a contract that wants more is not tested on made data."""
_MARGIN = 1.2  # over the fewest rows that a contract wants
_SPREAD = 10  # sources have so many times the rows that any step after them needs: filters keep a part
_EVERYTHING = frozenset({"malformed"})  # under `refuses:`, stands for every rule
CODE_KINDS = frozenset({"script", "python"})
"""Kinds whose code is the user's own, which is tried alone."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What made data are made for.

    Attributes:
        seed: Seed of the data.
        around: Day that dates without bounds lie before; empty for the generator's own.
    """

    seed: int = 0
    around: str = ""


def aim_at(pipeline: Pipeline, parameters: Mapping[str, Scalar], seed: int) -> Aim:
    """Return what data are made for: dates lie around the first parameter that is a date."""
    for name, value in parameters.items():
        declared = pipeline.parameters.get(name)
        if isinstance(value, str) and (declared.type == "date" if declared else name == "partition_date"):
            return Aim(seed, dt.date.fromisoformat(value).isoformat())
    return Aim(seed)


def vary(
    pipeline: Pipeline, kinds: Mapping[str, StepKind], aim: Aim, steps: Collection[str] = ()
) -> Iterator[Variant]:
    """Yield the trials of a pipeline: the whole first, since it takes longest, then each step alone.

    Args:
        pipeline: The pipeline.
        kinds: Step kinds by name.
        aim: What the data are made for.
        steps: Steps to try alone; empty for all, and for the whole.
    """
    if not steps:
        yield whole(pipeline, aim)
    for step in pipeline.steps:
        if step.kind in CODE_KINDS and (not steps or step.name in steps):
            yield from isolate(step, pipeline, kinds, aim)


def whole(pipeline: Pipeline, aim: Aim) -> Variant:
    """Return the trial of a whole pipeline on made sources."""
    trial = Trial("pipeline.standard", "pipeline")
    wanted = max((schema.min_rows for schema in _all_schemas(pipeline)), default=0)
    rows = max(WHOLE_ROWS, wanted * _SPREAD)
    made: dict[str, Step] = {}
    unknown: list[str] = []
    schemas = {name: source_schema(name, pipeline) for name in pipeline.sources}
    parents = _parents(schemas)
    for name, schema in schemas.items():
        if schema is None:
            unknown.append(name)
        else:
            made[name] = _made(name, schema, STANDARD, rows, aim, parents[name])
    why = f"{', '.join(unknown)}: no contract says what it is like, so it cannot be made" if unknown else ""
    if why := why or _too_many(rows):
        return Variant(replace(trial, skipped=why), pipeline, frozen())
    return Variant(trial, replace(pipeline, sources=as_sources(made)), frozen(made))


def isolate(step: Step, pipeline: Pipeline, kinds: Mapping[str, StepKind], aim: Aim) -> Iterator[Variant]:
    """Yield the trials of one step alone: standard, each edge, each rule broken."""
    schemas = {local: input_schema(step, local, pipeline) for local in step.inputs}
    if why := _untriable(step, schemas, kinds):
        yield Variant(
            Trial(f"{step.name}.standard.1", "isolation", step.name, skipped=why), pipeline, frozen()
        )
        return
    known = {step.inputs[local]: schema for local, schema in schemas.items() if schema is not None}
    yield _alone(step, pipeline, known, Trial(f"{step.name}.standard.1", "isolation", step.name), aim)
    numbers = count(1)
    for dataset, schema in known.items():
        for case in edge_cases(schema):
            if case.name == "empty" and _needs_partners(dataset, known):
                continue
            name = f"{step.name}.edge.{next(numbers)}"
            yield _alone(step, pipeline, known, Trial(name, "isolation", step.name, case, dataset), aim)
    numbers = count(1)
    for local, dataset in step.inputs.items():
        port = step.contract.inputs.get(local)
        # Only what the step itself says it needs: other columns it may just pass on.
        for case in _broken_rules(port.schema, known[dataset]) if port and port.schema else ():
            expect: Expect = "refuse" if _refuses(step, case) else "note"
            name = f"{step.name}.malformed.{next(numbers)}"
            trial = Trial(name, "isolation", step.name, case, dataset, expect)
            yield _alone(step, pipeline, known, trial, aim)


def _broken_rules(asked: TableSchema, made: TableSchema) -> Iterator[Case]:
    """Yield the cases of made data that break a rule which the step itself asks for."""
    own = {(case.name, case.column) for case in malformed_cases(asked)}
    yield from (case for case in malformed_cases(made) if (case.name, case.column) in own)


def narrower(trial: Trial, pipeline: Pipeline, aim: Aim) -> Iterator[Variant]:
    """Yield the trials that tell which column of a failed one is to blame."""
    step = pipeline.by_name[trial.step]
    schemas = {dataset: input_schema(step, local, pipeline) for local, dataset in step.inputs.items()}
    known = {dataset: schema for dataset, schema in schemas.items() if schema is not None}
    for number, case in enumerate(narrow(trial.case, known[trial.dataset]), 1):
        yield _alone(step, pipeline, known, replace(trial, name=f"{trial.name}.{number}", case=case), aim)


def _untriable(step: Step, schemas: Mapping[str, TableSchema | None], kinds: Mapping[str, StepKind]) -> str:
    if why := unsealable(step, kinds[step.kind]) or no_sample(step):
        return why
    others = [
        f"{local} is a {port.format}"
        for local, port in step.contract.inputs.items()
        if port.format in {"file", "folder"} and local in schemas
    ]
    if others:
        return f"{', '.join(others)}; only tables can be made"
    missing = [local for local, schema in schemas.items() if schema is None or not schema.columns]
    if missing:
        return f"{', '.join(missing)}: no contract names its columns, so it cannot be made"
    return _too_many(max((schema.min_rows for schema in schemas.values() if schema is not None), default=0))


def _too_many(rows: int) -> str:
    """Return why so many rows are not made, or '' when they are."""
    return f"contracts want {rows:,} rows, and a test makes at most {MOST_ROWS:,}" if rows > MOST_ROWS else ""


def _alone(
    step: Step, pipeline: Pipeline, schemas: Mapping[str, TableSchema], trial: Trial, aim: Aim
) -> Variant:
    made, parents = {}, _parents(schemas)
    for dataset, schema in schemas.items():
        case = trial.case if dataset == trial.dataset else STANDARD
        made[dataset] = _made(dataset, schema, case, _enough(schema, ROWS), aim, parents[dataset])
    return Variant(trial, replace(pipeline, steps=(alone(step),), sources=as_sources(made)), frozen(made))


def makers(schemas: Mapping[str, TableSchema], aim: Aim) -> dict[str, Callable[[Case], Step]]:
    """Return, for each dataset, what gives the step that makes it for a case; references between them hold."""
    parents = _parents(schemas)

    def maker(name: str, schema: TableSchema) -> Callable[[Case], Step]:
        return lambda case: _made(name, schema, case, _enough(schema, ROWS), aim, parents[name])

    return {name: maker(name, schema) for name, schema in schemas.items()}


def _made(name: str, schema: TableSchema, case: Case, rows: int, aim: Aim, parents: Collection[str]) -> Step:
    """Return the step that makes a table; what its columns refer to is made before."""
    config = Synthetic(schema, case, _enough(schema, rows), aim.seed, name, aim.around)
    return as_step(name, config, {parent: parent for parent in parents})


def _parents(schemas: Mapping[str, TableSchema | None]) -> dict[str, list[str]]:
    """Return what each table is made after: those its columns refer to, unless these wait for it themselves."""
    before: dict[str, set[str]] = {name: set() for name in schemas}  # with all that those wait for
    found: dict[str, list[str]] = {name: [] for name in schemas}
    for name, schema in schemas.items():
        for parent in parents_of(schema) if schema is not None else ():
            if parent in schemas and parent != name and name not in before[parent]:
                found[name].append(parent)
                for other, waits in before.items():
                    if other == name or name in waits:
                        waits |= {parent, *before[parent]}
    return found


def _needs_partners(dataset: str, schemas: Mapping[str, TableSchema]) -> bool:
    """Say whether rows of another table must refer to rows of this one, so that it cannot be empty alone."""
    references = (column for schema in schemas.values() for column in schema.columns if not column.nullable)
    return any(
        column.references is not None
        and column.references.dataset == dataset
        and not column.references.orphans
        for column in references
    )


def _enough(schema: TableSchema, rows: int) -> int:
    wanted = max(rows, int(schema.min_rows * _MARGIN))
    return wanted if schema.max_rows is None else min(wanted, schema.max_rows)


def _all_schemas(pipeline: Pipeline) -> Iterator[TableSchema]:
    for step in pipeline.steps:
        for port in (*step.contract.inputs.values(), *step.contract.outputs.values()):
            if port.schema is not None:
                yield port.schema


def unknown_refusals(pipeline: Pipeline, steps: Collection[str] = ()) -> Iterator[Finding]:
    """Yield what contracts list under ``refuses:`` and no trial could ever try.

    Args:
        pipeline: The pipeline.
        steps: The steps that are tried; empty for all.
    """
    for step in pipeline.steps:
        if steps and step.name not in steps:
            continue
        ports = [port.schema for port in step.contract.inputs.values() if port.schema is not None]
        cases = [case for schema in ports for case in malformed_cases(schema)]
        everything = _EVERYTHING if cases else ()  # of inputs without rules nothing can be refused
        known = {*everything, *(name for case in cases for name in _names_of(case))}
        for number, item in enumerate(step.contract.refuses):
            if item not in known:
                yield Finding(
                    "PPF609",
                    f"{step.name} says that it refuses {item!r}, which no rule of its inputs is called",
                    step=step.name,
                    path=("contract", "refuses", number),
                    fix=suggest(item, known) or "give its inputs columns with rules",
                )


def _names_of(case: Case) -> tuple[str, ...]:
    """Return the names by which a contract may list a case: the rule, the column, or both."""
    return (case.name, case.column, f"{case.column}.{case.name}") if case.column else (case.name,)


def _refuses(step: Step, case: Case) -> bool:
    """Say whether the contract says that the code refuses such data."""
    return any(item in {*_EVERYTHING, *_names_of(case)} for item in step.contract.refuses)
