"""A file of Python as a table: which statements bind or change which name."""

from __future__ import annotations

import ast
import hashlib
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipeproof.digest.imports import Import, executed_imports, imports_of
from pipeproof.digest.names import Uses, uses_of
from pipeproof.digest.scopes import Scope, bound_in, children
from pipeproof.digest.syntax import Detail, digest_code, words

MUTATORS = words(
    "append appendleft extend extendleft add update insert setdefault pop popitem popleft remove discard clear sort"
    " reverse"
)
"""Methods of the built-in containers that change nothing but the container."""
_YOUNG_NS = 2_000_000_000


@dataclass(eq=False)  # no slots: cached properties
class Statement:
    """A statement at the top level of a module, or one name of an import statement.

    Attributes:
        node: Its syntax tree.
        binds: Names that it binds.
        changes: Names whose value it changes in place.
        imports: Imports that it carries out.
        is_main: Whether it runs only in a script, below `if __name__ == "__main__"`.
        is_typing: Whether it is for type checkers only.
    """

    node: ast.stmt
    binds: tuple[str, ...]
    changes: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    is_main: bool = False
    is_typing: bool = False
    _digests: dict[Detail, str] = field(default_factory=dict)

    @cached_property
    def uses(self) -> Uses:
        """What it asks for."""
        return Uses() if self.is_import else uses_of(self.node)

    @property
    def is_import(self) -> bool:
        """Whether it is one name of an import statement."""
        return isinstance(self.node, ast.Import | ast.ImportFrom)

    @property
    def is_plain_function(self) -> bool:
        """Whether it defines a function and evaluates nothing to do so."""
        node = self.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        defaults = [*node.args.defaults, *node.args.kw_defaults]
        return not node.decorator_list and all(isinstance(one, ast.Constant | None) for one in defaults)

    def digest(self, detail: Detail) -> str:
        """Return the digest of its meaning."""
        found = self._digests.get(detail)
        if found is None:
            if self.is_import:
                one = self.imports[0]
                text = repr((one.module, one.name, one.bound, one.level, one.is_deep))
                found = hashlib.sha256(text.encode()).hexdigest()
            else:
                found = digest_code([self.node], detail)
            self._digests[detail] = found
        return found


@dataclass(eq=False)  # no slots: cached properties
class Module:
    """A file of code.

    Attributes:
        file: Where it stands.
        statements: Its statements in order.
        fault: Why it could not be parsed; its bytes count then.
        content: The digest of its bytes.
    """

    file: Path
    statements: tuple[Statement, ...]
    fault: str = ""
    content: str = ""

    @cached_property
    def names(self) -> dict[str, list[int]]:
        """Name → indices of the statements that bind or change it, in order."""
        found: dict[str, list[int]] = {}
        for index, statement in enumerate(self.statements):
            for name in dict.fromkeys((*statement.binds, *statement.changes)):
                found.setdefault(name, []).append(index)
        return found

    @cached_property
    def importing(self) -> tuple[int, ...]:
        """The indices of the statements that import something."""
        return tuple(index for index, statement in enumerate(self.statements) if statement.imports)

    @cached_property
    def stars(self) -> tuple[Import, ...]:
        """What is imported by a star."""
        return tuple(one for statement in self.statements for one in statement.imports if one.name == "*")

    @cached_property
    def exported(self) -> frozenset[str] | None:
        """The names of `__all__` where they are constants, None without it."""
        indices = self.names.get("__all__")
        if not indices:
            return None
        trees = (self.statements[index].node for index in indices)
        texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
        return frozenset(text for text in texts if isinstance(text, str))


_cache: dict[str, tuple[tuple[int, int, int], Module]] = {}
_lock = threading.Lock()


def read_module(file: Path) -> Module:
    """Return the table of a file, parsed once for each of its states."""
    status = file.stat()
    stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
    cached = _cache.get(str(file))
    is_young = time.time_ns() - status.st_mtime_ns < _YOUNG_NS
    if cached is not None and cached[0] == stamp and not is_young:
        return cached[1]
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    # A file can be written twice within one tick of its clock: then only its content tells.
    module = (
        cached[1] if cached is not None and cached[1].content == digest else _parse(file, content, digest)
    )
    with _lock:
        _cache[str(file)] = (stamp, module)
    return module


def _parse(file: Path, content: bytes, digest: str) -> Module:
    if file.suffix != ".py":
        return Module(file, (), "not a source file", digest)
    return parse_text(content, file, digest)


def parse_text(content: bytes | str, file: Path, digest: str = "") -> Module:
    """Return the table of some code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # about the user's literals; Python tells them when it runs the file
            tree = ast.parse(content, str(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Module(file, (), f"cannot be parsed: {error}", digest)
    return Module(file, tuple(_statements(tree)), content=digest)


def _statements(tree: ast.Module) -> Iterator[Statement]:
    for position, node in enumerate(tree.body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for one in imports_of(node):
                yield Statement(node, (one.bound,) if one.name != "*" else (), imports=(one,))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if position == 0:
                yield Statement(node, ("__doc__",))
        else:
            yield _statement(node)


def _statement(node: ast.stmt) -> Statement:
    scope = Scope(set())
    bound_in([node], scope)
    shared = _shared(node) if isinstance(node, ast.ClassDef) else set()
    return Statement(
        node,
        tuple(sorted(scope.bound | scope.shared | shared)),
        tuple(dict.fromkeys(_changed(node))),
        tuple(executed_imports(node)),
        is_main=isinstance(node, ast.If) and _mentions(node.test, "__name__"),
        is_typing=isinstance(node, ast.If) and not node.orelse and _mentions(node.test, "TYPE_CHECKING"),
    )


def _shared(node: ast.ClassDef) -> set[str]:
    """Return the names that a class body declares to be the module's."""
    return {name for one in node.body if isinstance(one, ast.Global) for name in one.names}


def _mentions(test: ast.expr, name: str) -> bool:
    """Tell whether a condition is about a name, and not about its opposite."""
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.Eq) and any(
            _mentions(side, name) for side in (test.left, *test.comparators)
        )
    return (isinstance(test, ast.Name) and test.id == name) or (
        isinstance(test, ast.Attribute) and test.attr == name
    )


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield the names whose value a statement changes in place, as it is carried out."""
    stack: list[ast.AST] = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        changed = _changed_by(one)
        if changed:
            yield changed
        stack.extend(children(one))


def _changed_by(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        is_mutator = isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS
        return _root(node.func) if is_mutator else ""
    if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return _root(node)
    if isinstance(node, ast.AugAssign):
        return _root(node.target)
    return ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
