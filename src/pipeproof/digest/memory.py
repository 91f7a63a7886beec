"""Which code and values a function reaches that stands in no file, as one of a notebook does."""

from __future__ import annotations

import builtins
import hashlib
import inspect
import linecache
import sys
import textwrap
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from pipeproof.digest.finding import is_standard
from pipeproof.digest.graph import Unfollowed
from pipeproof.digest.modules import Statement, parse_text
from pipeproof.digest.names import Chain
from pipeproof.digest.reach import CodeView, Reached
from pipeproof.digest.syntax import Detail

_PLAIN = (str, bytes, int, float, complex, bool, type(None), date, time, timedelta, Decimal, PurePath, Enum)
_DEEPEST = 50


def reach_callable(function: Callable[..., Any], view: CodeView) -> Reached | None:
    """Return what a function reaches that lives in memory alone; None when its source cannot be had.

    Functions and classes of `__main__` are followed by their source, values by their content, and what stands in
    files as `CodeView.reach` does.
    """
    inner = inspect.unwrap(function)
    if not isinstance(inner, FunctionType) or inner.__name__ == "<lambda>":
        return None
    walk = _Walk(view)
    return walk.told() if walk.definition(inner) else None


class _Walk:
    """Everything that an object in memory reaches."""

    def __init__(self, view: CodeView) -> None:
        self._view = view
        self._parts: dict[str, str] = {}
        self._packages: set[str] = set()
        self._unfollowed: set[Unfollowed] = set()
        self._files: set[str] = set()
        self._modules: set[str] = set()
        self._seen: set[int] = set()

    def told(self) -> Reached:
        parts = dict(sorted(self._parts.items()))
        return Reached(
            MappingProxyType(parts),
            frozenset(self._packages),
            tuple(sorted(self._unfollowed)),
            tuple(sorted(self._files)),
            tuple(sorted(self._modules)),
            _hash(repr(parts)),
        )

    def definition(self, made: FunctionType | type) -> bool:
        """Take in a function or class by its source; False when that cannot be had."""
        if id(made) in self._seen:
            return True
        self._seen.add(id(made))
        statement = _source(made)
        if statement is None:
            return False
        uses = statement.uses
        name = f"memory:{made.__qualname__}"
        if name in self._parts:  # two of the same name
            name = f"{name} {len(self._parts)}"
        self._parts[name] = statement.digest(Detail(docs=True, annotations=True))
        for why in {
            *(one.why for one in uses.dynamic),
            *(["looks names up by text"] if uses.all_of_module else []),
        }:
            self._unfollowed.add(Unfollowed("memory", 0, f"{made.__qualname__} {why}"))
        namespace = _namespace(made)
        for chain in sorted(uses.chains | uses.annotated):
            self._name(chain, namespace)
        for imported, attributes in uses.imported:
            self._imported(imported.module, imported.name, attributes)
        if isinstance(made, FunctionType):
            given = (made.__defaults__, sorted((made.__kwdefaults__ or {}).items()))
            self._value(f"{made.__qualname__} defaults", given)
        return True

    def _imported(self, module: str, name: str, attributes: Chain) -> None:
        found = self._view.file_of(module, name)
        if found is None:
            top = module.partition(".")[0]
            self._packages |= set() if is_standard(top) else {top}
        else:
            file, rest = found
            asked = (*rest, *attributes)
            self._take(self._view.reach(file, asked[0] if asked and asked[0] else "*"))

    def _name(self, chain: Chain, namespace: dict[str, Any]) -> None:
        root = chain[0]
        if root not in namespace:
            if not hasattr(builtins, root):
                self._unfollowed.add(Unfollowed("memory", 0, f"{root} is not bound"))
            return
        value = namespace[root]
        if isinstance(value, ModuleType):
            self._imported(value.__name__, "", chain[1:])
        else:
            self._value(root, value)

    def _value(self, name: str, value: object) -> None:
        unwrapped = inspect.unwrap(value) if callable(value) else value
        if isinstance(unwrapped, FunctionType | type):
            self._code(name, unwrapped)
            return
        text = _text(value, 0)
        if text is not None:
            self._parts[f"memory:{name}"] = _hash(text)
        elif not self._is_abroad(value):
            what = f"{name} is a {type(value).__name__}, whose content has no digest"
            self._unfollowed.add(Unfollowed("memory", 0, what))

    def _code(self, name: str, made: FunctionType | type) -> None:
        module = made.__module__ or ""
        found = self._view.file_of(module, "") if module != "__main__" else None
        if found is not None:
            self._take(self._view.reach(found[0], made.__qualname__.partition(".")[0]))
        elif self._is_abroad(made):
            return
        elif not self.definition(made) and not (isinstance(made, type) and self._content(made)):
            self._unfollowed.add(Unfollowed("memory", 0, f"the source of {name} cannot be had"))

    def _content(self, made: type) -> bool:
        """Take in a class without methods, whose source cannot be found, by what it holds."""
        if any(callable(value) for name, value in vars(made).items() if not name.startswith("__")):
            return False
        for base in made.__bases__:
            self._value(base.__qualname__, base)
        for name, value in vars(made).items():
            if not name.startswith("__") or name == "__slots__":
                self._value(f"{made.__qualname__}.{name}", value)
        fields = {name: str(kind) for name, kind in vars(made).get("__annotations__", {}).items()}
        self._value(f"{made.__qualname__} fields", fields)
        return True

    def _is_abroad(self, value: object) -> bool:
        """Tell whether a function or class is one of Python or of a package; note the package."""
        module = getattr(value, "__module__", None) if callable(value) else None
        top = (module or "").partition(".")[0]
        if not top or top == "__main__" or not (isinstance(value, type) or hasattr(value, "__name__")):
            return False
        if not is_standard(top) and top != "builtins":
            if _file(top) is None:
                return False
            self._packages.add(top)
        return True

    def _take(self, reached: Reached) -> None:
        self._parts |= reached.parts
        self._packages |= reached.packages
        self._unfollowed |= set(reached.unfollowed)
        self._files |= set(reached.files)
        self._modules |= set(reached.modules)


