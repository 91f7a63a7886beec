"""What a step really needs and uses, found by watching it at work and by taking things away from it.

One trial runs the step as it is. In each further one something is missing: a column of an input, an
environment variable, an argument. What then fails was needed; what changes an output was used; what changes nothing
was not. That holds for any code, whatever library it reads tables with, as far as the step gives
equal outputs for equal inputs; a second trial on the same data tells whether it does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeproof.errors import Finding, Location
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Argument, Contract, Port, TableSchema, Variable, frozen
from pipeproof.model.outcome import Asked, Failure
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import RunRecord, StepRecord, by_trial
from pipeproof.model.step import Step
from pipeproof.model.trial import Case, Trial
from pipeproof.planning.items import alone
from pipeproof.steps.script import ScriptConfig
from pipeproof.testing.variant import Variant, as_sources

Use = Literal["needed", "used", "unused", "unknown"]
"""`needed`: without it the step fails; `used`: its outputs change; `unknown`: it never gives equal outputs."""
WITHOUT: Literal["malformed"] = "malformed"
"""Scenario of the trials in which something is missing."""


@dataclass(frozen=True, slots=True)
class Given:
    """An input of the step that is watched.

    Attributes:
        dataset: The dataset.
        columns: Its columns; none for what is no table.
        step: The step that brings it in, without the named column or whole.
        recorded: Whether it is what a run made; else it was made for the trials.
    """

    dataset: str
    columns: tuple[str, ...]
    step: Callable[[str], Step]
    recorded: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """Something that a trial takes away: a column of an input, a variable, an argument."""

    what: Literal["column", "variable", "argument"]
    name: str
    input: str = ""

    @property
    def case(self) -> Case:
        """The case of a trial without it."""
        says = f"no {self.what} {self.name}" + (f" in {self.input}" if self.input else "")
        return Case(WITHOUT, f"missing_{self.what}", self.name, says)


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a step.

    Attributes:
        step: Name of the step.
        failure: Why it failed on what it was given whole; then nothing else is known.
        repeatable: Whether it gave equal outputs for equal inputs.
        columns: Input → column → how it is used.
        variables: Environment variable → how it is used; also those that nobody declared.
        arguments: Argument → how it is used; also those that nobody gives.
        files: Files of the project that it opens by itself.
        outputs: Output → what was written.
        recorded: Inputs whose data a run made; all others were made for the trials.
    """

    step: str
    failure: Failure | None = None
    repeatable: bool = True
    columns: Mapping[str, Mapping[str, Use]] = field(default_factory=frozen)
    variables: Mapping[str, Use] = field(default_factory=frozen)
    arguments: Mapping[str, Use] = field(default_factory=frozen)
    files: tuple[str, ...] = ()
    outputs: Mapping[str, Artifact] = field(default_factory=frozen)
    recorded: tuple[str, ...] = ()


def watch(step: Step, pipeline: Pipeline, given: Mapping[str, Given]) -> Iterator[Variant]:
    """Yield the trials that show what a step needs.

    Args:
        step: The step.
        pipeline: Its pipeline.
        given: Input → its data.
    """
    for number in (1, 2):
        yield _variant(step, pipeline, given, Trial(f"{step.name}.standard.{number}", "isolation", step.name))
    for number, taken in enumerate(_takeable(step, given), 1):
        trial = Trial(
            f"{step.name}.without.{number}", "isolation", step.name, taken.case, taken.input, "note"
        )
        yield _variant(_without(step, taken), pipeline, given, trial, taken)


def _takeable(step: Step, given: Mapping[str, Given]) -> Iterator[Taken]:
    """Yield what can be taken away, in an order that reading the record finds again."""
    for local, data in given.items():
        yield from (Taken("column", column, local) for column in data.columns)
    for name in dict.fromkeys([*(one.name for one in step.contract.environment), *step.environment]):
        yield Taken("variable", name)
    arguments = step.config.arguments if isinstance(step.config, ScriptConfig) else {}
    for name in dict.fromkeys([*(one.name for one in step.contract.arguments), *arguments]):
        yield Taken("argument", name)


def _without(step: Step, taken: Taken) -> Step:
    contract = step.contract
    if taken.what == "variable":
        kept = tuple(one for one in contract.environment if one.name != taken.name)
        environment = {name: value for name, value in step.environment.items() if name != taken.name}
        return replace(step, contract=replace(contract, environment=kept), environment=frozen(environment))
    if taken.what == "argument" and isinstance(step.config, ScriptConfig):
        rest = tuple(one for one in contract.arguments if one.name != taken.name)
        values = {name: value for name, value in step.config.arguments.items() if name != taken.name}
        return replace(
            step, contract=replace(contract, arguments=rest), config=replace(step.config, arguments=values)
        )
    return step


