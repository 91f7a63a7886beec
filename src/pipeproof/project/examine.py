"""Loading a pipeline and holding every static rule against it."""

from __future__ import annotations

import contextlib
import gc
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.errors import ConfigError, Finding, Location
from pipeproof.loading.find import load_target
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.nested import step_nodes
from pipeproof.loading.node import Node
from pipeproof.loading.places import places_for
from pipeproof.model.pipeline import Pipeline
from pipeproof.planning.lint import lint, placeholders
from pipeproof.planning.parameters import with_defaults
from pipeproof.plugins import Kinds
from pipeproof.project.place import Project
from pipeproof.project.stores import wrong_settings


@dataclass(frozen=True)
class Examined:
    """A pipeline with everything that is known to be wrong with it before it runs."""

    loaded: Loaded
    project: Project
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        from pipeproof.report.findings import counted

        steps = len(self.pipeline.steps)
        return f"<Examined {self.pipeline.name}: {steps} steps, {counted(self.findings) or 'no problems'}>"

    def __str__(self) -> str:
        """What is wrong, as the command line says it."""
        from pipeproof.report.findings import finding_block

        return "\n".join(finding_block(self.findings)) or repr(self)

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
    with collector_paused():
        return _examine(target, Kinds())


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Let no garbage be looked for: imports and syntax trees are all kept, and looking took a sixth of a check."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _examine(target: Loaded | str | Path | Pipeline, kinds: Kinds) -> Examined:
    if isinstance(target, Loaded):
        loaded, places = target, places_for(Path(target.pipeline.root))
    else:
        try:
            loaded, places = load_target(target, kinds, os.environ)
        except ConfigError as error:
            return Examined(Loaded(Pipeline("")), Project.at(Path.cwd(), kinds), error.findings)
    found = lint(loaded.pipeline, kinds, guessed=loaded.guessed)
    if not loaded.pipeline.steps and not loaded.findings:
        # Of a file, the loader says it; a pipeline made in Python that does nothing is no pass either.
        found.append(Finding("PPF104", f"{loaded.pipeline.name} has no steps", fix="add at least one step"))
    project = Project(places, kinds)
    findings = [*loaded.findings, *map(in_file(loaded), found), *wrong_settings(project)]
    if any(finding.severity == "error" for finding in findings):
        # Who reads what is not known as long as steps are broken.
        findings = [finding for finding in findings if finding.code != "PPF122"]
    return Examined(loaded, project, tuple(sorted(dict.fromkeys(findings), key=_order)))


def in_file(loaded: Loaded) -> Callable[[Finding], Finding]:
    """Return the function that gives findings their place in the pipeline's file."""
    nodes = {**step_nodes(loaded.node), **loaded.parts}
    return lambda finding: locate(finding, loaded, nodes)


def _order(finding: Finding) -> tuple[str, int, int, str]:
    where = finding.where or Location("")
    return where.file, where.line, where.column, finding.code


def locate(finding: Finding, loaded: Loaded, nodes: Mapping[str, Node]) -> Finding:
    """Return a finding of a static rule with its place in the file; see `pipeproof.planning.lint`.

    Args:
        finding: What was found.
        loaded: What it was found in.
        nodes: Step → where it is written.
    """
    if loaded.node is None or (finding.where is not None and finding.where.file):
        return finding
    if not finding.step:
        return finding.at(loaded.node.locate(finding.path))
    step = nodes.get(finding.step)
    if step is None:
        return finding
    inner, path = finding.where, finding.path
    if inner is not None:
        holder = step.get(path)
        return replace(
            finding, where=holder.inside(inner.line, inner.column) if holder else step.locate(path)
        )
    if path and path[0] in _SEARCHED:
        return finding.at(_search(_SEARCHED[path[0]], str(path[1]), step))
    return finding.at(step.locate(path or ("name",)))


_NAME = r"(?<![\w.]){}(?!\w)"
_SEARCHED: Mapping[str | int, str] = {"input": _NAME, "output": _NAME, "placeholder": r"\{{{}[:}}]"}
"""First part of a path → the pattern of what is searched for, in which the second part stands for ``{}``."""


def _search(pattern: str, name: str, step: Node) -> Location:
    """Return where a step names a dataset or a placeholder; the step's config when it does not."""
    searched = re.compile(pattern.format(re.escape(name)), re.IGNORECASE)
    walked = [*(step.child("config") or step).walk(), *step.walk()]
    leaves = [leaf for _, leaf in walked if isinstance(leaf.value, str)]
    for leaf in leaves:
        if leaf.value == name:
            return leaf.where
    for leaf in leaves:
        if found := searched.search(leaf.value):
            before = leaf.value[: found.start()]
            return leaf.inside(before.count("\n") + 1, found.start() - before.rfind("\n"))
    return step.locate(("config",))


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
