"""List past runs or tests, newest first."""

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
    from pipeproof.model.record import RunRecord
    from pipeproof.model.trial import Verdict
    from pipeproof.project import Project
    from pipeproof.report.style import Style
    from pipeproof.running.summary import Summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "-n", type=at_least(1), default=20, metavar="N", help="at most so many; 20 unless given"
    )
    parser.add_argument("--tests", action="store_true", help="list past tests instead")


def run(options: argparse.Namespace) -> int:
    """List the runs of the project around the current folder, or its tests."""
    from pipeproof.project import Project
    from pipeproof.project.place import is_test
    from pipeproof.running.summary import summarise

    project = Project.at(Path.cwd())
    if options.tests:
        return _tests(project, options)
    runs = (record for record in project.records() if not is_test(record.run))
    found = [summarise(record) for record in islice(runs, options.n)]
    if options.format == "json":
        say_json({"schema": "pipeproof.runs/1", "runs": [_document(summary) for summary in found]})
    elif not found:
        say("nothing was run here yet · pipeproof run PIPELINE")
    else:
        say_lines(_lines(found, style_for(sys.stdout)))
    return PASSED


def _tests(project: Project, options: argparse.Namespace) -> int:
    """List the tests of a project."""
    from pipeproof.project.verdicts import verdicts

    found = list(islice(verdicts(project), options.n))
    if options.format == "json":
        say_json({"schema": "pipeproof.tests/1", "tests": [_test(*one) for one in found]})
    elif not found:
        say("nothing was tested here yet · pipeproof test PIPELINE")
    else:
        say_lines(_test_lines(found, style_for(sys.stdout)))
    return PASSED


def _test_lines(tests: Sequence[tuple[RunRecord, Verdict]], style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean, pad, width
    from pipeproof.report.quantities import count, moment, seconds
    from pipeproof.report.text import MARKS

    names = max(width(clean(record.pipeline)) for record, _ in tests)
    for record, verdict in tests:
        status = _status(record, verdict)
        mark, tone = MARKS[status]
        found = count(len(verdict.errors), "finding") if verdict.errors else ""
        yield (
            f"{style(tone, mark)} {record.run}  {pad(clean(record.pipeline), names)}  {status}"
            f"  {moment(record.started_at)}  {seconds(verdict.seconds):>10}  {found}"
        ).rstrip()


def _status(record: RunRecord, verdict: Verdict) -> str:
    if record.status == "interrupted":
        return "interrupted"
    return "passed" if verdict else "failed"


def _test(record: RunRecord, verdict: Verdict) -> dict[str, Any]:
    from pipeproof.report.document import instant

    return {
        "test": record.run,
        "pipeline": record.pipeline,
        "status": _status(record, verdict),
        "started_at": instant(record.started_at),
        "seconds": verdict.seconds,
        "findings": len(verdict.errors),
    }


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
