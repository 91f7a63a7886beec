"""Do a past run again, step by step on what each read then, and compare every output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.options import add_run
from pipeproof.cli.say import say_json, say_lines, style_for

if TYPE_CHECKING:
    from pipeproof.project.verifying import Again, Verified
    from pipeproof.report.style import Style, Tone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_run(parser, optional=True)


def run(options: argparse.Namespace) -> int:
    """Verify the run and say what differs."""
    from pipeproof.project.verifying import verify

    verified = verify(options.run)
    if options.format == "json":
        say_json(_document(verified))
    else:
        say_lines(_lines(verified, style_for(sys.stdout)))
    return PASSED if verified else FOUND


_MARKS: dict[str, tuple[str, Tone]] = {
    "same": ("✓", "good"),
    "differs": ("✗", "bad"),
    "failed": ("✗", "bad"),
    "skipped": ("-", "dim"),
}


def _lines(verified: Verified, style: Style) -> Iterator[str]:
    from pipeproof.report.cells import clean, pad, width

    names = max(width(clean(step.step)) for step in verified.steps)
    for step in verified.steps:
        mark, tone = _MARKS[step.answer]
        yield f"  {style(tone, mark)} {pad(clean(step.step), names)}  {_said(step)}".rstrip()
        yield from (f"      {clean(difference)}" for difference in _differences(step))
        yield from (f"      since then: {clean(change.says)}" for change in step.changes)
    yield from (f"note: {clean(note)}" for note in verified.notes)
    yield _verdict(verified, style)


def _said(step: Again) -> str:
    if step.answer in {"same", "skipped"}:
        return f"{step.answer}: {step.why}" if step.why else step.answer
    if step.deterministic is None:
        return f"{step.answer}: {step.why}"
    repeats = (
        "; a third time gave the same as the second" if step.deterministic else "; and no two times the same"
    )
    return f"{step.answer}{f': {step.why}' if step.why else ''}{repeats}"


def _differences(step: Again) -> Iterator[str]:
    for difference in step.differences:
        yield f"{difference.dataset}: {'; '.join(difference.says)}"


def _verdict(verified: Verified, style: Style) -> str:
    from collections import Counter

    counts = Counter[str](step.answer for step in verified.steps)
    said = ", ".join(f"{counts[answer]} {answer}" for answer in _MARKS if counts[answer])
    return (
        f"{style('good', 'verified') if verified else style('bad', 'not verified')}: {verified.run} · {said}"
    )


def _document(verified: Verified) -> dict[str, Any]:
    """Return what came of a verification as plain data, ``pipeproof.verification/1``."""
    return {
        "schema": "pipeproof.verification/1",
        "run": verified.run,
        "verified": bool(verified),
        "steps": [
            {
                "step": step.step,
                "answer": step.answer,
                "why": step.why or None,
                "deterministic": step.deterministic,
                "differences": [
                    {"dataset": difference.dataset, "says": list(difference.says)}
                    for difference in step.differences
                ],
                "changed_since": [change.says for change in step.changes],
            }
            for step in verified.steps
        ],
        "notes": list(verified.notes),
    }
