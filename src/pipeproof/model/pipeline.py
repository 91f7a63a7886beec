"""A pipeline: sources, steps in order, targets. Ordered and acyclic by construction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol

from pipeproof.errors import ConfigError, Finding, UsageError, suggest
from pipeproof.model.contract import Enforce, TableSchema, frozen
from pipeproof.model.hook import Hooks
from pipeproof.model.nesting import nest
from pipeproof.model.order import Lets, closure, groups_of, in_order, makers, stand_ins, waits, with_groups
from pipeproof.model.step import REJECTED, Parameter, Step

Version = Literal["content", "always", "never"]


@dataclass(frozen=True, slots=True)
class Source:
    """Data that come from outside: a file, a folder, or a table of a database.

    `version` says how it is known whether they are still the same: by the ``content`` of the file, or of the
    file of the database; they are read anew ``always``; they ``never`` change.
    """

    name: str
    path: str = ""
    format: str | None = None
    database: str = ""
    table: str = ""
    schema: TableSchema | None = None
    enforce: Enforce = "fail"
    version: Version = "content"

    @property
    def made(self) -> tuple[str, ...]:
        """The dataset, and the rows that its contract sets aside."""
        aside = self.schema is not None and self.enforce == "quarantine"
        return (self.name, self.name + REJECTED) if aside else (self.name,)


@dataclass(frozen=True, slots=True)
class Target:
    """A place outside that a pipeline writes to."""

    name: str
    path: str
    schema: TableSchema | None = None
    enforce: Enforce = "fail"


class StepLike(Protocol):
    """Something that becomes a step once the names around it are known, such as a decorated function."""

    @property
    def name(self) -> str:
        """Name of the step."""

    def made(self) -> Iterable[str]:
        """Return the datasets that it makes."""

    def as_step(self, datasets: Collection[str], parameters: Collection[str]) -> Step:
        """Return the step, given the names of all datasets and parameters."""


@dataclass(frozen=True)
class Pipeline:
    """Sources, steps, targets and parameters; `steps` always stand in an order that can run.

    `steps` may be given as decorated functions and `sources` as paths; they become values here.

    Raises:
        ConfigError: With every problem: duplicate names, two makers of a dataset, a cycle.
    """

    name: str
    steps: tuple[Step, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=frozen)
    targets: Mapping[str, Target] = field(default_factory=frozen)
    parameters: Mapping[str, Parameter] = field(default_factory=frozen)
    timeout: float | None = None
    log_level: str = "INFO"
    seed: int = 0
    root: str = "."
    notes: tuple[str, ...] = ()
    hooks: Hooks = field(default_factory=Hooks)
    on_failure: Literal["", "rollback"] = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", _as_sources(self.sources))
        object.__setattr__(self, "steps", with_groups(_as_steps(self)))
        problems = [*_duplicates(self), *_name_clashes(self), *_makers_twice(self), *_unknown_needs(self)]
        if problems:
            raise ConfigError(*problems)
        object.__setattr__(self, "steps", in_order(self.steps))

    @classmethod
    def from_adjacency(
        cls,
        name: str,
        edges: Mapping[Step | StepLike | str, Iterable[Step | StepLike | str]],
        steps: Iterable[Step | StepLike] = (),
        **options: Any,
    ) -> Pipeline:
        """Return a pipeline whose steps wait for each other as `edges` says, and by their data.

        Args:
            name: Name of the pipeline.
            edges: Step → the steps that follow it; a step, a decorated function, or the name of one.
            steps: The steps that `edges` only names.
            **options: The other fields of a pipeline.

        Raises:
            ConfigError: A name is no step, or steps wait for each other.

        Example:
            >>> Pipeline.from_adjacency("p", {extract: [clean], clean: [train, plot]})  # doctest: +SKIP
        """
        pairs = [(before, after) for before, following in edges.items() for after in following]
        met = [*edges, *(after for _, after in pairs)]
        given = list(steps)
        given += [item for item in met if not isinstance(item, str)]
        plain = cls(name, steps=tuple({_name_of(item): item for item in given}.values()), **options)  # type: ignore[arg-type]  # they become steps
        needs: dict[str, list[str]] = {}
        for before, after in pairs:
            needs.setdefault(_name_of(after), []).append(_name_of(before))
        unknown = {_name_of(item) for item in met} - set(plain.by_name)
        if unknown:
            raise ConfigError(
                *(
                    Finding("PPF124", f"{missing!r} is no step", fix=suggest(missing, plain.by_name))
                    for missing in sorted(unknown)
                )
            )
        return replace(
            plain,
            steps=tuple(
                replace(step, needs=tuple(dict.fromkeys([*step.needs, *needs.get(step.name, ())])))
                for step in plain.steps
            ),
        )

    @cached_property
    def adjacency(self) -> Mapping[str, tuple[str, ...]]:
        """Step → the steps that wait for it."""
        following: dict[str, list[str]] = {step.name: [] for step in self.steps}
        for name, before in self.upstream.items():
            for need in before:
                following[need].append(name)
        return frozen({name: tuple(after) for name, after in following.items()})

    @cached_property
    def by_name(self) -> Mapping[str, Step]:
        """Steps by their names."""
        return frozen({step.name: step for step in self.steps})

    @cached_property
    def makers(self) -> Mapping[str, str]:
        """Dataset → the step that makes it; sources are not among them.

        Where a step stands in for another one when that fails, the other one is the maker.
        """
        return frozen(makers(self.steps))

    @cached_property
    def brought(self) -> Mapping[str, str]:
        """Dataset → the source that brings it in."""
        return frozen({dataset: source.name for source in self.sources.values() for dataset in source.made})

    @cached_property
    def upstream(self) -> Mapping[str, tuple[str, ...]]:
        """Step → the steps it waits for: by data, by conditions, by `depends_on`, to stand in for one."""
        return frozen({name: tuple(lets) for name, lets in self.waits.items()})

    @cached_property
    def waits(self) -> Mapping[str, Lets]:
        """Step → the steps it waits for, each with the ends that let it go."""
        return frozen(
            {
                name: frozen({need: ends for need, ends in lets.items() if need in self.by_name})
                for name, lets in waits(self.steps).items()
            }
        )

    def only(self, *names: str) -> Pipeline:
        """Return the pipeline with just these steps (or groups)."""
        keep = set(self.select(names))
        return self._keep(lambda step: step.name in keep)

    def upto(self, *names: str) -> Pipeline:
        """Return the pipeline with these steps and all that they wait for."""
        keep = closure(self.select(names), self.upstream)
        return self._keep(lambda step: step.name in keep)

    def since(self, *names: str) -> Pipeline:
        """Return the pipeline with these steps and all that wait for them."""
        keep = closure(self.select(names), self.adjacency)
        return self._keep(lambda step: step.name in keep)

    def replace(self, *steps: Step) -> Pipeline:
        """Return the pipeline with steps of the same names exchanged for these.

        Raises:
            UsageError: A name is not a step of this pipeline.
        """
        new = {step.name: step for step in steps}
        self.select(tuple(new))
        return replace(self, steps=tuple(new.get(step.name, step) for step in self.steps))

    def under(
        self,
        name: str,
        *,
        inputs: Mapping[str, str] | None = None,
        outputs: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Pipeline:
        """Return the pipeline as a part of another one, to be put beside its steps by ``|``.

        Its steps are named ``NAME.STEP`` and are the group NAME. What is not given keeps its default; a
        parameter without one is that of the same name around it.

        Args:
            name: Name of the part.
            inputs: Source → dataset around it that stands for it; other sources stay, as ``NAME.SOURCE``.
            outputs: Dataset → its name around; ``NAME.DATASET`` unless given.
            parameters: Parameter → value; a text may hold placeholders of the pipeline around.

        Raises:
            ConfigError: A name is no source, dataset or parameter of it.

        Example:
            >>> whole = Pipeline("whole", ...) | prepare.under("prep", inputs={"raw": "flights"})  # doctest: +SKIP
        """
        return nest(self, name, inputs or {}, outputs or {}, parameters or {})

    def __or__(self, other: Pipeline) -> Pipeline:
        """Return both pipelines as one, named after the first."""
        return replace(
            self,
            steps=self.steps + other.steps,
            sources=frozen({**self.sources, **other.sources}),
            targets=frozen({**self.targets, **other.targets}),
            parameters=frozen({**self.parameters, **other.parameters}),
            notes=self.notes + other.notes,
        )

    def select(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the step names that names of steps and groups stand for.

        Raises:
            UsageError: A name is neither a step nor a group, with what was probably meant.
        """
        groups = groups_of(self.steps)
        chosen: list[str] = []
        problems: list[Finding] = []
        for name in names:
            if name in self.by_name:
                chosen.append(name)
            elif name in groups:
                chosen += groups[name]
            else:
                hint = suggest(name, [*self.by_name, *groups])
                problems.append(Finding("PPF124", f"no step or group {name!r} in {self.name}", fix=hint))
        if problems:
            raise UsageError(*problems)
        return tuple(chosen)

    def _keep(self, wanted: Callable[[Step], bool]) -> Pipeline:
        kept = tuple(step for step in self.steps if wanted(step))
        names = {step.name for step in kept}
        return replace(self, steps=tuple(_among(step, names) for step in kept))


