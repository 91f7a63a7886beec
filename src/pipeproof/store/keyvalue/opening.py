"""Opening a store of state by its address; each backend's library is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from pipeproof.errors import ConfigError, Finding, StoreError
from pipeproof.ports import KeyValue
from pipeproof.store.keyvalue.address import (
    Address,
    FirestoreAddress,
    MemoryAddress,
    RedisAddress,
    SqliteAddress,
    parse_address,
)
from pipeproof.store.keyvalue.checked import Backend, CheckedStore

_LIBRARIES: Mapping[type, tuple[str, str]] = MappingProxyType(
    {RedisAddress: ("redis", "redis"), FirestoreAddress: ("google.cloud.firestore", "firestore")}
)
"""What a backend imports, and the extra that installs it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A store of state, and what a person must hear of how it was opened."""

    store: KeyValue
    fell_back: Finding | None = None


def open_keyvalue(address: str, *, root: Path, local: Path) -> CheckedStore:
    """Return the store at an address, reached and ready.

    Args:
        address: Such as ``redis://localhost``, or an alias.
        root: Folder that a relative path of SQLite starts from.
        local: The file that is meant by SQLite without a path.

    Raises:
        ConfigError: It is no address, or the library for it is not installed.
        StoreError: The store cannot be reached, gives no access or cannot be used.
    """
    where = parse_address(address)
    _refuse_missing(where)
    if isinstance(where, SqliteAddress):
        where = SqliteAddress(local if where.path is None else root / where.path)
    return CheckedStore(_backend(where), str(where))


def open_or_fall_back(address: str, *, root: Path, local: Path, fallback: Literal["none", "local"]) -> Opened:
    """Return the store at an address, or a local one where that was allowed and it does not answer.

    Only a store that cannot be reached is replaced: a wrong password or a missing library is an error of the
    configuration, which would stay hidden for ever.

    Raises:
        ConfigError: As `open_keyvalue`.
        StoreError: As `open_keyvalue`; also when there is no answer, unless `fallback` is ``local``.
    """
    try:
        return Opened(open_keyvalue(address, root=root, local=local))
    except StoreError as error:
        (first, *_) = error.findings
        if fallback == "none" or first.code != "PPF540":
            raise
        store = open_keyvalue("local", root=root, local=local)
        what = f"{first.what}; state is kept in {local} for this time"
        fix = "what others keep there is not seen: repair it, or write `fallback: none`"
        return Opened(store, Finding("PPF547", what, severity="warning", fix=fix))


def _refuse_missing(where: Address) -> None:
    module, extra = _LIBRARIES.get(type(where), ("", ""))
    if not module:
        return
    try:
        import_module(module)
    except ImportError as error:
        what = f"the store {where} needs a library that is not installed: {error.name or module}"
        raise ConfigError(
            Finding("PPF544", what, fix=f"install it: pip install 'pipeproof[{extra}]'")
        ) from None


def _backend(where: Address) -> Backend:
    if isinstance(where, MemoryAddress):
        return _made("memory", "MemoryBackend")
    if isinstance(where, SqliteAddress):
        return _made("sqlite", "SqliteBackend", where.path)
    if isinstance(where, RedisAddress):
        return _made("redis", "RedisBackend", where)
    return _made("firestore", "FirestoreBackend", where)


def _made(module: str, name: str, *given: Any) -> Backend:
    make: Callable[..., Backend] = getattr(import_module(f"pipeproof.store.keyvalue.{module}"), name)
    return make(*given)
