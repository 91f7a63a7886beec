"""Whether files that keys were made of stayed as they were until the steps that use them had ended.

A key is made before the run. Whoever edits a helper or exchanges a source while the run goes on gets results
of the new files under a key of the old ones; nobody must take these again.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import Outcome
from pipeproof.model.reuse import Modules, barrier_of
from pipeproof.project.place import Project

_Stat = tuple[int, ...]
_CHANGED = 2  # where the time of the last change stands in it
_TICK = 0.005  # seconds; file systems take the time from a clock that may be late by a tick


class Unmoved:
    """The files that the keys of a plan were made of, as they were when it was made.

    Args:
        plan: The plan.
        project: Its project.
    """

    def __init__(self, plan: Plan, project: Project) -> None:
        self.plan, self.root = plan, project.root
        self._files = cache(self._files_of)
        self._then = {file: _stat(file) for task in plan.tasks for file in self._files(task.static)}

    def barrier(self, task: Task, outcome: Outcome) -> str:
        """Return why other runs must not take what a task made; empty when they may."""
        moved = next((file for file in self._files(task.static) if self._moved(file)), None)
        if moved is not None:
            return f"{moved.name} was changed while the run went on"
        return barrier_of(outcome.seen)

    def _moved(self, file: Path) -> bool:
        then = self._then[file]
        return _stat(file) != then or (bool(then) and then[_CHANGED] / 1e9 > self.plan.keyed_at - _TICK)

    def _files_of(self, static: str) -> tuple[Path, ...]:
        text = self.plan.texts.get(static)
        if text is None:
            return ()
        modules = self.plan.modules.get(static, Modules())
        return tuple(self.root / name for name in (*modules.paths, *json.loads(text)["files"]))


def _stat(file: Path) -> _Stat:
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
