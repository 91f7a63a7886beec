"""Put targets back to what the last run that passed had published."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.options import add_run
from pipeproof.cli.say import say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.rolling_back import Back
    from pipeproof.report.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_run(parser, optional=True)
    parser.add_argument(
        "--to",
        default="",
        metavar="RUN",
        help="go back to this run instead of the last one that passed before",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace files too that somebody changed since; they are kept"
    )


def run(options: argparse.Namespace) -> int:
    """Put the targets back and say what became of each file."""
    from pipeproof.project.rolling_back import rollback

    back = rollback(options.run, to=options.to, force=options.force)
    if options.format == "json":
        say_json(_document(back))
    else:
        say_lines(_lines(back, style_for(sys.stdout)))
    return PASSED if back else FOUND


def _lines(back: Back, style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean
    from pipeproof.report.quantities import count

    yield f"{style('bold', back.run)} is taken back to {back.to or 'what was there before it'}"
    for file in back.files:
        yield f"  {style('good', '✓')} {clean(file.path)}  {'put back' if file.after else 'removed'}"
    for path in back.same:
        yield f"  {style('dim', '·')} {clean(path)}  stands as it should"
    for path, who in back.left.items():
        yield f"  {style('warn', '!')} {clean(path)}  left: {clean(who)}"
    if back.outside:
        yield f"not covered: what {', '.join(map(clean, back.outside))} did to the world"
    if back.left:
        yield f"to replace {count(len(back.left), 'file')} too: pipeproof rollback {back.run} --force"


def _document(back: Back) -> dict[str, Any]:
    """Return what became of each file as plain data, ``pipeproof.rollback/1``."""
    return {
        "schema": "pipeproof.rollback/1",
        "run": back.run,
        "to": back.to or None,
        "put_back": [file.path for file in back.files if file.after],
        "removed": [file.path for file in back.files if not file.after],
        "same": list(back.same),
        "left": dict(back.left),
        "not_covered": list(back.outside),
    }
