"""Show what would run, in which order and why; nothing is executed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import PASSED, parameters
from pipeproof.cli.options import add_choice, add_parameters, add_pipeline, add_reuse
from pipeproof.cli.say import say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.model.plan import Plan, Task
    from pipeproof.report.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser)
    add_parameters(parser)
    add_choice(parser)
    add_reuse(parser)


def run(options: argparse.Namespace) -> int:
    """Decide what a run would do and say it."""
    from pipeproof.project import plan

    given = parameters(options.parameters)
    the_plan = plan(
        options.pipeline,
        given,
        only=options.only,
        since=options.since,
        until=options.until,
        refresh=options.refresh,
        reuse=not options.no_cache,
    )
    if options.format == "json":
        say_json(plan_document(the_plan))
    else:
        say_lines(plan_lines(the_plan, style_for(sys.stdout)))
    return PASSED


def plan_lines(the_plan: Plan, style: Style) -> Iterator[str]:
    """Yield a plan as lines, in the order in which steps can run."""
    from pipeproof.report.cells import clean, pad, width
    from pipeproof.report.quantities import count
    from pipeproof.running.summary import is_counted

    steps = [task for task in the_plan.tasks if is_counted(task.step.kind) and not task.is_left_out]
    given = [f"{name}={value}" for name, value in the_plan.parameters.items()]
    yield " · ".join([style("bold", clean(the_plan.pipeline.name)), count(len(steps), "step"), *given])
    shared = _shared_reasons(the_plan)
    rows = [
        (
            clean(task.name),
            task.step.kind,
            decision_of(task),
            task.isolation if task.decision == "run" else "",
            clean(_flow(task, the_plan)),
            "" if shared.get(decision_of(task)) == task.why else clean(task.why),
        )
        for task in the_plan.tasks
    ]
    widths = [max(width(row[column]) for row in rows) for column in range(6)]
    for number, row in enumerate(rows, 1):
        cells = "  ".join(pad(text, cells) for text, cells in zip(row, widths, strict=True))
        yield f"  {number:>{len(str(len(rows)))}}  {cells}".rstrip()
    yield from (style("dim", f"{decision}: {why}") for decision, why in shared.items() if why)
    yield from (f"note: {clean(note)}" for note in the_plan.pipeline.notes)


def decision_of(task: Task) -> str:
    """Return what is decided about a task: one with a condition that only the run can answer is undecided."""
    from pipeproof.planning.conditions import is_open

    return "undecided" if task.decision == "run" and is_open(task) else task.decision


def _shared_reasons(the_plan: Plan) -> dict[str, str]:
    """Return the reasons that all steps and sources of a decision have in common, to be said once."""
    reasons: dict[str, set[str]] = {}
    for task in the_plan.tasks:
        reasons.setdefault(decision_of(task), set()).add(task.why)
    return {decision: next(iter(whys)) for decision, whys in reasons.items() if len(whys) == 1}


def _flow(task: Task, the_plan: Plan) -> str:
    """Return what a step reads and makes, and what it waits for besides."""
    from pipeproof.model.pipeline import Source
    from pipeproof.planning.hooks import Call
    from pipeproof.planning.items import Gather
    from pipeproof.report.quantities import count
    from pipeproof.report.text import shorten_text

    source = task.step.config
    if isinstance(source, Call):
        return f"calls {shorten_text(source.function)}"
    if isinstance(source, Source):
        read = [f"{source.database} {source.table}".strip() if source.database else shorten_text(source.path)]
    elif isinstance(source, Gather):
        read = [count(len(source.items), "item")]
    else:
        read = list(dict.fromkeys(task.step.inputs.values()))
    made = list(task.step.outputs.values())
    makers = {the_plan.pipeline.makers.get(name, name) for name in task.step.inputs.values()}
    if task.lets:  # who stands in for another one, and whom that is for, is said of it alone
        makers |= {need for need, ends in task.lets.items() if "passed" not in ends or "excused" not in ends}
    after = [name for name in task.needs if name not in makers]
    flow = " → ".join(", ".join(names) for names in (read, made) if names)
    return "  ".join([flow, *_ties(task, after)])


def _ties(task: Task, after: list[str]) -> Iterator[str]:
    """Yield what a step waits for besides its data, and what becomes of its failure."""
    from pipeproof.report.quantities import count

    if after:
        yield f"after {', '.join(after)}"
    replaced = [need for need, ends in task.lets.items() if "passed" not in ends]
    if replaced:
        yield f"if {replaced[0]} fails"
    if task.step.optional:
        yield "optional"
    if task.step.repeat is not None:
        yield f"until {task.step.repeat.condition}, at most {count(task.step.repeat.at_most, 'time')}"


def plan_document(the_plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data, ``pipeproof.plan/1``."""
    return {
        "schema": "pipeproof.plan/1",
        "pipeline": the_plan.pipeline.name,
        "parameters": dict(the_plan.parameters),
        "notes": list(the_plan.pipeline.notes),
        "tasks": [
            {
                "name": task.name,
                "kind": task.step.kind,
                "decision": decision_of(task),
                "why": task.why,
                "isolation": task.isolation,
                "key": task.key or None,
                "needs": list(task.needs),
                "reads": list(task.step.inputs.values()),
                "makes": list(task.step.outputs.values()),
                "reused_from": task.reused_from or None,
                "when": task.step.when or None,
                "optional": task.step.optional,
                "repeat_until": task.step.repeat.condition if task.step.repeat else None,
                "on_failure": task.step.on_failure or None,
                "timeout": task.step.timeout,
                "retries": task.step.retry.count,
                "checks": [
                    {"dataset": check.dataset, "side": check.side, "enforce": check.enforce}
                    for check in task.checks
                ],
            }
            for task in the_plan.tasks
        ],
    }
