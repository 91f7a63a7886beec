"""Write a past run or test as HTML, JSON or JUnit."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pipeproof.cli.frame import PASSED
from pipeproof.cli.options import add_reports, add_run
from pipeproof.cli.reports import probe_reports, write_reports
from pipeproof.cli.say import say
from pipeproof.errors import Finding, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_run(parser, optional=True)
    add_reports(parser)


def run(options: argparse.Namespace) -> int:
    """Write the reports of a run of the project around the current folder.

    Raises:
        UsageError: No file was named, or there is no such run.
    """
    if not any((options.html, options.json, options.junit, options.output_dir)):
        fix = f"write: pipeproof report {options.run} --html report.html"
        raise UsageError(Finding("PPF521", "no file is named to write the report to", fix=fix))
    document = _document(options.run)
    probe_reports(options)
    for path in write_reports(options, document):
        say(str(path))
    return PASSED


def _document(name: str) -> dict[str, Any]:
    from pipeproof.project import Project
    from pipeproof.project.verdicts import verdict_of
    from pipeproof.report.document import run_document
    from pipeproof.report.test_document import test_document
    from pipeproof.running.summary import summarise

    project = Project.at(Path.cwd())
    record = project.record(name)
    if record.trials:
        return test_document(verdict_of(project, record), record)
    return run_document(summarise(record))
