"""Find columns that hold personal data, by their names and by what their values look like.

Exit code 1 when there are any. Numbers count as cards, accounts and national ids only with check digits
that hold. Values are shown masked. A column that is known to be harmless is switched off with
`privacy: none` in its contract.
"""

from __future__ import annotations

import argparse
import sys

from pipeproof.cli.data.contract_options import add_contract, contracts_of
from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.parser import at_least
from pipeproof.cli.say import say, say_json, say_lines, style_for

_SURE = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("tables", metavar="TABLE", nargs="+", help="files or folders that hold a table each")
    add_contract(parser, "what is known of the columns")
    parser.add_argument(
        "--sample",
        metavar="ROWS",
        type=at_least(1),
        default=10_000,
        help="how many rows to look at, spread over the table (10000)",
    )
    parser.add_argument("--all", action="store_true", help="look at every row")
    parser.add_argument(
        "--least", metavar="SHARE", type=_share, default=_SURE, help="least confidence to be shown (0.5)"
    )


def run(options: argparse.Namespace) -> int:
    """Scan the tables."""
    from pipeproof.data.privacy.detecting import scan_table
    from pipeproof.report.privacy_text import scan_lines

    schemas = contracts_of(options, options.tables)
    size = None if options.all else options.sample
    scans = [
        scan_table(table, contract=schema, sample=size, least=options.least)
        for table, schema in zip(options.tables, schemas, strict=True)
    ]
    found = any(scan.flags for scan in scans)
    if options.format == "json":
        tables = [scan.to_dict() for scan in scans]
        say_json({"schema": "pipeproof.privacy/1", "personal": found, "tables": tables})
        return FOUND if found else PASSED
    for scan in scans:
        say_lines(scan_lines(scan, style_for(sys.stdout)))
    if found:
        say("next  pipeproof data anonymise TABLE ... --out FOLDER")
    return FOUND if found else PASSED


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"takes a number from 0 to 1, not {text!r}")
    return share
