"""A trial with the pipeline that it runs, and the way from many of them to one plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.hook import Hooks
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.plan import Check, Decision, Plan, Task
from pipeproof.model.step import Retry, Step
from pipeproof.model.trial import Trial
from pipeproof.planning.isolation import ELSEWHERE
from pipeproof.planning.items import once
from pipeproof.planning.make import make_plan
from pipeproof.ports import StepKind
from pipeproof.running.request import STAND_IN
from pipeproof.steps.synthetic import Synthetic

LONGEST = 30.0
"""Seconds that a step of a trial may take unless it has a `timeout:` of its own; made data are small."""
_AT_MOST = 120.0  # seconds, whatever its timeout is
MEMORY = 4 * 2**30
"""Bytes that a step of a trial may take unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A trial and what it runs.

    Attributes:
        trial: The trial.
        pipeline: The steps that are run; what they read from outside stands as sources.
        made: Source → the step that makes its data.
    """

    trial: Trial
    pipeline: Pipeline
    made: Mapping[str, Step]


def plan_trials(
    pipeline: Pipeline,
    variants: Iterable[Variant],
    kinds: Mapping[str, StepKind],
    given: Mapping[str, object],
) -> Plan:
    """Return one plan of all trials; those that are skipped have no tasks.

    Args:
        pipeline: The pipeline that is tested.
        variants: Its trials.
        kinds: Step kinds by name.
        given: Values of parameters.
    """
    tasks: list[Task] = []
    trials: list[Trial] = []
    parameters: Mapping[str, Scalar] = frozen()
    targets = pipeline.targets
    for variant in variants:
        trials.append(variant.trial)
        if not variant.trial.skipped:
            tried = variant.pipeline
            if variant.trial.mode == "isolation":  # a step alone is tried without what is around it
                tried = replace(tried, hooks=Hooks())
            plan = make_plan(tried, kinds, given, source_step=_maker(variant))
            parameters, targets = plan.parameters, plan.pipeline.targets
            tasks += (_in_trial(task, variant.trial, kinds) for task in plan.tasks)
    tested = replace(pipeline, timeout=None, targets=targets)
    return Plan(tested, tuple(tasks), parameters, tuple(trials))


def _maker(variant: Variant) -> Callable[[Source], Step]:
    return lambda source: variant.made[source.name]


def _in_trial(task: Task, trial: Trial, kinds: Mapping[str, StepKind]) -> Task:
    """Return a task as it is run in a trial: in a clean process, limited, once, held against what it promises."""
    step, own = task.step, kinds[task.step.kind].isolation(task.step) == "thread"
    left_out = unsealable(step, kinds[step.kind])
    decision: Decision = "skip" if left_out else task.decision
    limits = step.resources if own or step.resources.memory else replace(step.resources, memory=MEMORY)
    return replace(
        task,
        step=replace(
            step,
            retry=Retry(count=0),
            repeat=once(step.repeat),
            timeout=min(step.timeout or LONGEST, _AT_MOST),
            resources=limits,
            environment=_environment(step),
        ),
        decision=decision,
        why=left_out or f"trial {trial.name}",
        needs=tuple(_needs(task, trial)),
        lets=frozen({f"{trial.name}/{need}": ends for need, ends in task.lets.items()}),
        checks=tuple(_checks(task, trial)),
        isolation=task.isolation if task.isolation in ELSEWHERE else "thread" if own else "fresh",
        trial=trial.name,
    )


def _environment(step: Step) -> Mapping[str, str]:
    """Return the variables of a step, with something for those that it needs and nobody has set here."""
    wanted = (variable.name for variable in step.contract.environment if variable.required)
    missing = {name: STAND_IN for name in wanted if name not in step.environment and name not in os.environ}
    return frozen({**step.environment, **missing})


def _needs(task: Task, trial: Trial) -> Iterator[str]:
    """Yield what a task of a trial waits for.

    Bad data wait for ordinary ones: they say nothing of a step that fails on those, or hangs.
    """
    yield from (f"{trial.name}/{need}" for need in task.needs)
    if trial.case.scenario == "malformed" and task.step.name == trial.step:
        yield f"{trial.step}.standard.1/{trial.step}"


def unsealable(step: Step, kind: StepKind) -> str:
    """Return why a step cannot be kept from touching the world, or '' when it can."""
    if step.effects == "external" and not kind.redirects:
        return "it touches the world (effects: external), which cannot be redirected"
    if kind.name == "python" and kind.isolation(step) == "thread":
        return "its function cannot be imported into a process of its own; write it to a file"
    return ""


def _checks(task: Task, trial: Trial) -> Iterator[Check]:
    """Yield what is held against contracts.

    A step that is tried alone gets made data, which keep its contract or break it on purpose. In
    the whole, a broken edge is noted and the data go on, so that one run shows all of them. Made
    data are held against their schema too: a trial on data that the contract forbids says nothing.
    """
    config = task.step.config
    if isinstance(config, Synthetic) and config.case.scenario != "malformed":
        yield Check(task.step.name, config.name, config.schema, "fail", "output")
    for check in task.checks:
        if trial.mode == "pipeline":
            yield replace(check, halts=check.enforce != "fail")
        elif check.side == "output":
            # Whether bad data come out is asked also where a run would only warn of it.
            strict = trial.case.scenario == "malformed" and check.enforce != "off"
            yield replace(check, enforce="fail") if strict else check


def as_sources(names: Iterable[str]) -> Mapping[str, Source]:
    """Return sources of these names; where their data come from stands in `Variant.made`."""
    return frozen({name: Source(name) for name in names})
