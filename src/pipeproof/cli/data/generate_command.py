"""Make tables that keep a contract, or break it on purpose.

pipeproof data generate orders.yaml --out made                            1,000 rows that keep the contract
pipeproof data generate orders.yaml --scenario malformed --label --out d  one bad row for each rule, and which
pipeproof data generate a.yaml b.yaml --size large --out d                tables whose keys fit together
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import Any

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.parser import at_least, one_of
from pipeproof.cli.say import say_findings, say_json, say_lines, style_for
from pipeproof.model.trial import SIZES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "contracts", metavar="CONTRACT", nargs="+", type=Path, help="contract files, of one table or several"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the tables and their manifest"
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--rows", type=_rows, metavar="N", help="rows of each table; 1,000 unless given")
    amount.add_argument(
        "--size",
        type=one_of(*SIZES),
        metavar="|".join(SIZES),
        help="the same in words: 1,000, 100,000 or 10,000,000 rows",
    )
    parser.add_argument(
        "--scenario",
        default="standard",
        metavar="NAME",
        help="standard, edge, malformed or large; edge:nulls or malformed:price.minimum; or one of --scenarios",
    )
    parser.add_argument("--scenarios", type=Path, metavar="FILE", help="scenarios of your own, by name")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the data; 0 unless given")
    parser.add_argument(
        "--as",
        dest="kind",
        type=one_of("parquet", "csv", "tsv", "jsonl", "arrow"),
        default="parquet",
        metavar="parquet|csv|tsv|jsonl|arrow",
        help="format of the files; parquet unless given",
    )
    parser.add_argument("--dataset", metavar="NAME", help="the only table that is wanted of several")
    parser.add_argument(
        "--profile",
        action="append",
        type=Path,
        metavar="FILE",
        help="be like real data: what `pipeproof data profile --json` wrote; once for each table",
    )
    parser.add_argument(
        "--label",
        action="store_true",
        help="with --scenario malformed: a column says which rule a row breaks",
    )
    parser.add_argument(
        "--around", type=_day, metavar="DAY", help="last day of dates without bounds, such as 2024-06-30"
    )
    parser.add_argument(
        "--threads",
        type=at_least(1),
        default=1,
        metavar="N",
        help="blocks made at once; the data stay the same",
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")


def run(options: argparse.Namespace) -> int:
    """Make the tables and write them."""
    from pipeproof.cli.output import refuse_existing
    from pipeproof.data.synth.files import MANIFEST, manifest, place_of, write_made
    from pipeproof.data.synth.generating import Wanted, prepare
    from pipeproof.report.made_text import made_lines

    wanted = Wanted(
        SIZES.get(options.size, options.rows),
        options.scenario,
        options.seed,
        options.around,
        options.label,
        options.profile,
        scenarios=options.scenarios,
        threads=options.threads,
    )
    made = prepare(options.contracts, wanted, options.dataset)
    out, kind = options.out, options.kind
    places = [place_of(table, out, kind) for table in made.tables.values()]
    refuse_existing(out / MANIFEST, *places, force=options.force)
    written = write_made(made, out, kind)
    document: dict[str, Any] = manifest(made, written)
    unmet = [finding for file in written for finding in file.unmet]
    if options.format == "json":
        say_json(document)
    else:
        seconds = sum(file.seconds for file in written)
        say_lines(made_lines(document, out / MANIFEST, seconds, style_for(sys.stdout)))
        if told := [*unmet, *made.notes]:
            say_findings(told, "text")
    return FOUND if unmet else PASSED


def _rows(text: str) -> int:
    return at_least(0)(text.replace("_", "").replace(",", ""))


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"takes a day such as 2024-06-30, not {text!r}") from None
