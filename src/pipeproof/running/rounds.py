"""The iterations of steps that are done again: how many there were, and what the last one came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeproof.errors import ConfigError, Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Outcome
from pipeproof.model.plan import Task


@dataclass(frozen=True, slots=True)
class _Round:
    """One iteration: its number, the attempts before it, and what the one before made (local name → artifact)."""

    number: int = 1
    attempts: int = 0
    previous: Mapping[str, Artifact] = field(default_factory=frozen)


_FIRST = _Round()


class Rounds:
    """The iterations that the tasks of a run have done."""

    def __init__(self) -> None:
        self._rounds: dict[str, _Round] = {}

    def number(self, task: Task) -> int:
        """Return the iteration that a task is in, from 1; 0 for one that has none."""
        return 0 if task.step.repeat is None else self._rounds.get(task.name, _FIRST).number

    def previous(self, task: Task) -> Mapping[str, Artifact]:
        """Return what the iteration before made: local name → artifact."""
        return self._rounds.get(task.name, _FIRST).previous

    def attempt(self, task: Task, attempt: int) -> int:
        """Return the number of an attempt within its iteration, from 1."""
        return attempt - self._rounds.get(task.name, _FIRST).attempts

    def end(self, task: Task, outcome: Outcome) -> None:
        """Take down what an iteration came to; the next one begins."""
        made = {
            local: outcome.outputs[dataset]
            for local, dataset in task.step.outputs.items()
            if dataset in outcome.outputs
        }
        self._rounds[task.name] = _Round(self.number(task) + 1, outcome.attempt, frozen(made))


def numbered(outcome: Outcome, number: int) -> Outcome:
    """Return what an iteration came to, its metrics with the number of the iteration where they have none."""
    metrics = tuple(one if one.step is not None else replace(one, step=number) for one in outcome.metrics)
    return replace(outcome, metrics=metrics)


def bound_reached(task: Task, number: int, why: str) -> ConfigError:
    """Return the error of a step whose condition did not hold by its last iteration."""
    return ConfigError(
        Finding(
            "PPF572",
            f"{task.step.name} is not done after {number:,} iterations: {why}",
            step=task.step.name,
            fix="raise `at_most`, ease the condition, or write `otherwise: pass` to take what there is",
        )
    )
