"""A query with placeholders as a syntax tree: which tables it reads, and parameters that are bound.

A placeholder never becomes text of the query:

- alone, ``WHERE day = {day}``, it becomes a bound parameter;
- as a whole literal, ``'{day}'``, it becomes a bound parameter too; ``DATE '{day}'`` a cast of one;
- inside a literal, ``'%{name}%'``, the literal becomes a concatenation around a parameter;
- as ``IN ({names})`` with a list as its value, one parameter for each item;
- as a name, ``FROM {table:identifier}``, a quoted identifier, checked first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import ParseError, TokenError

from pipeproof.errors import ConfigError, Finding

_PLACEHOLDER = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<identifier>:identifier)?\}")
_MARK = "__pipeproof_value_"
_NAME_MARK = "__pipeproof_name_"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*\Z")


class BadSqlError(Exception):
    """A query that cannot be parsed; line and column count from 1 within the query."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Bound:
    """A query ready for DuckDB: its text with ``$name`` parameters, and their values."""

    sql: str
    values: Mapping[str, Any]


@lru_cache(maxsize=1024)
def parse(template: str, dialect: str) -> exp.Query:
    """Return the syntax tree of a query; placeholders stand in it as marked names.

    Raises:
        BadSqlError: It cannot be parsed, holds several statements, or does more than read.
    """
    marked = _mark(template, dialect)
    try:
        statements = [
            statement for statement in sqlglot.parse(marked, dialect=dialect) if statement is not None
        ]
    except (ParseError, TokenError) as error:
        raise _bad(error) from None
    if len(statements) != 1:
        what = "the query is empty" if not statements else "there are several statements"
        raise BadSqlError(f"{what}; one SELECT is needed")
    statement = statements[0]
    if not isinstance(statement, exp.Query):
        raise BadSqlError(
            f"a {statement.key.upper()} changes things; a step of this kind only reads (SELECT)"
        )
    return statement


def _mark(template: str, dialect: str) -> str:
    """Replace placeholders outside of literals by names that parse; those inside stay as they are."""
    inside = [
        (token.start, token.end)
        for token in _tokens(template, dialect)
        if token.token_type in {TokenType.STRING, TokenType.IDENTIFIER}
    ]

    def mark(match: re.Match[str]) -> str:
        if any(start <= match.start() <= end for start, end in inside):
            return match.group()
        return f"{_NAME_MARK if match['identifier'] else _MARK}{match['name']}"

    return _PLACEHOLDER.sub(mark, template).replace("{{", "{").replace("}}", "}")


def _tokens(template: str, dialect: str) -> list[Any]:
    try:
        return list(sqlglot.tokenize(template, dialect=dialect))
    except TokenError as error:
        raise _bad(error) from None


def _bad(error: ParseError | TokenError) -> BadSqlError:
    details = getattr(error, "errors", None) or [{}]
    message = details[0].get("description") or str(error).splitlines()[0]
    return BadSqlError(
        message.rstrip(".").replace(_MARK, "").replace(_NAME_MARK, ""),
        details[0].get("line") or 1,
        details[0].get("col") or 1,
    )


def placeholders(template: str) -> set[str]:
    """Return the names of all placeholders of a query."""
    return {
        match["name"] for match in _PLACEHOLDER.finditer(template.replace("{{", "  ").replace("}}", "  "))
    }


def tables(template: str, dialect: str) -> tuple[str, ...]:
    """Return the names of the tables that a query reads, without its own common table expressions."""
    tree = parse(template, dialect)
    own = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    names: dict[str, None] = {}
    for table in tree.find_all(exp.Table):
        name = table_name(table)
        if name and not (name.lower() in own and not table.db) and _NAME_MARK not in name:
            names[name] = None
    return tuple(names)


def table_name(table: exp.Table) -> str:
    """Return a table's name with its schema and database; '' for a function in FROM."""
    if not isinstance(table.this, exp.Identifier):
        return ""
    return ".".join(part for part in (table.catalog, table.db, table.name) if part)


