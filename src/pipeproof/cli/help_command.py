"""Explain a finding code; without one, list all codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from pipeproof.cli import COMMANDS, GROUPS, group_overview
from pipeproof.cli.frame import PASSED
from pipeproof.cli.say import say, say_json, say_lines, style_for
from pipeproof.codes import AREAS, CODES, Code
from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.report.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("code", metavar="CODE", nargs="?", help="such as PPF103, or the name of a command")


def run(options: argparse.Namespace) -> int:
    """Explain a code, a command, or list all codes."""
    style = style_for(sys.stdout)
    if options.code is None:
        if options.format == "json":
            say_json({"schema": "pipeproof.codes/1", "codes": [_document(code) for code in CODES.values()]})
        else:
            say_lines(_list_lines(style))
    elif options.code in GROUPS:
        say(group_overview(options.code))
    elif options.code in COMMANDS:
        from pipeproof.cli.parser import parser_for

        say(parser_for(options.code).format_help().rstrip())
    else:
        code = find_code(options.code)
        if options.format == "json":
            say_json({"schema": "pipeproof.codes/1", "codes": [_document(code)]})
        else:
            say_lines(code_lines(code, style))
    return PASSED


def find_code(name: str) -> Code:
    """Return a code; the number alone and small letters will do.

    Raises:
        UsageError: There is no such code.
    """
    wanted = name.upper()
    wanted = f"PPF{wanted}" if wanted.isdigit() else wanted
    if wanted not in CODES:
        fix = suggest(wanted, CODES) + " · `pipeproof help` lists all"
        raise UsageError(Finding("PPF525", f"there is no code {name!r}", fix=fix))
    return CODES[wanted]


def code_lines(code: Code, style: Style) -> Iterator[str]:
    """Yield all there is to say about a code."""
    yield f"{style('bold', code.code)}  {code.title}"
    yield ""
    yield from _wrapped(code.why)
    yield ""
    yield "Example"
    for name, text in code.files.items():
        if len(code.files) > 1:
            yield f"  {name}:"
        yield from (f"    {line}" for line in text.rstrip().splitlines())
    if code.example:
        yield from (f"    {line}" for line in code.example.rstrip().splitlines())
    yield ""
    yield "What to do"
    yield from (f"  {line}" for line in _wrapped(code.fix))


def _list_lines(style: Style) -> Iterator[str]:
    for digit, area in AREAS.items():
        yield style("bold", area)
        yield from (f"  {code.code}  {code.title}" for code in CODES.values() if code.code[3] == digit)
    yield "pipeproof help CODE says why, shows an example and what to do."


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 88)


def _document(code: Code) -> dict[str, Any]:
    return {
        "code": code.code,
        "title": code.title,
        "why": code.why,
        "example": code.example,
        "files": dict(code.files),
        "fix": code.fix,
    }