def _among(step: Step, names: Collection[str]) -> Step:
    """Return a step without its ties to steps that are not there."""
    needs = tuple(need for need in step.needs if need in names)
    return replace(step, needs=needs, on_failure=step.on_failure if step.on_failure in names else "")


def _as_sources(sources: Mapping[str, Source | str]) -> Mapping[str, Source]:
    return frozen(
        {name: Source(name, item) if isinstance(item, str) else item for name, item in sources.items()}
    )


def _as_steps(pipeline: Pipeline) -> tuple[Step, ...]:
    given: Sequence[Step | StepLike] = pipeline.steps
    if all(isinstance(step, Step) for step in given):
        return tuple(pipeline.steps)
    datasets: set[str] = set(pipeline.brought)
    for step in given:
        datasets |= set(step.made if isinstance(step, Step) else step.made())
    problems: list[Finding] = []
    steps: list[Step] = []
    for step in given:
        try:
            steps.append(step if isinstance(step, Step) else step.as_step(datasets, pipeline.parameters))
        except ConfigError as error:
            problems += error.findings
    if problems:
        raise ConfigError(*problems)
    return tuple(steps)


def _name_of(step: Step | StepLike | str) -> str:
    return step if isinstance(step, str) else step.name


def _duplicates(pipeline: Pipeline) -> Iterable[Finding]:
    seen: set[str] = set()
    for index, step in enumerate(pipeline.steps):
        if step.name in seen:
            yield Finding(
                "PPF113",
                f"two steps are named {step.name!r}",
                step=step.name,
                path=("workflow", "steps", index, "name"),
                fix="give each step its own name",
            )
        seen.add(step.name)


