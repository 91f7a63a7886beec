"""What every store of state takes and refuses, so that what works with one works with all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from pipeproof.errors import Finding, StoreError
from pipeproof.store.keyvalue.faults import unusable

LONGEST_KEY = 1000
LONGEST_NAMESPACE = 100
MOST_BYTES = 1_000_000
"""Of a value. A document of Firestore holds 1 MiB together with its names and key; no other store sets a lower limit."""
_LONGEST = 10 * 366 * 86400.0
_SHOWN = 40
_TOLD = 5


class Backend(Protocol):
    """What is particular to a store; it is given only what was checked, and never nothing."""

    def get_many(self, namespace: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the values of those keys that are there."""

    def put_many(self, namespace: str, items: Mapping[str, bytes], expires: float | None) -> None:
        """Keep values."""

    def swap(
        self, namespace: str, key: str, old: bytes | None, new: bytes | None, expires: float | None
    ) -> bool:
        """Replace a value if it is `old`, in one step."""

    def delete(self, namespace: str, keys: Sequence[str]) -> int:
        """Remove keys and return how many were there."""

    def keys(self, namespace: str, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with a prefix."""

    def close(self) -> None:
        """Let go of connections and files."""


class CheckedStore:
    """A store of state: `ports.KeyValue` over a backend.

    Args:
        backend: What keeps the items.
        address: Where it is, without a password.
    """

    def __init__(self, backend: Backend, address: str) -> None:
        self._open: Backend | None = backend
        self.address = address
        """Where it is, for messages: without a password."""

    def get(self, namespace: str, key: str) -> bytes | None:
        """Return the value of a key, or None."""
        return self.get_many(namespace, (key,)).get(key)

    def get_many(self, namespace: str, keys: Iterable[str]) -> Mapping[str, bytes]:
        """Return the values of those keys that are there."""
        wanted = list(dict.fromkeys(keys))
        _refuse(*_names(namespace, wanted))
        return self._backend.get_many(namespace, wanted) if wanted else {}

    def put(self, namespace: str, key: str, value: bytes, *, expires: float | None = None) -> None:
        """Keep a value, for good or for some seconds."""
        self.put_many(namespace, {key: value}, expires=expires)

    def put_many(self, namespace: str, items: Mapping[str, bytes], *, expires: float | None = None) -> None:
        """Keep several values."""
        _refuse(*_names(namespace, items), *_values(items.items()), *_expiry(expires))
        if items:
            self._backend.put_many(namespace, items, expires)

    def swap(
        self, namespace: str, key: str, old: bytes | None, new: bytes | None, *, expires: float | None = None
    ) -> bool:
        """Replace a value if it is still `old`; None is a key that is not there."""
        given = [(key, value) for value in (old, new) if value is not None]
        _refuse(*_names(namespace, (key,)), *_values(given), *_expiry(expires))
        return self._backend.swap(namespace, key, old, new, expires)

    def delete(self, namespace: str, *keys: str) -> int:
        """Remove keys and return how many of them were there."""
        wanted = list(dict.fromkeys(keys))
        _refuse(*_names(namespace, wanted))
        return self._backend.delete(namespace, wanted) if wanted else 0

    def keys(self, namespace: str, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with a prefix, each once, in no promised order."""
        _refuse(*_names(namespace, (prefix,) if prefix else ()))
        return self._backend.keys(namespace, prefix)

    def close(self) -> None:
        """Let go of connections and files; a second time does nothing."""
        if self._open is not None:
            backend, self._open = self._open, None
            backend.close()

    @property
    def _backend(self) -> Backend:
        if self._open is None:
            raise unusable(self.address, "it was closed", "open it anew")
        return self._open


def _refuse(*problems: Finding) -> None:
    if problems:
        raise StoreError(*problems[:_TOLD])


def _names(namespace: str, keys: Iterable[str]) -> Iterator[Finding]:
    yield from _name("namespace", namespace, LONGEST_NAMESPACE)
    for key in keys:
        yield from _name("key", key, LONGEST_KEY)


def _name(what: str, name: str, longest: int) -> Iterator[Finding]:
    if not _is(str, name):
        text = f"the {what} {_short(repr(name))} is no text but {type(name).__name__}"
        yield Finding("PPF541", text, fix="give a text")
    elif not name:
        yield Finding("PPF541", f"the {what} is empty", fix="give it a name")
    elif len(name) > longest:
        text = f"the {what} {_short(name)} has {len(name):,} characters"
        yield Finding("PPF541", text, fix=f"use at most {longest:,}; a digest of what it names is short")
    elif not _is_text(name):
        text = f"the {what} {_short(name)} holds half a character, which no UTF-8 has"
        yield Finding("PPF541", text, fix="quote names of files that are no text: urllib.parse.quote")


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _values(items: Iterable[tuple[str, bytes]]) -> Iterator[Finding]:
    for key, value in items:
        if not _is(bytes, value):
            what = f"the value of the key {_short(key)} is no bytes but {type(value).__name__}"
            yield Finding("PPF541", what, fix="encode it, for example as JSON: json.dumps(value).encode()")
        elif len(value) > MOST_BYTES:
            what = f"the value of the key {_short(key)} has {len(value):,} bytes"
            fix = f"keep at most {MOST_BYTES:,} as state; put what is larger into the object store, and its digest here"
            yield Finding("PPF542", what, fix=fix)


def _is(kind: type, given: object) -> bool:
    """Whether something is what its annotation says, which nobody checks for who calls from a notebook."""
    return isinstance(given, kind)


def _expiry(expires: float | None) -> Iterator[Finding]:
    if expires is not None and not (math.isfinite(expires) and 0 < expires <= _LONGEST):
        what = f"an item cannot expire after {expires} seconds"
        yield Finding("PPF541", what, fix="give more than 0 seconds and at most ten years, or None")


def _short(name: str) -> str:
    return ascii(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}...")
