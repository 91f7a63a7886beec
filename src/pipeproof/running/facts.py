"""What a run knows when a condition is to be decided: how steps ended, what they logged and made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.errors import suggest
from pipeproof.model.artifact import Artifact
from pipeproof.model.condition import Reference, UnknownValueError
from pipeproof.model.contract import Scalar
from pipeproof.model.outcome import Outcome
from pipeproof.model.plan import Task

_SHOWN: Mapping[str, str] = {"excused": "failed"}
"""Ends of tasks that conditions know by another word."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run knows, seen from one task.

    Attributes:
        task: The task; in a trial it sees the steps and datasets of that trial alone.
        parameters: Parameters of the run.
        status: Task → how it ended, or what it does.
        passed: Task → what it came to.
        made: (trial, dataset) → what was made.
        own: What the iteration came to that the task has just ended; None where nothing is done again.
        number: The number of that iteration.
    """

    task: Task
    parameters: Mapping[str, Scalar]
    status: Mapping[str, str]
    passed: Mapping[str, Outcome]
    made: Mapping[tuple[str, str], Artifact]
    own: Outcome | None = None
    number: int = 0

    def look(self, item: Reference) -> Any:
        """Return the value of something that a condition asks for.

        Raises:
            UnknownValueError: It has none, with why.
        """
        looks: Mapping[str, Callable[[Reference], Any]] = {
            "parameters": self.parameter,
            "metrics": self.metric,
            "status": self.ended,
            "rows": self.rows,
            "value": self.value,
            "iteration": lambda _item: self.number,
            "item": lambda _item: self.task.step.given["item"],
        }
        return looks[item.asks](item)

    def parameter(self, item: Reference) -> Scalar:
        """Return a parameter of the run, or of the step alone."""
        if item.of in self.task.step.given:
            own: Scalar = self.task.step.given[item.of]
            return own
        if item.of not in self.parameters:
            raise UnknownValueError(f"there is no parameter {item.of!r}")
        return self.parameters[item.of]

    def ended(self, item: Reference) -> str:
        """Return how a step ended: passed, failed, skipped or blocked."""
        status = self.status.get(self.named(item.of))
        if status is None:
            raise UnknownValueError(f"{item.of} is no part of this run")
        return _SHOWN.get(status, status)

    def metric(self, item: Reference) -> float:
        """Return the last value of a metric."""
        outcome = self.passed.get(self.named(item.of))
        if self.own is not None and item.of in {self.task.step.name, self.task.step.base}:
            outcome = self.own
        if outcome is None:
            raise UnknownValueError(f"{item.of} has not passed")
        logged = {metric.name: metric.value for metric in outcome.metrics}
        if item.name not in logged:
            hint = suggest(item.name, logged) or "it logged none"
            raise UnknownValueError(f"{item.of} logged no metric {item.name!r}; {hint}")
        return logged[item.name]

    def rows(self, item: Reference) -> int:
        """Return the rows of a table."""
        artifact = self.dataset(item.of)
        if artifact.rows is None:
            raise UnknownValueError(f"{item.of} is a {artifact.kind}, which has no rows")
        return artifact.rows

    def value(self, item: Reference) -> Any:
        """Return a dataset that is a value."""
        artifact = self.dataset(item.of)
        if artifact.kind != "value":
            raise UnknownValueError(f"{item.of} is a {artifact.kind} and no single value")
        if not artifact.is_inline:
            raise UnknownValueError(f"{item.of} is too large for a condition ({artifact.size:,} bytes)")
        return artifact.value

    def dataset(self, name: str) -> Artifact:
        """Return what was made of a dataset."""
        artifact = self.made.get((self.task.trial, name))
        if self.own is not None and name in self.own.outputs:
            artifact = self.own.outputs[name]
        if artifact is None:
            raise UnknownValueError(f"{name} was not made")
        return artifact

    def named(self, step: str) -> str:
        """Return the name of the task of a step."""
        return f"{self.task.trial}/{step}" if self.task.trial else step
