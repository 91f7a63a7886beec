"""Carrying out a plan and saying how it goes: what `run`, `resume` and the like share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.cli.frame import FOUND, INTERRUPTED, PASSED
from pipeproof.cli.output import probe, write_json
from pipeproof.cli.parser import at_least, one_of
from pipeproof.cli.say import say, say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.model.event import Event
    from pipeproof.model.plan import Plan
    from pipeproof.model.record import RunRecord
    from pipeproof.ports import Sink
    from pipeproof.project import Project
    from pipeproof.running.summary import Summary

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a plan is carried out."""
    parser.add_argument("--keep-going", action="store_true", help="run what does not depend on a failed step")
    parser.add_argument(
        "--jobs",
        type=at_least(1),
        metavar="N",
        help="steps at once; the number of processors unless given",
    )
    parser.add_argument(
        "--durable", action="store_true", help="sync each event to the disk: a loss of power takes none"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the run as JSON too")
    parser.add_argument(
        "--log-level",
        type=one_of(*_LEVELS, same=str.upper),
        metavar="LEVEL",
        help=f"least severity that steps log, over `logging.level`: {', '.join(_LEVELS)}",
    )
    parser.add_argument("--quiet", action="store_true", help="say only problems and the verdict")


def carry_out(
    the_plan: Plan, project: Project, options: argparse.Namespace, *, resumes: RunRecord | None = None
) -> int:
    """Carry out a plan, say how it goes and went, and return the exit code.

    Args:
        the_plan: The plan.
        project: The project.
        options: Those of `add_running`.
        resumes: The run that goes on; a new one unless given.
    """
    from pipeproof.project.execute import run_plan
    from pipeproof.report.document import run_document
    from pipeproof.running.summary import summarise

    if options.log_level:
        the_plan = replace(the_plan, pipeline=replace(the_plan.pipeline, log_level=options.log_level))
    if options.json:
        probe(options.json)
    with _sinks(options, the_plan) as sinks:
        done = run_plan(
            the_plan,
            project,
            keep_going=options.keep_going,
            jobs=options.jobs,
            durable=options.durable,
            sinks=[_note_begun(options), *sinks],
            resumes=resumes,
        )
    summary = summarise(done.record)
    if options.format == "json":
        say_json(run_document(summary))
    else:
        say_lines(_ending(summary, quiet=options.quiet))
    if options.json:
        write_json(options.json, run_document(summary))
    return {"passed": PASSED, "interrupted": INTERRUPTED}.get(done.status, FOUND)


def _note_begun(options: argparse.Namespace) -> Sink:
    """Return a sink that notes a run as soon as it is kept, for what is said when an error ends it."""
    from pipeproof.model.event import RunStarted

    def note(events: Sequence[Event]) -> None:
        options.begun = next((event.run for event in events if isinstance(event, RunStarted)), options.begun)

    options.begun = ""
    return note


@contextmanager
def _sinks(options: argparse.Namespace, the_plan: Plan) -> Iterator[list[Sink]]:
    """Give what says the run as it happens: drawn anew on a terminal, else a line as each step ends."""
    from pipeproof.report.style import can_move

    if options.quiet or options.format == "json":
        yield []
        return
    left_out = [task.name for task in the_plan.tasks if task.is_left_out]
    style = style_for(sys.stdout)
    if can_move(sys.stdout, os.environ):
        from pipeproof.report.progress import Live

        with Live(sys.stdout, left_out=left_out, style=style) as progress:
            yield [progress]
    else:
        from pipeproof.report.progress import Progress

        yield [Progress(_try_to_say, left_out=left_out, style=style)]


def _try_to_say(line: str) -> None:
    """Print a line of a run; output that cannot take it (a full disk) must not end the run."""
    with suppress(OSError):
        say(line)


def _ending(summary: Summary, *, quiet: bool) -> Iterator[str]:
    from pipeproof.report.text import after_lines, problem_lines, verdict

    style = style_for(sys.stdout)
    if quiet:
        yield from problem_lines(summary, style)
        yield verdict(summary, style)
    else:
        yield from after_lines(summary, style)
