"""Static rules with codes: what can be known to be wrong before anything runs.

Where a finding points to: with `step` set, `path` leads from that step (``("config", "query_template")``),
else from the top of the file (``("sources", "raw")``). Three paths are searched for in the step:
``("input", DATASET)`` and ``("output", DATASET)`` are wherever it names the dataset, and
``("placeholder", NAME)`` is where it uses ``{NAME}``. ``where=Location("", line, column)`` is a place
inside the text at `path`, such as a line of a query; `pipeproof.project.examine.locate` turns all of
these into places of the file.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeproof.contracts.fit import fit
from pipeproof.errors import Finding, suggest
from pipeproof.model.condition import references_of
from pipeproof.model.contract import FORMATS, Port, TableSchema
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Parameter, Step
from pipeproof.planning.arguments import arguments_that_do_not_fit
from pipeproof.planning.conditions import read_by
from pipeproof.planning.decisions import decisions_that_cannot_be
from pipeproof.planning.hooks_rules import hooks_that_cannot_be
from pipeproof.planning.isolation import without_effect
from pipeproof.planning.items_rules import items_that_cannot_be
from pipeproof.planning.parameters import IMPLIED, declared_parameters
from pipeproof.planning.references import references_to_nothing, rows_of_nothing
from pipeproof.planning.templates import names_in
from pipeproof.ports import StepKind


def lint(
    pipeline: Pipeline,
    kinds: Mapping[str, StepKind],
    *,
    guessed: Collection[str] = (),
    environment: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Return all that is wrong with a pipeline and can be seen without running it.

    Args:
        pipeline: The pipeline.
        kinds: Step kinds by name.
        guessed: Datasets that steps too broken to be built would have made.
        environment: The environment variables that runs will have; this process's unless given.
    """
    variables = os.environ if environment is None else environment
    findings: list[Finding] = []
    for step in pipeline.steps:
        findings += _nobody_makes(step, pipeline, guessed)
        findings += kinds[step.kind].check(step, pipeline)
        findings += _variables_without_value(step, variables)
        findings += without_effect(step, pipeline, kinds[step.kind])
        findings += arguments_that_do_not_fit(step, pipeline)
        findings += rows_of_nothing(step)
    findings += _unused_datasets(pipeline)
    findings += _unreadable_sources(pipeline)
    if "source" in kinds:
        for source in pipeline.sources.values():
            findings += kinds["source"].check(Step(source.name, "source", source), pipeline)
    used = placeholders(pipeline, kinds)
    declared = declared_parameters(pipeline, used)
    findings += _unknown_placeholders(used, declared)
    findings += decisions_that_cannot_be(pipeline, kinds, declared, guessed)
    if any(step.each for step in pipeline.steps):
        columns = {
            name: schema.names for name in datasets_of(pipeline) if (schema := promised(name, pipeline))
        }
        for step in pipeline.steps:
            findings += items_that_cannot_be(step, pipeline, columns, guessed)
    findings += hooks_that_cannot_be(pipeline)
    findings += _edges_that_do_not_fit(pipeline)
    findings += references_to_nothing(pipeline, promised)
    return findings


def _nobody_makes(step: Step, pipeline: Pipeline, guessed: Collection[str]) -> Iterable[Finding]:
    for local, dataset in step.inputs.items():
        if dataset in pipeline.makers or dataset in pipeline.brought or dataset in guessed:
            continue
        port = step.contract.inputs.get(local)
        if port is None or port.required:
            known = {*pipeline.makers, *pipeline.brought}
            yield Finding(
                "PPF121",
                f"step {step.name!r} reads {dataset!r}; nobody makes it",
                step=step.name,
                path=("input", dataset),
                fix=suggest(dataset, known) or "declare it under `sources:`",
            )


def _variables_without_value(step: Step, environment: Mapping[str, str]) -> Iterable[Finding]:
    for variable in step.contract.environment:
        if variable.required and variable.name not in step.environment and variable.name not in environment:
            yield Finding(
                "PPF153",
                f"step {step.name!r} needs the environment variable {variable.name}, which has no value",
                step=step.name,
                path=("contract", "environment", "required"),
                fix="export it, or set it under `env:` of the step",
            )


def _unused_datasets(pipeline: Pipeline) -> Iterable[Finding]:
    read = {dataset for step in pipeline.steps for dataset in read_by(step)}
    last = {step.name for step in pipeline.steps} - {
        need for needs in pipeline.upstream.values() for need in needs
    }
    for step in pipeline.steps:
        if step.name in last or step.effects == "external":
            continue  # what the last steps make is the result of the pipeline
        for dataset in step.outputs.values():
            if dataset not in read:
                yield Finding(
                    "PPF122",
                    f"step {step.name!r} makes {dataset!r}, which nobody reads",
                    severity="warning",
                    step=step.name,
                    path=("output", dataset),
                    fix="drop the output, or let a step or target read it",
                )
    for name, source in pipeline.sources.items():
        if read.isdisjoint(source.made):
            yield Finding(
                "PPF122",
                f"nobody reads the source {name!r}",
                severity="warning",
                path=("sources", name),
                fix="remove it, or check the names that the steps read",
            )


