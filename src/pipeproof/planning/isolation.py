"""Where the code of a step runs, and what of its settings could have no effect there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeproof.errors import Finding
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Isolation, Step
from pipeproof.ports import StepKind


def choose_isolation(step: Step, kind: StepKind) -> Isolation:
    """Return where a step's code runs.

    Limits need a process of their own. A timeout needs code that can be stopped, so what a thread
    cannot stop goes to a warm worker.
    """
    if step.isolation:
        return step.isolation
    default = kind.isolation(step)
    if step.resources.limited:
        return "fresh"
    return default


def in_pipeline(step: Step, pipeline: Pipeline, kind: StepKind) -> Isolation:
    """Return where a step's code runs in a pipeline, whose timeout must be able to end it too."""
    return choose_isolation(replace(step, timeout=step.timeout or pipeline.timeout), kind)


def without_effect(step: Step, pipeline: Pipeline, kind: StepKind) -> Iterable[Finding]:
    """Yield the settings of a step that could have no effect where its code runs."""
    if step.resources.limited and step.isolation in {"thread", "worker"}:
        yield Finding(
            "PPF154",
            f"step {step.name!r} has limits, which a {step.isolation} cannot keep",
            step=step.name,
            path=("isolation",),
            fix="write isolation: fresh, or drop `isolation`: limits give the step a process of its own",
        )
    if step.environment and in_pipeline(step, pipeline, kind) == "thread":
        moved = kind.isolation(step) != "thread"  # code that has an environment unless it is put in a thread
        yield Finding(
            "PPF155",
            f"step {step.name!r} runs in a thread of Pipeproof's own process, where its `env` has no effect",
            severity="error" if moved else "warning",
            step=step.name,
            path=("env",),
            fix="drop `isolation: thread`"
            if moved
            else f"drop `env`: a {kind.name} step here reads no variables",
        )
