"""What a step's code may ask its context for: results and data of the steps that it waits for, and of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from pipeproof.digest import digest_value
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Outcome, Seen
from pipeproof.model.plan import Task


class Upstream(Mapping[str, Outcome]):
    """What the tasks came to that a task waits for, near and far, by step; worked out when it is first looked at.

    Args:
        task: The task.
        tasks: All tasks by name.
        passed: Task → what it came to; it grows while the run goes on.
        private: Whether anything that was made so far in the run is known to hold personal data.
    """

    def __init__(
        self,
        task: Task,
        tasks: Mapping[str, Task],
        passed: Mapping[str, Outcome],
        *,
        private: bool = True,
    ) -> None:
        self._task, self._tasks, self._passed, self.private = task, tasks, passed, private

    @cached_property
    def _outcomes(self) -> dict[str, Outcome]:
        found: dict[str, Outcome] = {}
        waiting = list(self._task.needs)
        while waiting:
            name = waiting.pop()
            if name not in found and name in self._passed:
                found[name] = self._passed[name]
                waiting += self._tasks[name].needs
        front = f"{self._task.trial}/" if self._task.trial else ""
        return {name.removeprefix(front): found[name] for name in sorted(found)}

    def __getitem__(self, step: str) -> Outcome:
        return self._outcomes[step]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outcomes)

    def __len__(self) -> int:
        return len(self._outcomes)

    def __reduce__(self) -> Any:
        """On its way to another process it is a plain mapping: the run that it looks at stays behind."""
        return dict, (dict(self),)


ASKED = frozenset({"dataset", "names", "result"})
"""What code asks its context for, among all that it may be seen to use."""


def made_by(earlier: Mapping[str, Outcome]) -> dict[str, Artifact]:
    """Return all that steps upstream made: dataset → artifact."""
    return {name: artifact for outcome in earlier.values() for name, artifact in outcome.outputs.items()}


def digest_of_result(outcome: Outcome) -> str:
    """Return the digest of all that code can learn of a step upstream by asking for its result."""
    return digest_value(
        {
            "metrics": [[repr(metric.value), metric.name, metric.step] for metric in outcome.metrics],
            "params": outcome.params,
            "outputs": {name: artifact.digest for name, artifact in outcome.outputs.items()},
        }
    )


def digest_of_names(earlier: Mapping[str, Outcome]) -> str:
    """Return the digest of the names of all datasets and steps upstream, for code that lists them."""
    return digest_value([sorted(made_by(earlier)), sorted(earlier)])


def digest_asked(seen: Seen, earlier: Mapping[str, Outcome]) -> str:
    """Return today's digest of what code asked its context for in an earlier run; empty when it is not there.

    Args:
        seen: What it asked for: a ``dataset``, the ``result`` of a step, or the ``names`` of all.
        earlier: What the tasks upstream came to today.
    """
    if seen.what == "names":
        return digest_of_names(earlier)
    if seen.what == "result":
        return digest_of_result(earlier[seen.name]) if seen.name in earlier else ""
    artifact = made_by(earlier).get(seen.name)
    return artifact.digest if artifact is not None else ""
