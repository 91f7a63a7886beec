"""Asking a table all that its contract says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from pipeproof.contracts.limits import allowed_rows, limit_of
from pipeproof.data.checking.measures import Measured, distance_of, measures, number_of
from pipeproof.data.checking.queries import query_results
from pipeproof.data.checking.references import reference_rules
from pipeproof.data.checking.result import CheckResult, RuleResult
from pipeproof.data.checking.rules import Present, Rule, Unasked, plain, row_rules
from pipeproof.data.checking.scanning import Scanned, count, look_closer, until_breach
from pipeproof.data.checking.shapes import judged, row_counts, shape
from pipeproof.data.checking.spilling import remembered, rows_of, spilled
from pipeproof.data.checking.telling import finding_of, found_number, found_rows, not_asked
from pipeproof.model.contract import TableSchema, frozen

if TYPE_CHECKING:
    import polars as pl

OURS = "pipeproof "
"""What names of columns begin with that are not the table's own."""
Private = Callable[[Sequence[str]], Mapping[str, str]]
"""Columns → those whose values are masked, with the kind of personal data."""
T = TypeVar("T", Rule, Measured)


def _all_shown(_names: Sequence[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Ways:
    """How a table is asked.

    Attributes:
        name: What to call it.
        others: Tables that its values may refer to, by name; None where references are not asked at all.
        lost: Column → true where a text stood that is no value of its type.
        counts: Further counts to be made on the way, by name.
        private: Which columns are masked.
        now: The time that ages are measured to; the present one unless given.
        fail_fast: Whether to stop reading at the first breach.
        low_memory: Whether what must be remembered is kept on disk.
    """

    name: str = "table"
    others: Mapping[str, pl.LazyFrame] | None = None
    lost: Mapping[str, pl.Expr] = field(default_factory=frozen)
    counts: Mapping[str, pl.Expr] = field(default_factory=frozen)
    private: Private = _all_shown
    now: dt.datetime | None = None
    fail_fast: bool = False
    low_memory: bool = False


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of a table with these columns, and what cannot be."""

    present: Present
    rules: tuple[Rule, ...]
    measured: tuple[Measured, ...]
    unasked: tuple[Unasked, ...]


def ask(frame: pl.LazyFrame, schema: TableSchema, ways: Ways | None = None) -> CheckResult:
    """Ask a table all that its contract says.

    It is read once however many rules there are, and once more, up to the third example of each, where some
    are broken. Further readings are those of single columns: of distances to a profile, of what a contract
    queries, and of what must be remembered in little memory.

    Args:
        frame: The table.
        schema: The contract.
        ways: How it is asked.
    """
    ways = ways or Ways()
    questions = questions_for(frame, schema, ways)
    return conclude(frame, schema, questions, scan(frame, schema, questions, ways), ways)


def questions_for(frame: pl.LazyFrame, schema: TableSchema, ways: Ways) -> Questions:
    """Return what a contract asks of a table."""
    kinds = frame.collect_schema().items()
    present = {name: dtype for name, dtype in kinds if not name.startswith(OURS)}
    of_rows = [*row_rules(schema, present, ways.lost), *reference_rules(schema, present, ways.others)]
    rules, unasked = _apart(of_rows)
    measured, unmeasured = _apart(measures(schema, present))
    return Questions(present, rules, measured, (*unasked, *unmeasured))


def _apart(found: Iterable[T | Unasked]) -> tuple[tuple[T, ...], tuple[Unasked, ...]]:
    given = list(found)
    unasked = tuple(one for one in given if isinstance(one, Unasked))
    return tuple(one for one in given if not isinstance(one, Unasked)), unasked


def scan(frame: pl.LazyFrame, schema: TableSchema, questions: Questions, ways: Ways) -> Scanned:
    """Read a table and count what breaks each rule."""
    if ways.fail_fast:
        return _until_breach(frame, schema, questions, ways)
    if ways.low_memory:
        return _in_little_memory(frame, questions, ways)
    scanned = count(frame, questions.rules, questions.measured, ways.counts)
    look_closer(frame, questions.rules, scanned)
    return scanned


def _until_breach(frame: pl.LazyFrame, schema: TableSchema, questions: Questions, ways: Ways) -> Scanned:
    """Read until a rule is broken; of a share is known only at the end how many rows it is."""
    limits = [limit_of(rule.column, rule.name, schema) for rule in questions.rules]
    most = [None if limit and limit.share else (limit.rows if limit else 0) for limit in limits]
    scanned = until_breach(frame, questions.rules, most)
    if scanned.complete:
        whole = count(frame, (), questions.measured, ways.counts)
        scanned.rows, scanned.found, scanned.others = whole.rows, whole.found, whole.others
    return scanned


def _in_little_memory(frame: pl.LazyFrame, questions: Questions, ways: Ways) -> Scanned:
    """Read once for all that needs no memory of other rows, and once more to write the rest to disk."""
    rules, measured = questions.rules, questions.measured
    light = [rule for rule in rules if not remembered(rule)]
    quick = [one for one in measured if not remembered(one)]
    first = count(frame, light, quick, ways.counts)
    counts, found = iter(first.broken), iter(first.found)
    scanned = Scanned(
        first.rows,
        [0 if remembered(rule) else next(counts) for rule in rules],
        [None if remembered(one) else next(found) for one in measured],
        others=first.others,
    )
    closer = list(rules)
    if len(light) < len(rules) or len(quick) < len(measured):
        keys = [
            [plain(name, questions.present[name]) for name in rule.columns] if remembered(rule) else []
            for rule in rules
        ]
        with spilled(frame, rules, keys, measured) as spill:
            for index, rule in enumerate(rules):
                if remembered(rule):
                    repeated = spill.repeated(index, len(keys[index]), missing=rule.name == "key")
                    scanned.broken[index] = repeated.count
                    closer[index] = replace(rule, broken=rows_of(repeated.rows))
            for index, one in enumerate(measured):
                if remembered(one):
                    scanned.found[index] = spill.number(index, one)
    look_closer(frame, closer, scanned)
    return scanned


def conclude(
    frame: pl.LazyFrame, schema: TableSchema, questions: Questions, scanned: Scanned, ways: Ways
) -> CheckResult:
    """Return what came of all rules, given what a reading of the table came to."""
    private = _private(questions, scanned, ways)
    results = [*judged(shape(schema, questions.present, scanned.rows, ways.lost), schema)]
    results += [not_asked(one, schema) for one in questions.unasked]
    if scanned.complete:
        results += judged(row_counts(schema, scanned.rows), schema)
    for index, rule in enumerate(questions.rules):
        if rule.trouble:
            why = f"the condition '{rule.name}' fails on some rows: {rule.trouble[0]}"
            results.append(not_asked(Unasked("", why, rule.name), schema))
            continue
        limit = limit_of(rule.column, rule.name, schema)
        allowed = allowed_rows(limit, rule.name, scanned.rows)
        rows = scanned.examples.get(index, [])
        results.append(found_rows(rule, scanned.broken[index], rows, limit, allowed, private))
    if scanned.complete:
        results += _numbers(frame, schema, questions.measured, scanned, ways)
        results += query_results(frame, schema, low_memory=ways.low_memory)
    findings = (finding_of(result, scanned.rows) for result in results)
    told = tuple(finding for finding in findings if finding is not None)
    return CheckResult(ways.name, scanned.rows, tuple(results), told, scanned.complete)


def _private(questions: Questions, scanned: Scanned, ways: Ways) -> Mapping[str, str]:
    shown = [
        name for index, rows in scanned.examples.items() if rows for name in questions.rules[index].shown
    ]
    return ways.private(list(dict.fromkeys(shown))) if shown else {}


def _numbers(
    frame: pl.LazyFrame, schema: TableSchema, measured: Sequence[Measured], scanned: Scanned, ways: Ways
) -> Iterator[RuleResult]:
    now = ways.now or dt.datetime.now(dt.UTC)
    for one, found in zip(measured, scanned.found, strict=True):
        number = number_of(one, found, now) if one.stored is None else distance_of(one, frame)
        yield found_number(one, number, limit_of(one.statistic.column, one.statistic.name, schema))
