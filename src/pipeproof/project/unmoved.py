"""Whether files that keys were made of stayed as they were until the steps that use them had ended.

A key is made before the run. Whoever edits a helper or exchanges a source while the run goes on gets results
of the new files under a key of the old ones; nobody must take these again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeproof.model.outcome import Outcome
from pipeproof.model.plan import Plan, Task
from pipeproof.model.reuse import Behind, barrier_of

_Stat = tuple[int, ...]
_CHANGED = 2  # where the time of the last change stands in it
_TICK = 0.005  # seconds; file systems take the time from a clock that may be late by a tick


class Unmoved:
    """The files that the keys of a run were made of, as they were when it began.

    Args:
        plan: The plan.
        root: Folder of the project.
        behind: Static key → the files behind it, of tasks that the run adds; it grows meanwhile.
    """

    def __init__(self, plan: Plan, root: Path, behind: Mapping[str, Behind]) -> None:
        self.plan, self.root, self.behind = plan, str(root), behind
        self._then: dict[str, _Stat] = {}
        for task in plan.tasks:
            for file in self._files(task.static):
                if file not in self._then:
                    self._then[file] = _stat(file)

    def barrier(self, task: Task, outcome: Outcome) -> str:
        """Return why other runs must not take what a task made; empty when they may."""
        for file in self._files(task.static):
            if self._moved(file):
                return f"{os.path.basename(file)} was changed while the run went on"  # noqa: PTH119 hot path
        return barrier_of(outcome.seen)

    def _moved(self, file: str) -> bool:
        now = _stat(file)
        then = self._then.setdefault(file, now)
        return now != then or (bool(then) and then[_CHANGED] / 1e9 > self.plan.keyed_at - _TICK)

    def _files(self, static: str) -> Iterator[str]:
        behind = self.plan.behind.get(static) or self.behind.get(static)
        if behind is not None:
            for name in (*behind.modules, *behind.files):
                yield name if name[:1] == "/" else f"{self.root}/{name}"


def _stat(file: str) -> _Stat:
    try:
        found = os.stat(file)  # noqa: PTH116 hot path
    except OSError:
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
