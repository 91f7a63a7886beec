"""Run a pipeline."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pipeproof.cli.frame import FOUND, INTERRUPTED, PASSED, parameters
from pipeproof.cli.options import add_choice, add_parameters, add_pipeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser)
    add_parameters(parser)
    add_choice(parser)
    parser.add_argument("--keep-going", action="store_true", help="run what does not depend on a failed step")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="steps at once; the number of processors unless given"
    )
    parser.add_argument("--json", metavar="FILE", help="write the summary as JSON too")
    parser.add_argument("--quiet", action="store_true", help="say only the verdict")


def run(options: argparse.Namespace) -> int:
    """Run the pipeline and say how it went."""
    from pipeproof.model.codec import to_plain
    from pipeproof.project import run as run_pipeline
    from pipeproof.report.text import run_lines, verdict
    from pipeproof.running.summary import summarise

    done = run_pipeline(
        options.pipeline,
        parameters(options.parameters),
        only=options.only,
        since=options.since,
        until=options.until,
        keep_going=options.keep_going,
        jobs=options.jobs,
    )
    summary = summarise(done.record)
    plain = {"schema": "pipeproof.run/1", **to_plain(summary)}
    if options.json:
        Path(options.json).write_text(json.dumps(plain, indent=2, ensure_ascii=False))
    if options.format == "json":
        print(json.dumps(plain, indent=2, ensure_ascii=False))
    else:
        for line in [verdict(summary)] if options.quiet else run_lines(summary):
            print(line)
    sys.stdout.flush()
    return {"passed": PASSED, "interrupted": INTERRUPTED}.get(done.status, FOUND)