def _variant(
    step: Step, pipeline: Pipeline, given: Mapping[str, Given], trial: Trial, taken: Taken | None = None
) -> Variant:
    made = {
        data.dataset: data.step(
            taken.name if taken and taken.what == "column" and taken.input == local else ""
        )
        for local, data in given.items()
    }
    # What it writes is looked at, not held against what is declared: that comes with the differences.
    ports = {name: replace(port, enforce="off") for name, port in step.contract.outputs.items()}
    single = replace(
        alone(step), contract=replace(step.contract, inputs=frozen(_loose(step)), outputs=frozen(ports))
    )
    return Variant(trial, replace(pipeline, steps=(single,), sources=as_sources(made)), frozen(made))


def _loose(step: Step) -> dict[str, Port]:
    return {name: replace(port, enforce="off") for name, port in step.contract.inputs.items()}


def observe(record: RunRecord, step: Step, given: Mapping[str, Given]) -> Observed:
    """Return what the record of the trials shows."""
    parts = by_trial(record, record.trials)
    tried = {name: part.steps.get(step.name) for name, part in parts.items()}
    first, second = tried[f"{step.name}.standard.1"], tried[f"{step.name}.standard.2"]
    if first is None or first.failure is not None or first.status != "passed":
        return Observed(step.name, first.failure if first else None)
    repeatable = second is not None and _same(first, second)
    uses: dict[tuple[str, str], dict[str, Use]] = {}
    for number, taken in enumerate(_takeable(step, given), 1):
        use = _use(first, tried[f"{step.name}.without.{number}"], repeatable=repeatable)
        uses.setdefault((taken.what, taken.input), {})[taken.name] = use
    asked = _asked(first.asked, uses.get(("variable", ""), {}))
    return Observed(
        step.name,
        None,
        repeatable,
        frozen({local: frozen(uses.get(("column", local), {})) for local in given}),
        frozen(_with_asked(uses.get(("variable", ""), {}), asked["variable"])),
        frozen(_with_asked(uses.get(("argument", ""), {}), asked["argument"])),
        tuple(asked["file"]),
        frozen({local: first.outputs[name] for local, name in step.outputs.items() if name in first.outputs}),
        tuple(local for local, data in given.items() if data.recorded),
    )


def _use(whole: StepRecord, without: StepRecord | None, *, repeatable: bool) -> Use:
    if without is None or without.status == "skipped":
        return "unknown"
    if without.failure is not None or without.status != "passed":
        return "needed"
    if not repeatable:
        return "unknown"
    return "unused" if _same(whole, without) else "used"


def _same(one: StepRecord, other: StepRecord) -> bool:
    """Say whether two trials wrote the same; objects are named by their content."""
    return {name: artifact.digest or artifact.value for name, artifact in one.outputs.items()} == {
        name: artifact.digest or artifact.value for name, artifact in other.outputs.items()
    }


def _asked(questions: Iterable[Asked], declared: Collection[str]) -> dict[str, list[str]]:
    """Return what the code asked for, without the variables that every process has and the files that are not there."""
    found: dict[str, list[str]] = {"variable": [], "argument": [], "file": []}
    for asked in questions:
        usual = asked.what == "variable" and asked.found and asked.name not in declared
        absent = asked.what == "file" and not asked.found
        if asked.name not in found[asked.what] and not usual and not absent:
            found[asked.what].append(asked.name)
    return found


def _with_asked(uses: Mapping[str, Use], asked: list[str]) -> dict[str, Use]:
    """Return how things are used; what the code asked for is used although nothing changed without it."""
    names = {name.replace("-", "_"): name for name in uses}
    found = dict(uses)
    for name in asked:
        known = names.get(name, name)
        if found.get(known, "unused") in {"unused", "unknown"}:
            found[known] = "used"
    return found


def observed_contract(observed: Observed, step: Step, schemas: Mapping[str, TableSchema]) -> Contract:
    """Return the contract that was seen: what is needed is required, what is not used is left out.

    Args:
        observed: What was seen.
        step: The step, whose formats and paths stay.
        schemas: Input or output → what its data are like.
    """
    declared = step.contract
    return replace(
        declared,
        inputs=frozen(
            {
                local: replace(
                    declared.inputs.get(local, Port(local)), schema=_needed(observed, local, schemas)
                )
                for local in observed.columns
            }
        ),
        outputs=frozen(
            {
                local: replace(declared.outputs.get(local, Port(local)), schema=schemas.get(local))
                for local in observed.outputs
            }
        ),
        environment=tuple(
            next(
                (
                    replace(one, required=use == "needed" and one.default is None)
                    for one in declared.environment
                    if one.name == name
                ),
                Variable(name, required=use == "needed"),
            )
            for name, use in observed.variables.items()
            if use != "unused"
        ),
        arguments=tuple(
            next(
                (
                    replace(one, required=use == "needed" and one.default is None)
                    for one in declared.arguments
                    if one.name == name
                ),
                Argument(name, required=use == "needed"),
            )
            for name, use in observed.arguments.items()
            if use != "unused"
        ),
    )


