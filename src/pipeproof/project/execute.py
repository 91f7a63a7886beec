"""Planning and running a pipeline in its project."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from pipeproof.errors import Finding, UsageError
from pipeproof.importing import being_imported
from pipeproof.loading.interpolate import SECRET
from pipeproof.loading.private import is_private
from pipeproof.model.contract import frozen
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunStarted
from pipeproof.planning.lint import placeholders
from pipeproof.planning.make import make_plan
from pipeproof.planning.parameters import bind
from pipeproof.planning.reuse import decide, settling
from pipeproof.pools.threads import ThreadPool
from pipeproof.ports import Job, Sink
from pipeproof.project.examine import Examined, Target, load
from pipeproof.project.place import Project
from pipeproof.project.results import Run
from pipeproof.project.reusing import Reusing
from pipeproof.project.unmoved import Unmoved
from pipeproof.running import engine
from pipeproof.running.launch import STAND_IN, Launcher
from pipeproof.running.machine import Judge, Start
from pipeproof.running.work import worker_on
from pipeproof.steps.script import imported
from pipeproof.steps.source import as_step
from pipeproof.store.lock import RunLock

_SHORTEST_SECRET = 6  # shorter values would mask ordinary words all over a log
Resolved = tuple[Mapping[str, str], Sequence[str]]
"""A step's environment with its secrets filled in, and the values of these."""
_SHOWN = 4  # names in a note
_SCRATCH, _SEALED = "scratch", "sealed"
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def plan(
    target: Target,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] = (),
    since: Sequence[str] = (),
    until: Sequence[str] = (),
    refresh: Sequence[str] = (),
    reuse: bool = True,
) -> Plan:
    """Decide what a run would do.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.
        parameters: Values of its parameters.
        only: Steps or groups to run alone, on what earlier runs made.
        since: Steps or groups to run with all that follows.
        until: Steps or groups to run with all that they need.
        refresh: Steps or groups to run whatever is kept of them.
        reuse: Whether steps whose code, configuration and inputs are as they were are taken from earlier runs.

    Raises:
        ConfigError: The pipeline is wrong.
        UsageError: A parameter or step name is wrong.
    """
    examined = load(target)
    pipeline, project = examined.pipeline, examined.project
    reusing, began = Reusing(project, pipeline), time.time()
    keyed = _keyed(examined, parameters or {}, only, since, until, reusing)
    past = reusing.past(keyed, refresh=pipeline.select(refresh), off=not reuse)
    decided = decide(keyed, past)
    return replace(decided, texts=frozen({**reusing.ground.texts, **decided.texts}), keyed_at=began)


def _keyed(
    examined: Examined,
    given: Mapping[str, object],
    only: Sequence[str],
    since: Sequence[str],
    until: Sequence[str],
    reusing: Reusing,
) -> Plan:
    """Return what a run would do if nothing were kept, with the keys of its tasks."""
    pipeline, project = examined.pipeline, examined.project
    earlier: Callable[[str], Any] = lambda _dataset: None  # noqa: E731 the default of a choice
    if only or since or until:
        values = bind(pipeline, given, placeholders(pipeline, project.kinds))
        earlier = project.earlier(pipeline.name, values)
    return make_plan(
        pipeline,
        project.kinds,
        given,
        only=only,
        since=since,
        until=until,
        earlier=earlier,
        source_step=as_step,
        key_of=reusing.key,
    )


def run(  # noqa: PLR0913 all but the first are named at every call
    target: Target,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] = (),
    since: Sequence[str] = (),
    until: Sequence[str] = (),
    refresh: Sequence[str] = (),
    reuse: bool = True,
    keep_going: bool = False,
    jobs: int | None = None,
    sinks: Sequence[Sink] = (),
) -> Run:
    """Run a pipeline and return the finished run, which is false when it failed.

    Args:
        target: A file, a folder, ``module:attribute``, a name in the project, or a pipeline.
        parameters: Values of its parameters.
        only: Steps or groups to run alone, on what earlier runs made.
        since: Steps or groups to run with all that follows.
        until: Steps or groups to run with all that they need.
        refresh: Steps or groups to run whatever is kept of them.
        reuse: Whether steps whose code, configuration and inputs are as they were are taken from earlier runs.
        keep_going: Run what does not depend on a failed step.
        jobs: Steps at once; the number of processors unless given.
        sinks: Called with every wave of events.

    Raises:
        ConfigError: The pipeline is wrong; nothing was run.
        UsageError: A parameter or step name is wrong; nothing was run.
        StoreError: The run cannot be kept.
    """
    examined = load(target)
    the_plan = plan(examined, parameters, only=only, since=since, until=until, refresh=refresh, reuse=reuse)
    return run_plan(the_plan, examined.project, keep_going=keep_going, jobs=jobs, sinks=sinks)


