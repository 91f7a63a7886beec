"""Whether all that one contract allows is allowed by another, with a row that shows it when not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeproof.errors import closest
from pipeproof.model.contract import Column, TableSchema


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a producer may write and a consumer refuses."""

    column: str
    what: str
    evidence: str = ""
    fix: str = ""


def fit(written: TableSchema, read: TableSchema) -> Iterable[Misfit]:
    """Yield every way in which a table of schema `written` may break schema `read`."""
    names = written.names
    for column in read.columns:
        if column.name in names:
            yield from _column(written[column.name], column)
        elif column.required and written.columns:
            like = closest(column.name, names)
            yield Misfit(
                column.name,
                f"column {column.name!r} is not written",
                fix=f"it writes {like!r}: rename one of them"
                if like
                else f"it writes: {', '.join(names[:12])}",
            )


def _column(written: Column, read: Column) -> Iterable[Misfit]:
    if (
        written.type
        and read.type
        and written.type != read.type
        and (written.type, read.type) != ("integer", "number")
    ):
        yield Misfit(read.name, f"column {read.name!r} is written as {written.type} and read as {read.type}")
    elif written.nullable and not read.nullable:
        yield Misfit(read.name, f"column {read.name!r} may be missing", evidence=f"{{{read.name}: null}}")
