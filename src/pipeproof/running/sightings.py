"""What an attempt used besides its inputs: sorts what its processes opened, started and connected to.

Left out is what is no input of the step: its own scratch folder, what it wrote itself before, the interpreter
and installed packages (their versions are part of the key), devices, and what belongs to the system.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipeproof.model.record import Seen
from pipeproof.running.seen import digest_folder, digest_presence

MOST = 2000
"""How many things of one attempt are kept."""

_CODE = (".py", ".pyc")
_CACHED = re.compile(r"(?P<folder>.*)/__pycache__/(?P<name>[^/]+)\.[\w-]+\.(?:opt-\d\.)?pyc(?:\.\d+)?")
_PACKAGES = re.compile(r"/(?:site|dist)-packages(?:/|$)|/lib(?:64)?/python\d[\d.]*(?:/|$)")
_SPILLED = re.compile(r"/(?:var/)?tmp/polars-")  # a library asks whether it has left something there
_SYSTEM_FOLDERS = (
    "/bin",
    "/dev",
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
    "/usr/local/lib",
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
PROGRAMS = ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/libexec/", "/usr/local/bin/")
"""Where the programs of the system are."""


@dataclass(slots=True)
class Sightings:
    """What one attempt used, gathered while it runs.

    A path is absolute, and named as the code named it: a link may lead elsewhere tomorrow.

    Args:
        root: Folder of the project.
        own: Folders and files of the attempt itself, which are no inputs of the step.
        kept: Folders of Pipeproof's own, the same for all attempts.

    Attributes:
        found: What and path → how it was: the state of a file, or a digest.
    """

    root: str
    own: tuple[str, ...]
    kept: tuple[str, ...] = ()
    found: dict[tuple[str, str], tuple[int, ...] | str] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _read: set[str] = field(default_factory=set)

    @property
    def keeps_state(self) -> bool:
        """Whether something was read that could live on in the memory of the process."""
        return any(what != "module" for what, _ in self.found)

    def opened(self, path: str, flags: int, *, importing: bool = False) -> None:
        """Note that a file or folder is about to be opened."""
        writes = flags & _WRITING
        if len(self.found) > MOST:
            return
        if not writes and not importing:
            if path in self._read:
                return
            self._read.add(path)
        if flags & _NO_READING or self._is_left_out(path):
            return
        state = state_of(path)
        if state is None:
            self._opened_missing(path, flags)
        elif stat.S_ISDIR(state[0]):
            if not importing and path != _installed_in():  # where any interpreter looks for packages
                self._listed(path)
        elif stat.S_ISREG(state[0]):
            self._opened_file(path, flags, state)

    def _opened_missing(self, path: str, flags: int) -> None:
        if flags & os.O_CREAT:
            self._made.add(path)
        elif not flags & _WRITING and not _CACHED.fullmatch(path):
            self._note("missing", path, "missing")

    def _listed(self, path: str) -> None:
        if ("folder", path) not in self.found and not self._is_made(path):
            self._note("folder", path, digest_folder(path))

    def _opened_file(self, path: str, flags: int, state: tuple[int, ...]) -> None:
        if flags & os.O_ACCMODE != os.O_RDONLY and flags & os.O_TRUNC and ("file", path) not in self.found:
            self._made.add(path)
        elif flags & os.O_ACCMODE != os.O_WRONLY and not self._is_made(path):
            self._note_content(path, state)

    def renamed(self, old: str, new: str) -> None:
        """Note that a file or folder is about to be renamed; what the step has not made stays what it was."""
        if self._is_made(old):
            self._made.add(new)

    def made_folder(self, path: str) -> None:
        """Note that a folder is about to be made; when it is there, that will not be."""
        if state_of(path) is None:
            self._made.add(path)

    def probed(self, path: str) -> None:
        """Note that somebody asks whether there is such a file, or how it is."""
        if not self._is_left_out(path) and not self._is_made(path) and ("presence", path) not in self.found:
            self._note("presence", path, digest_presence(path))

    def started(self, path: str) -> None:
        """Note that a program is about to be started."""
        if _is_interpreter(path) or self._is_made(path):
            return
        state = state_of(path)
        if state is not None:
            self._note("program", path, state)
        elif _lies_in(path, self.root) and not self._is_left_out(path):
            self._note("missing", path, "missing")

    def connected(self, place: str) -> None:
        """Note a connection: a host and port, or the path of a socket."""
        if not place.startswith("/"):
            self._note("network", place, "")
        elif not self._is_left_out(place) and not self._is_made(place):
            self._note("network", f"unix:{place}", "")

    def unseen(self, what: str) -> None:
        """Note that something was used which cannot be seen."""
        self._note("unseen", what, "")

    def _note_content(self, path: str, state: tuple[int, ...]) -> None:
        cached = _CACHED.fullmatch(path)
        if cached is not None:  # stands for its source, unless there is none
            source = f"{cached['folder']}/{cached['name']}.py"
            found = state_of(source)
            path, state = (path, state) if found is None else (source, found)
        self._note("module" if path.endswith(_CODE) else "file", path, state)

    def _note(self, what: str, name: str, state: tuple[int, ...] | str) -> None:
        if len(self.found) < MOST:
            self.found.setdefault((what, name), state)
        else:
            self.found.setdefault(("too much", str(MOST)), "")

    def _is_made(self, path: str) -> bool:
        """Say whether the step itself made a file, or a folder that it lies in."""
        made = self._made
        return bool(made) and any(path[: match.start()] in made for match in _PARTS.finditer(path))

    def _is_left_out(self, path: str) -> bool:
        if path in _SYSTEM_FILES or _PACKAGES.search(path) or _SPILLED.match(path):
            return True
        inside, outside = _places(self.root, self.kept)
        folder = f"{path}/"
        return folder.startswith(inside if _lies_in(path, self.root) else outside) or any(
            own and folder.startswith(own.rstrip("/") + "/") for own in self.own
        )


_PARTS = re.compile(r"(?<=[^/])(?=/|$)")
_PATH_ONLY = getattr(os, "O_PATH", 0)
_UNNAMED = getattr(os, "O_TMPFILE", 0) & ~os.O_DIRECTORY
_NO_READING = _PATH_ONLY | _UNNAMED
_WRITING = os.O_ACCMODE | os.O_CREAT | _NO_READING


def state_of(path: str) -> tuple[int, ...] | None:
    """Return mode, node, size and times of a file; None when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 hot path
    except (OSError, ValueError):
        return None
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def settle(sightings: Sightings, started_ns: int, names: Iterable[tuple[str, str]] = ()) -> tuple[Seen, ...]:
    """Return what an attempt used, by the names that hold on another day; the digests of files are still to be had.

    Args:
        sightings: What was seen.
        started_ns: When the attempt began, in nanoseconds since 1970: what changed since then has no one content.
        names: Further things, what and name.
    """
    read = {name for what, name in sightings.found if what != "presence"}
    found = [
        _settled(sightings, what, name, state, started_ns)
        for (what, name), state in sightings.found.items()
        if what != "presence" or name not in read
    ]
    return (*found, *(Seen(what, name) for what, name in names))  # type: ignore[arg-type]  # plain data of a child


