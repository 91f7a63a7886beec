"""Convert a table to another format: csv, tsv, jsonl (also .gz and .zst), parquet, arrow; one file or parts.

The source is a file, a folder of parts, or a table of a database (sqlite:///shop.db#orders). The table is streamed,
so it may be larger than memory, and written whole or not at all. What a text format cannot hold is said.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeproof.cli.data.contract_options import add_contract, contracts_of
from pipeproof.cli.frame import PASSED
from pipeproof.cli.parser import at_least, names_of
from pipeproof.cli.say import say_json, say_lines, style_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "source", metavar="SOURCE", help="a file, a folder of parts, or a table of a database"
    )
    parser.add_argument("into", metavar="INTO", type=Path, help="the file, or the folder of parts")
    parser.add_argument(
        "--to", metavar="FORMAT", help="the format where INTO does not end in it: csv.gz, ..."
    )
    parser.add_argument(
        "--by", metavar="COLUMN[,...]", type=names_of, default=(), help="parts in folders of these columns"
    )
    parser.add_argument("--part-rows", metavar="ROWS", type=at_least(1), help="parts of at most so many rows")
    parser.add_argument(
        "--encoding", metavar="NAME", help="how the texts of the source are written: latin-1, utf-16, ..."
    )
    add_contract(parser, "types of the columns of a text source")
    parser.add_argument("--force", action="store_true", help="replace what is there")


def run(options: argparse.Namespace) -> int:
    """Convert the table."""
    from pipeproof.data.folders.converting import convert
    from pipeproof.report.folder_text import converted_lines

    converted = convert(
        options.source,
        options.into,
        to=options.to,
        by=options.by,
        part_rows=options.part_rows,
        encoding=options.encoding,
        schema=contracts_of(options, [options.source])[0],
        force=options.force,
    )
    if options.format == "json":
        say_json(converted.to_dict())
    else:
        say_lines(converted_lines(converted, style_for(sys.stdout)))
    return PASSED
