"""Whether what a producer promises of rows together is enough for a consumer: keys, order, comparisons, numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeproof.contracts.constraints import Value
from pipeproof.contracts.counter import allows_nothing, samples, type_of_values
from pipeproof.contracts.fit_statistics import queries, statistics
from pipeproof.contracts.implied import NEGATED, follows, tightened
from pipeproof.contracts.limits import allowed_rows, covers, is_lenient, limit_of, severity_of
from pipeproof.contracts.making import row_of
from pipeproof.contracts.proof import (
    Sides,
    Table,
    mentioned_by,
    shown,
    tables_with,
    why_not,
    without_mentioned,
)
from pipeproof.contracts.rows import Row
from pipeproof.contracts.sql_text import same_sql
from pipeproof.contracts.verdict import Doubt, Misfit
from pipeproof.model.contract import Column, Comparison, Limit, TableSchema

_TRIED_NULLS = 4  # columns of a key, in which nulls are tried in every combination
_MOST_BAD_ROWS = 100
_PROMISE = "promise it where it is written, or do not ask for it"


def rows_together(sides: Sides, *, nothing: bool) -> Iterator[Misfit | Doubt]:
    """Yield what does not fit, and what cannot be told, of the rules for rows together.

    Args:
        sides: Who writes and who reads; the columns of the writer say what its other rules imply.
        nothing: Whether the tables of the writer have no rows.
    """
    if sides.written.columns and not nothing:
        yield from _repeats(sides)
        yield from _orders(sides)
        yield from _comparisons(sides)
    if not nothing:
        yield from _conditions(sides)
        yield from statistics(sides)
        yield from queries(sides)
    yield from _row_counts(sides, nothing=nothing)


def _repeats(sides: Sides) -> Iterator[Misfit | Doubt]:
    """Yield unique columns and keys that the producer may repeat, with rows that do."""
    for names, rule, says in _wanted(sides.read):
        if not set(names) <= set(sides.written.names) or _never_repeats(sides, names, rule):
            continue
        what = f"{says} where it is read, which is not promised where it is written"
        yield _of_pairs(sides, names, rule, what)


def _wanted(read: TableSchema) -> Iterator[tuple[tuple[str, ...], str, str]]:
    unique = [column for column in read.columns if column.unique]
    for column in unique:
        yield (column.name,), "unique", f"column {column.name!r} is unique"
    # A key of one column says nothing more than that it is unique, unless it is null, which a key has once.
    same = [(column.name,) for column in unique if not column.nullable and not column.limits]
    if read.key and read.key not in same:
        yield read.key, "key", f"the key ({', '.join(read.key)}) is unique"


def _never_repeats(sides: Sides, names: Sequence[str], rule: str) -> bool:
    written = sides.written
    if written.max_rows is not None and written.max_rows < 2:  # noqa: PLR2004 it takes two to repeat
        return True
    asked = limit_of(names[0], rule, sides.read)
    if _is_void(asked, written):
        return True
    if written.key and set(written.key) <= set(names) and _is_kept(limit_of(names[0], "key", written), asked):
        return True
    for name in names:
        column = written[name]
        promised = column.unique and _is_kept(limit_of(name, "unique", written), asked)
        # Unique columns may repeat null, which a key may not.
        if promised and (rule == "unique" or (column.required and not column.nullable)):
            return True
    return rule == "unique" and not any(value is not None for value in samples(written[names[0]], 1))


def _is_kept(given: Limit | None, asked: Limit | None) -> bool:
    return given is None or not is_lenient(given) or covers(asked, given)


def _is_void(limit: Limit | None, written: TableSchema) -> bool:
    """Return whether all rows of the writer's tables may break a rule."""
    if limit is None:
        return False
    return limit.share >= 1 or (written.max_rows is not None and limit.rows >= written.max_rows - 1)


def _orders(sides: Sides) -> Iterator[Misfit | Doubt]:
    written = sides.written
    for column in sides.read.columns:
        if column.order is None or column.name not in written.names:
            continue
        maker = written[column.name]
        asked = limit_of(column.name, "order", sides.read)
        given = limit_of(column.name, "order", written)
        if maker.order == column.order and _is_kept(given, asked):
            continue
        if (written.max_rows is not None and written.max_rows < 2) or _is_void(asked, written):  # noqa: PLR2004 it takes two to have an order
            continue
        if len([value for value in samples(maker) if value is not None]) < 2 and maker.categories:  # noqa: PLR2004 the same
            continue
        what = f"column {column.name!r} is {column.order} where it is read, which is not promised where it is written"
        yield _of_pairs(sides, (column.name,), "order", what)


