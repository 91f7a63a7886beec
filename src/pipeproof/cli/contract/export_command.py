"""Write a contract in another standard.

What the standard cannot say is told, each rule with its column; only odcs and native lose nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeproof.cli.contract.import_command import NAMES
from pipeproof.cli.frame import PASSED
from pipeproof.cli.output import probe, write_bytes, write_text
from pipeproof.cli.parser import one_of
from pipeproof.cli.say import say, say_json, say_lines, style_for
from pipeproof.errors import Finding, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the contract, in any of the languages")
    parser.add_argument(
        "--to",
        dest="language",
        type=one_of(*NAMES),
        required=True,
        metavar="LANGUAGE",
        help=", ".join(NAMES),
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it; standard output unless given"
    )
    parser.add_argument("--dataset", metavar="NAME", help="the table that is meant; all unless given")
    parser.add_argument(
        "--version", default="", metavar="V", help="of odcs: 3.0.2, 3.1.0 or 3.2.0, the newest"
    )


def run(options: argparse.Namespace) -> int:
    """Translate the contract."""
    from pipeproof.data.translating import export_contract
    from pipeproof.report.translation_text import lost_lines, summary_line
    from pipeproof.standards.languages import LANGUAGES

    if options.out is not None:
        probe(options.out)
    elif options.language == "arrow":
        fix = "name a file: --out contract.arrow"
        raise UsageError(Finding("PPF522", "an Arrow schema is no text that could be printed", fix=fix))
    found = export_contract(options.file, options.language, dataset=options.dataset, version=options.version)
    if options.out is not None:
        _write(options.out, found.content)
    if options.format == "json":
        say_json({"schema": "pipeproof.contract-export/1", **found.to_dict()})
        return PASSED
    if options.out is None:
        say(str(found.content).rstrip("\n"))
    else:
        say(summary_line(str(options.out), found.tables, style_for(sys.stdout)))
    title = LANGUAGES[found.language].title
    say_lines(lost_lines(found.lost, title, style_for(sys.stderr)), stream=sys.stderr)
    return PASSED


def _write(path: Path, content: str | bytes) -> None:
    if isinstance(content, bytes):
        write_bytes(path, content)
    else:
        write_text(path, content)
