"""Names for code: the digest of a statement's meaning, without comments, layout and places."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


def words(text: str) -> frozenset[str]:
    """Return the words of a text, for long sets of names."""
    return frozenset(text.split())


_QUIET_DECORATORS = words(
    "abstractmethod cache cached_property classmethod contextmanager final lru_cache overload override property"
    " staticmethod wraps setter getter deleter asynccontextmanager total_ordering step"
)
"""Decorators that read neither the docstring nor the annotations of what they are given."""
_WITHOUT_MEANING = frozenset({"ctx", "type_comment", "type_ignores", "kind"})
_Add = Callable[[str], None]
_FIELDS: dict[type, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Detail:
    """What of a statement counts beside its meaning.

    Attributes:
        docs: Docstrings count, since something reads them.
        annotations: Annotations of functions count, since something looks at them.
    """

    docs: bool = False
    annotations: bool = False


def digest_code(nodes: Iterable[ast.AST], detail: Detail) -> str:
    """Return the digest of syntax trees; equal for trees that differ in nothing that counts."""
    out: list[str] = []
    for node in nodes:
        _write(node, detail, out.append)
    return hashlib.sha256("\n".join(out).encode(errors="surrogatepass")).hexdigest()


def reads_itself(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Tell whether a decorator that is not known may read the docstring and the annotations."""
    return any(decorator_name(decorator) not in _QUIET_DECORATORS for decorator in node.decorator_list)


def decorator_name(decorator: ast.expr) -> str:
    """Return the last part of a decorator's name, '' for one without."""
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    if isinstance(decorator, ast.Attribute):
        return decorator.attr
    return decorator.id if isinstance(decorator, ast.Name) else ""


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements that do something: constants that stand alone do not."""
    return [one for one in body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]


def _write(node: object, detail: Detail, add: _Add) -> None:
    """Write a tree as lines that cannot be mistaken for those of another tree."""
    if isinstance(node, ast.AST):
        special = _SPECIAL.get(type(node))
        if special is not None:
            special(node, detail, add)
        else:
            _write_fields(node, detail, add)
    elif isinstance(node, list):
        add("[")
        for one in node:
            _write(one, detail, add)
        add("]")
    else:
        add(repr(node))


def _write_fields(node: ast.AST, detail: Detail, add: _Add, leave_out: frozenset[str] = frozenset()) -> None:
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in kind._fields if name not in _WITHOUT_MEANING)
    add("(" + kind.__name__)
    for name in fields:
        value = getattr(node, name, None)
        # Fields that a newer Python adds are empty where they are not used: they must not show.
        if value is None or value == [] or name in leave_out:
            continue
        add(name)
        _write(value, detail, add)
    add(")")


def _write_constant(node: ast.Constant, _detail: Detail, add: _Add) -> None:
    add(f"{type(node.value).__name__} {node.value!r}")


def _write_name(node: ast.Name, _detail: Detail, add: _Add) -> None:
    add("=" + node.id)


def _write_function(node: ast.FunctionDef | ast.AsyncFunctionDef, detail: Detail, add: _Add) -> None:
    if reads_itself(node):
        detail = Detail(docs=True, annotations=True)
    leave_out = frozenset({"body"}) if detail.annotations else frozenset({"body", "returns"})
    _write_fields(node, detail, add, leave_out)
    add("body")
    _write(node.body if detail.docs else without_docstring(node.body), detail, add)


def _write_class(node: ast.ClassDef, detail: Detail, add: _Add) -> None:
    if reads_itself(node):
        detail = Detail(docs=True, annotations=detail.annotations)
    _write_fields(node, detail, add, frozenset({"body"}))
    body = node.body if detail.docs else without_docstring(node.body)
    for one in body:
        # The fields of dataclasses and models are annotations: they always count.
        if isinstance(one, ast.AnnAssign):
            _write_fields(one, detail, add)
        else:
            _write(one, detail, add)


def _write_parameter(node: ast.arg, detail: Detail, add: _Add) -> None:
    _write_fields(node, detail, add, frozenset() if detail.annotations else frozenset({"annotation"}))


def _write_annotated(node: ast.AnnAssign, detail: Detail, add: _Add) -> None:
    """Write `x: int = 1` as `x = 1`: outside of classes nobody reads the annotation unless all count."""
    if detail.annotations:
        _write_fields(node, detail, add)
    elif node.value is None:
        _write_fields(node, detail, add, frozenset({"annotation"}))
    else:
        _write_fields(ast.Assign(targets=[node.target], value=node.value), detail, add)


_SPECIAL: dict[type, Callable[[Any, Detail, _Add], None]] = {
    ast.Constant: _write_constant,
    ast.Name: _write_name,
    ast.FunctionDef: _write_function,
    ast.AsyncFunctionDef: _write_function,
    ast.ClassDef: _write_class,
    ast.arg: _write_parameter,
    ast.AnnAssign: _write_annotated,
}
