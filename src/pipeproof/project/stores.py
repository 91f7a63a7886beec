"""Stores as the settings of a project name them, and whether they answer."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from pipeproof.errors import ConfigError, Finding, Location, PipeproofError, StoreError, UsageError
from pipeproof.loading.places import shorten
from pipeproof.model.contract import frozen
from pipeproof.ports import KeyValue

if TYPE_CHECKING:
    from pipeproof.project.place import Project
    from pipeproof.store.keyvalue.opening import Opened
    from pipeproof.store.objects import LocalObjects
    from pipeproof.store.remote import RemoteObjects

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
        stands_in: What a run would use instead, where it does not answer and the settings allow that.
    """

    name: str
    address: str
    seconds: Mapping[str, float] = field(default_factory=frozen)
    findings: tuple[Finding, ...] = ()
    stands_in: str = ""


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


def wrong_settings(project: Project) -> tuple[Finding, ...]:
    """Return what is wrong with the settings of a project, without asking any server."""
    try:
        settings = project.settings
    except ConfigError as error:
        return error.findings
    if settings.file is None:
        return ()
    problems: list[Finding] = []
    for look in (_shown_state, open_objects_of):
        try:
            look(project)
        except (ConfigError, UsageError) as error:
            problems += error.findings
    return tuple(problems)


def probe_stores(project: Project) -> tuple[Probe, ...]:
    """Try each store that the settings name, though another might stand in for it.

    Raises:
        ConfigError: The settings are wrong, or name what is not installed; has every problem.
    """
    probes: list[Probe] = []
    problems: list[Finding] = []
    for probe in (probe_state, probe_objects):
        try:
            probes.append(probe(project))
        except (ConfigError, UsageError) as error:
            problems += error.findings
    if problems:
        raise ConfigError(*dict.fromkeys(problems))
    return tuple(probes)


def probe_state(project: Project) -> Probe:
    """Write, swap, read and remove a key of the store of state.

    Raises:
        ConfigError: The settings are wrong, or name what is not installed.
    """
    address = _shown_state(project)
    taken: dict[str, float] = {}
    try:
        store = _timed(taken, "open", lambda: open_state(project, fall_back=False).store)
        with contextlib.closing(store):
            _try(store, taken)
    except StoreError as error:
        instead = _stand_in(project, error, "PPF540", STATE_FILE)
        return Probe("state", address, frozen(taken), error.findings, instead)
    return Probe("state", address, frozen(taken))


def probe_objects(project: Project) -> Probe:
    """Write, read and remove an object in the bucket, or in the project's own folder.

    Raises:
        ConfigError: The settings are wrong, or name what is not installed.
        UsageError: The same.
    """
    from pipeproof.store.remote import RemoteObjects

    taken: dict[str, float] = {}
    objects = open_objects_of(project)
    address = str(objects.bucket.address) if isinstance(objects, RemoteObjects) else shorten(objects.root)
    try:
        project.made_state  # noqa: B018 made here, so that a folder that cannot be made is told as such
        with _located(project.settings.store.places.get("objects")):
            _timed(taken, "write and read", objects.check)
    except StoreError as error:
        instead = _stand_in(project, error, "PPF552", "objects")
        return Probe("objects", address, frozen(taken), error.findings, instead)
    return Probe("objects", address, frozen(taken))


def _stand_in(project: Project, error: StoreError, unreachable: str, name: str) -> str:
    """Return what stands in for a store: only for one that cannot be reached."""
    allowed = project.settings.store.fallback == "local" and error.findings[0].code == unreachable
    return shorten(project.state / name) if allowed else ""


def open_objects_of(project: Project) -> LocalObjects | RemoteObjects:
    """Return the store of objects that the settings name; nothing is asked of it yet."""
    from pipeproof.store.objects import LocalObjects
    from pipeproof.store.remote import open_objects

    settings = project.settings.store
    with _located(settings.places.get("objects")):
        return open_objects(
            settings.objects,
            LocalObjects(project.state / "objects"),
            fallback=settings.fallback == "local",
        )


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


def _shown_state(project: Project) -> str:
    """Return the address of the state for people: without a password, and short for a file of the project."""
    from pipeproof.store.keyvalue.address import SqliteAddress, parse_address

    settings = project.settings.store
    with _located(settings.places.get("state")):
        address = parse_address(settings.state)
    if not isinstance(address, SqliteAddress):
        return str(address)
    path = project.state / STATE_FILE if address.path is None else project.root / address.path
    return f"sqlite:///{shorten(path)}"


@contextlib.contextmanager
def _located(where: Location | None) -> Iterator[None]:
    """Say in every error which line of the settings it comes from."""
    try:
        yield
    except PipeproofError as error:
        raise type(error)(*(finding.at(where) for finding in error.findings)) from None
