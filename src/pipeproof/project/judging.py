"""What a run asks its project about its tasks as it goes: may this be taken, may it be kept, what are its items."""

from __future__ import annotations

from pipeproof.data.artifacts import value_of
from pipeproof.model.artifact import Artifact
from pipeproof.model.plan import Plan, Task
from pipeproof.model.record import RunRecord
from pipeproof.planning.expand import expand
from pipeproof.planning.reuse import settling
from pipeproof.project.place import Project
from pipeproof.project.recorded import keep_steps
from pipeproof.project.reusing import Reusing, done_in
from pipeproof.project.unmoved import Unmoved
from pipeproof.running.judge import Expand, Judge


def judge_of(the_plan: Plan, project: Project, resumes: RunRecord | None = None) -> Judge:
    """Return what is asked about the tasks of a plan as it goes, and keep what their keys are made of.

    Args:
        the_plan: The plan.
        project: The project.
        resumes: The run that goes on with it, whose steps stand where they have passed.
    """
    if not the_plan.texts:
        return Judge(expand=_expander(the_plan, project, None))
    keep_steps(the_plan.tasks, the_plan.texts, project, the_plan.pipeline)
    reusing = Reusing(project, the_plan.pipeline)
    return Judge(
        settling(reusing.past(the_plan, done=done_in(resumes) if resumes else None), the_plan),
        barrier=Unmoved(the_plan, project.root, reusing.ground.behind).barrier,
        expand=_expander(the_plan, project, reusing),
    )


def _expander(the_plan: Plan, project: Project, reusing: Reusing | None) -> Expand:
    """Return what gives the tasks of a step whose items have become known."""

    def expanded(task: Task, artifact: Artifact | None) -> tuple[Task, ...]:
        items = None if artifact is None else value_of(artifact, project.objects)
        key_of = None if reusing is None or not task.static else reusing.key
        expansion = expand(task, items, the_plan, project.kinds, key_of)
        if reusing is not None and expansion.texts:
            texts = {**reusing.ground.texts, **expansion.texts}
            keep_steps(expansion.tasks, texts, project, the_plan.pipeline)
        return expansion.tasks

    return expanded
