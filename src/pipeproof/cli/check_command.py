"""Find what is wrong with a pipeline; nothing is executed."""

from __future__ import annotations

import argparse

from pipeproof.cli.frame import PASSED, WRONG, say_findings
from pipeproof.cli.options import add_pipeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser)
    parser.add_argument("--strict", action="store_true", help="let warnings count as problems")


def run(options: argparse.Namespace) -> int:
    """Hold every static rule against the pipeline."""
    import sys

    from pipeproof.project import examine

    examined = examine(options.pipeline)
    if examined.findings or options.format == "json":
        say_findings(examined.findings, options.format, stream=sys.stdout if not examined.errors else None)
    if examined.errors or (options.strict and examined.findings):
        return WRONG
    if options.format == "text":
        pipeline = examined.pipeline
        print(
            f"{pipeline.name} · {len(pipeline.steps)} steps · {len(pipeline.sources)} sources · no problems"
        )
    return PASSED
