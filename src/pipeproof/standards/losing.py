"""Which rules a language cannot say: none of them is left out without a word."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from pipeproof.contracts.constraints import categories_say, many, maximum_says, minimum_says
from pipeproof.contracts.statistics import number_says
from pipeproof.errors import Finding
from pipeproof.model.contract import Column, Limit, Query, Statistic, TableSchema


@dataclass(frozen=True, slots=True)
class Lost:
    """A rule that the language written to cannot say.

    Attributes:
        rule: The rule, such as `order`.
        says: What it says.
        column: Its column, empty for a rule of the table.
        table: Its table.
    """

    rule: str
    says: str
    column: str = ""
    table: str = ""

    def finding(self, language: str) -> Finding:
        """Return the loss as a finding."""
        of = ".".join(part for part in (self.table, self.column) if part)
        return Finding(
            "PPF373",
            f"{language} cannot say the {self.rule} of {of}",
            severity="warning",
            column=self.column,
            evidence=self.says,
            dataset=self.table,
            rule=self.rule,
        )


@dataclass(slots=True)
class Losses:
    """Gathers the rules of a table that could not be said."""

    table: str = ""
    found: list[Lost] = field(default_factory=list)

    def column(self, column: Column, said: Collection[str], name: str = "") -> None:
        """Take the rules of a column that were not said."""
        for rule, says in rules_of(column):
            if rule not in said:
                self.found.append(Lost(rule, says, name or column.name, self.table))

    def rest(self, schema: TableSchema, said: Collection[str], measured: Collection[Statistic] = ()) -> None:
        """Take the rules of the table, and what is measured over its columns, that were not said."""
        for rule, says in rules_of_table(schema):
            if rule not in said:
                self.found.append(Lost(rule, says, table=self.table))
        for one in schema.statistics:
            if one not in measured:
                self.found.append(Lost(one.name, between(one), one.column, self.table))


def rules_of(column: Column) -> Iterator[tuple[str, str]]:
    """Yield all that is said of a column, each with what it says; that values may be missing is no rule."""
    said = {
        "type": column.type or "",
        "nullable": "" if column.nullable else "has no missing values",
        "unique": "is unique" if column.unique else "",
        "minimum": "" if column.minimum is None else minimum_says(column),
        "maximum": "" if column.maximum is None else maximum_says(column),
        "categories": categories_say(column) if column.categories else "",
        "pattern": "" if column.pattern is None else f"matches {column.pattern!r}",
        "format": f"is {column.format}" if column.format else "",
        "min_length": "" if column.min_length is None else f"at least {many(column.min_length, 'character')}",
        "max_length": "" if column.max_length is None else f"at most {many(column.max_length, 'character')}",
        "multiple_of": "" if column.multiple_of is None else f"multiples of {column.multiple_of}",
        "precision": "" if column.precision is None else f"{column.precision} digits",
        "scale": "" if column.scale is None else f"{column.scale} digits after the point",
        "items": "rules of its elements" if column.items else "",
        "min_items": "" if column.min_items is None else f"at least {many(column.min_items, 'element')}",
        "max_items": "" if column.max_items is None else f"at most {many(column.max_items, 'element')}",
        "fields": ", ".join(inner.name for inner in column.fields),
        "order": column.order or "",
        "required": "" if column.required else "may be absent",
        "references": _reference(column),
        "privacy": column.privacy,
        "physical": column.physical,
        "generator": column.generator,
        "description": column.description,
    }
    yield from ((rule, says) for rule, says in said.items() if says)
    yield from _limits(column.limits)


def rules_of_table(schema: TableSchema) -> Iterator[tuple[str, str]]:
    """Yield all that is said of a table and not of one column, each with what it says."""
    said = {
        "key": ", ".join(schema.key),
        "min_rows": f"at least {schema.min_rows} rows" if schema.min_rows else "",
        "max_rows": "" if schema.max_rows is None else f"at most {schema.max_rows} rows",
        "extra_columns": "there are no others" if schema.extra_columns == "refuse" else "",
        "rows_of": "" if schema.rows_of is None else f"keeps the rows of {schema.rows_of.input}",
        "description": schema.description,
    }
    yield from ((rule, says) for rule, says in said.items() if says)
    yield from ((comparison.name, "in each row") for comparison in schema.comparisons)
    yield from ((condition.name, condition.sql) for condition in schema.conditions)
    yield from ((query.name, f"{query.sql} is {between(query)}") for query in schema.queries)
    yield from _limits(schema.limits)


def between(rule: Statistic | Query) -> str:
    """Return the bounds of a number as people read them."""
    low, high = (None if one is None else number_says(rule, one) for one in (rule.minimum, rule.maximum))
    if low is not None and high is not None:
        return low if low == high else f"{low} to {high}"
    return f"≤ {high}" if low is None else f"≥ {low}"


def _reference(column: Column) -> str:
    to = column.references
    return "" if to is None else f"{'mostly ' if to.orphans else ''}in {to.dataset}.{to.column}"


def _limits(limits: Iterable[Limit]) -> Iterator[tuple[str, str]]:
    """Yield what limits allow; one that allows nothing says nothing."""
    yield from ((f"limit of {limit.rule}", says) for limit in limits if (says := _limit(limit)))


def _limit(limit: Limit) -> str:
    parts = [
        f"{limit.rows} rows" if limit.rows else "",
        f"{limit.share:.4g} of the rows" if limit.share else "",
        "a warning" if limit.severity == "warning" else "",
    ]
    return ", ".join(part for part in parts if part)
