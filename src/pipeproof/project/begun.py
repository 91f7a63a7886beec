"""How a run begins: its name, folder and lock, and the first of its events."""

from __future__ import annotations

import contextlib
import platform
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from pipeproof.errors import Finding, UsageError
from pipeproof.model.event import RunResumed, RunStarted
from pipeproof.model.plan import Plan
from pipeproof.model.record import RunRecord
from pipeproof.ports import Pool
from pipeproof.project.place import Project
from pipeproof.running.publishing import OUTBOX, clear_temporaries
from pipeproof.store.lock import RunLock

SCRATCH, SEALED = "scratch", "sealed"
"""Folders of a run that are gone when it has ended."""
_SHOWN = 4  # names in a note
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def _sweep(project: Project) -> None:
    """Remove what killed runs left in their work folders and beside targets; a run that goes on holds its lock."""
    runs = project.state / "runs"
    clear_temporaries(project.state / OUTBOX, lambda run: RunLock(runs / run).is_held())
    for part in (SCRATCH, SEALED):
        for folder in (project.state / "runs").glob(f"*/{part}"):
            if not RunLock(folder.parent).is_held():
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def held(project: Project, letter: str, resumes: RunRecord | None = None) -> Iterator[str]:
    """Give the name of a run whose lock is held meanwhile; the folders that it worked in are gone afterwards.

    Args:
        project: The project.
        letter: What the name of a new run begins with.
        resumes: The run that goes on; a new one unless given.

    Raises:
        UsageError: Another process works on the run, or runs cannot be kept.
    """
    if resumes is None:
        name, lock = open_run(project, letter)
    else:
        name, lock = resumes.run, reopen_run(project, resumes.run)
    try:
        yield name
    finally:
        for folder in (SCRATCH, SEALED):
            shutil.rmtree(project.state / "runs" / name / folder, ignore_errors=True)
        lock.release()


def open_run(project: Project, letter: str) -> tuple[str, RunLock]:
    """Return a fresh name for a run, which begins with this letter, and its lock, held."""
    _sweep(project)
    while True:
        name = time.strftime(f"{letter}-%m%d-") + "".join(secrets.choice(_ALPHABET) for _ in range(4))
        folder = project.made_state / "runs" / name
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(
                Finding(
                    "PPF501",
                    f"runs cannot be kept in {project.state}: {error.strerror}",
                    fix="set PIPEPROOF_WORKSPACE to a folder that can be written to",
                )
            ) from error
        lock = RunLock(folder)
        if lock.acquire():  # else somebody takes it for a leftover, and looks for too long
            return name, lock


def reopen_run(project: Project, name: str) -> RunLock:
    """Return the lock of a run that is to go on, held.

    Raises:
        UsageError: Another process works on it.
    """
    lock = RunLock(project.state / "runs" / name)
    if not lock.acquire():
        what = f"the run {name} is under way in another process"
        raise UsageError(
            Finding("PPF506", what, fix=f"wait for it; pipeproof show {name} says how far it is")
        )
    return lock


def part_of(resumes: RunRecord | None) -> int:
    """Return which part of a run begins: the first, or one more each time that it goes on."""
    return 1 if resumes is None else int(resumes.about.get("part", 1)) + 1


def started(
    name: str,
    the_plan: Plan,
    pool: Pool,
    resumes: RunRecord | None = None,
    around: Mapping[str, Any] | None = None,
    project: str = "",
) -> RunStarted:
    """Return the first event of a run, or of its next part when it goes on.

    Args:
        name: Name of the run.
        the_plan: What is done.
        pool: Where.
        project: Which of the projects of its workspace it belongs to; see `Project.identity`.
        resumes: The run that goes on.
        around: What else its record says of its surroundings; see `pipeproof.project.provenance`.
    """
    return (RunResumed if resumes else RunStarted)(
        name,
        the_plan.pipeline.name,
        tasks=tuple(task.name for task in the_plan.tasks),
        kinds={task.name: task.step.kind for task in the_plan.tasks},
        parameters=the_plan.parameters,
        needs={task.name: task.needs for task in the_plan.tasks if task.needs},
        reads={task.name: tuple(task.step.inputs.values()) for task in the_plan.tasks if task.step.inputs},
        about={
            "python": platform.python_version(),
            "pipeproof": version("pipeproof"),
            "platform": platform.platform(),
            "seed": the_plan.pipeline.seed,
            "jobs": pool.slots,
            **({"executor": pool.executor} if pool.executor else {}),
            "part": part_of(resumes),
            "target": the_plan.origin,
            **({"project": project} if project else {}),
            **(around or {}),
            **(
                {"choice": {name: list(given) for name, given in the_plan.choice.items()}}
                if the_plan.choice
                else {}
            ),
        },
        notes=(*the_plan.pipeline.notes, *_notes(the_plan, pool)),
        trials=the_plan.trials,
    )


def _notes(the_plan: Plan, pool: Pool) -> Iterator[str]:
    """Yield what the record must say about the way in which a plan is run."""
    threads = [
        task.name
        for task in the_plan.tasks
        if task.step.kind == "python"
        and task.isolation == "thread"
        and task.decision == "run"
        and not task.trial
    ]
    if threads:
        shown = ", ".join(threads[:_SHOWN]) + (
            f" and {len(threads) - _SHOWN} more" if threads[_SHOWN:] else ""
        )
        where = f"this process or of the workers of {pool.executor}" if pool.executor else "this process"
        yield (
            f"{shown}: run in threads of {where} (functions of a notebook, a prompt or the main file, or isolation: thread); "
            "memory is not measured there, and what hangs in C code cannot be stopped"
        )
