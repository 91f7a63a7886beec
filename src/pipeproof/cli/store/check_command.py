"""Try the stores that pipeproof.yaml names: write, read and remove something small in each.

A store that another may stand in for (`fallback: local`) is tried all the same, and what would stand in is said.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.say import say_findings, say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.stores import Probe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: there are none of its own."""
    del parser


def run(options: argparse.Namespace) -> int:
    """Try each store of the project around the current folder."""
    from pipeproof.project import Project
    from pipeproof.project.stores import probe_stores
    from pipeproof.report.store_text import probe_lines

    probes = probe_stores(Project.at(Path.cwd()))
    findings = [finding for probe in probes for finding in probe.findings]
    if options.format == "json":
        say_json({"schema": "pipeproof.stores/1", "stores": [_document(probe) for probe in probes]})
    else:
        say_lines(
            probe_lines(
                [(probe.name, probe.address, probe.seconds, not probe.findings) for probe in probes],
                style_for(sys.stdout),
            )
        )
        say_lines(
            f"{probe.stands_in} stands in for {probe.name} in a run (fallback: local)"
            for probe in probes
            if probe.stands_in
        )
        say_findings(findings, "text")
    return FOUND if findings else PASSED


def _document(probe: Probe) -> dict[str, Any]:
    from pipeproof.report.document import finding_document

    return {
        "name": probe.name,
        "address": probe.address,
        "answers": not probe.findings,
        "seconds": dict(probe.seconds),
        "stands_in": probe.stands_in or None,
        "findings": [finding_document(finding) for finding in probe.findings],
    }
