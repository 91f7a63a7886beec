"""Stores as the settings of a project name them, and whether they answer."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pipeproof.errors import Finding, Location, PipeproofError, StoreError
from pipeproof.model.contract import frozen
from pipeproof.ports import KeyValue

if TYPE_CHECKING:
    from pipeproof.project.place import Project
    from pipeproof.store.keyvalue.opening import Opened

T = TypeVar("T")
STATE_FILE = "state.db"
_PROBE = "pipeproof-check"
_PROBE_LASTS = 60.0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a store did when it was tried.

    Attributes:
        name: ``state`` or ``objects``.
        address: Where it is, without a password.
        seconds: What was tried → how long it took.
        findings: What was wrong.
    """

    name: str
    address: str
    seconds: Mapping[str, float] = field(default_factory=frozen)
    findings: tuple[Finding, ...] = ()


def open_state(project: Project, *, fall_back: bool = True) -> Opened:
    """Return the store of state that a project's settings name, reached and ready.

    Args:
        project: The project.
        fall_back: Whether a local store may stand in where the settings allow it.

    Raises:
        ConfigError: The settings are wrong, or name what is not installed.
        StoreError: The store cannot be reached or used.
    """
    from pipeproof.store.keyvalue.opening import open_or_fall_back

    settings = project.settings.store
    with _located(settings.places.get("state")):
        return open_or_fall_back(
            settings.state,
            root=project.root,
            local=project.made_state / STATE_FILE,
            fallback=settings.fallback if fall_back else "none",
        )


def probe_state(project: Project) -> Probe:
    """Write, read, swap and remove a key of the store of state that the settings name, not of a fallback."""
    taken: dict[str, float] = {}
    address = ""
    try:
        store = _timed(taken, "open", lambda: open_state(project, fall_back=False).store)
        address = store.address
        with contextlib.closing(store):
            _try(store, taken)
    except PipeproofError as error:
        return Probe("state", address or _named(project), frozen(taken), error.findings)
    return Probe("state", address, frozen(taken))


def _try(store: KeyValue, taken: dict[str, float]) -> None:
    key, value = uuid.uuid4().hex, uuid.uuid4().bytes
    _timed(taken, "write", lambda: store.put(_PROBE, key, b"", expires=_PROBE_LASTS))
    swapped = _timed(taken, "swap", lambda: store.swap(_PROBE, key, b"", value, expires=_PROBE_LASTS))
    found = _timed(taken, "read", lambda: store.get(_PROBE, key))
    removed = _timed(taken, "remove", lambda: store.delete(_PROBE, key))
    if not swapped or found != value or not removed:
        what = f"the store {store.address} cannot be used: it does not give back what was written to it"
        raise StoreError(
            Finding("PPF546", what, fix="it may be a replica that lags behind; name the primary")
        )


def _timed(taken: dict[str, float], name: str, work: Callable[[], T]) -> T:
    start = time.perf_counter()
    found = work()
    taken[name] = time.perf_counter() - start
    return found


def _named(project: Project) -> str:
    """Return the address in the settings as it may be shown, or '' where it is none."""
    from pipeproof.store.keyvalue.address import parse_address

    with contextlib.suppress(PipeproofError):
        return str(parse_address(project.settings.store.state))
    return ""


@contextlib.contextmanager
def _located(where: Location | None) -> Iterator[None]:
    """Say in every error which line of the settings it comes from."""
    try:
        yield
    except PipeproofError as error:
        raise type(error)(*(finding.at(where) for finding in error.findings)) from None
