"""Whether all that one contract allows is allowed by another, with a row that shows it when not.

There are three answers: it fits, it does not, or it cannot be told from the contracts. Only what
certainly does not fit is reported; every row that is shown has been held against both contracts.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeproof.contracts.constraints import ACCEPTED, Broken, Value, broken_by
from pipeproof.contracts.counter import allowed_and_refused, allows_nothing, samples, type_of_values
from pipeproof.contracts.rows import Row, breaks, repeated
from pipeproof.errors import closest
from pipeproof.model.contract import Column, TableSchema

_SHOWN_COLUMNS = 12
_TRIED_NULLS = 4  # columns of a key, in which nulls are tried in every combination


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a producer may write and a consumer refuses.

    Attributes:
        column: The column, or empty when the table as a whole does not fit.
        what: What does not fit.
        evidence: The rows as people read them.
        fix: What to do.
        rows: Rows that the producer may write and the consumer refuses.
    """

    column: str
    what: str
    evidence: str = ""
    fix: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class _Clash:
    """A misfit of one column, before the rest of its row is known.

    Attributes:
        misfit: The misfit, without its row.
        values: The value that shows it, or nothing.
        absent: Whether the row that shows it lacks the column.
        shape: Whether it shows even in a table without rows.
    """

    misfit: Misfit
    values: tuple[Value, ...] = ()
    absent: bool = False
    shape: bool = False


def fit(written: TableSchema, read: TableSchema) -> Iterable[Misfit]:
    """Yield every way in which a table of schema `written` may break schema `read`.

    What a producer does not list, it does not write: a column that is missing from `written` is
    missing, and extra columns are those that it lists.
    """
    if written.columns:
        clashes = [*_columns(written, read), *_extra(written, read)]
        yield from _with_rows(clashes, written, read)
        if not any(allows_nothing(column) for column in written.columns):
            yield from _repeats(written, read)
    yield from _row_counts(written, read)


def _columns(written: TableSchema, read: TableSchema) -> Iterator[_Clash]:
    for column in read.columns:
        if column.name not in written.names:
            if column.required:
                yield _Clash(_not_written(column.name, written.names), shape=True)
            continue
        maker = written[column.name]
        if column.required and not maker.required:
            what = f"column {column.name!r} may be absent"
            fix = "make it required where it is written, or optional where it is read"
            yield _Clash(Misfit(column.name, what, fix=fix), absent=True, shape=True)
        yield from _column(maker, column)


def _not_written(name: str, names: Sequence[str]) -> Misfit:
    like = closest(name, names)
    shown = ", ".join(names[:_SHOWN_COLUMNS])
    fix = f"it writes {like!r}: rename one of them" if like else f"it writes: {shown}"
    return Misfit(name, f"column {name!r} is not written", fix=fix)


def _column(written: Column, read: Column) -> Iterator[_Clash]:
    name = read.name
    if _types_differ(written, read):
        what = f"column {name!r} is written as {written.type} and read as {read.type}"
        value = allowed_and_refused(written, read)
        misfit = Misfit(name, what, fix="cast it, or change one contract")
        yield _Clash(misfit, () if value is None else (value,), shape=True)
    elif (value := allowed_and_refused(written, read)) is not None:
        says = _first_says(value, read)
        what = f"column {name!r} may be {show(value)}; read is only what {says}"
        yield _Clash(
            Misfit(name, what, fix="narrow what is written, or allow more where it is read"), (value,)
        )
    if written.nullable and not read.nullable:
        fix = "fill the gaps where it is written, or read it as nullable"
        yield _Clash(Misfit(name, f"column {name!r} may be missing", fix=fix), (None,))


def _types_differ(written: Column, read: Column) -> bool:
    if written.type is None or read.type is None:
        return False
    return not ACCEPTED[written.type] <= ACCEPTED[read.type]


def _first_says(value: Value, read: Column) -> str:
    broken: Iterator[Broken] = broken_by(value, read)
    says = next(broken).says
    return says if says[0].isalpha() else f"is {says}"


def _extra(written: TableSchema, read: TableSchema) -> Iterator[_Clash]:
    if read.extra_columns == "refuse":
        for column in written.columns:
            if column.name not in read.names:
                fix = "drop it, or set extra_columns: allow where it is read"
                what = f"column {column.name!r} is written, and columns that are not listed are refused"
                yield _Clash(Misfit(column.name, what, fix=fix), shape=True)


def _with_rows(clashes: list[_Clash], written: TableSchema, read: TableSchema) -> Iterator[Misfit]:
    """Yield the misfits, each with the one row in which all of them show as far as they can at once."""
    if any(allows_nothing(column) for column in written.columns):
        # The producer's tables have no rows, so only their shape can clash.
        yield from (clash.misfit for clash in clashes if clash.shape)
        return
    row = dict(_ordinary_row(written, read))
    for clash in reversed(clashes):
        if clash.values and clash.values[0] is not None:
            row[clash.misfit.column] = clash.values[0]
    for clash in clashes:
        shown = dict(row)
        if clash.absent:
            shown.pop(clash.misfit.column, None)
        elif clash.values:
            shown[clash.misfit.column] = clash.values[0]
        yield _shown(clash.misfit, shown, written, read)


