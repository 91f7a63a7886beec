"""Which names a function, class body or comprehension binds for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pipeproof.digest.imports import Import, imports_of

_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


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


def bound_in(nodes: Iterable[ast.AST], scope: Scope) -> None:
    """Add to a scope what statements or expressions bind in it, without the functions inside of them."""
    outer: set[str] = set()
    stack: list[tuple[ast.AST, bool]] = [(node, False) for node in nodes]
    while stack:
        node, in_comprehension = stack.pop()
        if isinstance(node, ast.Nonlocal):
            outer.update(node.names)
        elif isinstance(node, ast.Global):
            scope.shared.update(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for imported in imports_of(node):
                scope.bound.add(imported.bound)
                scope.imports.setdefault(imported.bound, []).append(imported)
        elif not in_comprehension or isinstance(node, ast.NamedExpr):
            scope.bound.update(_binds(node))
        stack.extend(_inside(node, in_comprehension=in_comprehension))
    scope.bound -= outer | scope.shared


def _inside(node: ast.AST, *, in_comprehension: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield what of a node is evaluated in the same scope, or in a comprehension of it."""
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, _NESTED):
        # Decorators, defaults and bases may hold `:=`.
        yield from (
            (one, in_comprehension) for one in ast.walk(_head(node)) if isinstance(one, ast.NamedExpr)
        )
        return
    within = in_comprehension or isinstance(node, _COMPREHENSIONS)
    yield from ((child, within) for child in ast.iter_child_nodes(node))


def _head(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
    if isinstance(node, ast.ClassDef):
        return ast.Tuple(elts=[*node.decorator_list, *node.bases], ctx=ast.Load())
    defaults = [one for one in (*node.args.defaults, *node.args.kw_defaults) if one]
    return ast.Tuple(elts=[*node.decorator_list, *defaults], ctx=ast.Load())


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