def _file(module: str) -> str | None:
    return getattr(sys.modules.get(module), "__file__", None)


def _source(made: FunctionType | type) -> Statement | None:
    if isinstance(made, type):
        return _class_source(made)
    try:
        text = textwrap.dedent(inspect.getsource(made))
    except (OSError, TypeError):
        return None
    statements = parse_text(text, Path("memory.py")).statements
    return statements[0] if len(statements) == 1 and statements[0].binds else None


def _class_source(made: type) -> Statement | None:
    """Return a class as its cell defines it; a cell is found by the methods, since classes know only modules."""
    files = dict.fromkeys(
        one.__code__.co_filename for one in vars(made).values() if isinstance(one, FunctionType)
    )
    for file in files:
        module = parse_text("".join(linecache.getlines(file)), Path(file))
        for index in reversed(module.names.get(made.__qualname__, ())):
            if made.__qualname__ in module.statements[index].binds:
                return module.statements[index]
    return None


def _namespace(made: FunctionType | type) -> dict[str, Any]:
    """Return the names that a function or class sees, those of the functions around it first."""
    if isinstance(made, type):
        methods = [one for one in vars(made).values() if isinstance(one, FunctionType)]
        own = vars(sys.modules[made.__module__]) if made.__module__ in sys.modules else {}
        return dict(own) | {name: value for one in methods for name, value in _namespace(one).items()}
    known = dict(made.__globals__)
    for name, cell in zip(made.__code__.co_freevars, made.__closure__ or (), strict=True):
        try:
            known[name] = cell.cell_contents
        except ValueError:  # not bound yet
            known.pop(name, None)
    return known


def _text(value: object, depth: int) -> str | None:
    """Return a text that tells a plain value from every other one; None for what is not plain."""
    if depth > _DEEPEST:
        return None
    kind = type(value)
    if isinstance(value, Enum):
        return f"{kind.__qualname__}.{value.name}={_text(value.value, depth + 1)}"
    if kind in _PLAIN or isinstance(value, PurePath | date | time):
        return f"{kind.__qualname__} {value!r}"
    if kind is dict or kind is MappingProxyType:
        return _several(kind, [part for pair in dict(value).items() for part in pair], depth)  # type: ignore[call-overload]  # a mapping, by the line above
    if kind in (list, tuple):
        return _several(kind, list(value), depth)  # type: ignore[call-overload]  # a list or tuple
    if kind in (set, frozenset):
        texts = [_text(one, depth + 1) for one in value]  # type: ignore[attr-defined]  # a set
        return None if None in texts else f"{kind.__name__} {sorted(filter(None, texts))!r}"
    return None


def _several(kind: type, values: list[object], depth: int) -> str | None:
    texts = [_text(one, depth + 1) for one in values]
    return None if None in texts else f"{kind.__name__} {texts!r}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
