"""Loading a pipeline and holding every static rule against it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.errors import ConfigError, Finding, Location
from pipeproof.loading.find import load_target
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.places import places_for
from pipeproof.model.pipeline import Pipeline
from pipeproof.planning.lint import lint, placeholders
from pipeproof.planning.parameters import with_defaults
from pipeproof.plugins import Kinds
from pipeproof.project.place import Project


@dataclass(frozen=True)
class Examined:
    """A pipeline with everything that is known to be wrong with it before it runs."""

    loaded: Loaded
    project: Project
    findings: tuple[Finding, ...]

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline."""
        return self.loaded.pipeline

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep it from running."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


Target = str | Path | Pipeline | Loaded | Examined


def examine(target: Target) -> Examined:
    """Load a pipeline and hold every static rule against it; nothing is executed.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.

    Raises:
        UsageError: There is no such pipeline.
    """
    if isinstance(target, Examined):
        return target
    kinds = Kinds()
    if isinstance(target, Loaded):
        loaded, places = target, places_for(Path(target.pipeline.root))
    else:
        try:
            loaded, places = load_target(target, kinds, os.environ)
        except ConfigError as error:
            return Examined(Loaded(Pipeline("")), Project.at(Path.cwd(), kinds), error.findings)
    found = lint(loaded.pipeline, kinds, guessed=loaded.guessed)
    findings = [*loaded.findings, *(locate(finding, loaded) for finding in found)]
    return Examined(loaded, Project(places, kinds), tuple(sorted(dict.fromkeys(findings), key=_order)))


def _order(finding: Finding) -> tuple[str, int, int, str]:
    where = finding.where or Location("")
    return where.file, where.line, where.column, finding.code


def locate(finding: Finding, loaded: Loaded) -> Finding:
    """Return a finding of a static rule with its place in the file."""
    node = loaded.node
    if node is None or finding.where is not None:
        return finding
    if not finding.step:
        return finding.at(node.locate(finding.path))
    steps = node.get(("workflow", "steps"))
    names = [step.value.get("name") for step in steps.value] if steps else []
    index = next((i for i, name in enumerate(names) if name is not None and name.value == finding.step), None)
    if index is None or steps is None:
        return finding
    step = steps.value[index]
    if finding.path[:1] == ("input",):
        config = step.get(("config",)) or step
        for _, leaf in config.walk():
            if leaf.value == finding.path[1]:
                return finding.at(leaf.where)
        return finding.at(step.locate(("config", "query_template")))
    return finding.at(step.locate(finding.path) if finding.path else step.locate(("name",)))


def load(target: Target, **parameters: Any) -> Examined:
    """Load a pipeline.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.
        **parameters: Values of its parameters, which become their defaults.

    Raises:
        ConfigError: With everything that is wrong with it.
    """
    examined = examine(target)
    if examined.errors:
        raise ConfigError(*examined.errors)
    if not parameters:
        return examined
    pipeline = examined.pipeline
    fixed = with_defaults(pipeline, parameters, placeholders(pipeline, examined.project.kinds))
    return replace(examined, loaded=replace(examined.loaded, pipeline=fixed))
