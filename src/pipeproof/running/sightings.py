"""What an attempt used besides its inputs: sorts what its processes opened, started and connected to.

Left out is what is no input of the step: its own scratch folder, what it wrote itself before, the interpreter
and installed packages (their versions are part of the key), devices, and what belongs to the system.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pipeproof.model.outcome import Seen
from pipeproof.running.asked import ALL
from pipeproof.running.no_inputs import is_no_input, lies_in
from pipeproof.running.seen import digest_folder, digest_presence

MOST = 2000
"""How many things of one attempt are kept."""

_CODE = (".py", ".pyc")
_CACHED = re.compile(r"(?P<folder>.*)/__pycache__/(?P<name>[^/]+)\.[\w-]+\.(?:opt-\d\.)?pyc(?:\.\d+)?")


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
        times: What and path → when it was first used, in nanoseconds since 1970.
        asked: Variables and parameters that processes which the attempt forked asked for: what and name.
    """

    root: str
    own: tuple[str, ...]
    kept: tuple[str, ...] = ()
    found: dict[tuple[str, str], tuple[int, ...] | str] = field(default_factory=dict)
    times: dict[tuple[str, str], int] = field(default_factory=dict)
    asked: set[tuple[str, str]] = field(default_factory=set)
    _made: set[str] = field(default_factory=set)
    _foreign: dict[str, str] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    @property
    def keeps_state(self) -> bool:
        """Whether something was read that could live on in the memory of the process."""
        return any(what != "module" for what, _ in self.found)

    def opened(self, path: str, flags: int, *, importing: bool = False) -> None:
        """Note that a file or folder is about to be opened."""
        if len(self.found) > MOST or (path in self._read and not flags & _WRITING):
            return
        if not flags & _WRITING and not importing and not self._own_of(path) and not self._place_of(path):
            self._read.add(path)  # what is the step's own may be another the next time
        if _OWN_VARIABLES.fullmatch(path):
            self.asked.add(("variable", ALL))
        if flags & _NO_READING or self._is_left_out(path):
            return
        meant = self._meant(path)
        if meant == path or not self._is_left_out(meant):
            self._opened(meant, flags, importing=importing)

    def _opened(self, path: str, flags: int, *, importing: bool) -> None:
        state = state_of(path)
        if state is not None and self._was_moved(path):
            self._note("changing", path, "never")  # where it lay then, it does not lie any more
        elif state is None:
            self._opened_missing(path, flags)
        elif stat.S_ISDIR(state[0]):
            if not importing and path != _installed_in():  # where any interpreter looks for packages
                self._listed(path)
        elif stat.S_ISREG(state[0]):
            self._opened_file(path, flags, state)

    def _opened_missing(self, path: str, flags: int) -> None:
        if _decides(path, flags, self.root) and not self._is_made(path) and not _CACHED.fullmatch(path):
            self._note("missing", path, "missing")
        if flags & os.O_CREAT:
            self._make(path)

    def _listed(self, path: str) -> None:
        if ("folder", path) not in self.found and not self._is_made(path):
            self._note("folder", path, digest_folder(path))

    def _opened_file(self, path: str, flags: int, state: tuple[int, ...]) -> None:
        if flags & os.O_ACCMODE != os.O_RDONLY and flags & os.O_TRUNC and ("file", path) not in self.found:
            self._make(path)
        elif flags & os.O_ACCMODE != os.O_WRONLY and not self._is_made(path):
            self._note_content(path, state)

    def read_as_data(self, path: str) -> None:
        """Note that code of the project is about to be read and not imported: all of it counts, comments too."""
        state = None if self._is_left_out(path) or self._is_made(path) else state_of(path)
        if state is not None:
            self._note("file", path, state)

    def renamed(self, old: str, new: str, *, exchanged: bool = False) -> None:
        """Note that a file or folder is about to be renamed; what the step has not made stays what it was."""
        self._brought(old, new, now=new)
        if exchanged:
            self._brought(new, old, now=old)

    def linked(self, old: str, new: str) -> None:
        """Note that a file is about to get one more name."""
        self._brought(old, new, now=old)

    def _brought(self, old: str, new: str, *, now: str) -> None:
        """Note by which name something may be found from now on, and where it can be looked at."""
        if self._is_made(old) or old.endswith(_DELETED):
            self._make(new)
        else:
            self._made.discard(new)
            self._foreign[new] = now

    def _make(self, path: str) -> None:
        self._foreign.pop(path, None)
        self._made |= {path, os.path.realpath(path)}

    def made_folder(self, path: str) -> None:
        """Note that a folder is about to be made; when it is there, that will not be."""
        if state_of(path) is None:
            self._make(path)

    def probed(self, path: str) -> None:
        """Note that somebody asks whether there is such a file, or how it is."""
        if self._is_left_out(path):
            return
        path = self._meant(path)
        if not self._is_made(path) and ("presence", path) not in self.found:
            self._note("presence", path, digest_presence(path))

    def started(self, path: str) -> None:
        """Note that a program is about to be started."""
        path = self._meant(path)
        if _is_interpreter(path) or self._is_made(path):
            return
        state = state_of(path)
        if state is not None:
            self._note("program", path, state)
        elif lies_in(path, self.root) and not self._is_left_out(path):
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
            self.times.setdefault((what, name), time.time_ns())
        else:
            self.found.setdefault(("too much", str(MOST)), "")

    def _is_made(self, path: str) -> bool:
        """Say whether the step itself made a file, or a folder that it lies in."""
        return bool(self._made) and self._place_of(path) in self._made

    def _place_of(self, path: str) -> str:
        """Return the nearest file or folder around a path that the step made, or brought from elsewhere."""
        if not self._made and not self._foreign:
            return ""
        for match in reversed(tuple(_PARTS.finditer(path))):
            part = path[: match.start()]
            if part in self._made or part in self._foreign:
                return part
        return ""

    def _meant(self, path: str) -> str:
        """Return what is to be looked at for a path: what lies in the step's own folders may lead out of them."""
        place = self._place_of(path)
        if place in self._foreign:
            return self._foreign[place] + path.removeprefix(place)
        return self._led_out(path, place) or path if place else path

    def _was_moved(self, path: str) -> bool:
        """Say whether something was not made by the step and was renamed by it."""
        return bool(self._foreign) and self._foreign.get(place := self._place_of(path)) == place

    def _led_out(self, path: str, place: str) -> str:
        """Return where links in a place of the step's own lead to, if out of all of these; empty if not."""
        real = os.path.realpath(path)
        above = os.path.dirname(place)  # noqa: PTH120 hot path
        straight = os.path.join(os.path.realpath(above), path.removeprefix(above).lstrip("/"))  # noqa: PTH118 the same
        return "" if real == straight or self._is_made(real) else real

    def _is_left_out(self, path: str) -> bool:
        own = self._own_of(path)
        return self._is_the_attempts(path, own) if own else is_no_input(path, self.root, self.kept)

    def _own_of(self, path: str) -> str:
        return next((own for own in self.own if own and lies_in(path, own)), "")

    def _is_the_attempts(self, path: str, own: str) -> bool:
        """Say whether what lies in the attempt's own folder does not lead elsewhere."""
        if self._place_of(path) in self._foreign:
            return False
        real = self._led_out(path, own)
        if not real:
            return True
        self._make(own)  # from now on its links are followed
        return self._is_left_out(real)