def run_plan(
    the_plan: Plan,
    project: Project,
    *,
    keep_going: bool = False,
    jobs: int | None = None,
    sinks: Sequence[Sink] = (),
) -> Run:
    """Carry out a plan in a project.

    Raises:
        UsageError: It is called while a file is imported, which each worker would do again.
    """
    if file := being_imported():
        what = f"pipeproof.run is called while {file} is imported"
        fix = 'put the call under `if __name__ == "__main__":`'
        raise UsageError(Finding("PPF135", what, fix=fix))
    slots = jobs or processors()
    secrets_of = {task.name: _resolve_secrets(task) for task in the_plan.tasks}
    name, lock = _open_run(project, "t" if the_plan.trials else "r")
    launcher = Launcher(_preload(the_plan, project), project.root)
    pool = ThreadPool(slots, worker_on(project.kinds, project.objects, launcher), launcher.stop)
    try:
        if any(task.isolation != "thread" and task.decision == "run" for task in the_plan.tasks):
            launcher.start_server()
        record = engine.run(
            the_plan,
            _started(name, the_plan, slots),
            pool=pool,
            ledger=project.ledger,
            make_job=_job_maker(name, the_plan, project, secrets_of),
            keep_going=keep_going,
            sinks=sinks,
            judge=_judge(the_plan, project),
        )
    finally:
        launcher.stop()  # when the ledger or a sink has failed, something may still run
        pool.close()
        launcher.close()
        for folder in (_SCRATCH, _SEALED):
            shutil.rmtree(project.state / "runs" / name / folder, ignore_errors=True)
        lock.release()
    return Run(project.located(record), project.objects)


def _judge(the_plan: Plan, project: Project) -> Judge:
    """Return what is asked about the tasks of a plan as it goes, and keep what their keys are made of."""
    if not the_plan.texts:
        return Judge()
    project.ledger.keep_texts(the_plan.texts)
    past = Reusing(project, the_plan.pipeline).past(the_plan)
    return Judge(settling(past, the_plan), barrier=Unmoved(the_plan, project).barrier)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sweep(project: Project) -> None:
    """Remove what killed runs left in their work folders; a run that goes on holds its lock."""
    for part in (_SCRATCH, _SEALED):
        for folder in (project.state / "runs").glob(f"*/{part}"):
            if not RunLock(folder.parent).is_held():
                shutil.rmtree(folder, ignore_errors=True)


def _open_run(project: Project, letter: str) -> tuple[str, RunLock]:
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
        lock.acquire()
        return name, lock


def _started(name: str, the_plan: Plan, slots: int) -> RunStarted:
    return RunStarted(
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
            "jobs": slots,
        },
        notes=(*the_plan.pipeline.notes, *_notes(the_plan)),
        trials=the_plan.trials,
    )


def _notes(the_plan: Plan) -> Iterator[str]:
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
        yield (
            f"{shown}: run in threads of this process (functions of a notebook, a prompt or the main file, or isolation: thread); "
            "memory is not measured there, and what hangs in C code cannot be stopped"
        )


def _preload(the_plan: Plan, project: Project) -> set[str]:
    """Return the modules that the code of a plan imports, and ours that call it."""
    steps = [task.step for task in the_plan.tasks if task.isolation != "thread" and task.decision == "run"]
    files = {file for step in steps for file in project.kinds[step.kind].code(step, project.root)}
    callers = {f"pipeproof.steps.calls.{step.kind}" for step in steps}
    asked = {library for step in steps for library in project.kinds[step.kind].preload(step)}
    return callers.union(asked, *map(imported, files))


def _job_maker(
    name: str, the_plan: Plan, project: Project, resolved: Mapping[str, Resolved]
) -> engine.MakeJob:
    folder = project.state / "runs" / name
    scratch, logs = folder / _SCRATCH, folder / "logs"
    hidden = tuple(_secret_values(os.environ))
    seed = the_plan.pipeline.seed

    def make(start: Start) -> Job:
        step = start.task.step
        attempt = f"{start.task.name.replace('/', '~')}.{start.attempt}"
        environment, used = resolved[start.task.name]
        task = replace(start.task, step=replace(step, environment=environment)) if used else start.task
        return Job(
            name,
            task,
            start.attempt,
            start.inputs,
            the_plan.parameters,
            scratch_folder=f"{scratch}/{attempt}",
            log_file=f"{logs}/{attempt}.log",
            root=project.root,
            timeout=step.timeout,
            secrets=(*hidden, *used),
            seed=zlib.crc32(f"{seed}/{step.name}".encode()),
            targets=the_plan.pipeline.targets,
            log_level=the_plan.pipeline.log_level,
            sealed=f"{folder / _SEALED}/{start.task.trial}" if start.task.trial else "",
        )

    return make


def _secret_values(environment: Mapping[str, str]) -> list[str]:
    return [
        value for name, value in environment.items() if is_private(name) and len(value) >= _SHORTEST_SECRET
    ]


def _resolve_secrets(task: Task) -> Resolved:
    """Return the environment of a task's step with its secrets filled in, and the values of these.

    A trial gets no secrets: it has nobody to show them to.
    """
    step = task.step
    used: list[str] = []
    if not step.environment:
        return step.environment, used

    def value(name: str) -> str:
        if task.trial:
            return STAND_IN
        if name not in os.environ:
            raise UsageError(
                Finding(
                    "PPF131", f"the secret {name} of step {step.name!r} has no value", fix=f"export {name}"
                )
            )
        used.append(os.environ[name])
        return os.environ[name]

    filled = {
        key: SECRET.sub(lambda match: value(match["name"]), text) for key, text in step.environment.items()
    }
    return filled, used
