"""A query as a syntax tree: what it may do, which tables it reads, and its form for DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from pipeproof.errors import ConfigError
from pipeproof.steps import binding, marking
from pipeproof.steps.marking import BadSqlError, Marked

_STARTS = ("SELECT", "WITH", "FROM", "TABLE", "(")
_CHANGES = (
    exp.Alter,
    exp.Command,
    exp.Copy,
    exp.Create,
    exp.Delete,
    exp.Drop,
    exp.Insert,
    exp.Into,
    exp.Merge,
    exp.Set,
    exp.TruncateTable,
    exp.Update,
)
_ROW_MAKERS = (exp.Identifier, exp.GenerateSeries, exp.Unnest, exp.Explode, exp.Values, exp.GenerateDateArray)
_ROW_MAKING_NAMES = frozenset({"range", "generate_series", "unnest", "repeat", "json_each", "json_tree"})


@dataclass(frozen=True, slots=True)
class Query:
    """A query that only reads: its tree, in which placeholders are marked names."""

    tree: exp.Query
    marked: Marked
    dialect: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A query ready for DuckDB: its text with ``$p0`` parameters, their values, and what they stand for.

    Attributes:
        sql: The text.
        values: Parameter → value.
        shown: Names of ours in the text (parameters, views) → what the person wrote.
    """

    sql: str
    values: Mapping[str, Any]
    shown: Mapping[str, str]


@lru_cache(maxsize=2048)
def parse(template: str, dialect: str) -> Query:
    """Return the syntax tree of a query; it is held in a cache and must not be changed.

    Raises:
        BadSqlError: It cannot be parsed, holds several statements, or does more than read datasets.
    """
    marked = marking.mark(template, dialect)
    tokens = marking.tokenize(marked.text, dialect)
    if not tokens:
        raise BadSqlError("the query is empty; one SELECT is needed")
    if (first := tokens[0].text.upper()) not in _STARTS:
        raise BadSqlError(
            f"the query starts with {first[:20]}; a step of this kind only reads, so it is one SELECT",
            *marked.place(tokens[0].start),
        )
    statements = marking.parse(marked, tokens, dialect)
    if len(statements) != 1:
        raise BadSqlError("there are several statements; one SELECT is needed")
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        raise BadSqlError(f"a {tree.key.upper()} is no query; one SELECT is needed")
    marking.refuse_misplaced(tree, marked)
    _refuse_changes(tree, marked)
    _refuse_parameters(tree, marked)
    _refuse_outside(tree, marked, dialect)
    return Query(tree, marked, dialect)


@lru_cache(maxsize=2048)
def meaning(template: str, dialect: str) -> str:
    """Return a query as DuckDB gets it, with its placeholders: the same text for the same tree.

    Raises:
        BadSqlError: It cannot be parsed.
    """
    query = parse(template, dialect)
    text = query.tree.sql(dialect="duckdb", comments=False, unsupported_level=ErrorLevel.IGNORE)
    return query.marked.unmark(text, roles=True)


def _refuse_changes(tree: exp.Query, marked: Marked) -> None:
    for node in tree.find_all(*_CHANGES):
        what = "SELECT INTO" if isinstance(node, exp.Into) else node.key.upper()
        raise BadSqlError(f"{what} changes things; a step of this kind only reads", *marked.place_of(node))


def _refuse_parameters(tree: exp.Query, marked: Marked) -> None:
    for node in tree.find_all(exp.Parameter, exp.Placeholder, exp.SessionParameter):
        raise BadSqlError(
            f"{node.sql()} is a parameter of another system; write {{name}} for a parameter of the run",
            *marked.place_of(node),
        )


def _refuse_outside(tree: exp.Query, marked: Marked, dialect: str) -> None:
    """Refuse everything in FROM that is no dataset and makes no rows by itself."""
    if dialect == "snowflake" and any(_is_flatten(node) for node in tree.walk()):
        raise BadSqlError(
            "FLATTEN has no counterpart on the embedded engine; write UNNEST in the duckdb dialect, or a python step"
        )
    for table in tree.find_all(exp.Table):
        source = table.this
        if isinstance(source, _ROW_MAKERS):
            continue
        name = (
            source.name
            if isinstance(source, exp.Anonymous)
            else source.sql_name()
            if isinstance(source, exp.Func)
            else source.sql()
        )
        if name.lower() not in _ROW_MAKING_NAMES:
            raise BadSqlError(
                f"{name.lower()} in FROM reads from outside of the run; declare the data under `sources:` "
                "and name them here",
                *marked.place_of(table),
            )


