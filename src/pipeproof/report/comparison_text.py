"""What two tables differ in as lines of text: columns, rows, drift, and what may leak the label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeproof.data.comparing.findings import chance
from pipeproof.data.comparing.result import (
    ColumnDifference,
    ColumnDrift,
    RowDifference,
    RowExample,
    TableDifference,
)
from pipeproof.report.cells import clean, cut, pad, width
from pipeproof.report.comparison_words import (
    effect_words,
    missing_words,
    move_words,
    news_words,
    verdict_words,
)
from pipeproof.report.quantities import count
from pipeproof.report.style import PLAIN, Style, Tone

_WIDEST_NAME = 28
_WIDEST_MOVE = 44
_WIDEST_LINE = 110
_MOST_ALARMS = 40
_MOST_NEWS = 12
_MOST_NAMES = 12
_INDENT = " " * 9


def comparison_lines(found: TableDifference, style: Style = PLAIN) -> Iterator[str]:
    """Yield what two tables differ in as lines."""
    yield f"{style('bold', clean(found.before))} → {style('bold', clean(found.after))} · {_sizes(found)}"
    if found.columns is not None:
        yield from _part("columns", list(_columns(found.columns, style)), style)
    if found.rows is not None:
        yield from _part("rows", list(_rows(found.rows, style)), style)
    if found.drift is not None:
        yield from _part("drift", list(_drift(found, found.drift, style)), style)
    for leak in found.leaks:
        yield from _part("label", [f"{style('warn', '!')} {clean(leak.says)} · {leak.table} table"], style)
    yield from (style("dim", f"{_INDENT}{clean(note)}") for note in found.notes)
    yield style("bad" if found.differs else "good", verdict_words(found))


def _sizes(found: TableDifference) -> str:
    if found.rows_before == found.rows_after:
        return count(found.rows_after, "row")
    return f"{found.rows_before:,} → {count(found.rows_after, 'row')}"


def _part(name: str, lines: Sequence[str], style: Style) -> Iterator[str]:
    first, *more = lines
    yield f"{style('bold', pad(name, len(_INDENT) - 2))}  {first}"
    yield from (_INDENT + line for line in more)


def _columns(columns: ColumnDifference, style: Style) -> Iterator[str]:
    counts = [
        f"{len(names)} {what}"
        for names, what in (
            (columns.added, "added"),
            (columns.removed, "removed"),
            (columns.retyped, "retyped"),
        )
        if names
    ]
    yield ", ".join(counts) if counts else "the same"
    yield from _names(columns.removed, "-", "bad", style)
    yield from _names(columns.added, "+", "good", style)
    for one in columns.retyped:
        yield f"{style('warn', '~')} {clean(one.column)}  {one.before} → {one.after}"
    for guess in columns.renamed:
        alike = f"a guess: names {guess.names:.2f}, values {guess.values:.2f} alike"
        yield f"{style('dim', '?')} {clean(guess.before)} may be {clean(guess.after)} now ({alike})"
    if columns.stored:
        told = ", ".join(f"{clean(one.column)} {one.before} → {one.after}" for one in columns.stored)
        yield style("dim", cut(f"stored otherwise: {told}", _WIDEST_LINE))
    if columns.reordered:
        yield style("dim", "in another order")


def _names(names: Sequence[str], mark: str, tone: Tone, style: Style) -> Iterator[str]:
    shown = [f"{style(tone, mark)} {clean(name)}" for name in names[:_MOST_NAMES]]
    yield from shown
    if len(names) > _MOST_NAMES:
        yield f"{mark} {len(names) - _MOST_NAMES} more"


def _rows(rows: RowDifference, style: Style) -> Iterator[str]:
    counts = [
        f"{many:,} {what}"
        for many, what in ((rows.added, "added"), (rows.removed, "removed"), (rows.changed, "changed"))
        if many
    ]
    by = f"by {', '.join(map(clean, rows.key))}: " if rows.key else ""
    same = "none the same" if not rows.same else f"{rows.same:,} the same"
    yield by + ", ".join([*counts, same])
    if rows.by_column:
        told = ", ".join(f"{clean(name)} {many:,}" for name, many in rows.by_column.items())
        yield cut(f"changed in {told}", _WIDEST_LINE)
    yield from _unclear(rows, style)
    if rows.nothing_in_common:
        yield style("dim", "no row is in both tables; where that is as it should be: --skip rows")
        return
    for example in rows.examples:
        yield from _example(example, style)
    if rows.hint:
        yield style("dim", f"matched as whole rows; --key {rows.hint} would show which cells changed")


def _unclear(rows: RowDifference, style: Style) -> Iterator[str]:
    parts = []
    if any(rows.repeated):
        parts.append(f"{rows.repeated[0]:,} → {rows.repeated[1]:,} keys stand in more than one row")
    if any(rows.missing):
        parts.append(f"{rows.missing[0]:,} → {rows.missing[1]:,} rows miss their key")
    if parts:
        more, less = rows.unmatched
        what = f"{more:,} added, {less:,} removed" if more or less else "the same"
        yield f"{style('warn', '!')} {'; '.join(parts)}: compared as whole rows, {what}"


def _example(example: RowExample, style: Style) -> Iterator[str]:
    mark = {
        "added": style("good", "+"),
        "removed": style("bad", "-"),
        "changed": style("warn", "~"),
        "repeated": style("warn", "!"),
    }[example.what]
    row = ", ".join(f"{clean(name)}={clean(value)}" for name, value in example.row)
    cells = "; ".join(f"{clean(c.column)} {clean(c.before)} → {clean(c.after)}" for c in example.cells)
    times = f" ({example.times:,} times)" if example.times > 1 else ""
    yield f"{mark} {cut(f'{row}  {cells}'.rstrip() + times, _WIDEST_LINE)}"


def _drift(found: TableDifference, columns: Sequence[ColumnDrift], style: Style) -> Iterator[str]:
    drifted = found.drifted
    asked = sum(len(column.questions) for column in columns)
    approximately = ", from a stored profile" if found.approximate else ""
    yield (
        f"{len(drifted)} of {count(len(columns), 'column')} drifted "
        f"(alpha {found.alpha:g} for all of {count(asked, 'question')}{approximately})"
    )
    shown = drifted[:_MOST_ALARMS]
    yield from _table([line for column in shown for line in _alarms(column)], style)
    if len(drifted) > len(shown):
        yield f"and {len(drifted) - len(shown)} more"
    yield from _news(columns, style)


def _alarms(column: ColumnDrift) -> Iterator[tuple[str, str, str, str]]:
    """Yield the alarms of a column: its name, what moved, by how much, how sure that is."""
    for question in column.alarms:
        says = {
            "distribution": move_words(column),
            "missing": missing_words(column),
            "outliers": "",
        }[question.about]
        yield clean(column.column), clean(says), effect_words(question), chance(question.corrected)


def _table(lines: Sequence[tuple[str, str, str, str]], style: Style) -> Iterator[str]:
    if not lines:
        return
    names = min(max(width(line[0]) for line in lines), _WIDEST_NAME)
    moves = min(max(width(line[1]) for line in lines), _WIDEST_MOVE)
    effects = max(width(line[2]) for line in lines)
    before = ""
    for name, says, effect, sure in lines:
        shown = "" if name == before else name
        mark = " " if name == before else style("bad", "✗")
        before = name
        cells = [pad(cut(shown, names), names), pad(cut(says, moves), moves), pad(effect, effects), sure]
        yield f"{mark} {'  '.join(cells)}"


def _news(columns: Sequence[ColumnDrift], style: Style) -> Iterator[str]:
    told = [(clean(column.column), said) for column in columns if (said := news_words(column))]
    for name, said in told[:_MOST_NEWS]:
        yield style("dim", cut(f"· {name}: {clean('; '.join(said))}", _WIDEST_LINE))
    if len(told) > _MOST_NEWS:
        yield style("dim", f"· {len(told) - _MOST_NEWS} more columns have new values")
