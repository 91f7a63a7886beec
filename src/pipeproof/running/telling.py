"""What a hook is told of a run: who was to be done, how it ended, what it logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.model.outcome import Failure, Outcome
from pipeproof.model.plan import Plan, Task
from pipeproof.planning.hooks import Call

_SHOWN = {"excused": "failed"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a run knows when a hook is due.

    Attributes:
        plan: What is done.
        status: Task → how it ended, or what it does.
        passed: Task → what it came to.
        failures: Task → why it failed.
        reused: Tasks that were taken from an earlier run.
        failed: Whether the run has failed.
    """

    plan: Plan
    status: Mapping[str, str]
    passed: Mapping[str, Outcome]
    failures: Mapping[str, Failure]
    reused: frozenset[str]
    failed: bool

    def needless(self, task: Task, call: Call) -> str:
        """Return why a hook need not be called, or ''."""
        if call.moment == "on_failure" and not self.failed:
            return "nothing failed"
        if call.moment == "after_step":
            step = task.needs[0]
            if self.status[step] in {"skipped", "blocked"}:
                return f"{call.step} did not run"
            if step in self.reused:
                return f"{call.step} is taken from an earlier run"
        return ""

    def about(self, task: Task, call: Call) -> dict[str, Any]:
        """Return what a hook is told, as plain data."""
        told = {"pipeline": self.plan.pipeline.name, "parameters": dict(self.plan.parameters)}
        if call.moment == "before_run":
            return told
        if call.moment in {"after_run", "on_failure"}:
            ended = {name: self.status[name] for name in task.needs if "@" not in name}
            steps = {name: _SHOWN.get(end, end) for name, end in ended.items()}
            failed = [
                {"step": name, **_failure(self.failures[name])} for name in steps if name in self.failures
            ]
            return told | {"status": "failed" if self.failed else "passed", "steps": steps, "failed": failed}
        return told | {
            "step": call.step,
            **(self.of_step(task.needs[0]) if call.moment == "after_step" else {}),
        }

    def of_step(self, name: str) -> dict[str, Any]:
        """Return how a step ended."""
        outcome, failure = self.passed.get(name), self.failures.get(name)
        end = self.status[name]
        return {
            "status": _SHOWN.get(end, end),
            "metrics": {} if outcome is None else {one.name: one.value for one in outcome.metrics},
            "rows": {} if outcome is None else {key: made.rows for key, made in outcome.outputs.items()},
            "failure": None if failure is None else _failure(failure),
        }


def _failure(failure: Failure) -> dict[str, str]:
    return {"code": failure.code, "type": failure.type, "message": failure.message}
