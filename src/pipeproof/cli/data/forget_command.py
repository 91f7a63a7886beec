"""Remove one person from all that this project keeps, and from folders that are named, with proof.

Rows whose column has the value are removed from tables; the value, and e-mail addresses and numbers that stand
in these rows, are blotted out in events, logs and reports. Runs say afterwards that rows were forgotten.
Remove the person from your sources first: the next run would bring them back.

Exit code 1 when something could not be looked at, or is left.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.say import say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.forgetting import Forgotten
    from pipeproof.report.style import Style

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--key",
        metavar="COLUMN=VALUE",
        action="append",
        required=True,
        help="who; of several, one that fits is enough",
    )
    parser.add_argument(
        "--in", dest="folders", metavar="FOLDER", action="append", default=[], help="other folders to clean"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")


def run(options: argparse.Namespace) -> int:
    """Forget a person in the project around the current folder."""
    from pipeproof.project import Project
    from pipeproof.project.forgetting import forget

    project = Project.at(Path.cwd())
    done = forget(options.key, project, [Path(folder) for folder in options.folders], dry=options.dry_run)
    if options.format == "json":
        say_json(done.to_dict())
    else:
        say_lines(_lines(done, style_for(sys.stdout)))
    return PASSED if done.complete else FOUND


def _lines(done: Forgotten, style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean
    from pipeproof.report.quantities import count

    looked = (("objects", "object"), ("events", "event"), ("files", "file"))
    yield "looked at " + ", ".join(count(done.looked[name], noun) for name, noun in looked)
    for trace in done.traces[:_SHOWN]:
        times = count(trace.found, "row" if trace.done == "rows removed" else "time")
        would = f"would be {trace.done.replace('rows ', '')}" if done.dry else trace.done
        yield f"  {trace.place:<6}  {clean(trace.name)}  {times}  {would}"
    if len(done.traces) > _SHOWN:
        yield f"  ... and {len(done.traces) - _SHOWN:,} more places, see --format json"
    if not done.traces:
        yield "  nothing found"
    for label, places in (("note", done.notes), ("unread", done.unread), ("left", done.hints)):
        yield from (f"  {style('warn', label):<6}  {clean(place)}" for place in places)
    if done.opaque:
        files = count(len(done.opaque), "file")
        yield f"  no trace in the bytes of {files}, neither tables nor texts; what is compressed is not seen"
    if done.dry:
        yield "nothing was changed · without --dry-run it is removed"
        return
    left = (
        style("good", "a second look found nothing")
        if not done.left
        else style("bad", f"a second look still found {done.left:,}")
    )
    yield f"{left} · proof {clean(done.proof)}"
    if not done.complete:
        yield (
            style("bad", "not complete: see to what is listed, then forget again")
            + " · pipeproof help PPF347"
        )
