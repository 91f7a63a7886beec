"""Versions of the packages of others that code imports, with all that they require."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pipeproof.digest.finding import installed_folders

_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.dist-info")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ONLY_EXTRA = re.compile(r"\bextra\s*==")
_ALIKE = {
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
    "cv2": "opencv",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
}
"""Where to look first for names that differ; the others are found by looking through all."""
_SEPARATORS = re.compile(r"[-_.]+")


def versions(import_names: Iterable[str], folders: Sequence[Path] | None = None) -> Mapping[str, str]:
    """Return distribution → version for import names and, transitively, for what is required and installed.

    Requirements that only an extra asks for are left out; those with another condition count when they are
    installed. An import name that no installed distribution provides stands for itself, with the version ''.

    Args:
        import_names: Top-level names of imports, as "sklearn".
        folders: Where packages are installed, outside of this process's own environment.
    """
    installed = _installed(tuple(_stamped(installed_folders() if folders is None else folders)))
    found: dict[str, str] = {}
    waiting: list[str] = []
    for name in import_names:
        providers = installed.providers(name)
        waiting += providers
        if not providers:
            found[name] = ""
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in seen or key not in installed.folders:
            continue
        seen.add(key)
        one = installed.read(key)
        found[one.name] = one.version
        waiting += one.requires
    return MappingProxyType(dict(sorted(found.items())))


def installed(folders: Sequence[Path] | None = None) -> Mapping[str, str]:
    """Return normalised name → version of all distributions that are installed, as the names of their folders say.

    Args:
        folders: Where packages are installed, outside of this process's own environment.
    """
    found = _installed(tuple(_stamped(installed_folders() if folders is None else folders)))
    matches = ((name, _INFO.fullmatch(info.name)) for name, info in sorted(found.folders.items()))
    return MappingProxyType({name: match["version"] for name, match in matches if match})


@dataclass(frozen=True, slots=True)
class _Distribution:
    """What its metadata say of a distribution."""

    name: str
    version: str
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Installed:
    """The distributions of an environment.

    Attributes:
        folders: Normalised name → folder of metadata.
    """

    folders: Mapping[str, Path]
    _providers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _read: dict[str, _Distribution] = field(default_factory=dict)

    def providers(self, import_name: str) -> tuple[str, ...]:
        """Return the distributions that provide an import name."""
        known = self._providers.get(import_name)
        if known is None:
            alike = _ALIKE.get(import_name, _normal(import_name))
            likely = [key for key in self.folders if alike in key]
            known = self._that_provide(likely, import_name)
            # Several distributions may share a name, as google.cloud does: all files are asked only then.
            if not known or not self._is_regular(known[0], import_name):
                known = self._that_provide(self.folders, import_name)
            self._providers[import_name] = known
        return known

    def _that_provide(self, keys: Iterable[str], import_name: str) -> tuple[str, ...]:
        return tuple(key for key in keys if _provides(self.folders[key], import_name))

    def _is_regular(self, key: str, import_name: str) -> bool:
        beside = self.folders[key].parent
        return (beside / import_name / "__init__.py").exists() or (beside / f"{import_name}.py").exists()

    def read(self, key: str) -> _Distribution:
        """Return what the metadata of a distribution say."""
        known = self._read.get(key)
        if known is None:
            known = self._read[key] = _read(self.folders[key])
        return known


def _stamped(folders: Iterable[Path]) -> Iterable[tuple[Path, int]]:
    """Yield folders with their times: installing something changes these."""
    for folder in folders:
        if folder.is_dir():
            yield folder, folder.stat().st_mtime_ns


@cache
def _installed(folders: tuple[tuple[Path, int], ...]) -> _Installed:
    found: dict[str, Path] = {}
    for folder, _ in folders:
        for info in folder.iterdir():
            match = _INFO.fullmatch(info.name)
            if match:
                # What stands first on the path is what an import finds.
                found.setdefault(_normal(match["name"]), info)
    return _Installed(MappingProxyType(found))


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _provides(info: Path, import_name: str) -> bool:
    """Tell whether a distribution holds a top-level module; its short list says so, or that of all its files."""
    try:
        return import_name in (info / "top_level.txt").read_text(encoding="utf-8").split()
    except OSError:
        pass
    try:
        record = b"\n" + (info / "RECORD").read_bytes()
    except OSError:
        return False
    name = import_name.encode()
    return b"\n%b/" % name in record or b"\n%b." % name in record


def _read(info: Path) -> _Distribution:
    match = _INFO.fullmatch(info.name)
    name, version = (match["name"], match["version"]) if match else (info.stem, "")
    try:
        text = (info / "METADATA").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _Distribution(name, version, ())
    requires = []
    for line in text.partition("\n\n")[0].splitlines():
        what, _, value = line.partition(": ")
        required = _REQUIREMENT.match(value) if what == "Requires-Dist" else None
        if required and not _ONLY_EXTRA.search(value.partition(";")[2]):
            requires.append(_normal(required[0]))
        elif what == "Name":
            name = value.strip()
        elif what == "Version":
            version = value.strip()
    return _Distribution(name, version + _revision(info), tuple(requires))


def _revision(info: Path) -> str:
    """Return the revision of what was installed from a repository: its version may stay the same."""
    try:
        origin = json.loads((info / "direct_url.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    revision = origin.get("vcs_info", {}).get("commit_id", "")
    return f"@{revision}" if revision else ""
