"""Planning and running a pipeline in its project."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, UsageError
from pipeproof.importing import being_imported
from pipeproof.loading.private import secret_values
from pipeproof.model.contract import frozen
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord
from pipeproof.model.step import Step
from pipeproof.planning.lint import placeholders
from pipeproof.planning.make import make_plan
from pipeproof.planning.parameters import bind
from pipeproof.planning.reuse import Done, decide
from pipeproof.pools.threads import ThreadPool
from pipeproof.ports import Sink
from pipeproof.project.begun import held, started
from pipeproof.project.examine import Examined, Target, collector_paused, load
from pipeproof.project.jobs import REPLAY, Resolved, job_maker, resolve_secrets
from pipeproof.project.judging import judge_of
from pipeproof.project.place import Project
from pipeproof.project.provenance import Surroundings
from pipeproof.project.results import Run
from pipeproof.project.reusing import Reusing
from pipeproof.project.sharing import Shared
from pipeproof.running import engine
from pipeproof.running.launch import Launcher
from pipeproof.running.publishing import OUTBOX, forget_notes
from pipeproof.running.work import worker_on
from pipeproof.steps.script import imported
from pipeproof.steps.source import as_step
from pipeproof.store.salt import keep_salt

if TYPE_CHECKING:  # a run without an executor needs nothing of them
    from pipeproof.pools.executor import ExecutorPool, OpenExecutor


def plan(
    target: Target,
    parameters: Mapping[str, object] | None = None,
    *,
    only: Sequence[str] = (),
    since: Sequence[str] = (),
    until: Sequence[str] = (),
    refresh: Sequence[str] = (),
    reuse: bool = True,
    done: Mapping[str, Done] | None = None,
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
        done: What the run that goes on has done already, by task; see `resume`.

    Raises:
        ConfigError: The pipeline is wrong.
        UsageError: A parameter or step name is wrong.
    """
    examined = load(target)
    pipeline, project = examined.pipeline, examined.project
    reusing, began = Reusing(project, pipeline), time.time()
    with collector_paused():  # all that is made is kept, and looking for garbage took a fifth of it
        keyed = _keyed(examined, parameters or {}, only, since, until, reusing)
        past = reusing.past(keyed, refresh=pipeline.select(refresh), off=not reuse, done=done)
        decided = decide(keyed, past)
    reusing.digests.save()
    return replace(
        decided,
        pipeline=_with_stand_in(decided.pipeline, project),
        texts=frozen({**reusing.ground.texts, **decided.texts}),
        behind=frozen(reusing.ground.behind),
        keyed_at=began,
        origin=examined.loaded.origin,
        choice=_choice(only=only, since=since, until=until),
    )


def _with_stand_in(pipeline: Pipeline, project: Project) -> Pipeline:
    """Return a pipeline with a note of it when another store stands in for the one that machines share."""
    told = project.opened_state.fell_back if project.shares else None
    if told is None:
        return pipeline
    return replace(pipeline, notes=(*pipeline.notes, f"{told.what} ({told.code}): {told.fix}"))


