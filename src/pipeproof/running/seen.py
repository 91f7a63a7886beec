"""Digests of what an attempt was seen to use, of today's state: compared with what they were then."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pipeproof.digest import digest_file, digest_value
from pipeproof.model.contract import Scalar
from pipeproof.model.outcome import Seen
from pipeproof.running.asked import ALL

NEVER = ("network", "changing", "too much", "unseen")
"""What has no state that could be compared: a result for which it was used is not taken again."""

_YOUNG_NS = 2_000_000_000  # a change in the same tick of the clock would leave the times as they are
_MOST_KEPT = 200_000
LARGE = 2**20
"""Bytes from which on it is worth keeping a file's digest for another process."""
_ABSENT = "missing"
_OF_TERMINAL = re.compile(
    "_|PWD|OLDPWD|SHLVL|COLUMNS|LINES|(TERM|COLORTERM|SSH|TMUX|WINDOW|XDG|DBUS|GPG|VSCODE|PYTEST|LS_COLORS|PS[1-4]"
    "|DISPLAY|WAYLAND|SESSION|INVOCATION|JOURNAL|HIST|MAIL|STY).*"
)
_SYSTEM = ("/bin/", "/sbin/", "/usr/", "/lib/", "/lib64/")

_kept: dict[str, tuple[tuple[int, ...], str]] = {}


def digest_seen(
    seen: Seen,
    root: Path,
    environment: Mapping[str, str],
    parameters: Mapping[str, Scalar],
    *,
    salt: bytes,
) -> str:
    """Return the digest that something has today; equal to `seen.digest` when it is as it was.

    Args:
        seen: What was used.
        root: Folder of the project, which its name starts from.
        environment: The variables of today.
        parameters: The parameters of today.
        salt: Key of the hashes of values, which may be secrets.

    Returns:
        The digest; empty for what can never be compared.
    """
    if seen.what == "variable":
        value = environment.get(seen.name) if seen.name != ALL else _all_of(environment)
        return _digest_of_value(seen.name, value, salt)
    if seen.what == "parameter":
        return _digest_of_value(seen.name, parameters.get(seen.name), salt)
    digest = _OF_PATH.get(seen.what)
    if digest is None:
        return ""
    return digest(seen.name if seen.name[:1] == "/" else f"{root}/{seen.name}")


def digest_folder(path: str) -> str:
    """Return the digest of a folder's listing: names, and which of them are files, folders or links."""
    try:
        with os.scandir(path) as entries:
            listed = sorted((entry.name, _kind(entry)) for entry in entries if entry.name != "__pycache__")
    except OSError:
        return _ABSENT
    text = "\0".join(f"{kind}{name}" for name, kind in listed)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def digest_presence(path: str) -> str:
    """Return whether something is there, and what, for one who only asks after it: a file's size, as whoever looks may ask for that."""
    try:
        state = os.lstat(path)
        if stat.S_ISLNK(state.st_mode):
            return f"link to {os.readlink(path)}, {_presence_behind(path)}"  # noqa: PTH115 a text is wanted
    except (OSError, ValueError):
        return _ABSENT
    return _presence_of(state)


def _presence_behind(link: str) -> str:
    try:
        return _presence_of(os.stat(link))  # noqa: PTH116 hot path
    except OSError:
        return _ABSENT


def _presence_of(state: os.stat_result) -> str:
    return f"file of {state.st_size}" if stat.S_ISREG(state.st_mode) else f"{stat.S_IFMT(state.st_mode):o}"


def _all_of(environment: Mapping[str, str]) -> str:
    """Return a digest of all variables but those that only tell one terminal from another."""
    return digest_value(
        {name: value for name, value in environment.items() if not _OF_TERMINAL.fullmatch(name)}
    )


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "l"
    return "d" if entry.is_dir(follow_symlinks=False) else "f"


def _digest_of_value(name: str, value: Scalar | None, salt: bytes) -> str:
    """Return a keyed hash of a value, so that it cannot be guessed from what is kept."""
    text = f"{name}={digest_value(value)}"
    return hmac.digest(salt, text.encode(errors="surrogateescape"), "sha256").hex()


def _of_file(path: str) -> str:
    return _remembered(path, lambda _state: digest_file(Path(path)))


def digest_file_now(path: str) -> str:
    """Return the digest of a file's content; it is read again only when the file's state is another."""
    return _of_file(path)


def large_ones(least: int) -> Iterator[tuple[str, tuple[tuple[int, ...], str]]]:
    """Yield the files of at least so many bytes whose digests are known: path, and state with digest."""
    yield from ((path, kept) for path, kept in sorted(_kept.items()) if kept[0][0] >= least)


def recall(known: Mapping[str, tuple[tuple[int, ...], str]]) -> None:
    """Take over digests that another process computed; what is known here stays."""
    for path, kept in known.items():
        _kept.setdefault(path, kept)


def _of_folder(path: str) -> str:
    return _remembered(path, lambda _state: digest_folder(path))


def _of_missing(path: str) -> str:
    return "there" if os.path.exists(path) else _ABSENT  # noqa: PTH110 hot path


def _of_program(path: str) -> str:
    """Return the digest of a program: of its content, or of size and time if it is the system's."""
    if path.startswith(_SYSTEM):
        return _remembered(path, lambda state: digest_value([state.st_size, state.st_mtime_ns]))
    return _of_file(path)


def _remembered(path: str, digest: Callable[[os.stat_result], str]) -> str:
    """Return a digest, computed again only when the file's state is another; a young file may still change unseen."""
    try:
        state = os.stat(path)  # noqa: PTH116 hot path
        key = (state.st_size, state.st_mtime_ns, state.st_ino, state.st_ctime_ns, state.st_mode, state.st_dev)
        kept = _kept.get(path)
        if kept is not None and kept[0] == key:
            return kept[1]
        found = digest(state)
    except (OSError, ValueError):
        return _ABSENT
    if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _YOUNG_NS:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[path] = (key, found)
    return found


_OF_PATH: Mapping[str, Callable[[str], str]] = {
    "file": _of_file,
    "module": _of_file,
    "loaded": _of_file,
    "folder": _of_folder,
    "missing": _of_missing,
    "program": _of_program,
    "presence": digest_presence,
}