_OWN_VARIABLES = re.compile(r"/proc/(?:self|thread-self|\d+)/environ")
_DELETED = " (deleted)"  # how the kernel names an open file that has no name
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 looked at, not written to
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


def _decides(path: str, flags: int, root: str) -> bool:
    """Say whether it makes a difference to who opens a file that it is not there."""
    if not flags & os.O_CREAT:
        return True  # the call will fail
    if flags & os.O_EXCL:  # a temporary file has a name that nobody has
        return lies_in(path, root) or not any(
            lies_in(path, folder) for folder in (*_TEMPORARY, tempfile.gettempdir())
        )
    return not flags & os.O_TRUNC and flags & os.O_ACCMODE != os.O_WRONLY


def settle(sightings: Sightings, started_ns: int, names: Iterable[tuple[str, str]] = ()) -> tuple[Seen, ...]:
    """Return what an attempt used, by the names that hold on another day; the digests of files are still to be had.

    Args:
        sightings: What was seen.
        started_ns: When the attempt began, in nanoseconds since 1970: what changed since then has no one content.
        names: Further things, what and name.
    """
    read = {name for what, name in sightings.found if what != "presence" and not os.path.islink(name)}  # noqa: PTH114 hot path
    found = [
        _settled(sightings, what, name, state, started_ns)
        for (what, name), state in sightings.found.items()
        if what != "presence" or name not in read
    ]
    return (*found, *(Seen(what, name) for what, name in names))  # type: ignore[arg-type]  # plain data of a child


def used_after(sightings: Sightings, moment: int) -> frozenset[str]:
    """Return what was first used after a moment, by the names that hold on another day."""
    early = {name for (_, name), when in sightings.times.items() if when <= moment}
    return frozenset(portable(name, sightings.root) for _, name in sightings.times if name not in early)


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
    return name.removeprefix(root.rstrip("/") + "/") if lies_in(name, root) else name


def _is_interpreter(path: str) -> bool:
    return path == sys.executable or os.path.realpath(path) == _interpreter()


@cache
def _interpreter() -> str:
    return os.path.realpath(sys.executable)


@cache
def _installed_in() -> str:
    return str(Path(__file__).resolve().parent.parent.parent)
