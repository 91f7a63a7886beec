"""Pipeproof runs machine-learning and data pipelines and proves them before production.

The public names; each is imported when it is first used, so that importing the package is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeproof.errors import ConfigError, Finding, PipeproofError, UsageError
    from pipeproof.model.contract import Column, Contract, Port, TableSchema
    from pipeproof.model.each import Each
    from pipeproof.model.hook import Hook, Hooks
    from pipeproof.model.pipeline import Pipeline, Source, Target
    from pipeproof.model.repeat import Repeat
    from pipeproof.model.step import Container, Parameter, Resources, Retry, Step
    from pipeproof.project import Proof, Run, examine, load, plan, run, test
    from pipeproof.project.caching import explain_reuse
    from pipeproof.project.replaying import Replayed, replay
    from pipeproof.project.resuming import resume
    from pipeproof.project.rolling_back import rollback
    from pipeproof.project.verifying import Verified, verify
    from pipeproof.project.watching import infer_step
    from pipeproof.steps.python.decorator import hook, step

_HOMES = {
    "Column": "pipeproof.model.contract",
    "ConfigError": "pipeproof.errors",
    "Container": "pipeproof.model.step",
    "Contract": "pipeproof.model.contract",
    "Each": "pipeproof.model.each",
    "examine": "pipeproof.project",
    "explain_reuse": "pipeproof.project.caching",
    "Finding": "pipeproof.errors",
    "Hook": "pipeproof.model.hook",
    "hook": "pipeproof.steps.python.decorator",
    "Hooks": "pipeproof.model.hook",
    "infer_step": "pipeproof.project.watching",
    "load": "pipeproof.project",
    "Parameter": "pipeproof.model.step",
    "Pipeline": "pipeproof.model.pipeline",
    "PipeproofError": "pipeproof.errors",
    "plan": "pipeproof.project",
    "replay": "pipeproof.project.replaying",
    "Replayed": "pipeproof.project.replaying",
    "resume": "pipeproof.project.resuming",
    "rollback": "pipeproof.project.rolling_back",
    "Port": "pipeproof.model.contract",
    "Proof": "pipeproof.project",
    "Repeat": "pipeproof.model.repeat",
    "Resources": "pipeproof.model.step",
    "Retry": "pipeproof.model.step",
    "Run": "pipeproof.project",
    "run": "pipeproof.project",
    "Source": "pipeproof.model.pipeline",
    "Step": "pipeproof.model.step",
    "step": "pipeproof.steps.python.decorator",
    "TableSchema": "pipeproof.model.contract",
    "Target": "pipeproof.model.pipeline",
    "test": "pipeproof.project",
    "UsageError": "pipeproof.errors",
    "Verified": "pipeproof.project.verifying",
    "verify": "pipeproof.project.verifying",
}

__all__ = [
    "Column",
    "ConfigError",
    "Container",
    "Contract",
    "Each",
    "Finding",
    "Hook",
    "Hooks",
    "Parameter",
    "Pipeline",
    "PipeproofError",
    "Port",
    "Proof",
    "Repeat",
    "Replayed",
    "Resources",
    "Retry",
    "Run",
    "Source",
    "Step",
    "TableSchema",
    "Target",
    "UsageError",
    "Verified",
    "examine",
    "explain_reuse",
    "hook",
    "infer_step",
    "load",
    "plan",
    "replay",
    "resume",
    "rollback",
    "run",
    "step",
    "test",
    "verify",
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
