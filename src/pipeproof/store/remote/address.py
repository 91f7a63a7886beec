"""Where objects are kept, as one line: ``s3://bucket/prefix``, ``gs://bucket``, ``file:///mnt/objects``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.model.contract import frozen

_ALIASES = {
    "s3": "s3",
    "s3a": "s3",
    "aws": "s3",
    "gs": "gs",
    "gcs": "gs",
    "gcp": "gs",
    "google": "gs",
    "file": "file",
    "local": "file",
    "memory": "memory",
    "mem": "memory",
    "in-memory": "memory",
}
_OPTIONS: Mapping[str, frozenset[str]] = {
    "s3": frozenset({"endpoint", "region", "profile", "anonymous"}),
    "gs": frozenset({"endpoint", "project", "anonymous"}),
    "file": frozenset(),
    "memory": frozenset(),
}
HERE = frozenset({"", "local", "none"})
"""Addresses that mean the folder of the project alone."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where objects are kept.

    Attributes:
        scheme: ``s3``, ``gs``, ``file`` or ``memory``.
        place: Bucket and prefix, or folder; without a slash at its end.
        options: What else to know: ``endpoint``, ``region``, ``profile``, ``project``, ``anonymous``.
    """

    scheme: str
    place: str
    options: Mapping[str, str] = field(default_factory=frozen)

    def __reduce__(self) -> Any:
        return type(self), (self.scheme, self.place, dict(self.options))  # a view of a dict cannot be pickled

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"

    @property
    def bucket(self) -> str:
        """The bucket, or the whole folder where there are no buckets."""
        return self.place.partition("/")[0] if self.scheme in {"s3", "gs"} else self.place


def read_address(text: str, base: Path) -> Address:
    """Return what an address says; names of schemes are known by several spellings, in any case.

    Args:
        text: The address; a path without a scheme is a folder.
        base: Folder that relative paths start from.

    Raises:
        UsageError: It is no address of objects; keys that stand in it are not shown.
    """
    scheme, mark, rest = text.partition(":")
    if mark and not rest.startswith("//") and scheme.lower() in _ALIASES:
        text = f"{scheme}://{rest}"  # `memory:`
    if "://" not in text:
        return Address("file", str((base / Path(text).expanduser()).resolve()))
    parts = urlsplit(text)
    known = _ALIASES.get(parts.scheme.lower().replace("_", "-"))
    if known is None:
        raise _wrong(f"objects cannot be kept at {parts.scheme}://", suggest(parts.scheme.lower(), _ALIASES))
    scheme = known
    if "@" in parts.netloc:
        raise _wrong(
            f"keys do not belong into the address {scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}",
            "set them in the environment, such as AWS_ACCESS_KEY_ID, or name a profile: ?profile=NAME",
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS[scheme]:
            raise _wrong(f"{scheme}:// has no option {name!r}", suggest(name, _OPTIONS[scheme]))
    return Address(scheme, _place(scheme, parts.netloc, parts.path, base), frozen(options))


def _place(scheme: str, host: str, path: str, base: Path) -> str:
    if scheme == "file":
        return str((base / (host + path)).resolve()) if host else str(Path(path).resolve())
    steps = [step for step in path.split("/") if step and step != "."]
    if ".." in steps:
        raise _wrong(
            f"{scheme}://{host}{path} leads out of its bucket", "write the prefix itself, without '..'"
        )
    if not host and scheme == "memory":
        return "/".join(("objects", *steps))
    if not host:
        raise _wrong(f"{scheme}:// names no bucket", f"write {scheme}://BUCKET/PREFIX")
    return "/".join((host, *steps))


def _wrong(what: str, fix: str) -> UsageError:
    return UsageError(Finding("PPF550", what, fix=fix))
