"""What import statements bind, and where they stand in a statement."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Import:
    """One name that an import statement binds.

    Attributes:
        module: Dotted name of the module, without leading dots.
        name: What is taken out of it, '*' for all, '' for the module itself.
        bound: The name it is bound to; '' binds none.
        level: Number of leading dots.
        is_deep: Whether `import a.b` binds only `a`.
        line: Where it stands.
    """

    module: str
    name: str = ""
    bound: str = ""
    level: int = 0
    is_deep: bool = False
    line: int = 0


def imports_of(node: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    """Yield what an import statement binds."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield Import(
                node.module or "", alias.name, alias.asname or alias.name, node.level, line=node.lineno
            )
        elif alias.asname:
            yield Import(alias.name, bound=alias.asname, line=node.lineno)
        else:
            top, dot, _ = alias.name.partition(".")
            yield Import(alias.name, bound=top, is_deep=bool(dot), line=node.lineno)


def executed_imports(node: ast.stmt) -> Iterator[Import]:
    """Yield the imports that a statement at the top level carries out, those of functions left out."""
    stack: list[ast.AST] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ast.Import | ast.ImportFrom):
            yield from imports_of(one)
        elif isinstance(one, ast.stmt | ast.ExceptHandler | ast.match_case) and not isinstance(
            one, ast.FunctionDef | ast.AsyncFunctionDef
        ):
            stack.extend(
                reversed([child for child in ast.iter_child_nodes(one) if not isinstance(child, ast.expr)])
            )