def bind(template: str, dialect: str, parameters: Mapping[str, Any], datasets: Mapping[str, str]) -> Bound:
    """Return the query for DuckDB with its values bound and its tables renamed.

    Args:
        template: The query.
        dialect: The SQL that it is written in.
        parameters: Values of the placeholders.
        datasets: Table name as written, in lower case → name of the view that stands for it.

    Raises:
        ConfigError: A placeholder has no value, or a name is no identifier.
    """
    tree: exp.Expr = parse(template, dialect).copy()
    values: dict[str, Any] = {}
    tree = tree.transform(lambda node: _bind_node(node, parameters, values))
    for table in list(tree.find_all(exp.Table)):
        view = datasets.get(table_name(table).lower())
        if view is not None:
            _rename(table, view)
    return Bound(tree.sql(dialect="duckdb"), values)


def _rename(table: exp.Table, view: str) -> None:
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    table.set("this", exp.to_identifier(view, quoted=True))
    table.set("db", None)
    table.set("catalog", None)
    table.set("alias", alias)


def _bind_node(node: exp.Expr, parameters: Mapping[str, Any], values: dict[str, Any]) -> exp.Expr:
    if isinstance(node, exp.Identifier) and node.name.lower().startswith(_NAME_MARK):
        return _identifier(_value(node.name[len(_NAME_MARK) :], parameters))
    if isinstance(node, exp.Column) and node.name.lower().startswith(_MARK):
        return _parameter(node.name[len(_MARK) :], parameters, values)
    if isinstance(node, exp.In):
        _spread(node, parameters, values)
    if isinstance(node, exp.Literal) and node.is_string and _PLACEHOLDER.search(node.this):
        return _literal(node.this, parameters, values)
    return node


def _parameter(name: str, parameters: Mapping[str, Any], values: dict[str, Any]) -> exp.Expr:
    value = _value(name, parameters)
    if isinstance(value, list | tuple):
        raise ConfigError(
            Finding("PPF132", f"the parameter {name!r} is a list; it can only stand in IN ({{{name}}})")
        )
    values[name] = value
    return exp.Parameter(this=exp.Var(this=name))


def _spread(node: exp.In, parameters: Mapping[str, Any], values: dict[str, Any]) -> None:
    """Expand ``IN ({names})`` where the value is a list."""
    items: list[exp.Expr] = []
    for item in node.expressions:
        name = (
            item.name[len(_MARK) :]
            if isinstance(item, exp.Column) and item.name.lower().startswith(_MARK)
            else ""
        )
        value = _value(name, parameters) if name else None
        if not isinstance(value, list | tuple):
            items.append(item)
            continue
        for index, part in enumerate(value):
            values[f"{name}_{index}"] = part
            items.append(exp.Parameter(this=exp.Var(this=f"{name}_{index}")))
        if not value:
            items.append(exp.Null())
    node.set("expressions", items)


def _literal(text: str, parameters: Mapping[str, Any], values: dict[str, Any]) -> exp.Expr:
    parts = list(_parts(text, parameters, values))
    if len(parts) == 1:
        return parts[0]
    return exp.Paren(
        this=exp.Concat(expressions=[exp.cast(part, "text") for part in parts], safe=False, coalesce=False)
    )


def _parts(text: str, parameters: Mapping[str, Any], values: dict[str, Any]) -> Iterator[exp.Expr]:
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > position:
            yield exp.Literal.string(text[position : match.start()])
        yield _parameter(match["name"], parameters, values)
        position = match.end()
    if position < len(text):
        yield exp.Literal.string(text[position:])


def _identifier(value: Any) -> exp.Expr:
    text = str(value)
    if not _IDENTIFIER.match(text):
        raise ConfigError(
            Finding(
                "PPF133",
                f"{text!r} is no identifier",
                fix="letters, digits and _ only, parts joined by dots",
            )
        )
    return exp.to_identifier(text, quoted=True)


def _value(name: str, parameters: Mapping[str, Any]) -> Any:
    # Some dialects change the case of bare names, so the mark comes back in another one.
    by_lower = {key.lower(): value for key, value in parameters.items()}
    if name.lower() not in by_lower:
        raise ConfigError(
            Finding("PPF132", f"the placeholder {{{name}}} has no value", fix=f"give -p {name}=VALUE")
        )
    return by_lower[name.lower()]
