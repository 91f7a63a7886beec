"""Say what a change of a contract breaks: for those who read the data, and for those who write them.

OLD and NEW are contract files in any form that `contract check` takes; either may be a file of an earlier
revision, such as HEAD~1:contracts/orders.yaml. Consumers break where the new version allows what the old
one refused; producers break where the new version refuses what the old one allowed.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.say import say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.contracts.changes import Party


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("old", metavar="OLD", help="the version before: a file, or REVISION:FILE")
    parser.add_argument("new", metavar="NEW", help="the version after, likewise")
    parser.add_argument(
        "--for",
        dest="party",
        choices=("consumers", "producers", "both"),
        default="both",
        help="exit 1 only when these break (default: both)",
    )
    parser.add_argument("--dataset", metavar="NAME", help="compare this table only, where there are several")


def run(options: argparse.Namespace) -> int:
    """Compare the versions and say what breaks."""
    from pipeproof.data.diffing import diff

    found = diff(options.old, options.new, dataset=options.dataset)
    parties: tuple[Party, ...] = () if options.party == "both" else (options.party,)
    passed = not found.breaking(*parties)
    if options.format == "json":
        document = {"schema": "pipeproof.contract-diff/1", "old": options.old, "new": options.new}
        say_json(
            {
                **document,
                "for": options.party,
                "passed": passed,
                **found.to_dict(),
                "version": found.bump(*parties),
            }
        )
    else:
        from pipeproof.report.diff_text import diff_lines

        say_lines(diff_lines(found, (options.old, options.new), parties, style_for(sys.stdout)))
    return PASSED if passed else FOUND