def _ordinary_row(written: TableSchema, read: TableSchema) -> Iterator[tuple[str, Value]]:
    for column in written.columns:
        kind = read[column.name].type if column.name in read.names else None
        known = column if column.type or column.categories else replace(column, type=kind)
        for value in samples(known, 1):
            yield column.name, value


def _shown(misfit: Misfit, row: Row, written: TableSchema, read: TableSchema) -> Misfit:
    """Return a misfit with its row, if that row stands: allowed by the one side, refused by the other."""
    known = replace(written, columns=tuple(column for column in written.columns if _is_known(column, row)))
    if any(breaks(row, known)) or not any(breaks(row, read)):
        return misfit
    return replace(misfit, rows=(row,), evidence=show_row(row, (misfit.column, *read.names)))


def _is_known(column: Column, row: Row) -> bool:
    return column.name in row or not column.required


def _repeats(written: TableSchema, read: TableSchema) -> Iterator[Misfit]:
    """Yield unique columns and keys that the producer may repeat, with two rows that do."""
    if written.max_rows is not None and written.max_rows < 2:  # noqa: PLR2004 it takes two to repeat
        return
    wanted: dict[tuple[str, ...], str] = {
        (column.name,): f"column {column.name!r} is unique" for column in read.columns if column.unique
    }
    if read.key:
        wanted.setdefault(read.key, f"the key ({', '.join(read.key)}) is unique")
    for names, says in wanted.items():
        if all(name in written.names for name in names):
            pair = next(
                (rows for rows in _pairs(written, names) if _stands(rows, written, read, names)), None
            )
            if pair:
                yield Misfit(
                    names[0],
                    f"{says} where it is read, which is not promised where it is written",
                    evidence=" and ".join(show_row(row, (*names, *read.names)) for row in pair),
                    fix="promise it where it is written, or do not ask for it",
                    rows=pair,
                )


def _pairs(written: TableSchema, names: Sequence[str]) -> Iterator[tuple[Row, Row]]:
    """Yield pairs of rows that are alike in some columns and differ in all others that can.

    Where they are alike, they are so by a value or by null.
    """
    values = {column.name: samples(column) for column in written.columns}
    known = [name for name, found in values.items() if found]
    nullable = [name for name in names if written[name].nullable][:_TRIED_NULLS]
    for size in range(len(nullable) + 1):
        for nulls in itertools.combinations(nullable, size):
            first: dict[str, Value] = {name: None if name in nulls else values[name][0] for name in known}
            others = {name: _another(values[name], written[name]) for name in known if name not in names}
            yield first, {**first, **others}


def _another(values: Sequence[Value], column: Column) -> Value:
    return None if len(values) == 1 and column.nullable else values[-1]


def _stands(rows: tuple[Row, Row], written: TableSchema, read: TableSchema, names: Sequence[str]) -> bool:
    if any(name not in rows[0] for name in names) or any(repeated(rows, written)):
        return False
    known = replace(
        written, columns=tuple(column for column in written.columns if _is_known(column, rows[0]))
    )
    if any(itertools.chain.from_iterable(breaks(row, known) for row in rows)):
        return False
    return any(set(_names(broken, read)) == set(names) for broken in repeated(rows, read))


def _names(broken: Broken, read: TableSchema) -> Sequence[str]:
    return read.key if broken.rule == "key" else (broken.column,)


def _row_counts(written: TableSchema, read: TableSchema) -> Iterator[Misfit]:
    if written.min_rows < read.min_rows:
        yield Misfit(
            "",
            f"there may be only {written.min_rows:,} rows, at least {read.min_rows:,} are read",
            evidence=f"a table of {written.min_rows:,} rows",
            fix="promise more rows where it is written, or ask for fewer",
        )
    if read.max_rows is None or _is_small(written, read.max_rows):
        return
    rows = max(read.max_rows + 1, written.min_rows)
    yield Misfit(
        "",
        f"there may be {rows:,} rows and more, at most {read.max_rows:,} are read",
        evidence=f"a table of {rows:,} rows",
        fix="promise fewer rows where it is written, or allow more",
    )


def _is_small(written: TableSchema, most: int) -> bool:
    """Return whether a producer writes at most so many rows, or may be held to it by what is unique."""
    if written.max_rows is not None and written.max_rows <= most:
        return True
    if any(allows_nothing(column) for column in written.columns):
        return True
    promised: list[tuple[str, ...]] = [(column.name,) for column in written.columns if column.unique]
    promised += [written.key] if written.key else []
    # Few values that must differ make few rows; how few is not worked out.
    return any(all(_may_be_few(name, written) for name in names) for names in promised)


def _may_be_few(name: str, written: TableSchema) -> bool:
    if name not in written.names:
        return True
    column = written[name]
    if column.categories or type_of_values(column) in {None, "boolean"}:
        return True
    if column.type == "string":
        return column.pattern is not None or column.max_length is not None or column.maximum is not None
    return column.minimum is not None and column.maximum is not None


def show_row(row: Row, first: Sequence[str] = ()) -> str:
    """Return a row as people read it, the columns of `first` before the others and only the first few."""
    names = [name for name in dict.fromkeys(first) if name in row]
    shown = [f"{name}: {show(row[name])}" for name in names[:_SHOWN_COLUMNS]]
    return "{" + ", ".join(shown) + (", ..." if len(names) > len(shown) else "") + "}"


def show(value: Value) -> str:
    """Return a value as people read it."""
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
