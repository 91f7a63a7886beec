"""A pipeline as a part of another one: its steps under a name of their own, its data known by other names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.model.condition import Reference, read_condition
from pipeproof.model.contract import Contract, Port, TableSchema, frozen
from pipeproof.model.order import ROLLBACK
from pipeproof.model.step import REJECTED, Step

if TYPE_CHECKING:
    from pipeproof.model.pipeline import Pipeline, Source, Target

_PLACEHOLDER = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")


def nest(
    pipeline: Pipeline,
    name: str,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    parameters: Mapping[str, Any],
) -> Pipeline:
    """Return a pipeline under a name; see `Pipeline.under`.

    Raises:
        ConfigError: A name is no source, dataset or parameter of it.
    """
    problems = [
        *_unknown(pipeline, inputs, {*pipeline.sources, *_missed(pipeline)}, "inputs", "source"),
        *_unknown(pipeline, outputs, pipeline.makers, "outputs", "dataset"),
        *_unknown(pipeline, parameters, pipeline.parameters, "parameters", "parameter"),
    ]
    if problems:
        raise ConfigError(*problems)
    given = {key: _value(pipeline, key, parameters) for key in pipeline.parameters}
    within = _Within(name, _datasets(pipeline, name, inputs, outputs), frozen(given))
    hooks = pipeline.hooks
    return replace(
        pipeline,
        name=name,
        steps=tuple(
            replace(
                within.step(step),
                before=(*hooks.before_step, *step.before),
                after=(*step.after, *hooks.after_step),
            )
            for step in pipeline.steps
        ),
        sources=frozen(
            {
                f"{name}.{key}": within.source(one)
                for key, one in pipeline.sources.items()
                if key not in inputs
            }
        ),
        targets=frozen({key: within.target(one) for key, one in pipeline.targets.items()}),
        parameters=frozen(),
        hooks=type(hooks)(),
        notes=(*pipeline.notes, *_left_out(pipeline, name)),
    )


def _missed(pipeline: Pipeline) -> set[str]:
    """Return what its steps read and nobody in it makes."""
    read = {dataset for step in pipeline.steps for dataset in step.inputs.values()}
    return read - {*pipeline.makers, *pipeline.brought}


def _unknown(
    pipeline: Pipeline, given: Collection[str], known: Collection[str], key: str, what: str
) -> Iterator[Finding]:
    for name in given:
        if name not in known:
            says = f"{pipeline.name} has no {what} {name!r}"
            yield Finding("PPF571", says, path=(key, name), fix=suggest(name, known) or f"it has no {what}")


def _value(pipeline: Pipeline, name: str, given: Mapping[str, Any]) -> Any:
    """Return what a parameter is within: as given, its default, else the parameter of that name around it."""
    declared = pipeline.parameters[name]
    if name in given:
        return given[name]
    return f"{{{name}}}" if declared.required else declared.default


def _datasets(
    pipeline: Pipeline, name: str, inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> Mapping[str, str]:
    """Return dataset within → dataset around, with the rows that contracts set aside."""
    found: dict[str, str] = {}
    for source in pipeline.sources:
        found[source] = inputs.get(source, f"{name}.{source}")
        found[source + REJECTED] = found[source] + REJECTED
    found |= inputs
    for dataset in pipeline.makers:
        front = dataset.removesuffix(REJECTED)
        kept = outputs.get(dataset) or (f"{outputs[front]}{REJECTED}" if front in outputs else "")
        found[dataset] = kept or f"{name}.{dataset}"
    return found


def _left_out(pipeline: Pipeline, name: str) -> Iterator[str]:
    """Yield what a pipeline says of its run, and does not hold for it as a part of another one."""
    said = [moment for moment in ("before_run", "after_run", "on_failure") if getattr(pipeline.hooks, moment)]
    said += ["timeout"] if pipeline.timeout else []
    if said:
        yield f"{name}: {', '.join(said)} of {pipeline.name} do not count where it is a part of another pipeline"


@dataclass(frozen=True, slots=True)
class _Within:
    """What the names within a part are around it."""

    name: str
    datasets: Mapping[str, str]
    given: Mapping[str, Any]

    def step(self, step: Step) -> Step:
        """Return a step as it is known around the part."""
        each = step.each
        return replace(
            step,
            name=self.named(step.name),
            inputs=frozen({local: self.dataset(one) for local, one in step.inputs.items()}),
            outputs=frozen({local: self.dataset(one) for local, one in step.outputs.items()}),
            contract=self.contract(step.contract, step.inputs),
            needs=tuple(map(self.named, step.needs)),
            group=self.name,
            when=self.condition(step.when),
            on_failure=step.on_failure if step.on_failure in {"", ROLLBACK} else self.named(step.on_failure),
            each=each and replace(each, dataset=self.dataset(each.dataset), table=self.dataset(each.table)),
            given=frozen({**self.given, **{key: self.text(value) for key, value in step.given.items()}}),
        )

    def named(self, step: str) -> str:
        return f"{self.name}.{step}"

    def dataset(self, name: str) -> str:
        return self.datasets.get(name, name)

    def text(self, value: Any) -> Any:
        """Return a text with the placeholders of the part exchanged for what they stand for."""
        if not isinstance(value, str):
            return value
        whole = _PLACEHOLDER.fullmatch(value)
        if whole and whole["name"] in self.given:
            return self.given[whole["name"]]
        return _PLACEHOLDER.sub(lambda match: str(self.given.get(match["name"], match[0])), value)

    def source(self, source: Source) -> Source:
        schema = self.schema(source.schema, ())
        return replace(source, name=self.named(source.name), path=self.text(source.path), schema=schema)

    def target(self, target: Target) -> Target:
        return replace(target, path=self.text(target.path), schema=self.schema(target.schema, ()))

    def contract(self, contract: Contract, inputs: Collection[str]) -> Contract:
        def ports(given: Mapping[str, Port]) -> Mapping[str, Port]:
            return frozen(
                {k: replace(port, schema=self.schema(port.schema, inputs)) for k, port in given.items()}
            )

        return replace(contract, inputs=ports(contract.inputs), outputs=ports(contract.outputs))

    def schema(self, schema: TableSchema | None, inputs: Collection[str]) -> TableSchema | None:
        """Return a schema whose columns refer to datasets by the names around; local names of inputs stay."""
        if schema is None or all(column.references is None for column in schema.columns):
            return schema
        columns = tuple(
            replace(one, references=replace(one.references, dataset=self.dataset(one.references.dataset)))
            if one.references is not None and one.references.dataset not in inputs
            else one
            for one in schema.columns
        )
        return replace(schema, columns=columns)

    def condition(self, text: str) -> str:
        """Return a condition that asks for the same by the names around; one that cannot be read stays as it is."""
        try:
            return read_condition(text).renamed(self.reference) if text else text
        except ConfigError:
            return text

    def reference(self, item: Reference) -> str:
        """Return how something that a condition asks for is written around the part."""
        names: Mapping[str, Callable[[], str]] = {
            "metrics": lambda: f'metrics["{self.named(item.of)}"]["{item.name}"]',
            "status": lambda: f'status["{self.named(item.of)}"]',
            "rows": lambda: f'rows("{self.dataset(item.of)}")',
            "value": lambda: f'value("{self.dataset(item.of)}")',
        }
        return names[item.asks]() if item.asks in names else ""
