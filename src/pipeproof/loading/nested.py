"""A pipeline file as a part of another one: read like any file, its steps put in the place of the step that names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import ConfigError, Finding
from pipeproof.loading.node import Node
from pipeproof.loading.places import shorten
from pipeproof.loading.spec import StepSpec
from pipeproof.loading.validate import validate
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step

if TYPE_CHECKING:
    from pipeproof.loading.build import Builder

NESTED = "pipeline"
"""The type of a step that stands for another file."""
_ALLOWED = frozenset({"name", "type", "config", "description", "depends_on", "when"})


@dataclass(frozen=True, slots=True)
class Part:
    """What a step that names another file stands for: its steps, and the rest of it."""

    steps: tuple[Step, ...]
    rest: Pipeline


def read_part(builder: Builder, spec: StepSpec, at: tuple[str | int, ...], what: str) -> Part | None:
    """Return what a step stands for, under its name; what is wrong is told by the builder.

    Args:
        builder: Builds the file around it.
        spec: The step.
        at: Where it stands in the file.
        what: What it is, for messages.
    """
    builder.problems += _keys_of_no_use(builder, at, what, spec.name)
    config: Any = validate(
        builder.kinds[NESTED].config, spec.config, builder.node, (*at, "config"), builder.problems, what=what, step=spec.name
    )  # fmt: skip
    place = None if config is None else _place(builder, config.file, at, what)
    if place is None:
        return None
    try:
        inner = builder.beside(place).build()
    except ConfigError as error:  # it cannot be read at all
        builder.problems += error.findings
        return None
    builder.problems += inner.findings
    builder.guessed |= {f"{spec.name}.{name}" for name in inner.guessed}
    try:
        part = inner.pipeline.under(
            spec.name, inputs=config.inputs, outputs=config.outputs, parameters=config.parameters
        )
    except ConfigError as error:
        where = (*at, "config")
        builder.problems += [
            finding.at(builder.node.locate_key((*where, *finding.path))) for finding in error.findings
        ]
        return None
    own = {f"{spec.name}.{name}": node for name, node in step_nodes(inner.node).items()}
    builder.parts |= own | {f"{spec.name}.{name}": node for name, node in inner.parts.items()}
    return Part(tuple(_after(step, spec) for step in part.steps), replace(part, steps=()))


def _after(step: Step, spec: StepSpec) -> Step:
    """Return a step of a part that waits for what the part waits for, under its condition too."""
    when = str(spec.when).lower() if isinstance(spec.when, bool) else spec.when
    both = f"({when}) and ({step.when})" if when and step.when else when or step.when
    return replace(step, needs=(*step.needs, *spec.depends_on), when=both)


def _keys_of_no_use(builder: Builder, at: tuple[str | int, ...], what: str, step: str) -> Iterator[Finding]:
    part = builder.node.get(at)
    for key in part.plain if part is not None and isinstance(part.plain, dict) else ():
        if key not in _ALLOWED:
            where = builder.node.locate_key((*at, key))
            says = f"{what} is a pipeline of its own, which has no {key!r}"
            yield Finding("PPF571", says, where, step=step, fix="say it of the steps in its file")


def _place(builder: Builder, file: str, at: tuple[str | int, ...], what: str) -> Path | None:
    """Return where the file of a part is, unless it is not there or leads back to a file that reads it."""
    where = builder.node.locate((*at, "config", "file"))
    place, tried = builder.places.find(file, builder.file)
    if place is None or not place.is_file():
        looked = ", ".join(shorten(path) for path in tried)
        builder.problems.append(
            Finding("PPF571", f"{what}: there is no file {file}", where, fix=f"looked for: {looked}")
        )
        return None
    place = place.resolve()
    if place in builder.chain:
        round_ = " → ".join(shorten(path) for path in (*builder.chain[builder.chain.index(place) :], place))
        fix = "let one of them name another file"
        builder.problems.append(Finding("PPF571", f"{what} leads back to itself: {round_}", where, fix=fix))
        return None
    return place


def step_nodes(node: Node | None) -> Mapping[str, Node]:
    """Return where each step of a file is written; the first of those that share a name."""
    steps = node.get(("workflow", "steps")) if node is not None else None
    listed: list[Node] = steps.value if steps is not None and isinstance(steps.value, list) else []
    return {
        name.value: step
        for step in reversed(listed)
        if (name := step.child("name")) and isinstance(name.value, str)
    }
