"""Findings as lines: aligned, with their evidence below and a line that counts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeproof.errors import Finding, Location, Severity
from pipeproof.loading.places import shorten
from pipeproof.report.cells import clean, pad, width
from pipeproof.report.quantities import count
from pipeproof.report.style import PLAIN, Style, Tone

_WIDEST_PLACE = 72  # one long path must not push the text of all others off the screen
_TONES: dict[Severity, Tone] = {"error": "bad", "warning": "warn", "note": "dim"}


def finding_block(findings: Sequence[Finding], style: Style = PLAIN, *, tail: str = "") -> Iterator[str]:
    """Yield findings as ``file:line:column  CODE  what; what to do``, and the line that counts them.

    Args:
        findings: What was found.
        style: Colours.
        tail: What to say behind the counts, such as "nothing was run".
    """
    places = [place_of(finding) for finding in findings]
    column = min(max(map(width, places), default=0), _WIDEST_PLACE)
    for finding, place in zip(findings, places, strict=True):
        yield from finding_lines(finding, place, column, style)
    if findings:
        parts = [counted(findings), tail, f"pipeproof help {_most_severe(findings).code}"]
        yield " · ".join(part for part in parts if part)


def finding_lines(
    finding: Finding, place: str | None = None, column: int = 0, style: Style = PLAIN
) -> Iterator[str]:
    """Yield one finding as lines.

    Args:
        finding: The finding.
        place: Where it is, as `place_of` gives it unless given.
        column: Cells that the place takes.
        style: Colours.
    """
    where = place_of(finding) if place is None else place
    front = pad(where, column) + "  " if where or column else ""
    word = "" if finding.severity == "error" else f"{finding.severity}: "
    first, *more = f"{word}{_sentence(finding)}".splitlines()
    yield f"{front}{style(_TONES[finding.severity], finding.code)}  {clean(first)}"
    indent = " " * (width(front) + len(finding.code) + 2)
    yield from (f"{indent}{clean(line)}" for line in (*more, *finding.evidence.splitlines()))


def _sentence(finding: Finding) -> str:
    return f"{finding.what}; {finding.fix}" if finding.fix else finding.what


def place_of(finding: Finding) -> str:
    """Return where a finding is, its file relative to the current folder when it lies below."""
    return "" if finding.where is None else place_in_file(finding.where)


def place_in_file(where: Location) -> str:
    """Return a place in a file, relative to the current folder when it lies below it."""
    file = shorten(Path(where.file)) if where.file.startswith("/") else where.file
    return clean(":".join([file, *(str(number) for number in (where.line, where.column) if number)]))


def counted(findings: Iterable[Finding]) -> str:
    """Return how much was found: 3 problems, 1 warning in 2 files."""
    found = list(findings)
    nouns = (("error", "problem"), ("warning", "warning"), ("note", "note"))
    amounts = [(sum(finding.severity == severity for finding in found), noun) for severity, noun in nouns]
    text = ", ".join(count(amount, noun) for amount, noun in amounts if amount)
    files = {finding.where.file for finding in found if finding.where}
    return f"{text} in {count(len(files), 'file')}" if files else text


def _most_severe(findings: Sequence[Finding]) -> Finding:
    return next((finding for finding in findings if finding.severity == "error"), findings[0])
