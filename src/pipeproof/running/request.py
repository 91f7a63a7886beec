"""What is sent to a child: a program, what its context is made of, how it is held off from the world."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pipeproof.loading.private import is_private
from pipeproof.ports import Job, Program
from pipeproof.running import containers
from pipeproof.running.worker import UNSEALED

STAND_IN = "made-for-a-test"
"""The value of a secret in a trial."""


def about(job: Job) -> dict[str, Any]:
    """Return what a context is made of."""
    return {
        "step": job.step.name,
        "run": job.run,
        "attempt": job.attempt,
        "parameters": dict(job.parameters),
        "seed": job.seed,
        "scratch": job.scratch_folder,
        "log_level": job.log_level,
    }


def request_for(program: Program, job: Job, limits: Mapping[str, Any]) -> dict[str, Any]:
    """Return a program as it is sent to a child."""
    return {
        "target": program.target,
        "args": program.args,
        "path": program.path,
        "environment": {**_stand_ins(job), **program.environment},
        "about": about(job),
        "limits": {**limits},
        **_watched(program, job),
    }


def _watched(program: Program, job: Job) -> dict[str, Any]:
    """Return how a child is held off from the world, or what it is to note; a container holds off by itself."""
    if program.target == containers.START:
        return {}
    return {"sealed": _sealed(job)} if job.sealed else {"traced": str(job.root)}


def _sealed(job: Job) -> dict[str, Any]:
    """Return what a child must know to seal itself off."""
    keep = None if job.real else [variable.name for variable in job.step.contract.environment]
    return {"root": str(job.root), "scratch": job.scratch_folder, "keep": keep, "note": UNSEALED}


def _stand_ins(job: Job) -> dict[str, str]:
    """Return values for the secrets that a trial's code declares: it has nobody to show them to."""
    if not job.sealed or job.real:
        return {}
    declared = (variable.name for variable in job.step.contract.environment)
    return {name: STAND_IN for name in declared if name in os.environ and is_private(name)}


def is_ours(program: Program) -> bool:
    """Say whether a program runs no code of the user's: it writes below its scratch folder and to targets only."""
    module = program.target.partition(":")[0]
    return module.startswith("pipeproof.steps.") and not module.startswith("pipeproof.steps.calls.")


def is_local(program: Program) -> bool:
    """Say whether a program calls a function that only this process has."""
    return str(program.args.get("function", "")).startswith("local:")
