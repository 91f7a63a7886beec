"""Which files are no input of a step, whoever opens them: those of the system, of the interpreter and of ours."""

from __future__ import annotations

import os
import re
import site
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_ENVIRONMENT = re.compile(r"(?P<prefix>.*?)/lib(?:64)?/python\d[\d.]*(?=/|$)")
_LIBRARY = re.compile(r"/usr/local/lib/(?:.*/)?[^/]+\.so[\d.]*")
_DEVICE = re.compile(r"/dev(?:$|/(?!shm/))|/dev/shm/(?:sem\.|__KMP_)")
_SPILLED = re.compile(r"/(?:var/)?tmp/polars-")  # a library asks whether it has left something there
_SYSTEM_FOLDERS = (
    "/bin",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.conf.d",
    "/etc/pki",
    "/etc/ssl",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/run/nscd",
    "/run/systemd",
    "/sbin",
    "/sys",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share/fonts",
    "/usr/share/locale",
    "/usr/share/zoneinfo",
    "/var/cache/fontconfig",
    "/var/run/nscd",
    "/var/run/systemd",
)
_SYSTEM_FILES = frozenset(
    f"/etc/{name}"
    for name in (
        "gai.conf",
        "group",
        "host.conf",
        "hosts",
        "inputrc",
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.nohwcap",
        "ld.so.preload",
        "locale.alias",
        "localtime",
        "mime.types",
        "nsswitch.conf",
        "passwd",
        "resolv.conf",
        "services",
        "timezone",
    )
)


def is_no_input(path: str, root: str, kept: tuple[str, ...]) -> bool:
    """Say whether a file decides nothing that is not in the key already.

    Args:
        path: The file, or a folder.
        root: Folder of the project.
        kept: Folders of Pipeproof's own.
    """
    if path in _SYSTEM_FILES or _SPILLED.match(path) or _DEVICE.match(path) or _LIBRARY.fullmatch(path):
        return True
    inside, outside = _places(root, kept)
    if f"{path}/".startswith(inside if lies_in(path, root) else outside):
        return True
    found = _ENVIRONMENT.match(path)
    return found is not None and not lies_in(root, found[0]) and _is_environment(found[0])


def lies_in(path: str, folder: str) -> bool:
    """Say whether a path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@cache
def _places(root: str, kept: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the folders that are left out for paths in the project, and for others."""
    places = {*kept, *_own_places(), *_SYSTEM_FOLDERS}
    # A place that the project itself lies in says nothing of the project's own files.
    return (
        _prefixes(place for place in places if lies_in(place, root)),
        _prefixes(place for place in places if not lies_in(root, place)),
    )


def _prefixes(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({place.rstrip("/") + "/" for place in places}))


@cache
def _is_environment(folder: str) -> bool:
    """Say whether a folder ``lib/python3.x`` is that of an interpreter, whose packages count by their versions."""
    prefix = Path(folder).parent.parent
    return (prefix / "pyvenv.cfg").is_file() or Path(folder, "os.py").is_file()


@cache
def _own_places() -> frozenset[str]:
    """Return the folders of the interpreter, of its packages and of ours."""
    paths = sysconfig.get_paths()
    places = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix} - {"/", "/usr", "/usr/local"}
    places |= {site.getusersitepackages(), *site.getsitepackages()}
    places |= {*prefixes, *(os.path.realpath(prefix) for prefix in prefixes)}
    places.add(str(Path(__file__).resolve().parent.parent))
    return frozenset(places)
