"""Read a contract written in another standard, and write it as a contract file.

What the document says and Pipeproof does not ask of data is told, each part with its place.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeproof.cli.frame import PASSED
from pipeproof.cli.output import probe, write_text
from pipeproof.cli.parser import one_of
from pipeproof.cli.say import say, say_json, say_lines, style_for

NAMES = ("odcs", "dbt", "frictionless", "jsonschema", "pandera", "arrow", "native")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the contract; of Arrow, a data file")
    parser.add_argument(
        "--from",
        dest="language",
        type=one_of(*NAMES),
        metavar="LANGUAGE",
        help=f"{', '.join(NAMES)}; recognised unless given",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it; standard output unless given"
    )


def run(options: argparse.Namespace) -> int:
    """Translate the contract."""
    from pipeproof.data.translating import import_contract
    from pipeproof.report.translation_text import summary_line, unenforced_lines

    if options.out is not None:
        probe(options.out)
    found = import_contract(options.file, options.language)
    if options.out is not None:
        write_text(options.out, found.text)
    if options.format == "json":
        say_json({"schema": "pipeproof.contract-import/1", **found.to_dict()})
        return PASSED
    if options.out is None:
        say(found.text.rstrip("\n"))
    else:
        say(summary_line(str(options.out), found.tables, style_for(sys.stdout)))
    say_lines(unenforced_lines(found.not_enforced, style_for(sys.stderr)), stream=sys.stderr)
    return PASSED
