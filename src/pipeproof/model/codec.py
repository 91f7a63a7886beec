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
_PLAIN = (str, int, float, bool, type(None))


def to_plain(value: Any) -> Any:
    """Return `value` as dicts, lists and scalars."""
    if isinstance(value, _PLAIN):
        return value
    if dataclasses.is_dataclass(value):
        plain = {}
        of: Any = type(value)
        for name, default in _defaults(of):
            item = getattr(value, name)
            if item is not default and item != default:
                plain[name] = to_plain(item)
        return plain
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    return str(value)


def from_plain(kind: type[T], plain: Any) -> T:
    """Return the `kind` that `plain` was made from; unknown fields are ignored."""
    hint: Any = kind
    built: T = _reader(hint)(plain)
    return built


@cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    def default(field: dataclasses.Field[Any]) -> Any:
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        return field.default

    return tuple((field.name, default(field)) for field in dataclasses.fields(kind))


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
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]

    def read(plain: Any) -> Any:
        return kind(**{name: _reader(hints[name])(plain[name]) for name in names if name in plain})

    return read


def _optional_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    records: list[Any] = [hint for hint in arguments if dataclasses.is_dataclass(hint)]
    if len(records) != 1:
        return lambda plain: plain
    read = _reader(records[0])
    return lambda plain: None if plain is None else read(plain)


def _tuple_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:  # noqa: PLR2004 tuple[X, ...]
        item = _reader(arguments[0])
        return lambda plain: tuple(item(value) for value in plain)
    readers = [_reader(argument) for argument in arguments]
    return lambda plain: tuple(read(value) for read, value in zip(readers, plain, strict=False))
