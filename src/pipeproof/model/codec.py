"""Frozen dataclasses to plain JSON data and back; fields at their defaults are left out.

The ledger and the child processes speak plain JSON: no pickle, so reading an old or a foreign
record can never run code.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pipeproof.model.contract import frozen

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return `value` as dicts, lists and scalars."""
    return _writer(type(value))(value)


def from_plain(kind: type[T], plain: Any) -> T:
    """Return the `kind` that `plain` was made from; unknown fields are ignored."""
    hint: Any = kind
    built: T = _reader(hint)(plain)
    return built


def _make_writer(kind: Any) -> Callable[[Any], Any]:
    """Return how values of a class are written; looked up once a class, as the run writes thousands."""
    if kind in {str, int, float, bool, type(None)}:
        return _itself
    if issubclass(kind, str | int | float):
        return _itself
    if dataclasses.is_dataclass(kind):
        return _dataclass_writer(kind)
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _writer(type(item))(item) for key, item in value.items()}
    if issubclass(kind, list | tuple | set | frozenset):
        return lambda value: [_writer(type(item))(item) for item in value]
    return str


# Annotated by hand: typeshed wants hashable arguments, and takes `type` for something that is not.
_writer: Callable[[Any], Callable[[Any], Any]] = cache(_make_writer)


def _itself(value: Any) -> Any:
    return value


def _dataclass_writer(kind: Any) -> Callable[[Any], Any]:
    defaults = [(field.name, _default(field)) for field in dataclasses.fields(kind)]

    def write(value: Any) -> dict[str, Any]:
        plain = {}
        for name, default in defaults:
            item = getattr(value, name)
            if item is not default and item != default:
                plain[name] = _writer(type(item))(item)
        return plain

    return write


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_reader(hint)
    if origin in {typing.Union, types.UnionType}:
        return _optional_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        item = _reader(arguments[1])
        return lambda plain: frozen({key: item(value) for key, value in plain.items()})
    return lambda plain: plain


def _dataclass_reader(kind: Any) -> Callable[[Any], Any]:
    readers: dict[str, Callable[[Any], Any]] = {}

    def read(plain: Any) -> Any:
        if not readers:  # at the first use, so that classes may name themselves
            hints = typing.get_type_hints(kind)
            readers.update({field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)})
        return kind(**{name: readers[name](item) for name, item in plain.items() if name in readers})

    return read


def _optional_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    given = [hint for hint in arguments if hint is not type(None)]
    structured: list[Any] = [hint for hint in given if dataclasses.is_dataclass(hint)] or given
    if len(structured) != 1:
        return _itself
    read = _reader(structured[0])
    return lambda plain: None if plain is None else read(plain)


def _tuple_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:  # noqa: PLR2004 tuple[X, ...]
        item = _reader(arguments[0])
        return lambda plain: tuple(item(value) for value in plain)
    readers = [_reader(argument) for argument in arguments]
    return lambda plain: tuple(read(value) for read, value in zip(readers, plain, strict=False))
