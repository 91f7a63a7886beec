"""The options that name report files, and the files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeproof.cli.output import probe, write_json, write_text
from pipeproof.errors import Finding, UsageError

_NAMES = {"html": "report.html", "json": "report.json", "junit": "junit.xml"}


def probe_reports(options: argparse.Namespace) -> None:
    """Find out before a long test whether its reports can be written.

    Raises:
        UsageError: One cannot.
    """
    if options.output_dir is not None:
        try:
            options.output_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"{options.output_dir} cannot be made: {(error.strerror or str(error)).lower()}"
            raise UsageError(Finding("PPF523", what, fix="name a folder that you may write to")) from error
    for path in _places(options).values():
        probe(path)


def write_reports(options: argparse.Namespace, document: Mapping[str, Any]) -> Iterator[Path]:
    """Write the reports that were asked for, and yield where each stands."""
    for kind, path in _places(options).items():
        if kind == "json":
            write_json(path, document)
        elif kind == "html":
            from pipeproof.report.html import html_page

            write_text(path, html_page(document))
        else:
            from pipeproof.report.junit import junit_xml

            write_text(path, junit_xml(document))
        yield path


def _places(options: argparse.Namespace) -> dict[str, Path]:
    """Return the file of each kind of report that was asked for."""
    named = {kind: getattr(options, kind) for kind in _NAMES}
    if options.output_dir is not None:
        named = {kind: path or options.output_dir / _NAMES[kind] for kind, path in named.items()}
    return {kind: path for kind, path in named.items() if path is not None}
