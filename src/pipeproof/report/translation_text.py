"""What was translated, and what was lost, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeproof.errors import Finding
from pipeproof.model.contract import TableSchema
from pipeproof.report.cells import clean, pad, width
from pipeproof.report.findings import finding_block
from pipeproof.report.quantities import count
from pipeproof.report.style import PLAIN, Style

_MOST_KEYS = 8


def summary_line(front: str, tables: Mapping[str, TableSchema], style: Style = PLAIN) -> str:
    """Return what a contract has: its tables and columns."""
    columns = sum(len(schema.columns) for schema in tables.values())
    return " · ".join([style("bold", front), count(len(tables), "table"), count(columns, "column")])


def unenforced_lines(findings: Sequence[Finding], style: Style = PLAIN) -> Iterator[str]:
    """Yield what is not enforced: each promise with its place, and what only documents in one line."""
    promises = [finding for finding in findings if finding.severity == "warning"]
    if promises:
        yield from finding_block(promises, style)
    keys = list(dict.fromkeys(_key(finding) for finding in findings if finding.severity == "note"))
    if keys:
        shown = ", ".join(keys[:_MOST_KEYS]) + (", ..." if len(keys) > _MOST_KEYS else "")
        yield style("dim", f"asks nothing of data: {shown}")


def lost_lines(findings: Sequence[Finding], language: str, style: Style = PLAIN) -> Iterator[str]:
    """Yield what a language cannot say, a line for each column."""
    if not findings:
        return
    by_column: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        by_column.setdefault((finding.dataset, finding.column), []).append(_says(finding))
    tables = {table for table, _ in by_column}
    names = {key: _name(*key, alone=len(tables) == 1) for key in by_column}
    column = max(map(width, names.values()))
    code = style("warn", "PPF373")
    yield f"{code}  {language} cannot say {count(len(findings), 'rule')}, left out here:"
    for key, rules in by_column.items():
        yield f"  {pad(clean(names[key]), column)}  {clean(' · '.join(rules))}"


def _name(table: str, column: str, *, alone: bool) -> str:
    return (column or table) if alone else f"{table}.{column}".rstrip(".")


def _says(finding: Finding) -> str:
    """Return a rule with what it says; signs of bounds speak for themselves."""
    if finding.rule in {"minimum", "maximum"} and finding.evidence[:1] in set("<>≤≥"):
        return finding.evidence
    return f"{finding.rule}: {finding.evidence}"


def _key(finding: Finding) -> str:
    """Return the last word of a path, without places in lists."""
    return next((part for part in reversed(finding.path) if isinstance(part, str)), "")