def _is_flatten(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.name.lower() == "flatten"
    return isinstance(node, exp.Explode) or (
        isinstance(node, exp.Lateral) and isinstance(node.this, exp.Explode)
    )


def tables(query: Query, given: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Return the names of the tables that a query reads, as written, without its own common table expressions.

    Args:
        query: The query.
        given: Values that are known before the run, for ``FROM {table:identifier}``.

    Raises:
        BadSqlError: The name of a table is only known when it runs.
    """
    return tuple(dict.fromkeys(table_name(table) for table in real_tables(_named(query, given or {}))))


def _named(query: Query, given: Mapping[str, Any]) -> exp.Query:
    """Return the tree with the names of tables filled in."""
    parts = [part for table in query.tree.find_all(exp.Table) for part in table.parts]
    marks = [name for part in parts if (name := query.marked.name(part)) is not None]
    if not marks:
        return query.tree
    for name in marks:
        if name not in given:
            raise BadSqlError(
                f"the table {{{name}:identifier}} must be known before the run, since the order of steps follows "
                f"from it; give {name} under query_parameters"
            )
    known = {name: given.get(name, "unknown") for name in query.marked.names}
    named = binding.bind(query.tree, query.marked, known, lambda _name, _value: exp.null())
    assert isinstance(named, exp.Query)  # noqa: S101 binding exchanges values, never the statement
    return named


def real_tables(tree: exp.Query) -> Iterator[exp.Table]:
    """Yield the tables of FROM that are datasets: no common table expressions, no functions."""
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not _is_own(table):
            yield table


def _is_own(table: exp.Table) -> bool:
    """Say whether a table is a common table expression that it can see."""
    if table.db:
        return False
    name = table.name.lower()
    node: exp.Expr = table
    while (parent := node.parent) is not None:
        with_ = parent.args.get("with_") or parent.args.get("with")
        if (
            with_ is not None
            and with_ is not node
            and any(cte.alias.lower() == name for cte in with_.expressions)
        ):
            return True
        if isinstance(parent, exp.With):
            # Inside of one of them: those before it are seen, and it itself when it is recursive.
            for cte in parent.expressions:
                inside = cte is node
                if cte.alias.lower() == name and (not inside or parent.recursive):
                    return True
                if inside:
                    break
        node = parent
    return False


def table_name(table: exp.Table) -> str:
    """Return a table's name with its schema and database."""
    return ".".join(part for part in (table.catalog, table.db, table.name) if part)


def bind(query: Query, parameters: Mapping[str, Any], views: Mapping[str, str]) -> Bound:
    """Return the query for DuckDB with its values bound and its tables renamed.

    Args:
        query: The query.
        parameters: Values of the placeholders.
        views: Table name as written → name of the view that stands for it.

    Raises:
        ConfigError: A placeholder has no value, or a name is no identifier.
        BadSqlError: DuckDB has nothing for a part of another dialect.
    """
    values: dict[str, Any] = {}
    shown: dict[str, str] = {view: table for table, view in views.items()}

    parameters_of: dict[tuple[str, str, str], str] = {}

    def put(name: str, value: Any) -> exp.Expr:
        # One parameter for each value: GROUP BY f({x}) must be the same expression as SELECT f({x}).
        parameter = parameters_of.setdefault(
            (name, type(value).__name__, repr(value)), f"p{len(parameters_of)}"
        )
        values[parameter] = value
        shown[f"${parameter}"] = f"{{{name}}}"
        return exp.Parameter(this=exp.Var(this=parameter))

    tree = binding.bind(query.tree, query.marked, parameters, put)
    assert isinstance(tree, exp.Query)  # noqa: S101 binding exchanges values, never the statement
    for table in list(real_tables(tree)):
        view = views.get(table_name(table))
        if view is not None:
            _rename(table, view)
    for column in tree.find_all(exp.Column):
        if column.args.get("db") and not isinstance(column.parent, exp.Dot):
            column.set("db", None)
            column.set("catalog", None)
    return Bound(_for_duckdb(tree, query.dialect), values, shown)


def _for_duckdb(tree: exp.Query, dialect: str) -> str:
    # Within one dialect what sqlglot does not know is passed on as it is; DuckDB judges it.
    level = ErrorLevel.IGNORE if dialect == "duckdb" else ErrorLevel.RAISE
    try:
        return tree.sql(dialect="duckdb", comments=False, unsupported_level=level)
    except UnsupportedError as error:
        raise BadSqlError(
            f"the embedded engine has no counterpart for this: {str(error).splitlines()[0]}"
        ) from None


def refuse_untranslatable(query: Query) -> None:
    """Translate a query of another dialect as it would be at run time.

    Raises:
        BadSqlError: DuckDB has nothing for a part of it.
    """
    if query.dialect == "duckdb":
        return
    values: dict[str, Any] = dict.fromkeys(marking.placeholders(query.marked.written, query.dialect), "x")
    try:
        bind(query, values, {})
    except ConfigError:
        return  # the stand-ins are at fault; the real values are judged when they are known


def _rename(table: exp.Table, view: str) -> None:
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    table.set("this", exp.to_identifier(view, quoted=True))
    table.set("db", None)
    table.set("catalog", None)
    table.set("alias", alias)


def settle(tables_read: Iterable[str], datasets: Collection[str]) -> dict[str, str]:
    """Return the dataset that each table of a query stands for, where one does.

    SQL does not tell upper from lower case, and a warehouse puts database and schema before a
    name: the exact name counts first, then one that differs in case, then the last part.
    """
    found: dict[str, str] = {}
    for table in tables_read:
        for name in (table, table.rsplit(".", 1)[-1]):
            if name in datasets:
                found[table] = name
                break
            # Only now through all: nearly every name is written as it is, and there may be thousands.
            alike = {dataset for dataset in datasets if dataset.lower() == name.lower()}
            if len(alike) == 1:
                found[table] = alike.pop()
                break
    return found
