"""The composition root: folders and settings to stores, pools and runs; the only room that names adapters.

What runs a pipeline is imported when it is first used: what only checks one needs no engine and no store.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeproof.project.examine import Examined, Target, examine, load
from pipeproof.project.place import Project

if TYPE_CHECKING:
    from pipeproof.project.execute import plan, run
    from pipeproof.project.prove import Proof, test
    from pipeproof.project.results import Dataset, Run, StepResult

_LATER = {
    "Dataset": "results",
    "Proof": "prove",
    "Run": "results",
    "StepResult": "results",
    "plan": "execute",
    "run": "execute",
    "test": "prove",
}

__all__ = [
    "Dataset",
    "Examined",
    "Project",
    "Proof",
    "Run",
    "StepResult",
    "Target",
    "examine",
    "load",
    "plan",
    "run",
    "test",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'pipeproof.project' has no attribute {name!r}")
    found = getattr(import_module(f"pipeproof.project.{_LATER[name]}"), name)
    globals()[name] = found
    return found
