"""Replace personal data in tables so that joins still work.

Columns are found as `data scan-privacy` finds them, or named with --columns. Equal values become equal
values in all tables of one call, other values others; another key gives other values.

  fake   a made value of the same shape (needs a key)
  hash   26 letters that follow from the value and the key
  mask   what reports show of it        text   mask only what is found inside of texts
  year   dates to their year            round  numbers to one digit after the point
  drop   leave the column out           keep   leave it as it is
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.cli.data.contract_options import add_contract, contracts_of
from pipeproof.cli.frame import PASSED
from pipeproof.cli.parser import at_least
from pipeproof.cli.say import say, say_json, say_lines, style_for
from pipeproof.errors import Finding, UsageError

if TYPE_CHECKING:
    from pipeproof.data.privacy.replacing import Anonymised
    from pipeproof.report.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("tables", metavar="TABLE", nargs="*", help="tables; those to be joined together")
    parser.add_argument("--out", metavar="FOLDER", help="where to write them, under their names")
    parser.add_argument(
        "--columns", metavar="NAME=METHOD,...", action="append", default=[], help="what to do with columns"
    )
    parser.add_argument("--key-file", metavar="FILE", help="file that holds the key")
    parser.add_argument("--key-env", metavar="VARIABLE", help="environment variable that holds the key")
    parser.add_argument("--new-key", metavar="FILE", help="write a new random key to a file, and use it")
    add_contract(parser, "what is known of the columns")
    parser.add_argument(
        "--sample",
        metavar="ROWS",
        type=at_least(1),
        default=10_000,
        help="how many rows of a table to look at for personal data (10000)",
    )
    parser.add_argument("--all", action="store_true", help="look at every row")
    parser.add_argument("--force", action="store_true", help="replace what is there")


def run(options: argparse.Namespace) -> int:
    """Anonymise the tables.

    Raises:
        UsageError: Something that was asked for cannot be.
    """
    from pipeproof.cli.output import refuse_existing
    from pipeproof.data.privacy.keyed import key_in, new_key
    from pipeproof.data.privacy.replacing import anonymise
    from pipeproof.data.privacy.writing import place_of, write_private

    if options.new_key:
        new_key(Path(options.new_key))
        if not options.tables:
            say(f"wrote a new key to {options.new_key}; whoever has it can do the same again: keep it secret")
            return PASSED
    _refuse(options)
    out = Path(options.out)
    refuse_existing(*(place_of(table, out) for table in options.tables), force=options.force)
    key = key_in(options.new_key or options.key_file, options.key_env)
    done = anonymise(
        list(options.tables),
        key=key,
        columns=_chosen(options.columns),
        contracts=contracts_of(options, options.tables),
        sample=None if options.all else options.sample,
    )
    files = [
        write_private(table.frame, given, out) for table, given in zip(done, options.tables, strict=True)
    ]
    if options.format == "json":
        tables = [{**table.to_dict(), "file": str(file)} for table, file in zip(done, files, strict=True)]
        say_json({"schema": "pipeproof.anonymised/1", "tables": tables})
    else:
        say_lines(_lines(done, files, style_for(sys.stdout)))
    return PASSED


def _refuse(options: argparse.Namespace) -> None:
    from pipeproof.data.privacy.writing import place_of

    wrong = []
    if not options.tables:
        wrong.append(Finding("PPF522", "TABLE is missing", fix="name one table or several"))
    if not options.out:
        fix = "write: pipeproof data anonymise TABLE ... --out FOLDER"
        wrong.append(Finding("PPF522", "--out FOLDER is missing", fix=fix))
    names = [place_of(table, Path()).name for table in options.tables]
    for name in sorted({name for name in names if names.count(name) > 1}):
        what = f"two tables are called {name}, and would be one file in {options.out}"
        wrong.append(Finding("PPF522", what, fix="rename one of them"))
    for table in options.tables if options.out else ():
        if Path(table).resolve().parent == Path(options.out).resolve():
            what = f"{table} would be written over: it lies in {options.out}"
            wrong.append(Finding("PPF522", what, fix="choose another folder with --out"))
    if wrong:
        raise UsageError(*wrong)


def _chosen(given: Sequence[str]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for item in (part for text in given for part in text.split(",") if part.strip()):
        name, mark, method = item.partition("=")
        if not mark:
            what = f"--columns {item} names no method"
            raise UsageError(Finding("PPF522", what, fix=f"write: --columns {name.strip()}=mask"))
        chosen[name.strip()] = method.strip()
    return chosen


def _lines(done: Sequence[Anonymised], files: Sequence[Path], style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean, pad, width
    from pipeproof.report.quantities import count

    for table, file in zip(done, files, strict=True):
        changed = f"{count(len(table.columns), 'column')} replaced" if table.columns else "nothing to replace"
        yield f"{style('bold', clean(table.name))} · {changed} · {clean(str(file))}"
        names = max((width(clean(column.column)) for column in table.columns), default=0)
        for column in table.columns:
            values = "" if column.values is None else count(column.values, "different value")
            what = f"{column.method:<5}  {column.kind or '—':<11}  {values}".rstrip()
            yield f"  {pad(clean(column.column), names)}  {what}"
