"""Pipeproof runs machine-learning and data pipelines and proves them before production.

The public names; each is imported when it is first used, so that importing the package is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeproof.errors import ConfigError, Finding, PipeproofError, UsageError
    from pipeproof.model.contract import Column, Contract, Port, TableSchema
    from pipeproof.model.pipeline import Pipeline, Source, Target
    from pipeproof.model.step import Container, Parameter, Resources, Retry, Step
    from pipeproof.project import Proof, Run, examine, load, plan, run, test
    from pipeproof.project.watching import infer_step
    from pipeproof.steps.python.decorator import step

_HOMES = {
    "Column": "pipeproof.model.contract",
    "ConfigError": "pipeproof.errors",
    "Container": "pipeproof.model.step",
    "Contract": "pipeproof.model.contract",
    "Finding": "pipeproof.errors",
    "Parameter": "pipeproof.model.step",
    "Pipeline": "pipeproof.model.pipeline",
    "PipeproofError": "pipeproof.errors",
    "Port": "pipeproof.model.contract",
    "Resources": "pipeproof.model.step",
    "Retry": "pipeproof.model.step",
    "Proof": "pipeproof.project",
    "Run": "pipeproof.project",
    "Source": "pipeproof.model.pipeline",
    "Step": "pipeproof.model.step",
    "TableSchema": "pipeproof.model.contract",
    "Target": "pipeproof.model.pipeline",
    "UsageError": "pipeproof.errors",
    "examine": "pipeproof.project",
    "infer_step": "pipeproof.project.watching",
    "load": "pipeproof.project",
    "plan": "pipeproof.project",
    "run": "pipeproof.project",
    "step": "pipeproof.steps.python.decorator",
    "test": "pipeproof.project",
}

__all__ = [
    "Column",
    "ConfigError",
    "Container",
    "Contract",
    "Finding",
    "Parameter",
    "Pipeline",
    "PipeproofError",
    "Port",
    "Proof",
    "Resources",
    "Retry",
    "Run",
    "Source",
    "Step",
    "TableSchema",
    "Target",
    "UsageError",
    "examine",
    "infer_step",
    "load",
    "plan",
    "run",
    "step",
    "test",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pipeproof' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
