"""Columns that a query uses and that none of its tables can have.

Silent whenever a table's columns are not known: a false alarm costs more than a query that fails
at once when it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from pipeproof.errors import Finding, Location, suggest
from pipeproof.model.contract import TableSchema
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step
from pipeproof.planning.lint import promised
from pipeproof.steps.sql.query import Query, table_name

Names = frozenset[str]


def unknown_columns(query: Query, step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    """Yield a finding for each column that no table of its scope can have.

    A column without a table is only reported when the columns of every table that it could belong
    to are known. A contract that allows extra columns counts as complete, since a query should use
    no column that nobody promised.
    """
    schemas = dict(_schemas(step, pipeline))
    if not schemas:
        return
    try:
        scopes = {id(scope.expression): scope for scope in traverse_scope(query.tree)}
    except SqlglotError:
        return  # DuckDB judges what sqlglot cannot resolve
    known = _Known(schemas)
    reported: set[str] = set()
    for name, column, scope in (*_used(query, scopes), *_used_to_join(query, scopes)):
        missing = known.missing(name, column, scope)
        if missing is not None and missing.what not in reported:
            reported.add(missing.what)
            line, at = query.marked.place_of(column)
            yield Finding(
                "PPF151",
                f"the query of {step.name!r} uses {missing.what}",
                Location("", line, at) if line else None,
                step=step.name,
                column=name,
                path=("config", "query_template"),
                fix=suggest(name.lower(), missing.known),
            )


def _schemas(step: Step, pipeline: Pipeline) -> Iterator[tuple[str, TableSchema]]:
    for table, dataset in step.inputs.items():
        schema = promised(dataset, pipeline)
        if schema is not None and schema.columns:
            yield table, schema


def _used(query: Query, scopes: Mapping[int, Scope]) -> Iterator[tuple[str, exp.Expr, Scope]]:
    """Yield each column of a query, by name, with the scope that it stands in."""
    for column in query.tree.find_all(exp.Column):
        scope = _scope_of(column, scopes)
        if scope is not None and not isinstance(column.this, exp.Star) and not _is_bound_inside(column):
            yield column.name, column, scope


def _used_to_join(query: Query, scopes: Mapping[int, Scope]) -> Iterator[tuple[str, exp.Expr, Scope]]:
    """Yield each column of ``JOIN t USING (column)`` as a column of t, which must have it."""
    for join in query.tree.find_all(exp.Join):
        scope = _scope_of(join, scopes)
        for name in join.args.get("using") or ():
            if scope is not None and isinstance(name, exp.Identifier):
                yield name.name, exp.column(name.copy(), table=join.alias_or_name), scope


def _scope_of(node: exp.Expr, scopes: Mapping[int, Scope]) -> Scope | None:
    parent = node.parent
    while parent is not None and not isinstance(parent, exp.Query):
        parent = parent.parent
    return scopes.get(id(parent))


def _is_bound_inside(column: exp.Column) -> bool:
    """Say whether a name is a placeholder, a variable of ``[x + 1 for x in xs]``, or a bare word of a function."""
    if column.name.lower().startswith("__pipeproof_") or not column.name:
        return True
    node: exp.Expr = column
    while (parent := node.parent) is not None and not isinstance(parent, exp.Query):
        if isinstance(parent, exp.Comprehension | exp.Lambda):
            names = {
                name.name
                for name in parent.find_all(exp.Identifier)
                if not isinstance(name.parent, exp.Column)
            }
            variable = parent.args.get("expression")
            if column.name in names or (isinstance(variable, exp.Expr) and variable.name == column.name):
                return True
        node = parent
    return False


@dataclass(frozen=True, slots=True)
class _Missing:
    what: str
    known: Names


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the columns of tables, in lower case."""

    schemas: Mapping[str, TableSchema]

    def missing(self, name: str, column: exp.Expr, scope: Scope) -> _Missing | None:
        """Return what is wrong with a column, or None when nothing is, or nothing can be known."""
        table = column.text("table").lower()
        reachable = list(_reachable(scope))
        if not reachable:
            return None
        if table:
            return self._missing_of_table(name, table, reachable)
        known: set[str] = set()
        for _, source in reachable:
            columns = self.columns(source)
            if columns is None:
                return None
            known |= columns
        tables = [alias for alias, _ in reachable]
        # The name of a table alone stands for its row as a struct.
        if name.lower() in known | _aliases(column, scope) | {alias.lower() for alias in tables}:
            return None
        return _Missing(f"column {name!r}, which {_either(tables)} does not have", frozenset(known))

    def _missing_of_table(
        self, name: str, table: str, reachable: list[tuple[str, object]]
    ) -> _Missing | None:
        source = next((source for alias, source in reachable if alias.lower() == table), None)
        columns = None if source is None else self.columns(source)
        if columns is None or name.lower() in columns:
            return None
        return _Missing(f"column {name!r}, which {table!r} does not have", columns)

    def columns(self, source: object, depth: int = 0) -> Names | None:
        """Return the columns of a table, a subquery or a common table expression, or None."""
        if depth > 50:  # noqa: PLR2004 recursive common table expressions read themselves
            return None
        if isinstance(source, exp.Table):
            return self._table_columns(source)
        if not isinstance(source, Scope):
            return None
        holder = source.expression.parent
        renamed = holder.alias_column_names if isinstance(holder, exp.CTE | exp.Subquery) else []
        if renamed:
            return None
        while isinstance(source.expression, exp.SetOperation):
            if source.expression.args.get("by_name") or not source.set_operation_scopes:
                return None
            source = source.set_operation_scopes[0]
        return self._selected(source, depth)

    def _table_columns(self, table: exp.Table) -> Names | None:
        alias = table.args.get("alias")
        if (
            not isinstance(table.this, exp.Identifier)
            or table.args.get("pivots")
            or (alias and alias.columns)
        ):
            return None
        schema = self.schemas.get(table_name(table))
        return None if schema is None else frozenset(name.lower() for name in schema.names)

    def _selected(self, scope: Scope, depth: int) -> Names | None:
        """Return the names that a SELECT gives out; None when one of them has no sure name."""
        select = scope.expression
        if not isinstance(select, exp.Select):
            return None
        names: set[str] = set()
        for item in select.selects:
            if isinstance(item, exp.Star) or (
                isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
            ):
                brought = self._starred(item, scope, depth)
                if brought is None:
                    return None
                names |= brought
            elif item.alias_or_name and not isinstance(item, exp.Func | exp.Columns):
                names.add(item.alias_or_name.lower())
            else:
                return None
        return frozenset(names)

    def _starred(self, item: exp.Expr, scope: Scope, depth: int) -> Names | None:
        star = item.this if isinstance(item, exp.Column) else item
        if star.args.get("rename"):
            return None
        names: set[str] = set()
        for alias, source in _own_sources(scope):
            if item.text("table") and item.text("table").lower() != alias.lower():
                continue
            columns = self.columns(source, depth + 1)
            if columns is None:
                return None
            names |= columns
        dropped = {
            column.name.lower() for column in star.args.get("except_") or star.args.get("except") or ()
        }
        return frozenset(names - dropped)