def _unreadable_sources(pipeline: Pipeline) -> Iterable[Finding]:
    for source in pipeline.sources.values():
        if source.format is not None and source.format not in FORMATS:
            yield Finding(
                "PPF105",
                f"source {source.name!r}: {source.format!r} is no format that can be read",
                path=("sources", source.name, "format"),
                fix=suggest(source.format, FORMATS),
            )
        if "://" in source.path:
            yield Finding(
                "PPF129",
                f"source {source.name!r}: {source.path} is an address; only local files are read in this version",
                path=("sources", source.name, "path"),
                fix="give the path of a local file, and bring the data there with a script step",
            )
        elif source.path and "{" not in source.path and not (Path(pipeline.root) / source.path).exists():
            yield Finding(
                "PPF143",
                f"source {source.name!r}: there is no file {source.path}",
                path=("sources", source.name, "path"),
                fix="check the path, or make the file",
            )
        elif source.path and "{" not in source.path and not _is_data(Path(pipeline.root) / source.path):
            yield Finding(
                "PPF143",
                f"source {source.name!r}: {source.path} is neither a file nor a folder",
                path=("sources", source.name, "path"),
                fix="reading a pipe or a device could wait for ever: write its data into a file first",
            )


def _is_data(path: Path) -> bool:
    return path.is_file() or path.is_dir()


@dataclass(frozen=True, slots=True)
class Use:
    """Where a placeholder is used: said in words, with the step (if any) and the path in the file."""

    says: str
    step: str
    path: tuple[str | int, ...]


def placeholders(pipeline: Pipeline, kinds: Mapping[str, StepKind]) -> dict[str, Use]:
    """Return every placeholder that a pipeline uses, with the first place that uses it."""
    used: dict[str, Use] = {}
    for step in pipeline.steps:
        kind = kinds[step.kind]
        fields = (names_in(getattr(step.config, field)) for field in kind.templates)
        names = itertools.chain(kind.placeholders(step.config), names_in(dict(step.environment)), *fields)
        own = {*step.given, *(("item",) if step.each else ()), *(("iteration",) if step.repeat else ())}
        each = step.each
        items = names_in([each.items, each.first, each.last]) if each is not None else ()
        inner = (name for name in itertools.chain(names, items) if name not in own)
        for name in itertools.chain(inner, names_in(dict(step.given))):
            used.setdefault(name, Use(f"step {step.name!r}", step.name, ("placeholder", name)))
        for item in references_of(step.when):
            if item.asks == "parameters" and item.of in IMPLIED:  # others are looked at where conditions are
                used.setdefault(item.of, Use(f"the condition of step {step.name!r}", step.name, ("when",)))
    for section, places in (("source", pipeline.sources), ("target", pipeline.targets)):
        for place in places.values():
            for name in names_in(place.path):
                path = (f"{section}s", place.name, "path")
                used.setdefault(name, Use(f"the path of {section} {place.name!r}", "", path))
    return used


def _unknown_placeholders(used: Mapping[str, Use], declared: Mapping[str, Parameter]) -> Iterable[Finding]:
    for name, use in used.items():
        if name not in declared:
            what = f"{use.says} uses the placeholder {{{name}}}, which is no parameter"
            fix = suggest(name, declared) or "declare it under `parameters:`"
            yield Finding("PPF132", what, step=use.step, path=use.path, fix=fix)


def datasets_of(pipeline: Pipeline) -> set[str]:
    """Return the names of all datasets."""
    return {*pipeline.makers, *pipeline.brought}


def promised(dataset: str, pipeline: Pipeline) -> TableSchema | None:
    """Return the schema that whoever makes a dataset promises."""
    if dataset in pipeline.sources:
        return pipeline.sources[dataset].schema
    maker = pipeline.makers.get(dataset)
    port = output_port(pipeline.by_name[maker], dataset) if maker else None
    return port.schema if port else None


def output_port(step: Step, dataset: str) -> Port | None:
    """Return the port through which a step makes a dataset."""
    return next(
        (step.contract.outputs.get(local) for local, made in step.outputs.items() if made == dataset), None
    )


def _edges_that_do_not_fit(pipeline: Pipeline) -> Iterable[Finding]:
    for step in pipeline.steps:
        for local, dataset in step.inputs.items():
            port = step.contract.inputs.get(local)
            written = promised(dataset, pipeline)
            if port is None or port.schema is None or written is None:
                continue
            enforce = port.enforce or step.contract.enforce
            if enforce == "off":
                continue
            maker = pipeline.makers.get(dataset, dataset)
            measured = {rule.name for rule in port.schema.statistics}
            for misfit in fit(written, port.schema).misfits:
                yield Finding(
                    "PPF152",
                    f"{maker} → {step.name}: {dataset} does not fit: {misfit.what}",
                    # Who warns of bad rows, or sets them aside, has said that they may come; what is
                    # measured over all rows is seldom promised, and asked of the data anyway.
                    severity=misfit.severity
                    if enforce == "fail" and misfit.rule not in measured
                    else "warning",
                    step=step.name,
                    edge=(maker, step.name),
                    dataset=dataset,
                    column=misfit.column,
                    evidence=misfit.evidence,
                    fix=misfit.fix,
                    path=("contract", "inputs", local),
                )
