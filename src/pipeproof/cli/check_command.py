"""Find what is wrong with a pipeline; nothing is executed."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pipeproof.cli.frame import FOUND, PASSED, WRONG
from pipeproof.cli.options import add_pipeline
from pipeproof.cli.say import say, say_findings, say_json

if TYPE_CHECKING:
    from pipeproof.project import Examined


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser)
    parser.add_argument("--strict", action="store_true", help="let warnings count as problems")


def run(options: argparse.Namespace) -> int:
    """Hold every static rule against the pipeline."""
    from pipeproof.project import examine
    from pipeproof.report.findings import counted
    from pipeproof.report.quantities import count

    examined = examine(options.pipeline)
    pipeline, findings = examined.pipeline, examined.findings
    passed = not examined.errors and not (options.strict and findings)
    if options.format == "json":
        say_json(_document(examined, passed=passed))
    elif not passed:
        say_findings(findings, "text", tail="nothing was run")
    else:
        if findings:
            say_findings(findings, "text", stream=sys.stdout)
        parts = [pipeline.name, count(len(pipeline.steps), "step"), count(len(pipeline.sources), "source")]
        say(" · ".join([*parts, counted(findings) or "no problems"]))
    return PASSED if passed else WRONG if examined.errors else FOUND


def _document(examined: Examined, *, passed: bool) -> dict[str, object]:
    from pipeproof.report.document import finding_document

    pipeline = examined.pipeline
    return {
        "schema": "pipeproof.check/1",
        "pipeline": pipeline.name,
        "passed": passed,
        "steps": [step.name for step in pipeline.steps],
        "sources": list(pipeline.sources),
        "parameters": list(pipeline.parameters),
        "findings": [finding_document(finding) for finding in examined.findings],
    }
