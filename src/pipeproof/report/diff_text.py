"""What changed between two versions of a contract, as lines: whom it breaks first, with a row that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeproof.contracts.changes import PARTIES, Change, Diff, Party
from pipeproof.contracts.rows import Row
from pipeproof.contracts.verdict import show_row
from pipeproof.report.cells import clean, cut
from pipeproof.report.quantities import count
from pipeproof.report.style import PLAIN, Style, Tone

_LONGEST = 100
_INDENT = "      "
_ABSENT: dict[Party, str] = {
    "consumers": "it may not be there any more",
    "producers": "they were not asked for it",
}
_WORD = re.compile(r"\w+")
_SEEN: dict[Party, str] = {
    "consumers": "was refused, and may come now",
    "producers": "was allowed, and is refused now",
}


def diff_lines(
    found: Diff, names: tuple[str, str], parties: Sequence[Party] = (), style: Style = PLAIN
) -> Iterator[str]:
    """Yield what changed.

    Args:
        found: What changed.
        names: What to call the two versions.
        parties: For whom it matters; both unless given.
        style: Colours.
    """
    asked = tuple(parties) or PARTIES
    yield style("bold", f"{clean(names[0])} → {clean(names[1])}") + style(
        "dim", f" · {count(len(found.changes), 'change')}"
    )
    for change in sorted(found.changes, key=lambda change: _rank(change, asked)):
        yield from _lines(change, asked, style)
    yield verdict(found, asked)


def verdict(found: Diff, parties: Sequence[Party]) -> str:
    """Return the last line: who breaks, and which part of the version should rise."""
    if not found.changes:
        return "nothing changed"
    broken = [
        f"{party} ({count(len(found.breaking(party)), 'change')})"
        for party in parties
        if found.breaking(party)
    ]
    says = f"breaks {' and '.join(broken)}" if broken else f"breaks no {' and no '.join(parties)}"
    unsure = len(found.open(*parties))
    parts = [says, *([f"{count(unsure, 'change')} cannot be told"] if unsure else [])]
    bump = found.bump(*parties)
    return " · ".join([*parts, f"version: {bump}"])


def _rank(change: Change, parties: Sequence[Party]) -> int:
    if change.breaks(*parties):
        return 0
    return 1 if change.is_open(*parties) else 3 if change.only_words else 2


def _lines(change: Change, parties: Sequence[Party], style: Style) -> Iterator[str]:
    mark, tone = _mark(change, parties)
    whose = f"{change.dataset}: " if change.dataset and repr(change.dataset) not in change.what else ""
    yield f"  {style(tone, mark)} {clean(whose + change.what)}"
    for party in parties:
        says = _effect(change, party)
        if says:
            yield f"{_INDENT}{style('dim', clean(says))}"


def _mark(change: Change, parties: Sequence[Party]) -> tuple[str, Tone]:
    marks: tuple[tuple[str, Tone], ...] = (("✗", "bad"), ("?", "warn"), ("✓", "good"), ("·", "dim"))
    return marks[_rank(change, parties)]


def _effect(change: Change, party: Party) -> str:
    effect = change.effect(party)
    if effect.answer == "keeps":
        return f"{party}: {effect.why}" if effect.why else ""
    if effect.answer == "cannot tell":
        return f"{party}: cannot tell, {effect.why}"
    if effect.rows and change.column and change.column not in effect.rows[0]:
        return f"{party} break: {_ABSENT[party]}"
    if effect.rows:
        return f"{party} break: {_rows(effect.rows, change)} {_SEEN[party]}"
    return f"{party} break: {effect.why}" if effect.why else f"{party} break"


def _rows(rows: Sequence[Row], change: Change) -> str:
    """Return rows by the columns that the change is about."""
    row = rows[0]
    names = [
        name for name in row if name == change.column or name in _WORD.findall(f"{change.rule} {change.what}")
    ]
    if len(rows) <= 2:  # noqa: PLR2004 two rows are read at a glance
        return " and ".join(cut(_row(row, names), _LONGEST) for row in rows)
    return f"a table of {len(rows):,} rows that begins with {cut(_row(row, names), _LONGEST)}"


def _row(row: Row, names: Sequence[str]) -> str:
    chosen = {name: row[name] for name in names or row}
    text = show_row(chosen, list(chosen))
    return text if len(chosen) == len(row) or text.endswith("...}") else f"{text[:-1]}, ...}}"
