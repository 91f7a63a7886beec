"""Addresses of stores of state: ``memory:``, ``sqlite:///state.db``, ``redis://host``, ``firestore://project``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pipeproof.errors import ConfigError, Finding, suggest

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "memory": "memory",
        "mem": "memory",
        "inmemory": "memory",
        "sqlite": "sqlite",
        "sqlite3": "sqlite",
        "local": "sqlite",
        "disk": "sqlite",
        "file": "sqlite",
        "redis": "redis",
        "rediss": "rediss",
        "redistls": "rediss",
        "firestore": "firestore",
        "gcp": "firestore",
        "gcpfirestore": "firestore",
        "gcloud": "firestore",
        "google": "firestore",
        "googlecloud": "firestore",
        "googlefirestore": "firestore",
    }
)
"""Names that people write, without dashes and underscores and in small letters, and what they mean."""
FORMS = "memory: · sqlite:///state.db · redis://host:6379/0 · firestore://project"
_KNOWN = ("memory", "sqlite", "local", "redis", "rediss", "firestore", "gcp")
_NAMED = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_+-]*)(?P<mark>:?)(?P<rest>.*)", re.DOTALL)
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{0,61}[a-z0-9]")
_DATABASE = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
_SLASHES = 3
_MOST_DATABASES = 2**31


@dataclass(frozen=True, slots=True)
class MemoryAddress:
    """State that lasts as long as the process."""

    def __str__(self) -> str:
        return "memory:"


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """State in a file; None is the file that a project has for it."""

    path: Path | None = None

    def __str__(self) -> str:
        return "sqlite:" if self.path is None else f"sqlite:///{self.path}"


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """State in Redis.

    Attributes:
        host: Its name or number.
        port: Its port.
        database: Number of the database.
        user: Name of the user, or ''.
        password: Password, or ''; never shown.
        tls: Whether to speak TLS.
        authority: File of the certificates that the server's is checked against; the system's unless given.
    """

    host: str
    port: int
    database: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    authority: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        who = f"{self.user}@" if self.user else ""
        return f"redis{'s' * self.tls}://{who}{host}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class FirestoreAddress:
    """State in Firestore; without a project, the one that the credentials name."""

    project: str | None = None
    database: str = "(default)"

    def __str__(self) -> str:
        rest = "" if self.database == "(default)" else f"/{self.database}"
        return f"firestore://{self.project or ''}{rest}"


Address = MemoryAddress | SqliteAddress | RedisAddress | FirestoreAddress


def parse_address(text: str) -> Address:
    """Return what an address means; a name alone, such as `redis` or `local`, means the usual place.

    Raises:
        ConfigError: It is no address of a store of state; never shows what may be a password.
    """
    match = _NAMED.fullmatch(text.strip())
    name = re.sub(r"[-_]", "", match["name"]).lower() if match else ""
    backend = ALIASES.get(name, "")
    if match is None or not backend or (match["rest"] and not match["mark"]):
        raise _wrong("it does not begin with the name of a store", _guess(match))
    rest = match["rest"]
    if backend == "memory":
        return _memory(rest)
    if backend == "sqlite":
        return _sqlite(rest)
    return _firestore(rest) if backend == "firestore" else _redis(rest, tls=backend == "rediss")


def _guess(match: re.Match[str] | None) -> str:
    """Return what was probably meant; only the name before the colon is looked at."""
    if match is None:
        return f"write one of: {FORMS}"
    return f"{suggest(match['name'], _KNOWN)} (forms: {FORMS})"


def _wrong(why: str, fix: str) -> ConfigError:
    return ConfigError(Finding("PPF543", f"the address of the state cannot be used: {why}", fix=fix))


def _memory(rest: str) -> MemoryAddress:
    if rest.strip("/"):
        raise _wrong("memory has no place", "write memory:")
    return MemoryAddress()


def _sqlite(rest: str) -> SqliteAddress:
    path = rest.lstrip("/")
    slashes = len(rest) - len(path)
    if not path and slashes in {0, _SLASHES - 1}:
        return SqliteAddress()
    if not path or slashes not in {_SLASHES, _SLASHES + 1}:
        fix = "write sqlite:///state.db for a file in the project, sqlite:////data/state.db for any other"
        raise _wrong("the slashes do not fit a file", fix)
    return SqliteAddress(Path("/" * (slashes - _SLASHES) + path))


def _redis(rest: str, *, tls: bool) -> RedisAddress:
    form = "write redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], with %40 for an @ in a password"
    parts, port = _split(rest, form)
    database = parts.path.strip("/") or "0"
    if not (database.isascii() and database.isdigit() and int(database) < _MOST_DATABASES):
        raise _wrong("the database is no number", form)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    authority = options.pop("ca", "") if tls else ""
    if options or parts.fragment:
        raise _wrong(
            "there is something behind the database", "rediss:// takes ?ca=FILE, and redis:// nothing"
        )
    return RedisAddress(
        host=parts.hostname or "localhost",
        port=port or 6379,
        database=int(database),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        authority=authority,
    )


def _firestore(rest: str) -> FirestoreAddress:
    form = "write firestore://PROJECT or firestore://PROJECT/DATABASE"
    if rest and not rest.startswith("//"):
        raise _wrong("the project stands behind two slashes", form)
    project, _, database = rest.removeprefix("//").rstrip("/").partition("/")
    if project and not _PROJECT.fullmatch(project):
        raise _wrong("there is no project of such a name", form)
    if database and not _DATABASE.fullmatch(database):
        raise _wrong("there is no database of such a name", form)
    return FirestoreAddress(project or None, database or "(default)")


def _split(rest: str, form: str) -> tuple[SplitResult, int | None]:
    """Return the parts of what stands behind ``redis:``, and the port.

    The errors of the library are left out: they quote what may be a password.
    """
    if rest and not rest.startswith("//"):
        raise _wrong("the host stands behind two slashes", form)
    try:
        parts = urlsplit(f"redis:{rest}")
        port = parts.port
    except ValueError:
        raise _wrong("host and port cannot be told apart", form) from None
    return parts, port