def _of_pairs(sides: Sides, names: tuple[str, ...], rule: str, what: str) -> Misfit | Doubt:
    """Return a misfit with the first pair of rows that shows it, or a doubt when none does."""
    limit = limit_of(names[0], rule, sides.read)
    severity = severity_of(names[0], rule, sides.read)
    for first, second in _pairs(sides, names, alike=rule != "order"):
        for pair in ((first, second), (second, first)):
            for table in _repeated(pair, limit, rule):
                if set(names) <= set(first) and _shows(sides, table, names, rule):
                    misfit = Misfit(names[0], what, fix=_PROMISE, rule=rule, severity=severity)
                    return shown(misfit, table, (*names, *sides.read.names))
    return Doubt(names[0], what.partition(" where")[0], why_not(names[0], sides.written), rule)


def _shows(sides: Sides, table: Table, names: Sequence[str], rule: str) -> bool:
    """Return whether a table is allowed by the writer and refused by this one rule of the reader."""
    columns = tuple(
        Column(
            column.name,
            nullable=True,
            required=False,
            unique=rule == "unique" and column.name in names,
            order=column.order if rule == "order" and column.name in names else None,
            limits=column.limits,
        )
        for column in sides.read.columns
    )
    only = TableSchema(columns, sides.read.key if rule == "key" else (), limits=sides.read.limits)
    return Sides(sides.written, only).is_shown(table, names[0])


def _repeated(pair: tuple[Row, Row], limit: Limit | None, rule: str) -> Iterator[Table]:
    """Yield tables in which a pair of rows breaks a rule more often than the reader allows."""
    for rows in range(2, _MOST_BAD_ROWS * 2):
        # Each further row of a pair breaks uniqueness once more, each second one an order.
        breaches = rows - 1 if rule != "order" else rows // 2
        if breaches > allowed_rows(limit, rule, rows):
            yield list(itertools.islice(itertools.cycle(pair), rows))
            return


def _pairs(sides: Sides, names: Sequence[str], *, alike: bool) -> Iterator[tuple[Row, Row]]:
    """Yield pairs of rows that are alike in some columns and differ in all others that can.

    Where they are alike, they are so by a value or by null; unless `alike`, they differ there instead.
    """
    written, read = sides.written, sides.read
    nullable = [name for name in names if written[name].nullable][:_TRIED_NULLS] if alike else []
    for size in range(len(nullable) + 1):
        for nulls in itertools.combinations(nullable, size):
            pinned: dict[str, Value] = dict.fromkeys(nulls)
            first = row_of(written, pinned, read)
            if first is None:
                continue
            same = {name: first[name] for name in names if name in first} if alike else {}
            for unlike in (first, None):
                second = row_of(written, same, read, unlike=unlike)
                if second is None:
                    continue
                pair = without_mentioned(first, written), without_mentioned(second, written)
                yield pair
                if not alike:
                    yield _with_swapped(pair, names[0])
            if not alike:
                yield from _otherwise_alike(sides, first, names[0])


def _with_swapped(pair: tuple[Row, Row], name: str) -> tuple[Row, Row]:
    """Return two rows whose values of one column have changed places; the other columns may have an order."""
    first, second = pair
    if name not in first or name not in second:
        return pair
    return {**first, name: second[name]}, {**second, name: first[name]}


def _otherwise_alike(sides: Sides, row: Row, name: str) -> Iterator[tuple[Row, Row]]:
    """Yield a row and one that differs from it in one column only, as far as the writer allows that."""
    for value in samples(sides.written[name], 3):
        if value != row.get(name):
            others = {other: known for other, known in row.items() if other != name}
            second = row_of(sides.written, {**others, name: value}, sides.read)
            if second is not None:
                yield without_mentioned(row, sides.written), without_mentioned(second, sides.written)


def _comparisons(sides: Sides) -> Iterator[Misfit | Doubt]:
    written = sides.written
    for rule in sides.read.comparisons:
        if not {rule.left, rule.right} <= set(written.names):
            continue
        asked = limit_of(rule.left, rule.name, sides.read)
        if _is_void(asked, written) or _is_promised(rule, written, asked) or follows(rule, written):
            continue
        negated = Comparison(rule.left, NEGATED[rule.operator], rule.right)
        yield from _compared(rule, negated, sides)


def _is_promised(rule: Comparison, written: TableSchema, asked: Limit | None) -> bool:
    """Return whether the writer has the same comparison, broken no more often than the reader allows."""
    return rule in written.comparisons and _is_kept(limit_of(rule.left, rule.name, written), asked)


