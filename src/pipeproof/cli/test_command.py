"""Prove a pipeline: each step alone on made data, the whole on made sources; nothing outside is touched."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import FOUND, INTERRUPTED, PASSED, parameters
from pipeproof.cli.options import add_parameters, add_pipeline, add_reports
from pipeproof.cli.parser import at_least
from pipeproof.cli.reports import probe_reports, write_reports
from pipeproof.cli.say import say, say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.prove import Proof, Test


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser)
    parser.add_argument(
        "steps",
        metavar="STEP",
        nargs="*",
        help="steps or groups to try alone; all, and the whole, unless given",
    )
    add_parameters(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the made data (0)")
    parser.add_argument(
        "--jobs",
        type=at_least(1),
        metavar="N",
        help="steps at once; the number of processors unless given",
    )
    add_reports(parser)
    parser.add_argument("--quiet", action="store_true", help="say only the findings and the verdict")


def run(options: argparse.Namespace) -> int:
    """Test the pipeline and say what was found."""
    from pipeproof.project.prove import carry_out, prepare

    given = parameters(options.parameters)
    probe_reports(options)
    planned = prepare(options.pipeline, options.steps, given, options.seed)
    proof = carry_out(planned, jobs=options.jobs, sinks=_sinks(options, planned))
    options.begun = proof.verdict.test  # for what is said when a report cannot be written
    if options.format == "json":
        say_json(proof.document)
    else:
        _say(proof, options)
    for path in write_reports(options, proof.document):
        if options.format != "json":
            say(f"  {path}")
    if proof.run.status == "interrupted":
        return INTERRUPTED
    return PASSED if proof else FOUND


def _sinks(options: argparse.Namespace, planned: Test) -> list[Any]:
    """Return what says the trials of each step as they end."""
    if options.format == "json" or options.quiet:
        return []
    from pipeproof.cli.trying import Trying

    style = style_for(sys.stdout)
    return [Trying(say, planned, style)]


def _say(proof: Proof, options: argparse.Namespace) -> None:
    from pipeproof.report.verdict_text import after_lines, whole_lines

    style = style_for(sys.stdout)
    if not options.quiet:
        say_lines(whole_lines(proof.verdict, style))
    say_lines(after_lines(proof.verdict, style))
