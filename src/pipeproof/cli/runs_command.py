"""List past runs, newest first."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import PASSED
from pipeproof.cli.parser import at_least
from pipeproof.cli.say import say, say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.report.style import Style
    from pipeproof.running.summary import Summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "-n", type=at_least(1), default=20, metavar="N", help="at most so many; 20 unless given"
    )


def run(options: argparse.Namespace) -> int:
    """List the runs of the project around the current folder."""
    from pipeproof.project import Project
    from pipeproof.running.summary import summarise

    project = Project.at(Path.cwd())
    found = [summarise(record) for record in islice(project.records(), options.n)]
    if options.format == "json":
        say_json({"schema": "pipeproof.runs/1", "runs": [_document(summary) for summary in found]})
    elif not found:
        say("nothing was run here yet · pipeproof run PIPELINE")
    else:
        say_lines(_lines(found, style_for(sys.stdout)))
    return PASSED


def _lines(runs: Sequence[Summary], style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean, pad, width
    from pipeproof.report.quantities import moment, seconds
    from pipeproof.report.text import MARKS

    names = max(width(clean(run.pipeline)) for run in runs)
    states = max(len(run.status) for run in runs)
    codes = max(len(run.run) for run in runs)
    for run in runs:
        mark, tone = MARKS[run.status]
        took = seconds(run.seconds) if run.status in {"passed", "failed"} else ""
        given = " ".join(f"{name}={value}" for name, value in run.parameters.items())
        about = "  ".join(part for part in (clean(_blame(run)), clean(given)) if part)
        yield (
            f"{style(tone, mark)} {run.run:<{codes}}  {pad(clean(run.pipeline), names)}  {run.status:<{states}}"
            f"  {moment(run.started_at)}  {took:>10}  {about}"
        ).rstrip()


def _blame(run: Summary) -> str:
    """Return which steps failed or were interrupted."""
    return ", ".join(step.name for step in run.having("failed", "interrupted"))


def _document(run: Summary) -> dict[str, Any]:
    from pipeproof.report.document import instant

    return {
        "run": run.run,
        "pipeline": run.pipeline,
        "status": run.status,
        "started_at": instant(run.started_at),
        "seconds": run.seconds,
        "parameters": dict(run.parameters),
        "steps": {step.name: step.status for step in run.steps},
    }
