"""What two tables differ in, said as findings."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.data.comparing.result import (
    ColumnDifference,
    ColumnDrift,
    Question,
    RowDifference,
    TableDifference,
)
from pipeproof.errors import Finding


def findings_of(found: TableDifference) -> Iterator[Finding]:
    """Yield what two tables differ in: columns, rows, drift, and what may leak the label."""
    if found.columns is not None:
        yield from _of_columns(found.columns)
    if found.rows is not None and found.rows.differs:
        yield _of_rows(found.rows)
    for column in found.drifted:
        yield _of_drift(column)
    for leak in found.leaks:
        what = f"{leak.says} in the {leak.table} table"
        fix = "leave it out of the features, or make sure that it is known when a prediction is made"
        yield Finding("PPF338", what, severity="warning", column=leak.column, fix=fix)


def _of_columns(columns: ColumnDifference) -> Iterator[Finding]:
    guesses = {
        guess.before: f"it may be {guess.after} now (a guess: names {guess.names:.2f}, values {guess.values:.2f} alike)"
        for guess in columns.renamed
    }
    for name in columns.removed:
        yield Finding("PPF335", f"column {name} is gone", column=name, fix=guesses.get(name, ""))
    for name in columns.added:
        yield Finding("PPF335", f"column {name} is new", column=name)
    for one in columns.retyped:
        yield Finding("PPF335", f"column {one.column} was {one.before} and is {one.after}", column=one.column)


def _of_rows(rows: RowDifference) -> Finding:
    how = f"by {', '.join(rows.key)}" if rows.key else "as whole rows"
    parts = [
        f"{many:,} {what}"
        for many, what in ((rows.added, "added"), (rows.removed, "removed"), (rows.changed, "changed"))
        if many
    ]
    if any(rows.unmatched):
        parts.append(f"{sum(rows.unmatched):,} without a key of their own differ")
    return Finding("PPF336", f"rows differ, compared {how}: {', '.join(parts)}")


def _of_drift(column: ColumnDrift) -> Finding:
    said = "; ".join(says(question) for question in column.alarms)
    return Finding("PPF337", f"{column.column} drifted: {said}", column=column.column)


def says(question: Question) -> str:
    """Return what changed, by how much and how sure that is."""
    what = {
        "distribution": "its distribution moved",
        "missing": "other values miss",
        "outliers": "values lie outside of what was usual",
    }[question.about]
    return f"{what} ({question.effect_name} {question.effect:.3g}, {chance(question.corrected)})"


def chance(value: float) -> str:
    """Return a corrected probability as people read it."""
    return "p < 1e-9" if value < 1e-9 else f"p = {value:.2g}"  # noqa: PLR2004 less says nothing more
