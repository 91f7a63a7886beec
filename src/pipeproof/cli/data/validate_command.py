"""Hold a folder against the manifest that `data discover` wrote: missing, changed and other files and columns.

Every file is read and its digest compared, so that a file that was changed without a new size or date is found.
Files that are new are notes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.say import say, say_findings, say_json, style_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("manifest", metavar="MANIFEST", type=Path, help="the file that `data discover` wrote")
    parser.add_argument(
        "--folder", metavar="FOLDER", type=Path, help="another folder than the manifest names, such as a copy"
    )


def run(options: argparse.Namespace) -> int:
    """Compare what is there with what was written down."""
    from pipeproof.data.folders.validating import validate
    from pipeproof.report.folder_text import checked_line

    checked = validate(options.manifest, options.folder)
    if options.format == "json":
        say_json(checked.to_dict())
        return PASSED if checked else FOUND
    stream = sys.stdout if checked else sys.stderr
    say_findings(checked.findings, "text", stream=stream)
    if checked:
        known = checked.manifest
        say(checked_line(known.folder, len(known.datasets), checked.files, style_for(sys.stdout)))
    return PASSED if checked else FOUND
