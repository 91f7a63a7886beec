"""Compare two tables: their columns, their rows, and how the distribution of each column moved.

Ends with 0 when nothing that `--fail-on` names was found and with 1 when something was, as `diff` does. The order of
rows and columns is no difference. A column drifted when the change is certain, after correction for the number of
columns, and large enough to matter. Instead of the first table, the JSON file of its profile may be given.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.parser import names_of, one_of
from pipeproof.cli.say import say, say_json, say_lines, style_for
from pipeproof.errors import suggest

if TYPE_CHECKING:
    from pipeproof.data.comparing.result import TableDifference

_PARTS = ("schema", "rows", "drift")
_ALPHA, _TOLERANCE = 0.01, 1e-9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("before", metavar="A", help="the table before, or its profile as JSON")
    parser.add_argument("after", metavar="B", help="the table after")
    parser.add_argument(
        "--key", metavar="COLUMN[,...]", type=names_of, default=(), help="columns that tell rows apart"
    )
    parser.add_argument(
        "--only", metavar="COLUMN[,...]", type=names_of, default=(), help="compare these columns alone"
    )
    parser.add_argument(
        "--skip", metavar="PART[,...]", type=_parts, default=(), help="leave out schema, rows or drift"
    )
    parser.add_argument("--label", metavar="COLUMN", default="", help="point out columns that tell this one")
    parser.add_argument(
        "--alpha",
        metavar="CHANCE",
        type=float,
        default=_ALPHA,
        help="chance of any false alarm of drift (0.01)",
    )
    parser.add_argument(
        "--tolerance",
        metavar="SHARE",
        type=float,
        default=_TOLERANCE,
        help="how far floating-point numbers of matched rows may be apart (1e-9)",
    )
    parser.add_argument(
        "--fail-on",
        metavar="PART[,...]",
        type=_failing,
        default=_PARTS,
        help="what ends with exit code 1: schema, rows, drift, any (default), never",
    )
    parser.add_argument("--show-private", action="store_true", help="show values of personal data too")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the comparison as one HTML file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON")


def run(options: argparse.Namespace) -> int:
    """Compare the tables."""
    from pipeproof.cli.output import probe, write_json, write_text
    from pipeproof.data.comparing.compare import compare

    written = [path for path in (options.html, options.json) if path is not None]
    for path in written:
        probe(path)
    found = compare(
        options.before,
        options.after,
        options.key,
        only=options.only,
        label=options.label,
        alpha=options.alpha,
        tolerance=options.tolerance,
        parts=[part for part in _PARTS if part not in options.skip],  # type: ignore[misc]  # the words are checked
        show_private=options.show_private,
    )
    if options.json:
        write_json(options.json, found.to_dict())
    if options.html:
        from pipeproof.report.html.of_comparison import comparison_page

        write_text(options.html, comparison_page(found))
    _print(found, options, written)
    return FOUND if set(found.differs) & set(options.fail_on) else PASSED


def _print(found: TableDifference, options: argparse.Namespace, written: list[Path]) -> None:
    if options.format == "json":
        say_json(found.to_dict())
        return
    from pipeproof.report.comparison_text import comparison_lines

    say_lines(comparison_lines(found, style_for(sys.stdout)))
    for path in written:
        say(str(path))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(map(one_of(*_PARTS), names_of(text)))


def _failing(text: str) -> tuple[str, ...]:
    words = names_of(text)
    for word in words:
        if word not in {*_PARTS, "any", "never"}:
            known = suggest(word, [*_PARTS, "any", "never"])
            raise argparse.ArgumentTypeError(f"cannot be {word!r}; {known}")
    if "any" in words:
        return _PARTS
    return () if "never" in words else words
