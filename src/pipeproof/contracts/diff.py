"""What changed between two versions of a table's contract, and whom it breaks.

Each change is looked at alone: as the old version with this one change. Data that it allows and the old version
refused may break those who read; data that the old version allowed and it refuses are what writers may
still write. Both are asked of `fit`. At last the two versions are held against each other as they are,
because one change can make up for another.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pipeproof.contracts.changes import KEEPS, Change, Effect, effect_of
from pipeproof.contracts.edits import edits, limit_changes
from pipeproof.contracts.fit import fit
from pipeproof.contracts.sql_text import same_sql
from pipeproof.contracts.statistics import range_says
from pipeproof.errors import closest
from pipeproof.model.contract import Column, Condition, Query, Statistic, TableSchema

T = TypeVar("T")
_ELSEWHERE = "what the other table holds is not said here"
_ALIKE = 0.75  # names from which on one column may be another renamed


@dataclass(frozen=True, slots=True)
class _Step:
    """The old version with one change.

    Attributes:
        change: The change; with its effects where they do not follow from the schema.
        schema: The version; None where the effects are known.
    """

    change: Change
    schema: TableSchema | None = None


def diff_tables(old: TableSchema, new: TableSchema, dataset: str = "") -> tuple[Change, ...]:
    """Return every change between two versions of a table's contract.

    Args:
        old: The version before.
        new: The version after.
        dataset: What to call the table.
    """
    steps = [*_columns(old, new), *_rows(old, new), *_rules(old, new), *_words(old, new)]
    changes = [_judged(step, old) for step in steps]
    seen = [change for step, change in zip(steps, changes, strict=True) if step.schema is not None]
    known = [change for step, change in zip(steps, changes, strict=True) if step.schema is None]
    if seen:
        seen = _together(seen, effect_of(fit(new, old)), effect_of(fit(old, new)))
    return tuple(replace(change, dataset=dataset) for change in (*seen, *known))


def _judged(step: _Step, old: TableSchema) -> Change:
    """Return a change with what it does, taken alone."""
    if step.schema is None or step.change.only_words:
        return step.change
    consumers, producers = effect_of(fit(step.schema, old)), effect_of(fit(old, step.schema))
    return replace(step.change, consumers=consumers, producers=producers)


def _together(changes: list[Change], consumers: Effect, producers: Effect) -> list[Change]:
    """Return changes put right by what all of them do together, and what none of them shows alone."""
    readers = _corrected([change.consumers for change in changes], consumers)
    writers = _corrected([change.producers for change in changes], producers)
    corrected = [
        replace(change, consumers=of_readers, producers=of_writers)
        for change, of_readers, of_writers in zip(changes, readers, writers, strict=True)
    ]
    more = [_unseen(readers, consumers), _unseen(writers, producers)]
    if any(effect is not KEEPS for effect in more):
        what = "the changes do together what none of them does alone"
        corrected.append(Change(what, "together", consumers=more[0], producers=more[1]))
    return corrected


def _corrected(alone: list[Effect], whole: Effect) -> list[Effect]:
    """Return what single changes do, in the light of what all of them do together."""
    if whole.answer == "breaks":
        return alone
    if whole.answer == "cannot tell":
        open_ = Effect("cannot tell", "other changes may make up for it")
        return [open_ if effect.answer == "breaks" else effect for effect in alone]
    made_up = Effect(why="other changes make up for it")
    return [KEEPS if effect.answer == "keeps" else made_up for effect in alone]


def _unseen(alone: list[Effect], whole: Effect) -> Effect:
    answers = {effect.answer for effect in alone}
    return KEEPS if whole.answer in {"keeps", *answers} or "breaks" in answers else whole


def _columns(old: TableSchema, new: TableSchema) -> Iterator[_Step]:
    known = {column.name: column for column in new.columns}
    added = [column for column in new.columns if column.name not in old.names]
    for column in old.columns:
        if column.name not in known:
            others = tuple(other for other in old.columns if other is not column)
            what = f"column {column.name!r} is removed{_renamed(column, added)}"
            yield _Step(Change(what, "removed", column=column.name), replace(old, columns=others))
            continue
        yield from _column(column, known[column.name], old)
    for column in added:
        what = f"column {column.name!r} is new" + ("" if column.required else ", and may be absent")
        yield _Step(Change(what, "added", column=column.name), replace(old, columns=(*old.columns, column)))


def _renamed(column: Column, added: Iterable[Column]) -> str:
    like = closest(column.name, [other.name for other in added if other.type == column.type], _ALIKE)
    return f" (is it {like!r} now?)" if like else ""


def _column(column: Column, now: Column, old: TableSchema) -> Iterator[_Step]:
    for edit in edits(column, now):
        columns = tuple(edit.column if other is column else other for other in old.columns)
        change = Change(edit.what, edit.rule, column=column.name, only_words=edit.only_words)
        yield _Step(change, replace(old, columns=columns))
    if column.references != now.references:
        was, is_now = (
            f"{ref.dataset}.{ref.column}" if ref else "anywhere"
            for ref in (column.references, now.references)
        )
        unknown = Effect("cannot tell", _ELSEWHERE)
        strict = now.references is not None and not now.references.orphans
        was_strict = column.references is not None and not column.references.orphans
        change = Change(
            f"column {column.name!r}: values come from {was} → {is_now}",
            "references",
            column=column.name,
            consumers=unknown if was_strict else KEEPS,
            producers=unknown if strict else KEEPS,
        )
        yield _Step(change)


def _rows(old: TableSchema, new: TableSchema) -> Iterator[_Step]:
    if old.key != new.key:
        was, now = (f"({', '.join(key)})" if key else "none" for key in (old.key, new.key))
        yield _Step(Change(f"key {was} → {now}", "key"), replace(old, key=new.key))
    if old.min_rows != new.min_rows:
        what = f"at least {old.min_rows:,} → {new.min_rows:,} rows"
        yield _Step(Change(what, "min_rows"), replace(old, min_rows=new.min_rows))
    if old.max_rows != new.max_rows:
        was, now = ("any number of" if most is None else f"{most:,}" for most in (old.max_rows, new.max_rows))
        yield _Step(Change(f"at most {was} → {now} rows", "max_rows"), replace(old, max_rows=new.max_rows))
    if old.extra_columns != new.extra_columns:
        more = Effect("breaks", "a table with any other column")
        change = Change(
            f"columns that are not listed: {old.extra_columns} → {new.extra_columns}",
            "extra_columns",
            consumers=more if new.extra_columns == "allow" else KEEPS,
            producers=more if new.extra_columns == "refuse" else KEEPS,
        )
        yield _Step(change)
    if old.rows_of != new.rows_of:
        unknown = Effect("cannot tell", "it depends on the rows of an input")
        what = "how many rows of an input are kept"
        yield _Step(Change(what, "rows_of", consumers=unknown, producers=unknown))


def _rules(old: TableSchema, new: TableSchema) -> Iterator[_Step]:
    for rule in old.comparisons:
        if rule not in new.comparisons:
            without = tuple(other for other in old.comparisons if other != rule)
            yield _Step(
                Change(f"{rule.name} is dropped", rule.name, column=rule.left),
                replace(old, comparisons=without),
            )
    for rule in new.comparisons:
        if rule not in old.comparisons:
            schema = replace(old, comparisons=(*old.comparisons, rule))
            yield _Step(Change(f"{rule.name} is new", rule.name, column=rule.left), schema)
    for name, what, conditions in _named(old.conditions, new.conditions, _name, _same_condition, _nothing):
        yield _Step(Change(f"condition {name!r}{what}", name), replace(old, conditions=conditions))
    for name, what, queries in _named(old.queries, new.queries, _name, _same_query, range_says):
        yield _Step(Change(f"query {name!r}{what}", name), replace(old, queries=queries))
    for name, what, measures in _named(old.statistics, new.statistics, _measure, operator.eq, range_says):
        column, _, measure = name.partition(": ")
        change = Change(f"column {column!r}: {measure}{what}", measure, column=column)
        yield _Step(change, replace(old, statistics=measures))
    for name, says in limit_changes(old.limits, new.limits):
        kept_limits = tuple(limit for limit in old.limits if limit.rule != name)
        taken = tuple(limit for limit in new.limits if limit.rule == name)
        yield _Step(Change(says, f"limit of {name}"), replace(old, limits=(*kept_limits, *taken)))


def _named(
    old: Sequence[T],
    new: Sequence[T],
    name: Callable[[T], str],
    same: Callable[[T, T], bool],
    says: Callable[[T], str],
) -> Iterator[tuple[str, str, tuple[T, ...]]]:
    """Yield for each rule that changed its name, what changed, and all rules after that one change."""
    was, now = {name(rule): rule for rule in old}, {name(rule): rule for rule in new}
    for key, rule in was.items():
        others = tuple(other for other in old if other is not rule)
        if key not in now:
            yield key, " is dropped", others
        elif not same(rule, now[key]):
            change = (
                f": {says(rule)} → {says(now[key])}" if says(rule) != says(now[key]) else " is another one"
            )
            yield key, change, (*others, now[key])
    for key, rule in now.items():
        if key not in was:
            said = says(rule)
            yield key, f" is new: {said}" if said else " is new", (*old, rule)


def _name(rule: Condition | Query) -> str:
    return rule.name


def _measure(rule: Statistic) -> str:
    return f"{rule.column}: {rule.name}"


def _nothing(_rule: object) -> str:
    return ""


def _same_condition(one: Condition, two: Condition) -> bool:
    return same_sql(one.sql, two.sql)


def _same_query(one: Query, two: Query) -> bool:
    return same_sql(one.sql, two.sql) and (one.minimum, one.maximum) == (two.minimum, two.maximum)


def _words(old: TableSchema, new: TableSchema) -> Iterator[_Step]:
    if old.description != new.description:
        yield _Step(Change("another description", "description", only_words=True))