def _needed(observed: Observed, local: str, schemas: Mapping[str, TableSchema]) -> TableSchema | None:
    schema = schemas.get(local)
    if schema is None:
        return None
    uses = observed.columns[local]
    columns = tuple(
        replace(column, required=uses.get(column.name) != "used", references=None)
        for column in schema.columns
        if uses.get(column.name, "unknown") != "unused"
    )
    names = {column.name for column in columns}
    kept = tuple(one for one in schema.comparisons if {one.left, one.right} <= names)
    return replace(schema, columns=columns, key=(), comparisons=kept)


def differences(observed: Observed, step: Step) -> Iterator[Finding]:
    """Yield each difference between what a step declares and what was seen."""
    declared = step.contract
    for local, uses in observed.columns.items():
        port = declared.inputs.get(local)
        yield from _of_columns(step, local, uses, port.schema if port else None)
    yield from _of_named(
        step, "environment variable", observed.variables, _variables(step), set(step.environment)
    )
    yield from _of_named(step, "argument", observed.arguments, _arguments(step), _given(step))
    for name in declared.outputs:
        if name not in observed.outputs:
            yield _differs(
                step, f"the output {name} is declared and was never written", "write it, or take it out"
            )
    for name in observed.files:
        what = f"the file {name} of the project is opened by its path"
        fix = "declare it under `sources:` and read it as an input, so that tests can replace it"
        yield _differs(step, what, fix, severity="warning")
    if not observed.repeatable:
        what = "it does not give equal outputs for equal inputs, so what it uses without needing it cannot be told"
        yield _differs(step, what, "set seeds, and write no times or random names", severity="warning")


def _of_columns(
    step: Step, local: str, uses: Mapping[str, Use], schema: TableSchema | None
) -> Iterator[Finding]:
    if schema is None or not schema.columns:
        return
    for name, use in uses.items():
        column = schema[name] if name in schema.names else None
        what = f"the column {name} of {local}"
        if column is None and use == "needed":
            yield _differs(
                step, f"{what} is needed and not declared", f"add it: columns: {{{name}: ...}}", column=name
            )
        elif column is not None and use == "needed" and not column.required:
            yield _differs(
                step, f"{what} is called optional and is needed", "take out `required: false`", column=name
            )
        elif column is not None and use == "unused":
            fix = "take it out of the contract of this step, unless a later version needs it"
            yield _differs(step, f"{what} is declared and never used", fix, column=name, severity="warning")
    for name in schema.names:
        if name not in uses and schema[name].required:
            what = f"the column {name} of {local} is declared and is not in the data that it was given"
            yield _differs(step, what, "look at what writes the data", column=name)


def _of_named(
    step: Step, what: str, uses: Mapping[str, Use], declared: Mapping[str, bool], given: set[str]
) -> Iterator[Finding]:
    """Yield what differs for variables or arguments; `declared` says of each whether it is required."""
    place = "environment" if what.startswith("env") else "arguments"
    for name, use in uses.items():
        if name not in declared and name not in given and use != "unused":
            yield _differs(step, f"the {what} {name} is asked for and not declared", f"add it to `{place}:`")
        elif use == "needed" and declared.get(name) is False:
            yield _differs(
                step, f"the {what} {name} is called optional and is needed", f"require it under `{place}:`"
            )
        elif use == "unused" and (name in declared or name in given):
            fix = "take it out, unless it only matters for other data"
            yield _differs(step, f"the {what} {name} is declared and was never used", fix, severity="warning")


def _variables(step: Step) -> dict[str, bool]:
    return {one.name: one.required for one in step.contract.environment}


def _arguments(step: Step) -> dict[str, bool]:
    # An argument with a default, or a value in the configuration, never lacks one.
    return {
        one.name: one.required or one.default is not None or one.name in _given(step)
        for one in step.contract.arguments
    }


def _given(step: Step) -> set[str]:
    return set(step.config.arguments) if isinstance(step.config, ScriptConfig) else set()


def _differs(
    step: Step,
    what: str,
    fix: str,
    *,
    column: str = "",
    severity: Literal["error", "warning"] = "error",
    where: Location | None = None,
) -> Finding:
    return Finding("PPF362", f"{step.name}: {what}", where, severity, step=step.name, column=column, fix=fix)
