"""Run a pipeline."""

from __future__ import annotations

import argparse

from pipeproof.cli.frame import parameters
from pipeproof.cli.options import add_choice, add_parameters, add_pipeline, add_reuse
from pipeproof.cli.output import probe
from pipeproof.cli.running import add_running, carry_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_pipeline(parser)
    add_parameters(parser)
    add_choice(parser)
    add_reuse(parser)
    add_running(parser)


def run(options: argparse.Namespace) -> int:
    """Run the pipeline and say how it went."""
    from pipeproof.project import load
    from pipeproof.project.execute import plan

    given = parameters(options.parameters)
    examined = load(options.pipeline)
    if options.json:
        probe(options.json)  # before anything is kept
    examined.project.settle_salt()
    the_plan = plan(
        examined,
        given,
        only=options.only,
        since=options.since,
        until=options.until,
        refresh=options.refresh,
        reuse=not options.no_cache,
    )
    return carry_out(the_plan, examined.project, options)
