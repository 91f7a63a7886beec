"""SQL expressions of operations: what they use, and their form for Polars.

An expression is scalar SQL over the columns of one table. It is parsed, judged and bound as a
syntax tree; Polars gets the text of the bound tree. Numbers with a point are floats, as in the
tables of models, not decimals. ROUND takes halves to the even neighbour and CAST to a whole number
cuts off, where databases differ among themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel

from pipeproof.steps import binding, marking
from pipeproof.steps.marking import BadSqlError, Marked

Role = Literal["value", "condition", "aggregate"]


class UnknownColumnError(Exception):
    """An expression uses a column that is not there."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


class PolarsSql(DuckDB):
    """The SQL that Polars reads: DuckDB's, but for a few functions."""

    class Generator(DuckDB.Generator):  # type: ignore[valid-type, misc]  # sqlglot holds its class in a variable
        """Writes a tree as text for Polars."""

        TRANSFORMS = {  # noqa: RUF012 sqlglot's own way to extend a dialect
            **DuckDB.Generator.TRANSFORMS,
            exp.IntDiv: lambda self, node: self.binary(node, "//"),
            exp.RegexpLike: lambda self, node: self.func("REGEXP_LIKE", node.this, node.expression),
        }


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as a tree, in which placeholders are marked names."""

    tree: exp.Expr
    marked: Marked

    @property
    def truncates_time(self) -> bool:
        """Whether Polars must know the table to understand it."""
        return self.tree.find(exp.TimestampTrunc, exp.DateTrunc, exp.DatetimeTrunc) is not None

    @property
    def adds_up(self) -> bool:
        """Whether rows are put together, so that the order of adding counts."""
        return self.tree.find(exp.AggFunc, exp.Window) is not None


@dataclass(frozen=True, slots=True)
class Used:
    """A column that an expression uses, and where."""

    name: str
    quoted: bool
    line: int
    column: int


@lru_cache(maxsize=2048)
def parse(written: str, role: Role, dialect: str) -> Expression:
    """Return an expression; it is held in a cache and must not be changed.

    Args:
        written: The expression.
        role: What it is for: a value or condition for each row, or one value for each group.
        dialect: The SQL it is written in.

    Raises:
        BadSqlError: It cannot be parsed, or is more than a scalar expression.
    """
    marked = marking.mark(written, dialect)
    tokens = marking.tokenize(marked.text, dialect)
    if not tokens:
        raise BadSqlError("the expression is empty")
    found = marking.parse(marked, tokens, dialect)
    if len(found) != 1:
        raise BadSqlError("there are several expressions; one is needed")
    expression = Expression(found[0], marked)
    marking.refuse_misplaced(expression.tree, marked)
    _refuse_more_than_scalar(expression)
    _refuse_wrong_role(expression, role)
    return expression


def _refuse_more_than_scalar(expression: Expression) -> None:
    for node in expression.tree.walk():
        if what := _more_than_scalar(node):
            raise BadSqlError(what, *expression.marked.place_of(node))


def _more_than_scalar(node: exp.Expr) -> str:
    if isinstance(node, exp.Query | exp.Table | exp.DDL | exp.DML | exp.Command):
        return "a query inside of an expression is not possible; use a join, or a sql step"
    if isinstance(node, exp.Parameter | exp.Placeholder):
        return f"{node.sql()} is a parameter of another system; write {{name}}"
    if isinstance(node, exp.Alias):
        return f"AS {node.alias} is not needed; the name stands under `name`"
    if isinstance(node, exp.Column) and len(node.parts) > 1:
        return f"{node.sql()}: write the column alone, an operation sees one table"
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        return "* cannot stand here; name the columns"
    return ""


def _refuse_wrong_role(expression: Expression, role: Role) -> None:
    tree, marked = expression.tree, expression.marked
    windows = tree.find(exp.Window)
    bare = [node for node in tree.find_all(exp.AggFunc) if not node.find_ancestor(exp.Window)]
    if role == "condition" and windows is not None:
        raise BadSqlError("OVER cannot stand in a condition; add a column first, then filter by it")
    if role != "aggregate" and bare:
        name = bare[0].sql_name()
        raise BadSqlError(
            f"{name} puts rows together; write {name}(...) OVER (), or use the operation aggregate",
            *marked.place_of(bare[0]),
        )
    if role == "aggregate":
        loose = [
            column
            for column in tree.find_all(exp.Column)
            if not column.find_ancestor(exp.AggFunc, exp.Filter)
        ]
        loose = [column for column in loose if marked.value(column) is None]
        if windows is not None or loose or not bare:
            name = loose[0].name if loose else marked.written
            raise BadSqlError(f"{name} is not one value for a group; write an aggregate such as sum({name})")


def used(expression: Expression) -> Iterator[Used]:
    """Yield the columns that an expression uses, as written."""
    for column in expression.tree.find_all(exp.Column):
        name = column.this
        if not isinstance(name, exp.Identifier):
            continue
        if expression.marked.value(column) is None and expression.marked.name(name) is None:
            yield Used(name.name, bool(name.args.get("quoted")), *expression.marked.place_of(column))


def resolve(name: str, known: Collection[str], *, quoted: bool) -> str | None:
    """Return the column that a name means: itself, else, unless quoted, the one that differs in case."""
    if name in known:
        return name
    alike = [column for column in known if column.lower() == name.lower()]
    return alike[0] if len(alike) == 1 and not quoted else None


def for_polars(expression: Expression, parameters: Mapping[str, Any], known: Collection[str]) -> str:
    """Return the text of an expression for Polars, with its placeholders bound.

    Args:
        expression: The expression.
        parameters: Values of its placeholders.
        known: Columns of the table.

    Raises:
        ConfigError: A placeholder has no value.
        UnknownColumnError: It uses a column that is not there.
    """
    tree = binding.bind(expression.tree, expression.marked, parameters, binding.literal)
    for column in list(tree.find_all(exp.Column)):
        name = column.this
        if isinstance(name, exp.Identifier):
            found = resolve(name.name, known, quoted=bool(name.args.get("quoted")))
            if found is None:
                raise UnknownColumnError(name.name, tuple(known))
            name.replace(exp.to_identifier(found, quoted=True))
    wrapper = exp.Paren(this=tree)
    for number in list(wrapper.find_all(exp.Literal)):
        if not number.is_string and "." in number.name and "e" not in number.name.lower():
            number.replace(exp.Literal.number(f"{number.name}e0"))
    return str(wrapper.this.sql(dialect=PolarsSql, comments=False, unsupported_level=ErrorLevel.IGNORE))