def _own_sources(scope: Scope) -> Iterator[tuple[str, object]]:
    """Yield alias and source of what stands in FROM."""
    for alias, (_, source) in scope.selected_sources.items():
        yield alias, source
    # A source that scopes do not resolve (PIVOT and other rarities) must count as unknown.
    for lateral in scope.expression.args.get("laterals") or ():
        yield lateral.alias, lateral
    if scope.pivots:
        yield "", scope.pivots


def _reachable(scope: Scope) -> Iterator[tuple[str, object]]:
    """Yield the sources that a column may belong to: those of its scope and of the ones around it."""
    yield from _own_sources(scope)
    inner, outer = scope, scope.parent
    while outer is not None:
        if not inner.is_cte and isinstance(outer.expression, exp.Select):
            for alias, source in _own_sources(outer):
                if not (isinstance(source, Scope) and source.expression is inner.expression):
                    yield alias, source
        inner, outer = outer, outer.parent


def _aliases(column: exp.Expr, scope: Scope) -> set[str]:
    """Return the names given with AS that a column may mean; within SELECT only those before it."""
    names: set[str] = set()
    around: Scope | None = scope
    while around is not None:
        if isinstance(around.expression, exp.Select):
            for item in around.expression.selects:
                if _holds(item, column):
                    break
                if item.alias:
                    names.add(item.alias.lower())
        around = around.parent
    return names


def _holds(item: exp.Expr, column: exp.Expr) -> bool:
    node: exp.Expr | None = column
    while node is not None and node is not item:
        node = node.parent
    return node is item


def _either(tables: list[str]) -> str:
    shown = [repr(table) for table in dict.fromkeys(tables)]
    return shown[0] if len(shown) == 1 else "none of " + ", ".join(shown)
