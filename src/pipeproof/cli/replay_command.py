"""Run one step of a past run again, on exactly what it read then, held off from the world.

It has the variables and secrets of a run. It writes to its own folder only and reaches no network; what would go out to a target goes to a
folder of the replay. With --debug it runs in this process, which cannot be held off: what it does is real.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.options import add_run
from pipeproof.cli.say import say, say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.replaying import Replayed
    from pipeproof.report.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_run(parser)
    parser.add_argument("step", metavar="STEP", help="name of the step")
    parser.add_argument(
        "--debug",
        action="store_true",
        help="run it in this terminal, not held off from the world, and stop in the debugger where it fails",
    )


def run(options: argparse.Namespace) -> int:
    """Replay the step and say what came of it."""
    if options.debug:
        from pipeproof.project.debugging import debug

        return PASSED if debug(options.run, options.step, tell=say) else FOUND
    from pipeproof.project.replaying import replay

    replayed = replay(options.run, options.step)
    if options.format == "json":
        say_json(_document(replayed))
    else:
        say_lines(_lines(replayed, style_for(sys.stdout)))
    return PASSED if replayed and not replayed.differences else FOUND


def _lines(replayed: Replayed, style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean, width
    from pipeproof.report.text import failure_lines, step_line, widths
    from pipeproof.running.summary import StepSummary, Summary, summarise

    summary: Summary = summarise(replayed.run.record)
    step: StepSummary = next(found for found in summary.steps if found.name == replayed.now.name)
    yield f"{style('bold', clean(replayed.then.name))} of {replayed.then_run}, again as {replayed.run.name}"
    step = replace(step, name=replayed.then.name)  # in a trial it has another
    yield step_line(step, replace(widths(summary), name=width(clean(step.name))), style)
    if step.failure is not None:
        yield from failure_lines(step, summary.run, style, replays=replayed.then_run)
    yield from (f"  since then  {clean(change.says)}" for change in replayed.changes)
    yield from (f"  note        {clean(note)}" for note in replayed.notes)
    if replayed and replayed.then.status == "failed":
        yield f"{style('good', 'it passes now')}; it failed in {replayed.then_run}"
    if replayed and replayed.then.status in {"passed", "reused"}:
        yield from _compared(replayed, style)


def _compared(replayed: Replayed, style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean

    if not replayed.differences:
        yield style("good", "every output came out as it was")
    for difference in replayed.differences:
        said = clean("; ".join(difference.says))
        yield f"{style('bad', 'differs')}  {clean(difference.dataset)}  {said}"


def _document(replayed: Replayed) -> dict[str, Any]:
    """Return what came of a replay as plain data, ``pipeproof.replay/1``."""
    return {
        "schema": "pipeproof.replay/1",
        "run": replayed.then_run,
        "step": replayed.then.name,
        "replay": replayed.run.name,
        "status": replayed.now.status,
        "failure": replayed.now.failure.message if replayed.now.failure else None,
        "differences": [
            {"dataset": difference.dataset, "says": list(difference.says)}
            for difference in replayed.differences
        ],
        "changed_since": [change.says for change in replayed.changes],
        "notes": list(replayed.notes),
    }
