"""Clear away old runs, and what none of the runs that are kept needs.

Kept are: the last ten runs of each pipeline (and its last ten tests), the last one that passed, those that go on,
those that are pinned, and those of which a kept run took results. What was touched in the last ten minutes stays
too, as somebody may be about to use it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.cli.frame import PASSED
from pipeproof.cli.say import say, say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.collecting import Collected
    from pipeproof.project.place import Project
    from pipeproof.report.style import Style
    from pipeproof.store.sweeping import Swept

_LAST = 10
_GRACE = 600.0
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--keep",
        type=_runs_or_age,
        default=_LAST,
        metavar="N|AGE",
        help="the last N runs of each pipeline, or those of the last 30d, 12h; 10 unless given",
    )
    parser.add_argument("--keep-run", metavar="RUN", action="append", default=[], help="this run too")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    parser.add_argument("--pin", metavar="RUN", action="append", default=[], help="keep a run from now on")
    parser.add_argument("--unpin", metavar="RUN", action="append", default=[], help="do not keep it any more")
    parser.add_argument(
        "--grace",
        type=_age,
        default=_GRACE,
        metavar="AGE",
        help="leave what was touched since; 10m unless given, 0 when nobody else works here",
    )
    parser.add_argument("--remote", action="store_true", help="remove from the project's bucket too")
    parser.add_argument(
        "--claim", action="store_true", help="let no other project write to the bucket, for --remote"
    )


def run(options: argparse.Namespace) -> int:
    """Clear away in the project around the current folder."""
    from pipeproof.project import Project
    from pipeproof.project.collecting import Keep, collect

    project = Project.at(Path.cwd())
    if options.pin or options.unpin or options.claim:
        return _mark(project, options)
    runs, chosen = frozenset(options.keep_run), options.keep
    keep = Keep(age=chosen, runs=runs) if isinstance(chosen, float) else Keep(last=chosen, runs=runs)
    done = collect(project, keep, grace=options.grace, remote=options.remote, dry=options.dry_run)
    if options.format == "json":
        say_json({"schema": "pipeproof.gc/1", **asdict(done)})
    else:
        say_lines(_lines(done, style_for(sys.stdout)))
    return PASSED


def _mark(project: Project, options: argparse.Namespace) -> int:
    """Pin runs or claim the bucket; nothing is removed."""
    from pipeproof.project.collecting import claim, pin, pinned

    pin(project, options.pin)
    pin(project, options.unpin, pinned=False)
    if options.claim:
        claim(project)
    names = sorted(pinned(project))
    if options.format == "json":
        say_json({"schema": "pipeproof.gc/1", "pinned": names, "claimed": options.claim})
        return PASSED
    if options.claim:
        say("no other project can write to the bucket from now on · pipeproof gc --remote")
    if options.pin or options.unpin:
        say(f"pinned: {', '.join(names) or 'no run'}")
    return PASSED


def _runs_or_age(text: str) -> float:
    """Read a whole number of runs, or an age in seconds, which is no whole number to Python."""
    return int(text) if text.isdecimal() else _age(text)


def _age(text: str) -> float:
    """Read an age in seconds; nothing is an age too."""
    from pipeproof.loading.units import seconds

    if text == "0":
        return 0.0
    try:
        return seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}, not {text!r}") from error


def _lines(done: Collected, style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean, pad, width
    from pipeproof.report.quantities import count, moment, size
    from pipeproof.report.text import MARKS

    names = max((width(clean(run.pipeline)) for run in done.runs), default=0)
    for run in done.runs[:_SHOWN]:
        mark, tone = MARKS[run.status]
        yield f"{style(tone, mark)} {run.name}  {pad(clean(run.pipeline), names)}  {run.status:<11}  {moment(run.started_at)}"
    if len(done.runs) > _SHOWN:
        yield f"... and {len(done.runs) - _SHOWN:,} more"
    verb = "would remove" if done.dry else "removed"
    parts = [
        count(len(done.runs), "run"),
        f"{count(done.objects.objects, 'object')} ({size(done.objects.size)})",
    ]
    other = count(done.leftovers, "leftover"), count(done.checkpoints, "checkpoint")
    parts += [words for words in other if not words.startswith("0")]
    yield f"{verb} {', '.join(parts)}, logs and the like {size(done.other_size)} · kept {count(done.kept, 'run')}"
    if done.bucket is not None:
        yield f"{verb} {count(done.bucket.objects, 'object')} ({size(done.bucket.size)}) from the bucket"
    yield from _young(done.objects, "here")
    if done.bucket is not None:
        yield from _young(done.bucket, "in the bucket")


def _young(swept: Swept, where: str) -> Iterator[str]:
    from pipeproof.report.quantities import count, size

    if swept.young:
        yield (
            f"left {count(swept.young, 'object')} ({size(swept.young_size)}) {where} that no run needs yet:"
            " made or used in the last minutes (`--grace`), or since a run began that goes on"
        )
