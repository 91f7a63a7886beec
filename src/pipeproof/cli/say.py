"""Printing: lines for people, JSON for programs; a reader that went away is no error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from pipeproof.errors import Finding
from pipeproof.report.style import Style, style_of


def say(line: str = "", *, stream: TextIO | None = None) -> None:
    """Print a line; when nobody reads any more, print nowhere."""
    out = sys.stdout if stream is None else stream
    try:
        print(line, file=out, flush=True)
    except BrokenPipeError:
        # What is left in the buffer would fail again when the interpreter flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


def say_lines(lines: Iterable[str], *, stream: TextIO | None = None) -> None:
    """Print lines."""
    for line in lines:
        say(line, stream=stream)


def say_json(document: Any) -> None:
    """Print a document as JSON, in ASCII where the stream can write nothing else."""
    plain = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
    say(as_json(document, ascii_only=plain))


def as_json(document: Any, *, ascii_only: bool = False) -> str:
    """Return a document as JSON; NaN and infinity, which JSON does not have, are refused."""
    return json.dumps(document, indent=2, ensure_ascii=ascii_only, allow_nan=False)


def say_findings(
    findings: Iterable[Finding], form: str, *, stream: TextIO | None = None, tail: str = ""
) -> None:
    """Print findings, aligned, with a line that counts them.

    Args:
        findings: What was found.
        form: ``text`` or ``json``.
        stream: Where lines go; standard error unless given. JSON goes to standard output.
        tail: What to say behind the counts.
    """
    found: Sequence[Finding] = list(findings)
    if form == "json":
        from pipeproof.report.document import findings_document

        say_json(findings_document(found))
        return
    from pipeproof.report.findings import finding_block

    out = sys.stderr if stream is None else stream
    say_lines(finding_block(found, style_for(out), tail=tail), stream=out)


def style_for(stream: TextIO) -> Style:
    """Return the colours for a stream of this process."""
    return style_of(stream, os.environ)
