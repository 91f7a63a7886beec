"""The contract of one table as written to its schema, with all that can never hold told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pipeproof.errors import Finding, suggest
from pipeproof.loading.columns import bounded_twice, column_of, contradictions, limits_of, statistics_of
from pipeproof.loading.contract_spec import RowsSpec, RuleSpec, TableSpec
from pipeproof.loading.node import Node, Path
from pipeproof.model.contract import (
    Comparison,
    Condition,
    Limit,
    Operator,
    Query,
    RowsOf,
    Statistic,
    TableSchema,
)

_COMPARISON = re.compile(r"\s*(?P<left>\w+)\s*(?P<operator><=|>=|==|!=|<>|<|>|=)\s*(?P<right>\w+)\s*\Z")
_SPELLED: dict[str, Operator] = {"=": "==", "<>": "!="}
_OF_TABLES = ("key", "min_rows", "max_rows", "extra_columns")
_OF_COLUMNS = (
    "missing_column",
    "type",
    "nullable",
    "unique",
    "minimum",
    "maximum",
    "categories",
    "pattern",
    "format",
    "min_length",
    "max_length",
    "multiple_of",
    "digits",
    "min_items",
    "max_items",
    "items",
    "fields",
    "order",
    "references",
)


def table_schema(
    spec: TableSpec, node: Node, path: Path, what: str, problems: list[Finding]
) -> TableSchema | None:
    """Return the schema of a table, or None when nothing is said of one.

    Args:
        spec: The contract as written.
        node: The file that `path` leads into.
        path: Where the contract stands in it.
        what: What the contract is of, for messages.
        problems: Takes every problem.
    """
    wrong = _Wrong(node, path, what, problems)
    for says in _wrong_rows(spec.rows):
        wrong(("rows",), f"the rows of {what}: {says}")
    if not (spec.columns or spec.key or spec.rules or spec.queries or spec.rows != RowsSpec()):
        return None
    columns = tuple(column_of(name, column) for name, column in spec.columns.items())
    for column in columns:
        for says in bounded_twice(spec.columns[column.name]):
            wrong(("columns", column.name), f"column {column.name!r} in {what}: {says}")
        for says in contradictions(column):
            wrong(("columns", column.name), f"column {column.name!r} in {what}: {says}", column.name)
    for position, name in enumerate(spec.key):
        if spec.columns and name not in spec.columns:
            wrong(
                ("key", position),
                f"the key of {what} names {name!r}, which is no column",
                known=(name, spec.columns),
            )
    comparisons, conditions, limits = _rules(spec, wrong)
    statistics = tuple(_statistics(spec, wrong))
    known = [*_OF_TABLES, *_names(comparisons, conditions), *spec.queries]
    _check_limits(spec, statistics, known, wrong)
    return TableSchema(
        columns,
        tuple(spec.key),
        spec.rows.min,
        spec.rows.max,
        spec.extra_columns,
        _rows_of(spec.rows),
        name=spec.name,
        description=spec.description,
        comparisons=comparisons,
        conditions=conditions,
        queries=tuple(Query(name, query.sql, query.min, query.max) for name, query in spec.queries.items()),
        statistics=statistics,
        limits=(*limits_of(spec.limits), *limits),
    )


class _Wrong:
    """Takes what is wrong with one table, with the place at which it stands."""

    def __init__(self, node: Node, path: Path, what: str, problems: list[Finding]) -> None:
        self.node, self.path, self.what, self.problems = node, path, what, problems

    def __call__(
        self, below: Path, says: str, column: str = "", known: tuple[str, Iterable[str]] | None = None
    ) -> None:
        at = (*self.path, *below)
        fix = suggest(*known) if known else "correct the contract"
        fix = "correct the contract: no data could keep it" if column and not known else fix
        finding = Finding("PPF105", says, self.node.locate(at), path=at, column=column, fix=fix)
        self.problems.append(finding)


def _rules(
    spec: TableSpec, wrong: _Wrong
) -> tuple[tuple[Comparison, ...], tuple[Condition, ...], tuple[Limit, ...]]:
    comparisons: list[Comparison] = []
    conditions: list[Condition] = []
    limits: list[Limit] = []
    for position, rule in enumerate(spec.rules):
        comparison = _comparison(rule, spec)
        if comparison is None:
            conditions.append(Condition(rule.name or " ".join(rule.sql.split()), rule.sql))
        else:
            comparisons.append(comparison)
        name = conditions[-1].name if comparison is None else comparison.name
        if _names(comparisons, conditions).count(name) > 1:
            wrong(("rules", position), f"{wrong.what} has two rules {name!r}")
        if rule.limit is not None:
            limits += limits_of({name: rule.limit})
    limits += limits_of({name: query.limit for name, query in spec.queries.items() if query.limit})
    return tuple(comparisons), tuple(conditions), tuple(limits)


def _names(comparisons: Iterable[Comparison], conditions: Iterable[Condition]) -> list[str]:
    return [*(rule.name for rule in comparisons), *(rule.name for rule in conditions)]


def _comparison(rule: RuleSpec, spec: TableSpec) -> Comparison | None:
    """Return a rule that only compares two columns of the table as that; None for any other."""
    match = _COMPARISON.match(rule.sql)
    if match is None or rule.name or {match["left"], match["right"]} - set(spec.columns):
        return None
    operator = _SPELLED.get(match["operator"], match["operator"])
    return Comparison(match["left"], operator, match["right"])  # type: ignore[arg-type]  # the pattern knows no other


def _statistics(spec: TableSpec, wrong: _Wrong) -> Iterator[Statistic]:
    for name, column in spec.columns.items():
        for statistic in statistics_of(name, column.statistics, column.type):
            at = ("columns", name, "statistics")
            if statistic.minimum is None and statistic.maximum is None:
                wrong(at, f"column {name!r} in {wrong.what}: {statistic.name} has no bound")
            elif any(bound != bound for bound in (statistic.minimum, statistic.maximum)):  # noqa: PLR0124 NaN is not
                wrong(at, f"column {name!r} in {wrong.what}: {statistic.name} has a bound that is no number")
            elif _is_crossed(statistic):
                wrong(at, f"column {name!r} in {wrong.what}: {statistic.name} has its bounds crossed")
            if statistic.measure == "quantile" and not 0 <= float(statistic.of or 0) <= 1:
                wrong(
                    at,
                    f"column {name!r} in {wrong.what}: a quantile has a level from 0 to 1, not {statistic.of}",
                )
            yield statistic
    for name, query in spec.queries.items():
        if query.min is None and query.max is None:
            wrong(("queries", name), f"the query {name!r} of {wrong.what} has no bound")


def _is_crossed(statistic: Statistic) -> bool:
    low, high = statistic.minimum, statistic.maximum
    return low is not None and high is not None and low > high


def _check_limits(spec: TableSpec, statistics: Iterable[Statistic], known: list[str], wrong: _Wrong) -> None:
    for rule in spec.limits:
        if rule not in known:
            says = f"{wrong.what} has no rule {rule!r} that a limit could be for"
            wrong(("limits", rule), says, known=(rule, known))
    measured = {name: [one.name for one in statistics if one.column == name] for name in spec.columns}
    for name, column in spec.columns.items():
        rules = [*_OF_COLUMNS, *measured[name]]
        for rule in column.limits:
            if rule not in rules:
                says = f"column {name!r} in {wrong.what} has no rule {rule!r} that a limit could be for"
                wrong(("columns", name, "limits", rule), says, known=(rule, rules))


def _wrong_rows(spec: RowsSpec) -> Iterable[str]:
    if spec.max is not None and spec.min > spec.max:
        yield f"at least {spec.min:,} and at most {spec.max:,} cannot both hold"
    if spec.share is None:
        return
    if spec.of is None:
        yield "a `share` needs `of`, the input whose rows are meant"
    if spec.share.max is not None and spec.share.min > spec.share.max:
        yield f"a share of at least {spec.share.min} and at most {spec.share.max} cannot be"


def _rows_of(spec: RowsSpec) -> RowsOf | None:
    if spec.of is None:
        return None
    return RowsOf(spec.of) if spec.share is None else RowsOf(spec.of, spec.share.min, spec.share.max)