def _settled(
    sightings: Sightings, what: str, name: str, state: tuple[int, ...] | str, started_ns: int
) -> Seen:
    shown = portable(name, sightings.root)
    if isinstance(state, str):
        return Seen(what, shown, state)  # type: ignore[arg-type]  # one of those that are noted above
    *_, modified, changed = state
    if state_of(name) != state or max(modified, changed) > started_ns:
        return Seen("changing", shown)
    return Seen(what, shown)  # type: ignore[arg-type]  # the same


def portable(name: str, root: str) -> str:
    """Return a path from the project's folder, if it lies there: so it is the same on another machine."""
    if name == root:
        return "."
    return name.removeprefix(root.rstrip("/") + "/") if _lies_in(name, root) else name


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@cache
def _places(root: str, kept: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the folders that are left out for paths in the project, and for others."""
    places = {*kept, *_own_places(), *_SYSTEM_FOLDERS}
    # A place that the project itself lies in says nothing of the project's own files.
    return (
        _prefixes(place for place in places if _lies_in(place, root)),
        _prefixes(place for place in places if not _lies_in(root, place)),
    )


def _prefixes(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({place.rstrip("/") + "/" for place in places}))


def _is_interpreter(path: str) -> bool:
    return path == sys.executable or os.path.realpath(path) == _interpreter()


@cache
def _interpreter() -> str:
    return os.path.realpath(sys.executable)


@cache
def _installed_in() -> str:
    return str(Path(__file__).resolve().parent.parent.parent)


@cache
def _own_places() -> frozenset[str]:
    """Return the folders of the interpreter, of its packages and of ours."""
    paths = sysconfig.get_paths()
    places = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix} - {"/", "/usr", "/usr/local"}
    places |= {*prefixes, *(os.path.realpath(prefix) for prefix in prefixes)}
    places.add(str(Path(__file__).resolve().parent.parent))
    return frozenset(places)
