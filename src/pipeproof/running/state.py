"""What code leaves behind in the memory of its process, where the next step would find it.

Modules of the project are noted right after they were imported, with all that can be changed in them; after a
step they are held against that note. What is noted is kept, so something is as it was exactly when the same objects
stand in it: nothing of the user's is called, compared or copied. Standard library only.
"""

from __future__ import annotations

import decimal
import gc
import locale
import logging
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.machinery import SourceFileLoader
from operator import attrgetter, is_
from random import Random
from types import CellType, FunctionType, MappingProxyType, ModuleType, SimpleNamespace
from typing import Any

MOST = 20_000
"""How many things are watched; with more, the process takes no further step."""

_LARGE = 2**16  # bytes of an array
_LEAVES = frozenset({int, float, complex, str, bytes, bool, type(None), ModuleType})
_OF_IMPORTS = frozenset({"__warningregistry__", "__annotations__"})
_PACKAGES = ("/site-packages/", "/dist-packages/")
_OURS = "pipeproof."

Read = Callable[[], Any]


class State:
    """The state of the project's modules in this process, and of what all code shares.

    Args:
        root: Folder of the project.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/") + "/"
        self._modules: list[tuple[ModuleType, dict[str, Any]]] = []
        self._names: set[str] = set()
        self._held: dict[int, Any] = {}
        self._objects: list[tuple[Read, list[Any]]] = []
        self._contents: list[tuple[Read, Any]] = []
        self._functions: list[FunctionType] = []
        self._too_much = False
        self._shared: list[Any] = [None] * len(_SHARED)
        self._hear_imports()

    def begin(self) -> None:
        """Note what all code shares, before the first step; afterwards it is as the step before found it."""
        self._note_shared()

    def is_unchanged(self) -> bool:
        """Say whether all is as it was noted; a module that the step has imported is no change by itself."""
        try:
            return (
                not self._too_much
                and all(before in (None, read()) for read, before in zip(_SHARED, self._shared, strict=True))
                and all(_is_as_noted(module, noted) for module, noted in self._modules)
                and all(_are_same(read(), noted) for read, noted in self._objects)
                and all(read() == noted for read, noted in self._contents)
                and not any(map(_attributes, self._functions))
            )
        except Exception:  # noqa: BLE001 the same as where it was noted
            return False

    def _hear_imports(self) -> None:
        """Note each module as soon as it has been imported; nothing else tells of the end of an import."""
        load = SourceFileLoader.exec_module

        def exec_module(loader: SourceFileLoader, module: ModuleType) -> None:
            load(loader, module)
            try:
                self._add(module, str(loader.path))
            except Exception:  # noqa: BLE001 objects of the user's may refuse to be looked at
                self._too_much = True

        SourceFileLoader.exec_module = exec_module  # type: ignore[method-assign,assignment]  # as long as the process lives

    def _add(self, module: ModuleType, path: str) -> None:
        """Note a module as it is now, if it is the project's own."""
        if not path.startswith(self._root) or module.__name__.startswith(_OURS):
            return
        if any(folder in path for folder in _PACKAGES):
            return
        names = vars(module)
        self._names.add(module.__name__)
        self._modules.append((module, dict(names)))
        self._watch(value for name, value in names.items() if name[:2] != "__")
        self._note_shared()  # of a library that this import has loaded, before any function runs

    def _note_shared(self) -> None:
        for index, noted in enumerate(self._shared):
            if noted is None:
                self._shared[index] = _SHARED[index]()
        config: Any = sys.modules.get("pandas._config.config")
        if config is not None:
            self._watch([config._global_config])  # noqa: SLF001 asking for each option takes a hundred times as long

    def _watch(self, values: Iterable[Any]) -> None:
        """Note all that can be changed in values, and in what stands in them."""
        waiting = deque(values)
        while waiting and not self._too_much:
            value = waiting.popleft()
            if type(value) in _LEAVES or id(value) in self._held:
                continue
            self._held[id(value)] = value  # an object that is kept shares its number with no other
            self._too_much = len(self._held) + len(waiting) > MOST
            if isinstance(value, tuple | frozenset):
                waiting.extend(value)
            for read in self._objects_in(value):
                noted = read()
                self._objects.append((read, noted))
                waiting.extend(noted)
            if (content := _CONTENTS.get(type(value).__name__)) is not None:
                self._note_content(partial(content, value))

    def _note_content(self, read: Read) -> None:
        noted = read()
        self._too_much |= noted is None
        self._contents.append((read, noted))

    def _objects_in(self, value: Any) -> Iterator[Read]:
        """Yield what reads the objects that stand in a value and can be exchanged."""
        if isinstance(value, dict | MappingProxyType):
            yield partial(_entries, value)
        elif isinstance(value, list | set | deque):
            yield partial(list, value)
        elif isinstance(value, CellType):
            yield partial(_in_cell, value)
        elif isinstance(value, FunctionType):
            yield from self._of_function(value)
        elif isinstance(value, staticmethod | classmethod):
            yield partial(_wrapped, value)
        elif isinstance(value, type) and value.__module__ in self._names:
            yield partial(_entries_of_class, value)
        yield from self._of_instance(value)

    def _of_instance(self, value: Any) -> Iterator[Read]:
        if not isinstance(value, SimpleNamespace) and type(value).__module__ not in self._names:
            return
        if hasattr(value, "__dict__"):
            yield partial(_entries, vars(value))
        if slots := [slot for base in type(value).__mro__ for slot in _slots(base)]:
            yield partial(_in_slots, value, slots)

    def _of_function(self, function: FunctionType) -> Iterator[Read]:
        if function.__module__ not in self._names:
            return
        if vars(function):
            yield partial(_entries, vars(function))
        else:
            self._functions.append(function)
        if function.__defaults__ or function.__kwdefaults__:
            yield partial(_defaults, function)
        if function.__closure__:
            yield partial(list, function.__closure__)


