"""What loading gives: a pipeline, where each value came from, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeproof.errors import Finding, Location
from pipeproof.loading.node import Node, Path
from pipeproof.model.contract import frozen
from pipeproof.model.pipeline import Pipeline


@dataclass(frozen=True)
class Loaded:
    """A pipeline with the origins of its values; equality is that of the pipeline alone.

    Attributes:
        pipeline: The pipeline; without the steps that are too broken to be built.
        node: The resolved file, each value with its place and what it overrode.
        findings: What is wrong with it; with any error among them the pipeline must not run.
        origin: The pipeline's file, from the project's folder, or ``module:attribute``; '' for one made in memory.
        guessed: Datasets that broken steps would make, so that nobody misses them.
        parts: Steps that other files bring in, each with where it is written.
    """

    pipeline: Pipeline
    node: Node | None = field(default=None, compare=False, repr=False)
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    guessed: frozenset[str] = field(default=frozenset(), compare=False)
    parts: Mapping[str, Node] = field(default_factory=frozen, compare=False, repr=False)
    origin: str = field(default="", compare=False)

    def locate(self, path: Path) -> Location | None:
        """Return the place of a value, or None for a pipeline made in Python."""
        return None if self.node is None else self.node.locate(path)
