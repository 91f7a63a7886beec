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
        default=60.0,
        metavar="SECONDS",
        help="longest time of one try of the command",
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
        default=0,
        metavar="N",
        help="commands at once; the processors unless given",
    )
    parser.add_argument(
        "--show-private", action="store_true", help="keep personal data that the failure needs"
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Shrink a table and write what is left."""
    return _of_command(options) if options.words else _of_step(options)


def _of_command(options: argparse.Namespace) -> int:
    from pipeproof.data.shrinking.command import Command, command_of
    from pipeproof.data.shrinking.failing_file import shrink_file

    if len(options.what) > 1:
        raise UsageError(Finding("PPF366", "--command is run on one table", fix="name one table"))
    words = command_of(options.words)
    path = Path(options.what[0])
    out = options.out or path.with_name(f"{path.name.partition('.')[0]}.min{''.join(path.suffixes)}")
    refuse_existing(*(file for file in (out, options.pytest) if file), force=options.force)
    probe(out)
    command = Command(words, path.name, "", options.timeout, options.jobs or os.cpu_count() or 1)
    found, kind = shrink_file(
        path, command, most=options.trials, seconds=options.seconds, show_private=options.show_private
    )
    _write(found, out, kind)
    written = [out]
    if options.pytest is not None:
        written.append(_write_test(options, words, out, found))
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


def _write_test(options: argparse.Namespace, words: tuple[str, ...], out: Path, found: Shrunk) -> Path:
    from pipeproof.data.shrinking.as_test import pytest_file

    path: Path = options.pytest
    if path.resolve().parent != out.resolve().parent:
        raise UsageError(
            Finding("PPF366", f"{path} is not beside {out}", fix="write both into one folder: --out")
        )
    write_text(path, pytest_file(words, out, found.signature, options.timeout))
    return path


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
