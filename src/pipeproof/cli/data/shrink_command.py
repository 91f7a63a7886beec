"""Find the smallest table that still fails the same way, and keep it as a test.

pipeproof data shrink FAILING --command 'python train.py {table}'    a command that fails on a file
pipeproof data shrink PIPELINE STEP                                  a step, on what the last run gave it

Rows first, then columns, then simpler values. Two failures are the same when type, place and message are, numbers
and quoted texts aside.
"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import PASSED, parameters
from pipeproof.cli.options import add_parameters
from pipeproof.cli.output import probe, refuse_existing, write_text
from pipeproof.cli.parser import at_least
from pipeproof.cli.say import say, say_json
from pipeproof.errors import Finding, UsageError

if TYPE_CHECKING:
    from pipeproof.data.shrinking import Shrunk

_SHOWN_ROWS = 10
_SECONDS = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "what", metavar="TABLE", nargs="+", help="the failing table; or a pipeline and one of its steps"
    )
    parser.add_argument(
        "--command", dest="words", metavar="LINE", help="what fails; {table} stands for the path of the table"
    )
    parser.add_argument(
        "--input", default="", metavar="NAME", help="input of the step that is shrunk, where it reads several"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where to write the small table; NAME.min.ENDING beside it unless given",
    )
    parser.add_argument(
        "--pytest",
        type=Path,
        metavar="FILE",
        help="write a test that runs the command on the small table, beside it",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="longest time of one try of the command (60)",
    )
    parser.add_argument(
        "--seconds", type=float, metavar="SECONDS", help="end after this time with what was found"
    )
    parser.add_argument(
        "--trials", type=at_least(1), default=2000, metavar="N", help="most tables that are tried"
    )
    parser.add_argument(
        "--jobs",
        type=at_least(1),
        metavar="N",
        help="commands at once; the processors unless given",
    )
    parser.add_argument(
        "--show-private", action="store_true", help="keep personal data that the failure needs"
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Shrink a table and write what is left.

    Raises:
        UsageError: An option was given that would not be used.
    """
    _refuse_unused(options)
    return _of_command(options) if options.words else _of_step(options)


def _refuse_unused(options: argparse.Namespace) -> None:
    """Refuse what is for a command where a step is shrunk, and the other way round."""
    of_command = {"--pytest": options.pytest, "--timeout": options.timeout, "--jobs": options.jobs}
    of_step = {"--input": options.input, "-p": tuple(options.parameters)}
    what, fix = "a --command, and none is given", "leave it out, or give --command"
    if options.words:
        what, fix = "a step of a pipeline, and --command is given", "leave one of the two out"
    wrong = [
        Finding("PPF522", f"{name} is for {what}", fix=fix)
        for name, value in (of_step if options.words else of_command).items()
        if value not in {None, "", ()}
    ]
    if wrong:
        raise UsageError(*wrong)


def _of_command(options: argparse.Namespace) -> int:
    from pipeproof.data.shrinking.as_test import pytest_file
    from pipeproof.data.shrinking.command import Command, command_of
    from pipeproof.data.shrinking.failing_file import shrink_file

    if len(options.what) > 1:
        raise UsageError(Finding("PPF366", "--command is run on one table", fix="name one table"))
    words = command_of(options.words)
    path = Path(options.what[0])
    out = options.out or path.with_name(f"{path.name.partition('.')[0]}.min{''.join(path.suffixes)}")
    refuse_existing(*(file for file in (out, options.pytest) if file), force=options.force)
    probe(out)
    if options.pytest is not None and options.pytest.resolve().parent != out.resolve().parent:
        fix = "write both into one folder: --out"
        raise UsageError(Finding("PPF366", f"{options.pytest} is not beside {out}", fix=fix))
    timeout = _SECONDS if options.timeout is None else options.timeout
    command = Command(words, path.name, "", timeout, options.jobs or os.cpu_count() or 1)
    found, kind = shrink_file(
        path, command, most=options.trials, seconds=options.seconds, show_private=options.show_private
    )
    _write(found, out, kind)
    written = [out]
    if options.pytest is not None:
        write_text(options.pytest, pytest_file(words, out, found.signature, timeout))
        written.append(options.pytest)
    _say(options, found, written)
    return PASSED


def _of_step(options: argparse.Namespace) -> int:
    from pipeproof.data.privacy.masking import private_columns
    from pipeproof.data.shrinking.failing_file import without_persons
    from pipeproof.project.shrinking import shrink_step

    if len(options.what) != 2:  # noqa: PLR2004 a pipeline and a step
        fix = "write: pipeproof data shrink FAILING --command 'python train.py {table}'"
        raise UsageError(
            Finding("PPF366", "nothing is named that fails: neither --command nor a step", fix=fix)
        )
    pipeline, step = options.what
    out = options.out or Path(f"{step}.min.parquet")
    refuse_existing(out, force=options.force)
    probe(out)
    found = shrink_step(
        pipeline,
        step,
        of=options.input,
        parameters=parameters(options.parameters),
        most=options.trials,
        seconds=options.seconds,
    )
    if not options.show_private:
        found = without_persons(found, private_columns(None, found.table.columns, found.table))
    _write(found, out, "parquet")
    _say(options, found, [out])
    return PASSED


def _write(found: Shrunk, out: Path, kind: str) -> None:
    from pipeproof.formats.replacing import replacing
    from pipeproof.formats.tables import write

    with replacing(out) as file:
        write(found.table.lazy(), file, kind)


def _say(options: argparse.Namespace, found: Shrunk, written: list[Path]) -> None:
    document: dict[str, Any] = {**found.to_dict(), "files": [str(path) for path in written]}
    if options.format == "json":
        say_json(document)
        return
    rows, columns = document["rows"], document["columns"]
    say(f"fails with {found.signature}")
    say(f"  rows     {rows['before']:>9,} → {rows['after']:,}")
    say(f"  columns  {columns['before']:>9,} → {columns['after']:,}  {', '.join(found.table.columns)}")
    tried = f"{found.trials:,} tables tried in {found.seconds:.1f} s"
    say(
        f"  {tried}"
        + ("" if found.is_minimal else "; stopped before each row and column was shown to be needed")
    )
    for row in found.table.head(_SHOWN_ROWS).iter_rows(named=True):
        say("  " + shlex.join(f"{name}={'' if value is None else value}" for name, value in row.items()))
    for path in written:
        say(f"{path} written")
