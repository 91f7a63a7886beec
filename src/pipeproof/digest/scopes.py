"""Which names a function, class body or comprehension binds for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pipeproof.digest.imports import Import, imports_of

_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_LEAVES = frozenset({ast.Constant, ast.Pass, ast.Break, ast.Continue})
_BINDING = frozenset(
    {ast.Name, ast.NamedExpr, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping}
)


@dataclass(slots=True)
class Scope:
    """Names that a piece of code binds for itself.

    Attributes:
        bound: The names.
        imports: Those of them that imports bind.
        shared: Names that it declares to be the module's.
        own: Names that a class body binds.
        types: Names of type parameters.
        is_class: Whether it is the body of a class, whose names functions inside of it do not see.
        is_block: Whether it is a comprehension.
    """

    bound: set[str]
    imports: dict[str, list[Import]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    is_class: bool = False
    is_block: bool = False


def parameters_of(arguments: ast.arguments) -> Iterator[str]:
    """Yield the names of all parameters."""
    every = (
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    )
    return (one.arg for one in every if one)


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes in a node; quicker than `ast.iter_child_nodes`, which asks for each field by name."""
    for value in node.__dict__.values():
        if isinstance(value, list):
            yield from (one for one in value if isinstance(one, ast.AST))
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            yield value


def bound_in(nodes: Iterable[ast.AST], scope: Scope) -> None:
    """Add to a scope what statements or expressions bind in it, without the functions inside of them."""
    outer: set[str] = set()
    stack: list[ast.AST] = list(nodes)
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind in _LEAVES or kind is ast.Lambda:
            continue
        if kind in _COMPREHENSIONS:
            scope.bound.update(_walruses([node]))
            continue
        if kind in _NESTED:
            scope.bound.update(_binds(node))
            scope.bound.update(_walruses(_head(node)))
            continue
        if isinstance(node, ast.Nonlocal):
            outer.update(node.names)
        elif isinstance(node, ast.Global):
            scope.shared.update(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for imported in imports_of(node):
                scope.bound.add(imported.bound)
                scope.imports.setdefault(imported.bound, []).append(imported)
        elif kind in _BINDING:
            scope.bound.update(_binds(node))
        stack.extend(children(node))
    scope.bound -= outer | scope.shared


def _walruses(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what `:=` binds in comprehensions, and in what is evaluated to define a function or class."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.NamedExpr):
            yield node.target.id
        if not isinstance(node, ast.Lambda):
            stack.extend(children(node))


def _head(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [*node.decorator_list, *node.args.defaults, *(one for one in node.args.kw_defaults if one)]
    return []


def _binds(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node itself binds."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id
    elif isinstance(node, (*_NESTED, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        if node.name:
            yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