def _choice(**given: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    return frozen({name: tuple(steps) for name, steps in given.items() if steps})


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
    durable: bool = False,
    executor: Executor | OpenExecutor | None = None,
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
        jobs: Steps at once; the number of processors, or of the executor's workers, unless given.
        sinks: Called with every wave of events.
        durable: Let every event survive a loss of power at once, not only the end of the run.
        executor: Whose workers the steps run in, such as a pool of processes or Dask's ``client.get_executor()``;
            or a function that makes one, which is called again when it breaks. This process unless given.

    Raises:
        ConfigError: The pipeline is wrong; nothing was run.
        UsageError: A parameter or step name is wrong; nothing was run.
        StoreError: The run cannot be kept.
    """
    examined = load(target)
    examined.project.settle_salt()
    the_plan = plan(examined, parameters, only=only, since=since, until=until, refresh=refresh, reuse=reuse)
    return run_plan(
        the_plan,
        examined.project,
        keep_going=keep_going,
        jobs=jobs,
        sinks=sinks,
        durable=durable,
        executor=executor,
    )


def run_plan(  # noqa: PLR0913 all but the first two are named at every call
    the_plan: Plan,
    project: Project,
    *,
    keep_going: bool = False,
    jobs: int | None = None,
    sinks: Sequence[Sink] = (),
    durable: bool = False,
    resumes: RunRecord | None = None,
    letter: str = "r",
    executor: Executor | OpenExecutor | None = None,
) -> Run:
    """Carry out a plan in a project.

    Args:
        the_plan: The plan.
        project: The project.
        keep_going: Run what does not depend on a failed step.
        jobs: Steps at once; the number of processors unless given.
        sinks: Called with every wave of events.
        durable: Let every event survive a loss of power at once, not only the end of the run.
        resumes: The run that goes on with this plan; a new one unless given.
        letter: What the name of a new run begins with: ``r``, ``t`` for a test, ``p`` for a replay, ``v`` for a verification.
        executor: Whose workers the steps run in, or a function that makes one; this process unless given.

    Raises:
        UsageError: It is called while a file is imported, which each worker would do again; or another
            process works on the run that is to go on; or the executor is none.
        StoreError: The run cannot be kept.
    """
    _refuse_import()
    secrets_of = {task.name: resolve_secrets(task, real=letter == REPLAY) for task in the_plan.tasks}
    with (
        held(project, "t" if the_plan.trials else letter, resumes) as name,
        _surrounded(the_plan, project) as surroundings,
        _workers(the_plan, project, name, jobs, executor) as pool,
    ):
        if durable:
            project.ledger.be_durable()
        keep_salt(project.state, project.salt)
        around = {**_around(surroundings, project, secrets_of), **_external(the_plan, project)}
        record = engine.run(
            the_plan,
            started(name, the_plan, pool, resumes, around, project.identity),
            pool=pool,
            ledger=project.ledger,
            make_job=job_maker(name, the_plan, project, secrets_of, resumes),
            keep_going=keep_going,
            sinks=(*sinks, *_sharing(the_plan, project, name)),
            judge=judge_of(the_plan, project, resumes),
        )
        if record.status != "interrupted":  # else a step that did not answer may have published
            forget_notes(project.state / OUTBOX, name)
        record = _after_failure(record, the_plan, project)
    # What was done before a run went on is in the ledger alone.
    return Run(project.record(name) if resumes else project.located(record), project.objects)


def _refuse_import() -> None:
    """Make sure that no user's file is being imported right now: each worker would run the pipeline again."""
    if file := being_imported():
        what = f"pipeproof.run is called while {file} is imported"
        fix = 'put the call under `if __name__ == "__main__":`'
        raise UsageError(Finding("PPF135", what, fix=fix))


@contextlib.contextmanager
def _surrounded(the_plan: Plan, project: Project) -> Iterator[Surroundings | None]:
    """Give what tells the surroundings of a run; git works while the run is prepared. A test needs none."""
    surroundings = None if the_plan.trials else Surroundings(project.root)
    try:
        yield surroundings
    finally:
        if surroundings is not None:
            surroundings.close()


@contextlib.contextmanager
def _workers(
    the_plan: Plan, project: Project, run: str, jobs: int | None, executor: Executor | OpenExecutor | None
) -> Iterator[ThreadPool | ExecutorPool]:
    """Give the pool whose workers run the steps; all that they started has ended afterwards."""
    objects = project.objects.apart if the_plan.trials else project.objects
    launcher = Launcher(
        _preload(the_plan, project),
        project.root,
        own=(str(project.state),),
        salt=project.salt,
        libraries=_preload_later(the_plan, project),
    )
    here = ThreadPool(jobs or processors(), worker_on(project.kinds, objects, launcher), launcher.stop)
    pool: ThreadPool | ExecutorPool = here
    try:
        if executor is not None:
            from pipeproof.project.workers import pool_of

            pool = pool_of(executor, project, run, here=here, launcher=launcher, jobs=jobs)
        elif any(task.isolation != "thread" and task.decision == "run" for task in the_plan.tasks):
            launcher.start_server()
        yield pool
    finally:
        launcher.stop()  # when the ledger or a sink has failed, something may still run
        pool.close()
        launcher.close()


def _after_failure(record: RunRecord, the_plan: Plan, project: Project) -> RunRecord:
    """Put targets back when the run has failed and the workflow says so, and return the record with that."""
    if record.status != "failed" or the_plan.pipeline.on_failure != "rollback" or the_plan.trials:
        return record
    from pipeproof.project.rolling_back import put_back_after

    return put_back_after(record, project)


def _around(
    surroundings: Surroundings | None, project: Project, secrets_of: Mapping[str, Resolved]
) -> Mapping[str, Any]:
    """Return what the record says of the surroundings of a run, and keep the texts that it refers to."""
    if surroundings is None:
        return {}
    used = [secret for _, secrets in secrets_of.values() for secret in secrets]
    about, texts = surroundings.read([*secret_values(os.environ), *used])
    new = project.ledger.missing(texts)
    if new:
        project.ledger.keep_texts({digest: texts[digest] for digest in new})
    return about


def _external(the_plan: Plan, project: Project) -> Mapping[str, Any]:
    """Return what the record says of steps that touch the world in ways that no rollback covers."""
    names = [
        task.name
        for task in the_plan.tasks
        if task.step.effects == "external" and not task.trial and not project.kinds[task.step.kind].redirects
    ]
    return {"external": names} if names else {}


def _sharing(the_plan: Plan, project: Project, run: str) -> Sequence[Sink]:
    """Return what tells the results of a run to other machines, where the settings say so."""
    return [Shared(project.keyvalue, run)] if the_plan.texts and project.shares else []


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _preload(the_plan: Plan, project: Project) -> set[str]:
    """Return the modules that the steps import which are sure to run: imported at once, while sources are read."""
    steps = [task.step for task in _with_code(the_plan, "run")]
    return set().union(*(_libraries_of(step, project) for step in steps))


def _preload_later(the_plan: Plan, project: Project) -> dict[str, set[str]]:
    """Return by step what steps import that may yet be taken from an earlier run: nobody waits for these in vain."""
    steps = [task.step for task in _with_code(the_plan, "undecided")]
    return {step.base: _libraries_of(step, project) for step in steps}


def _with_code(the_plan: Plan, decision: str) -> list[Task]:
    """Return the tasks with this decision whose code runs in a process of its own."""
    return [task for task in the_plan.tasks if task.isolation != "thread" and task.decision == decision]


def _libraries_of(step: Step, project: Project) -> set[str]:
    """Return the modules that the code of a step imports, and ours that call it."""
    kind = project.kinds[step.kind]
    modules = {f"pipeproof.steps.calls.{step.kind}", *kind.preload(step)}
    return modules.union(*map(imported, kind.code(step, project.root)))
