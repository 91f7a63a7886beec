"""Let a run that was interrupted, or had failed, go on from the first thing that is not done."""

from __future__ import annotations

import argparse

from pipeproof.cli.options import add_run
from pipeproof.cli.running import add_running, carry_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_run(parser, optional=True)
    parser.add_argument(
        "--again",
        action="append",
        default=[],
        metavar="STEP",
        help="do this step again although it had begun to touch the world",
    )
    add_running(parser)


def run(options: argparse.Namespace) -> int:
    """Let the run go on and say how it went."""
    from pipeproof.project.resuming import plan_to_resume

    the_plan, project, record = plan_to_resume(options.run, again=options.again)
    return carry_out(the_plan, project, options, resumes=record)
