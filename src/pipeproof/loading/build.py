"""A resolved file to a pipeline: piece by piece, so that all problems are found at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.loading.columns import is_of
from pipeproof.loading.contracts import ContractReader
from pipeproof.loading.foreach import each_of, misfit_of
from pipeproof.loading.guessing import would_make
from pipeproof.loading.hooks import hook_list, hooks_of
from pipeproof.loading.inherit import read_with_parents
from pipeproof.loading.interpolate import interpolate
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.nested import NESTED, Part, read_part
from pipeproof.loading.node import Node
from pipeproof.loading.places import Places, shorten
from pipeproof.loading.spec import (
    FileSpec,
    ForeachSpec,
    ParameterSpec,
    SourceSpec,
    StepSpec,
    TargetSpec,
    WorkflowSpec,
)
from pipeproof.loading.strict import SAFE_NAME, Spec
from pipeproof.loading.units import seconds
from pipeproof.loading.validate import validate
from pipeproof.model.contract import Contract, Scalar, frozen
from pipeproof.model.each import Each
from pipeproof.model.pipeline import Pipeline, Source, Target
from pipeproof.model.repeat import Repeat
from pipeproof.model.step import Container, Parameter, Resources, Retry, Step
from pipeproof.plugins import Kinds
from pipeproof.ports import StepKind, Wiring

S = TypeVar("S", bound=Spec)
_DEFAULT_TRIES = 3


def load_file(file: Path, places: Places, kinds: Kinds, environment: Mapping[str, str]) -> Loaded:
    """Read a pipeline file with its parents and build the pipeline.

    Raises:
        ConfigError: The file or a parent cannot be read; everything else is in `Loaded.findings`.
    """
    node = read_with_parents(file, places)
    problems = interpolate(node, environment)
    contracts = ContractReader(file, places, environment, problems)
    return Builder(file, node, places, kinds, contracts).build()


class Builder:
    """Builds the pipeline of one file and gathers problems in `problems`."""

    def __init__(
        self,
        file: Path,
        node: Node,
        places: Places,
        kinds: Kinds,
        contracts: ContractReader,
        chain: tuple[Path, ...] = (),
    ) -> None:
        self.file, self.node, self.places, self.kinds = file, node, places, kinds
        self.chain = (*chain, file.resolve())
        self.parts: dict[str, Node] = {}
        self.contracts = contracts
        self.problems = contracts.problems
        self.guessed: set[str] = set()

    def build(self) -> Loaded:
        """Return the pipeline as far as it can be built, and all problems."""
        top = self.valid(FileSpec, (), "the pipeline file") or self.rough_file()
        workflow = None
        if isinstance(self.raw("workflow"), dict):
            workflow = self.valid(WorkflowSpec, ("workflow",), "the workflow")
            if workflow is not None and not workflow.steps:
                where = self.node.locate(("workflow", "steps"))
                self.problems.append(
                    Finding("PPF104", "the workflow has no steps", where, fix="add at least one step")
                )
        pipeline = self.pipeline(top, workflow or self.rough_workflow())
        findings = tuple(dict.fromkeys(self.problems))
        return Loaded(pipeline, self.node, findings, frozenset(self.guessed), frozen(self.parts))

    def beside(self, file: Path) -> Builder:
        """Return what builds a file that is a part of this one.

        Raises:
            ConfigError: The file or a parent cannot be read.
        """
        node = read_with_parents(file, self.places)
        environment = self.contracts.environment
        contracts = ContractReader(file, self.places, environment, interpolate(node, environment))
        return Builder(file, node, self.places, self.kinds, contracts, self.chain)

    def raw(self, *path: str) -> Any:
        """Return what is written at a path, or None."""
        part = self.node.get(path)
        return None if part is None else part.plain

    def rough_file(self) -> FileSpec:
        """Return the sections of a file that is wrong, so that their problems are found too."""
        sections = {name: self.raw(name) for name in ("sources", "targets", "parameters")}
        known: dict[str, Any] = {name: given for name, given in sections.items() if isinstance(given, dict)}
        return FileSpec.model_construct(workflow={}, **known)

    def rough_workflow(self) -> WorkflowSpec:
        """Return the steps of a workflow that is wrong, so that their problems are found too."""
        steps = self.raw("workflow", "steps")
        return WorkflowSpec.model_construct(name="", steps=steps if isinstance(steps, list) else [])

    def pipeline(self, top: FileSpec, workflow: WorkflowSpec) -> Pipeline:
        """Build the pipeline; steps that contradict each other are reported and left out."""
        built = {index: one for index in range(len(workflow.steps)) if (one := self.step(index)) is not None}
        steps = tuple(step for step in built.values() if isinstance(step, Step))
        parts = [part for part in built.values() if isinstance(part, Part)]
        notes = () if top.snowpark is None else (_SNOWPARK_NOTE,)
        bare = Pipeline(
            workflow.name,
            sources=frozen(self.named(top.sources, "sources", SourceSpec, self.source)),
            targets=frozen(self.named(top.targets, "targets", TargetSpec, self.target)),
            parameters=frozen(self.named(top.parameters, "parameters", ParameterSpec, self.parameter)),
            timeout=workflow.timeout,
            log_level=top.logging.level,
            seed=workflow.seed,
            root=str(self.places.project),
            notes=notes,
            hooks=hooks_of(workflow.hooks),
            on_failure=workflow.on_failure,
        )
        for part in parts:
            bare |= part.rest
        within = tuple(step for part in parts for step in part.steps)
        datasets = {*bare.brought, *(dataset for step in (*steps, *within) for dataset in step.made)}
        steps = tuple(
            replace(step, inputs=frozen(self.kinds[step.kind].settle(step, datasets))) for step in steps
        )
        try:
            return replace(bare, steps=(*steps, *within))
        except ConfigError as error:
            places = [index for index, step in built.items() if isinstance(step, Step)]
            self.problems += [self.placed(finding, places, within) for finding in error.findings]
            self.guessed |= {dataset for step in steps for dataset in step.made}
            return bare

    def placed(self, finding: Finding, places: Sequence[int], within: Sequence[Step]) -> Finding:
        """Return a finding about the steps with its place, in this file or in that of a part."""
        path = finding.path
        if path[:2] == ("workflow", "steps") and isinstance(path[2], int):
            if path[2] >= len(places):
                part = self.parts.get(within[path[2] - len(places)].name)
                return finding.at(part.locate(path[3:]) if part else None)
            path = (*path[:2], places[path[2]], *path[3:])
        return finding.at(self.node.locate(path))

    def valid(self, kind: type[S], path: tuple[str | int, ...], what: str, step: str = "") -> S | None:
        """Validate the part of the file at a path."""
        part = self.node.get(path)
        plain = None if part is None else part.plain
        return validate(kind, plain, self.node, path, self.problems, what=what, step=step)

    def named(self, given: Mapping[str, Any], section: str, kind: type[S], build: Any) -> dict[str, Any]:
        """Build each entry of a section, in order; broken ones are reported and left out."""
        built = {}
        for name in given:
            spec = self.valid(kind, (section, name), f"{section[:-1]} {name!r}")
            if spec is not None:
                built[name] = build(name, spec)
            else:
                self.guessed.add(name)
        return built

    def source(self, name: str, spec: SourceSpec) -> Source:
        """Build a source."""
        at = ("sources", name)
        if bool(spec.path) == bool(spec.database) or bool(spec.database) != bool(spec.table):
            fix = "give a path, or a database and a table"
            what = f"source {name!r} needs either a path, or a database and a table"
            self.problems.append(Finding("PPF104", what, self.node.locate(at), fix=fix))
        schema, enforce = self.contracts.table(
            spec.contract, self.node, (*at, "contract"), f"source {name!r}"
        )
        path = spec.path if "://" in spec.path else self.place(spec.path)
        return Source(
            name,
            path,
            spec.format,
            self.database(spec.database),
            spec.table,
            schema,
            enforce,
            spec.version,
        )

    def database(self, address: str) -> str:
        """Return the address of a database with the file that a relative one means."""
        scheme, mark, file = address.partition(":///")
        if not mark or file.startswith("/"):
            return address
        return f"{scheme}:///{self.place(file)}"

    def target(self, name: str, spec: TargetSpec) -> Target:
        """Build a target."""
        at = ("targets", name, "contract")
        schema, enforce = self.contracts.table(spec.contract, self.node, at, f"target {name!r}")
        if enforce == "quarantine":
            what = f"the contract of target {name!r} sets rows aside; what is written goes out whole or not at all"
            fix = "use fail, warn or off, and quarantine in the contract of the step that makes the table"
            self.problems.append(Finding("PPF105", what, self.node.locate((*at, "enforce")), fix=fix))
        return Target(name, spec.path, schema, enforce)

    def parameter(self, name: str, spec: ParameterSpec) -> Parameter:
        """Build a parameter; its default and its example take its type."""
        default = self._value_of(name, "default", spec.default, spec.type)
        example = self._value_of(name, "example", spec.example, spec.type)
        return Parameter(name, spec.type, default, spec.default is None, spec.description, example)

    def _value_of(self, name: str, key: str, value: Scalar, kind: str) -> Scalar:
        if kind == "string" and value is not None:
            value = _text(value)
        if value is not None and not is_of(value, kind):
            self.problems.append(
                Finding(
                    "PPF105",
                    f"the {key} of the parameter {name!r} is {value!r}, which is no {kind}",
                    self.node.locate(("parameters", name, key)),
                    fix="correct it" if kind != "date" else "write it as 2013-07-03",
                )
            )
        return value

    def place(self, path: str) -> str:
        """Return where a relative path leads, or where it would be in the project."""
        return self.places.lead(path, self.file) if path else path

    def found(self, config: Any, kind: StepKind, at: tuple[str | int, ...], what: str) -> Any:
        """Return a config whose file names are found; a name with a placeholder is left for later."""
        changed = {}
        for name, code in kind.paths.items():
            given = getattr(config, name)
            if not isinstance(given, str) or not given or "{" in given:
                continue
            place, tried = self.places.find(given, self.file)
            if place is not None and place.suffix == ".py" and place.is_dir():
                where = self.node.locate((*at, "config", name))
                what_is = f"{what}: {given} is a folder, no file"
                self.problems.append(
                    Finding(code, what_is, where, fix=f"{shorten(place)} is a folder: name a file in it")
                )
            elif place is None:
                looked = ", ".join(shorten(path) for path in tried)
                where = self.node.locate((*at, "config", name))
                self.problems.append(
                    Finding(code, f"{what}: there is no file {given}", where, fix=f"looked for: {looked}")
                )
            else:
                changed[name] = _below(place, self.places.project)
        return replace(config, **changed) if changed else config

    def step(self, index: int) -> Step | Part | None:
        """Build a step, or the part that it stands for, or report why it cannot be and remember what it would have made."""
        at = ("workflow", "steps", index)
        part = self.node.get(at)
        name = part.plain.get("name") if part and isinstance(part.plain, dict) else None
        what = f"step {name!r}" if isinstance(name, str) else f"step number {index + 1}"
        before = len(self.problems)
        spec = self.valid(StepSpec, at, what, name if isinstance(name, str) else "")
        built: Step | Part | None = None
        if spec is not None:
            nested = spec.type == NESTED
            built = read_part(self, spec, at, what) if nested else self.built(spec, at, what)
        if built is None:
            assert len(self.problems) > before, "a step is left out only with a reason"  # noqa: S101 a fault of ours if not
            self.guessed |= would_make(part.plain if part else None)
        return built

    def unsafe(
        self, config: Any, wiring: Wiring, at: tuple[str | int, ...]
    ) -> Iterator[tuple[str, Node | None]]:
        """Yield the names of inputs and outputs that would lead out of the step's folder, with their places."""
        written = getattr(config, "inputs", ())  # only there are local names the user's own
        names = dict.fromkeys([*written, *wiring.outputs, *wiring.outputs.values()])
        inside = self.node.get((*at, "config"))
        for name in names:
            if not SAFE_NAME.fullmatch(name):
                walked = [] if inside is None else [node for _, node in inside.walk() if node.value == name]
                yield name, next(iter(walked), inside)

    def own_timeout(self, config: Any, at: tuple[str | int, ...], what: str) -> float | None:
        """Return the `timeout` that some kinds have in their config, which counts when the step has none."""
        given = getattr(config, "timeout", None)
        if given is None:
            return None
        try:
            return seconds(given)
        except ValueError as error:
            where = self.node.locate((*at, "config", "timeout"))
            self.problems.append(
                Finding("PPF105", f"timeout in {what}: {error}", where, fix="give it in seconds")
            )
            return None

    def each(self, spec: ForeachSpec, at: tuple[str | int, ...], what: str) -> Each:
        """Build what a step is done for; it is said in one way."""
        if misfit := misfit_of(spec):
            fix = "give one of: items, dataset, table and by, first and last"
            where = self.node.locate((*at, "foreach"))
            self.problems.append(Finding("PPF104", f"foreach in {what} {misfit}", where, fix=fix))
        return each_of(spec)

    def built(self, spec: StepSpec, at: tuple[str | int, ...], what: str) -> Step | None:
        """Build a step from its valid outer part."""
        resolved = self.kinds.resolve(spec.type)
        if resolved is None or self.kinds[resolved[0]].hidden:
            where = self.node.locate((*at, "type"))
            fix = suggest(spec.type, self.kinds.known()) + " · see `pipeproof steps`"
            self.problems.append(
                Finding(
                    "PPF115", f"{what} has the unknown type {spec.type!r}", where, step=spec.name, fix=fix
                )
            )
            return None
        kind, implied = self.kinds[resolved[0]], resolved[1]
        plain = {**implied, **spec.config}
        config: Any = validate(
            kind.config, plain, self.node, (*at, "config"), self.problems, what=what, step=spec.name
        )
        if config is None:
            return None
        config = self.found(config, kind, at, what)
        wiring = kind.wire(spec.name, config, Contract())
        sole = next(iter(wiring.outputs)) if len(wiring.outputs) == 1 else None
        contract = self.contracts.contract(spec.contract, self.node, (*at, "contract"), what, sole)
        if contract.inputs or set(contract.outputs) - {sole}:
            wiring = kind.wire(spec.name, config, contract)  # only now its ports are known
        self.problems += [
            Finding(
                "PPF105",
                f"{name!r} in {what} is no name of an input or output: letters, digits, _ . - only",
                self.node.locate((*at, "config")) if where is None else where.where,
                step=spec.name,
                fix="rename it: it names a file in the step's folder",
            )
            for name, where in self.unsafe(config, wiring, at)
        ]
        return Step(
            spec.name,
            kind.name,
            config,
            frozen(wiring.inputs),
            frozen(wiring.outputs),
            contract,
            needs=tuple(spec.depends_on),
            retry=Retry(_tries(spec), first=spec.retry_delay, on=spec.retry_on),
            timeout=spec.timeout or self.own_timeout(config, at, what),
            environment=frozen({name: _text(value) for name, value in spec.env.items()}),
            resources=Resources(**spec.resources.model_dump()),
            isolation=spec.isolation,
            python=spec.python,
            container=Container(**spec.container.model_dump()) if spec.container else None,
            effects=spec.effects or kind.effects(config),
            idempotent=spec.idempotent,
            cache=spec.cache,
            group=spec.group,
            description=spec.description,
            when=_text(spec.when),
            optional=spec.optional,
            on_failure=spec.on_failure,
            repeat=None if spec.repeat_until is None else Repeat(**spec.repeat_until.model_dump()),
            before=hook_list(spec.before),
            after=hook_list(spec.after),
            each=None if spec.foreach is None else self.each(spec.foreach, at, what),
        )


_SNOWPARK_NOTE = (
    "snowpark: this version has no connection to Snowflake; its steps run on the embedded engine (DuckDB)"
)


def _below(path: Path, root: Path) -> str:
    """Return a path relative to the project if it lies below it, so that keys do not depend on the machine."""
    resolved = path.resolve()
    return str(resolved.relative_to(root)) if resolved.is_relative_to(root) else str(resolved)


def _tries(spec: StepSpec) -> int:
    return _DEFAULT_TRIES if spec.retry_count is None else spec.retry_count


def _text(value: str | float | bool) -> str:  # noqa: FBT001 a value, not a switch
    return str(value).lower() if isinstance(value, bool) else str(value)
