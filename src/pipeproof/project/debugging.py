"""One step of a past run again, in this process, with the debugger where it fails."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from bdb import BdbQuit
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from pipeproof.errors import Finding, UsageError
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.plan import Plan, Task
from pipeproof.ports import Job, Program
from pipeproof.project.jobs import job_maker, resolve_secrets
from pipeproof.project.looking_back import Past, look_back
from pipeproof.project.place import Project
from pipeproof.project.replaying import plan_to_replay
from pipeproof.running import worker
from pipeproof.running.context import StepContext, log_from
from pipeproof.running.describe import describe, is_users
from pipeproof.running.machine import Start
from pipeproof.running.redact import redactor
from pipeproof.running.request import about, is_ours
from pipeproof.running.seeding import seed_all

_ELSEWHERE = ("environment", "container")
_OF_DATA = ("contract", "output")  # failures that come before or after the code


def debug(
    run: str, step: str, *, pipeline: Pipeline | None = None, tell: Callable[[str], object] = print
) -> bool:
    """Run a step of a past run in this process and terminal; say whether its code passed.

    When it raises, the debugger stands where it did; ``breakpoint()`` in the code stops there. What it makes is
    neither checked nor kept: its folder is removed afterwards.

    Args:
        run: Name of the run, or ``last``.
        step: Name of the step.
        pipeline: The pipeline, for one that was made in memory; only to say what changed since.
        tell: Given the lines that are said beside what code and debugger print.

    Raises:
        UsageError: There is no such run or step, it runs elsewhere, runs no code of the user's, or touches the world.
    """
    past = look_back(run, pipeline)
    the_plan = plan_to_replay(past, step, held_off=False)
    task = next(task for task in the_plan.tasks if task.decision == "run")
    _refuse(task, past.record.run)
    scratch = Path(tempfile.mkdtemp(prefix="pipeproof-debug-"))
    before, tracer = worker.Surroundings.now(), sys.gettrace()
    try:
        job = _job(the_plan, task, past.project, scratch)
        program: Program = past.project.kinds[task.step.kind].prepare(job, past.project.objects)
        if is_ours(program):
            raise UsageError(_refused(f"{step} is {task.step.kind}, which runs no code of yours", step, run))
        tell(
            f"{step} runs in this process, which is not held off from the world: what it writes and sends is real"
        )
        for change in past.changes(step):
            tell(f"since then: {change.says}")
        passed = _call(program, job)
        if passed:
            tell(_said_of_the_end(past, step))
        return passed
    finally:
        sys.settrace(tracer)  # the debugger takes it away from whoever had one, such as a measure of coverage
        before.restore()
        shutil.rmtree(scratch, ignore_errors=True)


def _refuse(task: Task, run: str) -> None:
    step = task.step
    if task.trial:
        what = f"{step.name} touches the world (effects: external), which a debugger cannot hold it off from"
    elif task.isolation in _ELSEWHERE:
        where = "another environment" if task.isolation == "environment" else "a container"
        what = f"{step.name} runs in {where}, and the debugger in this process"
    else:
        return
    raise UsageError(_refused(what, step.name, run))


def _refused(what: str, step: str, run: str) -> Finding:
    return Finding("PPF586", what, step=step, fix=f"pipeproof replay {run} {step}")


def _said_of_the_end(past: Past, step: str) -> str:
    failure = past.record.steps[step].failure
    if failure is not None and failure.kind in _OF_DATA:
        return f"the code of {step} passed; in {past.record.run} it was the data: {failure.message.splitlines()[0]}"
    return f"the code of {step} passed; what it made was not checked, and is not kept"


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


def _call(program: Program, job: Job) -> bool:
    """Call a program here, as `pipeproof.running.worker.answer` does in a process of its own."""
    counterpart = program.counterpart
    context = StepContext(about(job), counterpart.answer if counterpart else None)
    log_from(context.log_level)
    os.environ.update(program.environment)
    os.chdir(job.root)
    if program.path and program.path not in sys.path:
        sys.path.insert(0, program.path)
    seed_all(context.seed)
    with closing(context):
        try:
            worker.function(program.target)(program.args, context)
        except BdbQuit:  # whoever looked has seen enough
            return False
        except (Exception, SystemExit) as error:  # noqa: BLE001 whatever the code raised is looked at here
            _look_at(error, job)
            return False
    return True


def _look_at(error: BaseException, job: Job) -> None:
    """Show an error, and let the debugger stand where it came up."""
    import pdb  # noqa: T100 a debugger is what was asked for

    sys.stderr.write(redactor(job.secrets).mask(describe(error)["traceback"]))
    sys.stderr.flush()
    pdb.post_mortem(_to_the_user(error.__traceback__))


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
