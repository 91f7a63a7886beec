"""Whether all that one contract allows is allowed by another, with rows that show it when not.

There are three answers: it fits, it does not, or it cannot be told from the contracts. Only what
certainly does not fit is called so; every row that is shown has been held against both contracts.
Columns and their values are looked at here, what holds for rows together in `fit_rows`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeproof.contracts.constraints import ACCEPTED, Broken, Value, broken_by
from pipeproof.contracts.counter import allows_nothing, difference
from pipeproof.contracts.fit_rows import rows_together
from pipeproof.contracts.implied import tightened
from pipeproof.contracts.limits import covers, is_lenient, loosened, severity_of
from pipeproof.contracts.making import row_of, row_with
from pipeproof.contracts.proof import Sides, mentioned_by, shown, tables_with, why_not, without_mentioned
from pipeproof.contracts.rows import Row
from pipeproof.contracts.verdict import Doubt, Fit, Misfit, show
from pipeproof.errors import closest
from pipeproof.model.contract import Column, Limit, TableSchema

_SHOWN_NAMES = 12
_MOST_LENIENT = 3  # rules of one column that may be broken, in every combination


@dataclass(frozen=True, slots=True)
class _Clash:
    """A misfit of one column, before the rest of its row is known.

    Attributes:
        misfit: The misfit, without its row.
        values: The value that shows it, or nothing.
        absent: Whether the row that shows it lacks the column.
        shape: Whether it shows even in a table without rows.
        limits: Limits of the writer on the rules of its own that such a row breaks.
    """

    misfit: Misfit
    values: tuple[Value, ...] = ()
    absent: bool = False
    shape: bool = False
    limits: tuple[Limit, ...] = ()


def fit(written: TableSchema, read: TableSchema) -> Fit:
    """Return every way in which a table of schema `written` may break schema `read`, and what cannot be told.

    What a producer does not list, it does not write: a column that is missing from `written` is
    missing, and extra columns are those that it lists. How bad a producer calls a breach (`severity`)
    does not matter: what it promises, it keeps. Where values come from (`references`) and how many
    rows of an input are kept (`rows_of`) are asked of pipelines, not of two schemas.
    """
    written = tightened(written)
    sides = Sides(written, _without_void_rules(read, written))
    nothing = _has_no_rows(written)
    found: list[Misfit | Doubt] = []
    if written.columns:
        seen = [*_columns(sides), *_extra(sides)]
        clashes = [item for item in seen if isinstance(item, _Clash)]
        if nothing:  # the producer's tables have no rows, so only their shape can clash
            found += [clash.misfit for clash in clashes if clash.shape]
        else:
            found += _with_rows(clashes, sides)
            found += [item for item in seen if isinstance(item, Doubt)]
    found += rows_together(sides, nothing=nothing)
    return Fit(
        tuple(item for item in found if isinstance(item, Misfit)),
        tuple(item for item in found if isinstance(item, Doubt)),
    )


def _has_no_rows(written: TableSchema) -> bool:
    """Return whether the tables of a writer have no rows, because none could be."""
    loosest = (
        loosened(column, [limit.rule for limit in column.limits if is_lenient(limit)])
        for column in written.columns
    )
    return written.max_rows == 0 or any(allows_nothing(column) for column in loosest)


def _without_void_rules(read: TableSchema, written: TableSchema) -> TableSchema:
    """Return a schema without the rules of values that all rows of the writer's tables may break."""
    columns = []
    for column in read.columns:
        void = [
            limit.rule
            for limit in column.limits
            if is_lenient(limit)
            and (limit.share >= 1 or (written.max_rows is not None and limit.rows >= written.max_rows))
        ]
        columns.append(loosened(column, void))
    return replace(read, columns=tuple(columns))


def _columns(sides: Sides) -> Iterator[_Clash | Doubt]:
    written, read = sides.written, sides.read
    for column in read.columns:
        if column.name not in written.names:
            if column.required:
                yield _Clash(_not_written(column.name, written.names), shape=True)
            continue
        maker = written[column.name]
        if column.required and not maker.required:
            what = f"column {column.name!r} may be absent"
            fix = "make it required where it is written, or optional where it is read"
            yield _Clash(Misfit(column.name, what, fix=fix, rule="missing_column"), absent=True, shape=True)
        yield from _column(maker, column)


def _not_written(name: str, names: Sequence[str]) -> Misfit:
    like = closest(name, names)
    shown = ", ".join(names[:_SHOWN_NAMES])
    fix = f"it writes {like!r}: rename one of them" if like else f"it writes: {shown}"
    return Misfit(name, f"column {name!r} is not written", fix=fix, rule="missing_column")


def _column(written: Column, read: Column) -> Iterator[_Clash | Doubt]:
    name = read.name
    if _types_differ(written, read):
        what = f"column {name!r} is written as {written.type} and read as {read.type}"
        misfit = Misfit(name, what, fix="cast it, or change one contract", rule="type")
        yield _Clash(misfit, difference(written, read).found, shape=True)
    else:
        yield from _values(written, read, ())
        yield from _lenient(written, read)
    if written.nullable and not read.nullable:
        yield _Clash(_may_be_missing(name), (None,))


