"""Where the code of a step runs, and what of its settings could have no effect there."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pipeproof.errors import Finding
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Container, Isolation, Step
from pipeproof.planning.interpreters import OLDEST, find_program, interpreter
from pipeproof.ports import StepKind

ELSEWHERE = frozenset({"environment", "container"})
"""Isolations in which another interpreter than ours runs the code."""
_CALLED = frozenset(
    {"python", "script"}
)  # kinds that call code of the user's, which another interpreter can too


def choose_isolation(step: Step, kind: StepKind) -> Isolation:
    """Return where a step's code runs.

    Limits need a process of their own. A timeout needs code that can be stopped, so what a thread
    cannot stop goes to a warm worker.
    """
    if step.isolation:
        return step.isolation
    if step.container:
        return "container"
    if step.python:
        return "environment"
    default = kind.isolation(step)
    if step.resources.limited:
        return "fresh"
    return default


def in_pipeline(step: Step, pipeline: Pipeline, kind: StepKind) -> Isolation:
    """Return where a step's code runs in a pipeline, whose timeout must be able to end it too."""
    timed = pipeline.timeout is not None and step.timeout is None
    return choose_isolation(replace(step, timeout=pipeline.timeout) if timed else step, kind)


def engine_of(container: Container) -> str | None:
    """Return the engine that starts a container here, or None when none is installed that can."""
    able = ("podman", "docker") if container.image else ("podman", "bwrap")
    asked = able if container.engine == "auto" else (container.engine,)
    return next((engine for engine in asked if engine in able and shutil.which(engine)), None)


def without_effect(step: Step, pipeline: Pipeline, kind: StepKind) -> Iterable[Finding]:
    """Yield the settings of a step that could have no effect, or cannot be met, where its code runs."""
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
    at_odds = next(_at_odds(step, kind), None)
    if at_odds:
        yield at_odds
    elif step.container:
        yield from _container_problems(step, step.container, Path(pipeline.root))
    elif step.python:
        yield from _python_problems(step, Path(pipeline.root))


def _at_odds(step: Step, kind: StepKind) -> Iterator[Finding]:
    """Yield what of `isolation`, `python` and `container` contradicts the rest."""
    given = {"environment": step.python, "container": step.container}
    keys = {"environment": "python", "container": "container"}
    fix = "drop `isolation`: `python` and `container` say it"
    if step.isolation in ELSEWHERE and not given[step.isolation]:
        key = keys[step.isolation]
        yield _odd(step, f"has isolation: {step.isolation} and no `{key}`", "isolation", f"add `{key}:`")
    if step.python and step.container:
        what = "has both `python` and `container`"
        yield _odd(step, what, "python", "write the interpreter of a container as container: {python: ...}")
    for where, value in given.items():
        if value and step.isolation and step.isolation != where:
            yield _odd(step, f"has `{keys[where]}` and isolation: {step.isolation}", "isolation", fix)
    if any(given.values()) and kind.name not in _CALLED:
        what = f"is a {kind.name} step, whose code is Pipeproof's own and runs under its interpreter only"
        yield _odd(
            step,
            what,
            "container" if step.container else "python",
            "drop it, or write a script or python step",
        )
    elif any(given.values()) and kind.isolation(step) == "thread":
        what = "is a function of this process alone, which no other interpreter can import"
        yield _odd(step, what, "container" if step.container else "python", "put it into a module of its own")


def _odd(step: Step, what: str, key: str, fix: str) -> Finding:
    return Finding("PPF530", f"step {step.name!r} {what}", step=step.name, path=(key,), fix=fix)


def no_interpreter(step: str, python: str) -> Finding:
    """Return the finding for an interpreter that is not there."""
    return Finding(
        "PPF531",
        f"step {step!r} runs under {python!r}, where no interpreter is",
        step=step,
        path=("python",),
        fix="give the folder of a virtual environment, the path of a program, or a version that is installed",
    )


def _python_problems(step: Step, root: Path) -> Iterator[Finding]:
    program = find_program(step.python, root)
    if program is None:
        yield no_interpreter(step.name, step.python)
        return
    found = interpreter(program)
    oldest = ".".join(map(str, OLDEST))
    if found is None or found.is_old:
        is_what = "does not run" if found is None else f"is Python {found.version}"
        yield Finding(
            "PPF531",
            f"step {step.name!r} runs under {step.python!r}, which {is_what}",
            step=step.name,
            path=("python",),
            fix=f"name an interpreter that runs; Python {oldest} is the oldest",
        )


def no_engine(step: str, container: Container) -> Finding:
    """Return the finding for a container that nothing can start here."""
    able = "podman or docker" if container.image else "podman or bwrap (bubblewrap)"
    what = "an image" if container.image else "a root file system"
    asked = "none is" if container.engine == "auto" else f"{container.engine} is not"
    return Finding(
        "PPF533",
        f"step {step!r} runs in a container of {what}, which needs {able}; {asked} installed here or able to",
        step=step,
        path=("container",),
        fix=f"install {able}, or name the one that is there as container: {{engine: ...}}",
    )


def _container_problems(step: Step, container: Container, root: Path) -> Iterator[Finding]:
    if bool(container.image) == bool(container.rootfs):
        yield _odd(step, "needs either an image or a rootfs in `container`", "container", "give one of them")
    elif container.rootfs and not (root / Path(container.rootfs).expanduser()).is_dir():
        what = f"step {step.name!r}: there is no folder {container.rootfs} with a root file system"
        yield Finding("PPF533", what, step=step.name, path=("container",), fix="correct `rootfs`")
    elif engine_of(container) is None:
        yield no_engine(step.name, container)
