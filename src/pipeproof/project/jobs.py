"""The jobs of a run: each start with the folders, secrets, seed and targets that its work needs."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipeproof.errors import Finding, UsageError
from pipeproof.loading.interpolate import SECRET
from pipeproof.loading.private import secret_values
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord
from pipeproof.model.step import Step
from pipeproof.ports import Job
from pipeproof.project.begun import SCRATCH, SEALED, part_of
from pipeproof.project.place import Project, is_test
from pipeproof.running import engine
from pipeproof.running.machine import Start
from pipeproof.running.publishing import OUTBOX
from pipeproof.running.request import STAND_IN

REPLAY = "p"
"""What the name of a replay begins with."""
Resolved = tuple[Mapping[str, str], Sequence[str]]
"""A step's environment with its secrets filled in, and the values of these."""


def job_maker(
    name: str,
    the_plan: Plan,
    project: Project,
    resolved: Mapping[str, Resolved],
    resumes: RunRecord | None = None,
) -> engine.MakeJob:
    """Return the function that makes the job of a start.

    Args:
        name: Name of the run.
        the_plan: What is done.
        project: Where.
        resolved: Task → its environment with secrets filled in, and these.
        resumes: The run that goes on; its logs stay as they are.
    """
    part = f"{part_of(resumes)}-" if resumes else ""
    folder = project.state / "runs" / name
    scratch, logs = folder / SCRATCH, folder / "logs"
    hidden = tuple(secret_values(os.environ))
    seed = the_plan.pipeline.seed
    real = name.startswith(REPLAY)
    # What is run again beside a run must neither go on from its checkpoints nor end them.
    checkpoints = str(scratch if is_test(name) else project.state) + "/checkpoints"
    outbox = str(project.state / OUTBOX)
    unfollowed = {static for static, behind in the_plan.behind.items() if not behind.followed}
    asking: dict[str, bool] = {}

    def asks(step: Step) -> bool:
        """Say whether a step's code may ask its context; of one step the answer stays the same in a run."""
        if step.base not in asking:
            asking[step.base] = project.kinds[step.kind].asks(step, project.root)
        return asking[step.base]

    def make(start: Start) -> Job:
        step = start.task.step
        attempt = f"{start.task.name.replace('/', '~')}.{part}{start.attempt}"
        environment, used = resolved.get(start.task.name) or resolve_secrets(start.task, real=real)
        task = replace(start.task, step=replace(step, environment=environment)) if used else start.task
        return Job(
            name,
            task,
            start.attempt,
            start.inputs,
            _parameters(start, the_plan),
            scratch_folder=f"{scratch}/{attempt}",
            log_file=f"{logs}/{attempt}.log",
            root=project.root,
            timeout=step.timeout,
            secrets=(*hidden, *used),
            seed=zlib.crc32(f"{seed}/{step.name}".encode()),
            targets=the_plan.pipeline.targets,
            log_level=the_plan.pipeline.log_level,
            sealed=f"{folder / SEALED}/{start.task.trial}" if start.task.trial else "",
            real=real,
            earlier=start.earlier if asks(step) else frozen(),
            checkpoints=checkpoints,
            outbox="" if start.task.trial else outbox,
            about=start.about,
            previous=start.previous,
            followed=start.task.static not in unfollowed,
        )

    return make


def _parameters(start: Start, the_plan: Plan) -> Mapping[str, Scalar]:
    """Return the parameters of the run, with those of a step's own over them."""
    given = start.task.step.given
    if start.iteration:
        return {**the_plan.parameters, **given, "iteration": start.iteration}
    return {**the_plan.parameters, **given} if given else the_plan.parameters


def resolve_secrets(task: Task, *, real: bool = False) -> Resolved:
    """Return the environment of a task's step with its secrets filled in, and the values of these.

    A trial gets no secrets, as it has nobody to show them to, unless it is `real`: a replay.
    """
    step = task.step
    used: list[str] = []
    if not step.environment:
        return step.environment, used

    def value(name: str) -> str:
        if task.trial and not real:
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