def _values(written: Column, read: Column, limits: tuple[Limit, ...]) -> Iterator[_Clash | Doubt]:
    values = difference(written, read)
    if values.found:
        yield _Clash(_of_value(values.found[0], read), values.found, limits=limits)
    elif values.unknown:
        rows = f"rows that break {limits[0].rule!r} of" if limits else "all values of"
        yield Doubt(read.name, f"whether {rows} column {read.name!r} are read", values.unknown)


def _lenient(written: Column, read: Column) -> Iterator[_Clash | Doubt]:
    """Yield what only those rows show that the producer may write against its own rules.

    A row may break several rules at once, so each combination is asked for: against a reader without
    those rules of the same name of which it allows as many breaches.
    """
    lenient = [limit for limit in written.limits if is_lenient(limit)]
    for limit in lenient:
        asked = next((other for other in read.limits if other.rule == "nullable"), None)
        if limit.rule == "nullable" and not (written.nullable or read.nullable or covers(asked, limit)):
            yield _Clash(_may_be_missing(read.name), (None,), limits=(limit,))
    of_values = [limit for limit in lenient if loosened(written, [limit.rule]) != written]
    of_values = [limit for limit in of_values if limit.rule not in {"nullable", "unique", "order"}]
    if len(of_values) > _MOST_LENIENT:
        what = f"whether rows that break rules of column {read.name!r} are read"
        yield Doubt(read.name, what, "too many of its rules may be broken")
        return
    sizes = range(1, len(of_values) + 1)
    for limits in itertools.chain.from_iterable(itertools.combinations(of_values, size) for size in sizes):
        covered = [
            limit.rule
            for limit in limits
            for other in read.limits
            if other.rule == limit.rule and covers(other, limit)
        ]
        looser = loosened(written, [limit.rule for limit in limits])
        if difference(written, read).found:
            return  # what all rows may have is a misfit already
        yield from _values(looser, loosened(read, covered), limits)


def _may_be_missing(name: str) -> Misfit:
    fix = "fill the gaps where it is written, or read it as nullable"
    return Misfit(name, f"column {name!r} may be missing", fix=fix, rule="nullable")


def _of_value(value: Value, read: Column) -> Misfit:
    broken: Broken = next(broken_by(value, read))
    says = broken.says if broken.says[0].isalpha() else f"is {broken.says}"
    whose = "read is only what"
    if broken.rule.startswith("items."):
        whose = "read are only items of which each"
    elif broken.column != read.name:
        whose = f"read is only what in {broken.column!r}"
    fix = "narrow what is written, or allow more where it is read"
    what = f"column {read.name!r} may be {show(value)}; {whose} {says}"
    return Misfit(read.name, what, fix=fix, rule=broken.rule)


def _types_differ(written: Column, read: Column) -> bool:
    if written.type is None or read.type is None:
        return False
    return not ACCEPTED[written.type] <= ACCEPTED[read.type]


def _extra(sides: Sides) -> Iterator[_Clash]:
    if sides.read.extra_columns == "refuse":
        for column in sides.written.columns:
            if column.name not in sides.read.names:
                fix = "drop it, or set extra_columns: allow where it is read"
                what = f"column {column.name!r} is written, and columns that are not listed are refused"
                yield _Clash(Misfit(column.name, what, fix=fix, rule="extra_columns"), shape=True)


def _with_rows(clashes: list[_Clash], sides: Sides) -> Iterator[Misfit | Doubt]:
    """Yield the misfits, each with the one row in which all of them show as far as they can at once."""
    shared = {
        clash.misfit.column: clash.values[0]
        for clash in reversed(clashes)
        if clash.values and clash.values[0] is not None and not clash.limits
    }
    usual = row_of(sides.written, {}, sides.read) if clashes else None
    for clash in clashes:
        severity = severity_of(clash.misfit.column, clash.misfit.rule, sides.read)
        misfit = replace(clash.misfit, severity=severity)
        yield _proven(replace(clash, misfit=misfit), shared, usual, sides)


def _proven(clash: _Clash, shared: Row, usual: Row | None, sides: Sides) -> Misfit | Doubt:
    """Return a misfit with its rows, or a doubt when no table of the writer shows it."""
    name, rule = clash.misfit.column, clash.misfit.rule
    own: dict[str, Value] = {name: clash.values[0]} if clash.values else {}
    if not own or not mentioned_by(name, sides.written):
        for pinned in ({**shared, **own}, own):
            row = row_with(sides.written, usual, pinned, sides.read)
            if row is None:
                continue
            row = {**without_mentioned(row, sides.written), **own}
            if clash.absent:
                row.pop(name, None)
            for table in tables_with(sides, row, name, clash.limits):
                if sides.is_shown(table, name):
                    return shown(clash.misfit, table, sides.read.names)
    if clash.shape:
        return clash.misfit
    what = f"whether all values of column {name!r} are read"
    return Doubt(name, what, why_not(name, sides.written), rule)