def _is_as_noted(module: ModuleType, noted: dict[str, Any]) -> bool:
    """Say whether the same values stand under the same names; what imports add to a module is noted, and no change."""
    names = vars(module)
    if len(names) != len(noted):
        for name in names.keys() - noted.keys():
            value = names[name]
            submodule = type(value) is ModuleType and value.__name__ == f"{module.__name__}.{name}"
            if not submodule and name not in _OF_IMPORTS:
                return False
            noted[name] = value
    return len(names) == len(noted) and all(map(is_, map(names.get, noted), noted.values()))


def _are_same(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


_attributes = attrgetter("__dict__")


def _entries(mapping: Any) -> list[Any]:
    return [*mapping, *mapping.values()]


def _entries_of_class(kind: type) -> list[Any]:
    return list(vars(kind).values())


def _in_cell(cell: CellType) -> list[Any]:
    try:
        return [cell.cell_contents]
    except ValueError:  # nothing was bound to it yet
        return []


def _defaults(function: FunctionType) -> list[Any]:
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]


def _wrapped(method: Any) -> list[Any]:
    return [method.__func__]


def _slots(kind: type) -> Iterator[str]:
    slots = vars(kind).get("__slots__", ())
    yield from (slots,) if isinstance(slots, str) else slots


def _in_slots(value: Any, slots: list[str]) -> list[Any]:
    return [getattr(value, slot, None) for slot in slots if slot[:2] != "__"]


def _array(array: Any) -> bytes | None:
    return array.tobytes() if getattr(array, "nbytes", _LARGE + 1) <= _LARGE else None


_CONTENTS: dict[str, Callable[[Any], Any]] = {
    "bytearray": bytes,
    "array": bytes,
    "count": repr,
    "Random": Random.getstate,
    "Generator": lambda generator: repr(generator.bit_generator.state),
    "RandomState": lambda generator: repr(generator.get_state()),
    "ndarray": _array,
    "DataFrame": lambda frame: None if type(frame).__module__.startswith("pandas") else "",
    "Series": lambda frame: None if type(frame).__module__.startswith("pandas") else "",
}
"""Name of a type → what reads the content of such a value; None for what cannot be told."""


def _of_interpreter() -> Any:
    context = decimal.getcontext()
    return (
        (context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp),
        sys.getrecursionlimit(),
        gc.isenabled(),
        time.tzname,
        locale.setlocale(locale.LC_ALL),
        [
            rule for rule in warnings.filters if rule[0] == "error"
        ],  # others change no result, and libraries add them
        logging.root.handlers.copy(),
    )


def _of_numpy() -> Any:
    numpy: Any = sys.modules.get("numpy")
    return (
        None if not hasattr(numpy, "get_printoptions") else (numpy.geterr(), repr(numpy.get_printoptions()))
    )


def _of_sklearn() -> Any:
    config: Any = sys.modules.get("sklearn._config")
    return config.get_config() if config is not None else None


_SHARED: tuple[Read, ...] = (_of_interpreter, _of_numpy, _of_sklearn)
"""What all code of a process shares, besides what `pipeproof.running.worker` puts back; None while there is none."""

_states: dict[str, State] = {}


def state_in(root: str) -> State:
    """Return what watches the state in this process, made for its first step."""
    if root not in _states:
        _states[root] = State(root)
    return _states[root]
