"""What every command has around it: errors as lines, exit codes, signals."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from pipeproof.cli import parser_for
from pipeproof.errors import Finding, PipeproofError
from pipeproof.model.codec import to_plain

PASSED, FOUND, WRONG, INTERRUPTED = 0, 1, 2, 130


def run_command(name: str, words: Sequence[str]) -> int:
    """Run one command; every error of ours becomes lines and an exit code."""
    options: argparse.Namespace | None = None
    try:
        options = parser_for(name).parse_args(list(words))
        signal.signal(signal.SIGTERM, _interrupt)
        return int(options.command(options))
    except SystemExit as error:  # argparse has said what is wrong
        return int(error.code or 0)
    except PipeproofError as error:
        if options is not None and options.debug:
            raise
        say_findings(error.findings, options.format if options else "text")
        return WRONG
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return PASSED
    except Exception as error:
        if options is None or options.debug:
            raise
        what = f"{type(error).__name__}: {error}"
        print(
            f"PPF299  Pipeproof itself failed: {what}\nrun again with --debug and report it", file=sys.stderr
        )
        return WRONG


def say_findings(findings: Iterable[Finding], form: str, *, stream: Any = None) -> None:
    """Print findings, aligned, with a line that counts them."""
    found = list(findings)
    if form == "json":
        print(
            json.dumps(
                {"schema": "pipeproof.findings/1", "findings": to_plain(found)}, indent=2, ensure_ascii=False
            )
        )
        return
    out = stream or sys.stderr
    places = [str(finding.where) if finding.where else "" for finding in found]
    width = max(map(len, places), default=0)
    for finding, place in zip(found, places, strict=True):
        fix = f"; {finding.fix}" if finding.fix else ""
        gap = f"{place:<{width}}  " if width else ""
        mark = "" if finding.severity == "error" else f" {finding.severity}:"
        print(f"{gap}{finding.code} {mark} {finding.what}{fix}".replace("  ", "  "), file=out)
        if finding.evidence:
            print(" " * (len(gap) + 8) + finding.evidence, file=out)
    files = {finding.where.file for finding in found if finding.where}
    errors = sum(finding.severity == "error" for finding in found)
    counted = (
        f"{errors} problem{'s' * (errors != 1)}"
        if errors
        else f"{len(found)} warning{'s' * (len(found) != 1)}"
    )
    inside = f" in {len(files)} file{'s' * (len(files) != 1)}" if files else ""
    nothing = " · nothing was run" if errors else ""
    print(f"{counted}{inside}{nothing} · pipeproof help {found[0].code}", file=out)


def parameters(given: Sequence[str]) -> dict[str, str]:
    """Return ``-p name=value`` options as a mapping.

    Raises:
        UsageError: One has no ``=``.
    """
    from pipeproof.errors import UsageError

    wrong = [item for item in given if "=" not in item]
    if wrong:
        raise UsageError(
            *(Finding("PPF133", f"-p {item} has no value", fix=f"write -p {item}=VALUE") for item in wrong)
        )
    return dict(item.split("=", 1) for item in given)


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt
