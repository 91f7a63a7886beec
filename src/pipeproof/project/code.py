"""The code that steps reach, as their keys are made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from pipeproof.digest.memory import reach_callable
from pipeproof.digest.packages import versions
from pipeproof.digest.reach import CodeView, Reached
from pipeproof.model.contract import frozen
from pipeproof.model.step import Step
from pipeproof.ports import Code, Entry, StepKind
from pipeproof.steps.calls.python import LOCAL


def code_of(root: Path) -> Callable[[Step, StepKind], Code]:
    """Return the function that gives the code of a step; all steps of a plan see the files of one moment.

    What parsing cannot follow (``exec``, a plug-in by name) is no part of it: that is seen when the step runs.
    """
    view = CodeView(root)

    @cache
    def told(entry: Entry | None, engines: frozenset[str]) -> Code:
        if entry is None:
            return Code(packages=_versions(engines))
        reached = _reached(entry, view)
        if reached is None:
            name = entry.function.rpartition(".")[0].rpartition(".")[2] or entry.function
            return Code(unknown=f"the code of {name} cannot be had: it is written in no file")
        return Code(
            reached.parts,
            _versions(reached.packages | engines),
            reached.files,
            reached.modules,
            not reached.unfollowed,
        )

    return lambda step, kind: told(kind.entry(step, root), frozenset((*kind.engines, *kind.preload(step))))


def _reached(entry: Entry, view: CodeView) -> Reached | None:
    """Return what code reaches; None where that cannot be told."""
    if entry.file is None:
        reached = reach_callable(LOCAL[entry.function], view)
        return None if reached is None or reached.unfollowed else reached
    if not entry.file.is_file():
        return None
    return view.reach(entry.file, entry.function or None)


def _versions(packages: Iterable[str]) -> Mapping[str, str]:
    return versions(packages) if packages else frozen()
