"""Write down which tables a folder holds: formats, rows, columns, parts and digests, in one YAML file.

Parts of a table are found by folders like `year=2013` and by numbers at the end of names. Links are not followed,
and what is hidden or cannot be read is named with the reason.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeproof.cli.frame import PASSED
from pipeproof.cli.say import say, say_findings, say_json, say_lines, style_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the folder that holds the data")
    parser.add_argument(
        "--manifest", metavar="FILE", type=Path, help="write what was found there, for `data validate`"
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")


def run(options: argparse.Namespace) -> int:
    """Look at every file of the folder once."""
    from pipeproof.cli.output import probe, refuse_existing, write_text
    from pipeproof.data.folders.discovering import discover, unread
    from pipeproof.data.folders.writing import manifest_text
    from pipeproof.report.folder_text import manifest_lines

    if options.manifest:
        refuse_existing(options.manifest, force=options.force)
        probe(options.manifest)
    found = discover(options.folder, leave_out=[options.manifest] if options.manifest else [])
    if options.manifest:
        write_text(options.manifest, manifest_text(found, options.manifest.parent))
    if options.format == "json":
        say_json(found.to_dict())
        return PASSED
    say_lines(manifest_lines(found, style_for(sys.stdout)))
    if options.manifest:
        say(str(options.manifest))
    say_findings(unread(found), "text")
    return PASSED