def _compared(rule: Comparison, negated: Comparison, sides: Sides) -> Iterator[Misfit | Doubt]:
    written = sides.written
    columns = tuple(
        replace(column, nullable=False) if column.name in {rule.left, rule.right} else column
        for column in written.columns
    )
    given = limit_of(rule.left, rule.name, written)
    own = [given] if rule in written.comparisons and given is not None else []
    kept = tuple(other for other in written.comparisons if other != rule)
    broken = tightened(replace(written, columns=columns, comparisons=(*kept, negated)))
    if any(allows_nothing(column) for column in broken.columns):
        return
    what = f"{rule.name} where it is read, which is not promised where it is written"
    row = row_of(broken, {}, sides.read)
    mentioned = mentioned_by(rule.left, written) or mentioned_by(rule.right, written)
    if row is not None and not mentioned:
        row = without_mentioned(row, written)
        only = replace(
            sides.read, columns=(), comparisons=(rule,), key=(), statistics=(), extra_columns="allow"
        )
        for table in tables_with(Sides(written, only), row, rule.left, own):
            if Sides(written, only).is_shown(table, rule.left):
                severity = severity_of(rule.left, rule.name, sides.read)
                misfit = Misfit(rule.left, what, fix=_PROMISE, rule=rule.name, severity=severity)
                yield shown(misfit, table, (rule.left, rule.right, *sides.read.names))
                return
    yield Doubt(rule.left, f"whether {rule.name}", mentioned or why_not(rule.left, written), rule.name)


def _conditions(sides: Sides) -> Iterator[Doubt]:
    for asked in sides.read.conditions:
        wanted = limit_of("", asked.name, sides.read)
        for given in sides.written.conditions:
            if same_sql(given.sql, asked.sql) and _is_kept(limit_of("", given.name, sides.written), wanted):
                break
        else:
            if not _is_void(wanted, sides.written):
                why = "a condition in SQL is compared by its text only"
                yield Doubt("", f"whether rows keep {asked.name!r}", why, asked.name)


def _row_counts(sides: Sides, *, nothing: bool) -> Iterator[Misfit | Doubt]:
    written, read = sides.written, sides.read
    if written.min_rows < read.min_rows:
        yield Misfit(
            "",
            f"there may be only {written.min_rows:,} rows, at least {read.min_rows:,} are read",
            evidence=f"a table of {written.min_rows:,} rows",
            fix="promise more rows where it is written, or ask for fewer",
            rule="min_rows",
            severity=severity_of("", "min_rows", read),
        )
    if (
        read.max_rows is None
        or nothing
        or (written.max_rows is not None and written.max_rows <= read.max_rows)
    ):
        return
    fewest = _most_by_uniqueness(written)
    if fewest is not None and fewest <= read.max_rows:
        return
    rows = max(read.max_rows + 1, written.min_rows)
    if fewest is not None:
        what = f"whether there are at most {read.max_rows:,} rows"
        yield Doubt("", what, "few values that must differ make few rows; how few is not known", "max_rows")
        return
    yield Misfit(
        "",
        f"there may be {rows:,} rows and more, at most {read.max_rows:,} are read",
        evidence=f"a table of {rows:,} rows",
        fix="promise fewer rows where it is written, or allow more",
        rule="max_rows",
        severity=severity_of("", "max_rows", read),
    )


def _most_by_uniqueness(written: TableSchema) -> float | None:
    """Return how many rows there are at most because values must differ; None when that is no bound.

    Infinite when there is a bound that is not worked out, as for texts of a pattern.
    """
    promised: list[tuple[str, ...]] = [
        (column.name,)
        for column in written.columns
        # Null may stand in a unique column as often as it likes.
        if column.unique
        and column.required
        and not column.nullable
        and not _is_broken(column.name, "unique", written)
    ]
    if (
        written.key
        and set(written.key) <= set(written.names)
        and not _is_broken(written.key[0], "key", written)
    ):
        promised.append(written.key)
    known = [math.prod(_most_values(written[name]) for name in names) for names in promised]
    bounded = [
        most
        for names, most in zip(promised, known, strict=True)
        if all(_may_be_few(written[name]) for name in names)
    ]
    return min(bounded, default=None)


def _is_broken(column: str, rule: str, written: TableSchema) -> bool:
    return is_lenient(limit_of(column, rule, written))


def _most_values(column: Column) -> float:
    """Return how many different values a column has at most, null among them; infinite when that is not worked out."""
    most = math.inf
    if any(is_lenient(limit) for limit in column.limits):
        return most
    if column.type == "boolean":
        most = 2
    elif column.type == "integer" and isinstance(column.minimum, int) and isinstance(column.maximum, int):
        most = max(column.maximum - column.minimum + 1, 0)
    most = min(most, len(column.categories)) if column.categories else most
    return most + column.nullable


def _may_be_few(column: Column) -> bool:
    if column.categories or type_of_values(column) in {None, "boolean"}:
        return True
    if column.type == "string":
        bounds = (column.pattern, column.format, column.max_length, column.maximum)
        return any(bound is not None for bound in bounds)
    if column.type in {"list", "struct"}:
        return True
    return column.minimum is not None and column.maximum is not None
