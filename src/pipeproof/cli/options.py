"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_pipeline(parser: argparse.ArgumentParser, *, optional: bool = True) -> None:
    """Add the pipeline; the only one of the current folder unless given, where it is optional."""
    what = "a YAML file, a folder with one, module:attribute, or a name in configs/workflows"
    if optional:
        parser.add_argument("pipeline", metavar="PIPELINE", nargs="?", default=".", help=what)
    else:
        parser.add_argument("pipeline", metavar="PIPELINE", help=what)


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Add ``-p``."""
    parser.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a parameter",
    )


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose steps."""
    for name, dest, what in (
        ("--only", "only", "run just this step or group, on what earlier runs made"),
        ("--from", "since", "run this step or group and all that follows"),
        ("--until", "until", "run this step or group and all that it needs"),
    ):
        parser.add_argument(name, dest=dest, action="append", default=[], metavar="STEP", help=what)


def add_reuse(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what must not be taken from earlier runs."""
    parser.add_argument(
        "--refresh",
        action="append",
        default=[],
        metavar="STEP",
        help="run this step or group although nothing that it depends on has changed",
    )
    parser.add_argument("--no-cache", action="store_true", help="take nothing from earlier runs")


def add_run(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add the run; the last one unless given, where it is optional."""
    what = "name of a run, as `pipeproof runs` lists it, or `last`"
    if optional:
        parser.add_argument(
            "run", metavar="RUN", nargs="?", default="last", help=f"{what}, which it is unless given"
        )
    else:
        parser.add_argument("run", metavar="RUN", help=what)


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add the options that name report files."""
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as one HTML file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write it as JSON too")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write it as JUnit XML, for CI systems")
    parser.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="write all of them there: report.html, report.json, junit.xml",
    )