def _name_clashes(pipeline: Pipeline) -> Iterable[Finding]:
    """Yield names that mean two things: a source runs as a task, and a group stands for its steps.

    A step that also makes a dataset of the source's name is reported as its second maker instead.
    """
    groups = groups_of(pipeline.steps)
    for index, step in enumerate(pipeline.steps):
        other = "source" if step.name in pipeline.sources else "group" if step.name in groups else ""
        if other == "group" or (other and step.name not in step.outputs.values()):
            yield Finding(
                "PPF113",
                f"step {step.name!r} has the name of a {other}",
                step=step.name,
                path=("workflow", "steps", index, "name"),
                fix="rename one of them",
            )


def _makers_twice(pipeline: Pipeline) -> Iterable[Finding]:
    known: dict[str, str] = {dataset: f"source {name!r}" for dataset, name in pipeline.brought.items()}
    fallbacks = stand_ins(pipeline.steps)
    by_name = {step.name: step for step in pipeline.steps}
    for index, step in enumerate(pipeline.steps):
        replaced = by_name.get(fallbacks.get(step.name, ""))
        for dataset in step.made:
            if replaced is not None and dataset in replaced.made:
                continue
            if dataset in known:
                yield Finding(
                    "PPF123",
                    f"step {step.name!r} makes dataset {dataset!r}, which {known[dataset]} makes too",
                    step=step.name,
                    path=("workflow", "steps", index),
                    fix="rename one of the outputs",
                )
            known.setdefault(dataset, f"step {step.name!r}")


def _unknown_needs(pipeline: Pipeline) -> Iterable[Finding]:
    names = {step.name for step in pipeline.steps}
    for index, step in enumerate(pipeline.steps):
        for position, need in enumerate(step.needs):
            if need not in names:
                yield Finding(
                    "PPF124",
                    f"step {step.name!r} depends on {need!r}, which is no step or group",
                    step=step.name,
                    path=("workflow", "steps", index, "depends_on", position),
                    fix=suggest(need, [*(names - {step.name}), *groups_of(pipeline.steps)]) or "remove it",
                )
