"""Describe tables, and say how good each is.

A table is read once, in chunks, so it may be larger than memory. Counts of missing values, minimum, maximum and mean
are exact. Numbers of different values and quantiles are exact while there are few values and sketched above; what is
sketched says so. Values of columns with personal data are not shown.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.cli.data.contract_options import add_contract, contracts_of
from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.parser import at_least
from pipeproof.cli.say import say, say_findings, say_json, say_lines, style_for
from pipeproof.errors import Finding, UsageError

if TYPE_CHECKING:
    from pipeproof.data.profiling.profile import Profile
    from pipeproof.model.contract import TableSchema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("tables", metavar="TABLE", nargs="+", help="files or folders that hold a table each")
    add_contract(parser, "what the tables should keep; the score asks it")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the profile as one HTML file")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write it as JSON, to compare with or to make data from"
    )
    looked = parser.add_mutually_exclusive_group()
    looked.add_argument(
        "--sample", metavar="ROWS", type=at_least(1), help="look at so many rows, drawn evenly (all)"
    )
    looked.add_argument("--exact", action="store_true", help="sketch nothing, whatever memory it takes")
    parser.add_argument("--show-private", action="store_true", help="show values of personal data too")
    parser.add_argument(
        "--min-score", metavar="SCORE", type=_score, help="end with exit code 1 below this quality (0 to 1)"
    )


def run(options: argparse.Namespace) -> int:
    """Profile the tables.

    Raises:
        UsageError: A file for one table was named, and there are several.
    """
    from pipeproof.cli.output import probe, write_json, write_text

    written = [path for path in (options.html, options.json) if path is not None]
    if len(options.tables) > 1 and written:
        what = f"{written[0]} holds the profile of one table, and {len(options.tables)} are given"
        raise UsageError(
            Finding("PPF521", what, fix="profile each by itself, or print all with --format json")
        )
    for path in written:
        probe(path)
    schemas = contracts_of(options, options.tables)
    profiles = [
        _profile(table, schema, options) for table, schema in zip(options.tables, schemas, strict=True)
    ]
    if options.json:
        write_json(options.json, profiles[0].to_dict())
    if options.html:
        from pipeproof.report.html.of_profile import profile_page

        write_text(options.html, profile_page(profiles[0]))
    poor = [one for one in (_too_low(made, options.min_score) for made in profiles) if one]
    _print(profiles, poor, options)
    return FOUND if poor else PASSED


def _profile(table: str, schema: TableSchema | None, options: argparse.Namespace) -> Profile:
    from pipeproof.data.quality.reading import profile

    private: dict[str, str] | None = {} if options.show_private else None
    return profile(table, schema, sample=options.sample, exact=options.exact, private=private)


def _print(profiles: list[Profile], poor: list[Finding], options: argparse.Namespace) -> None:
    if options.format == "json":
        documents = [profile.to_dict() for profile in profiles]
        say_json(
            documents[0] if len(documents) == 1 else {"schema": "pipeproof.profiles/1", "profiles": documents}
        )
        return
    from pipeproof.report.profile_text import profile_lines

    for number, profile in enumerate(profiles):
        say_lines([*([""] if number else []), *profile_lines(profile, style_for(sys.stdout))])
    for path in (options.html, options.json):
        if path is not None:
            say(str(path))
    say_findings(poor, "text")


def _too_low(profile: Profile, least: float | None) -> Finding | None:
    if least is None or profile.quality is None or profile.quality.score >= least:
        return None
    what = f"the quality of {profile.name} is {profile.quality.score:.3f}, {least:g} was asked for"
    return Finding("PPF333", what, dataset=profile.name, fix="mend what lowered its parts")


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise argparse.ArgumentTypeError(f"takes a number from 0 to 1, not {text!r}")
    return score
