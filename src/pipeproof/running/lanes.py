"""Lanes: of the tasks of one lane only so many run at once; others are parked until one has ended."""

from __future__ import annotations

from collections import Counter, deque
from typing import Generic, TypeVar

from pipeproof.model.plan import Task

T = TypeVar("T")


class Lanes(Generic[T]):
    """How many tasks of each lane run, and what is parked before it."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._parked: dict[str, deque[T]] = {}

    def enter(self, task: Task, ticket: T) -> bool:
        """Say whether a task may start beside those of its lane that run; if not, its ticket is parked."""
        if task.step.lane is None:
            return True
        lane = _lane_of(task)
        if self._running[lane] >= task.step.lane[1]:
            self._parked.setdefault(lane, deque()).append(ticket)
            return False
        self._running[lane] += 1
        return True

    def leave(self, task: Task) -> T | None:
        """Take down that a task has ended, and return the ticket that is next in its lane, if there is one."""
        if task.step.lane is None:
            return None
        lane = _lane_of(task)
        self._running[lane] -= 1
        parked = self._parked.get(lane)
        return parked.popleft() if parked else None


def _lane_of(task: Task) -> str:
    return f"{task.trial}/{task.step.lane[0]}" if task.step.lane is not None else ""
