"""One step of a past run again, in this process, with the debugger where it fails."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from pipeproof.errors import Finding, UsageError
from pipeproof.model.plan import Plan, Task
from pipeproof.ports import Job, Program
from pipeproof.project.jobs import job_maker, resolve_secrets
from pipeproof.project.place import Project
from pipeproof.project.replaying import plan_to_replay
from pipeproof.running import worker
from pipeproof.running.context import StepContext
from pipeproof.running.describe import describe, is_users
from pipeproof.running.machine import Start
from pipeproof.running.request import about


def debug(run: str, step: str) -> bool:
    """Run a step of a past run in this process and terminal; say whether it passed.

    When it raises, the debugger stands where it did. The step's folder is removed afterwards.

    Raises:
        UsageError: There is no such run or step, or it touches the world.
    """
    the_plan, project, _, _ = plan_to_replay(run, step)
    task = next(task for task in the_plan.tasks if task.decision == "run")
    if task.trial:
        what = f"{step} touches the world (effects: external), which a debugger cannot hold it off from"
        raise UsageError(Finding("PPF508", what, step=step, fix=f"pipeproof replay {run} {step}"))
    scratch = Path(tempfile.mkdtemp(prefix="pipeproof-debug-"))
    try:
        return _call(_job(the_plan, task, project, scratch), project)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _job(the_plan: Plan, task: Task, project: Project, scratch: Path) -> Job:
    made = {
        name: artifact
        for other in the_plan.tasks
        if other.reused is not None
        for name, artifact in other.reused.outputs.items()
    }
    inputs = {dataset: made[dataset] for dataset in task.step.inputs.values() if dataset in made}
    earlier = {other.name: other.reused for other in the_plan.tasks if other.reused is not None}
    make = job_maker("debug", the_plan, project, {task.name: resolve_secrets(task)})
    job = make(Start(task, 1, inputs, earlier))
    return replace(job, scratch_folder=str(scratch), log_file=str(scratch / "log"), checkpoints="")


def _call(job: Job, project: Project) -> bool:
    kind = project.kinds[job.step.kind]
    program: Program = kind.prepare(job, project.objects)
    os.environ.update(program.environment)
    if program.path and program.path not in sys.path:
        sys.path.insert(0, program.path)
    context = StepContext(about(job))
    try:
        worker.function(program.target)(program.args, context)
    except Exception as error:  # noqa: BLE001 whatever the code raised is looked at here
        import pdb  # noqa: T100 a debugger is what was asked for

        sys.stderr.write(describe(error)["traceback"])
        pdb.post_mortem(_to_the_user(error.__traceback__))
        return False
    return True


def _to_the_user(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback that ends in the last line of the user's, not in the library that it called."""
    steps = []
    while trace is not None:
        steps.append(trace)
        trace = trace.tb_next
    own = [index for index, step in enumerate(steps) if is_users(step.tb_frame.f_code.co_filename)]
    ending = None
    for step in reversed(steps[: own[-1] + 1] if own else steps):
        ending = TracebackType(ending, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return ending
