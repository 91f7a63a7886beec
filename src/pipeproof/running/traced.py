"""The supervisor's end of the trace: hears from the kernel what a child's processes are about to do.

The child (`pipeproof.running.listening`) hands over its listener. Each call that it tells of waits until it is
answered, and is always let go on: this looks, it forbids nothing. Whoever waits for the child answers, so a
child hangs no longer than its own supervisor does; when that dies, so does the child.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import socket
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from pipeproof.running.listening import this_machine
from pipeproof.running.sightings import Sightings
from pipeproof.running.used import ASKING, IMPORTING, PROBING, READING

_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_* of linux/seccomp.h
_NOTICE = struct.Struct("<QIIiIQ6Q")  # id, process, flags; number, architecture, where, arguments
_ANSWER = struct.Struct("<QqiI")
_GO_ON = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE
_HERE = -100 & 0xFFFFFFFF  # AT_FDCWD
_LONGEST, _PAGE = 4096, 4096  # a path; memory is mapped in pages of no less
_EMPTY_PATH = 0x1000  # AT_EMPTY_PATH
_EXCHANGE = 2  # RENAME_EXCHANGE
_ADDRESS = 128  # sockaddr_storage
_UNIX, _INET, _INET6 = 1, 2, 10
_CREATE = os.O_CREAT | os.O_WRONLY | os.O_TRUNC


class Trace:
    """What the kernel tells of one child.

    Attributes:
        listener: The descriptor to poll; -1 while there is none.
        began: Whether there is or was one.
        sightings: Where what is seen goes to; None between two attempts.
    """

    def __init__(self) -> None:
        self.listener = -1
        self.began = False
        self.sightings: Sightings | None = None
        self._importing: set[int] = set()
        self._notice = ctypes.create_string_buffer(_NOTICE.size)
        self._answer = ctypes.create_string_buffer(_ANSWER.size)

    def attach(self, listener: int) -> None:
        """Take a child's listener."""
        self.listener = listener
        self.began = True

    def answer(self) -> None:
        """Look at the call that waits, and let it go on; only when the listener is said to be readable."""
        ctypes.memset(self._notice, 0, _NOTICE.size)
        libc = _libc()
        if libc.ioctl(self.listener, _RECEIVE, ctypes.addressof(self._notice)) < 0:
            return  # whoever made the call has died
        identity, process, _, number, architecture, _, *arguments = _NOTICE.unpack(self._notice)
        try:
            if self.sightings is not None:
                self._look(self.sightings, process, number, architecture, arguments)
        except Exception as error:  # noqa: BLE001 a fault of ours must not keep the call from going on
            if self.sightings is not None:
                self.sightings.unseen(f"a call that was not understood ({type(error).__name__})")
        finally:
            _ANSWER.pack_into(self._answer, 0, identity, 0, 0, _GO_ON)
            libc.ioctl(self.listener, _SEND, ctypes.addressof(self._answer))

    def answer_until_writable(self, connection: socket.socket) -> None:
        """Wait until a connection takes more, looking at calls meanwhile: the child may wait for one, and not read."""
        poll = select.poll()
        poll.register(connection, select.POLLOUT)
        if self.listener >= 0:
            poll.register(self.listener, select.POLLIN)
        while True:
            ready = dict(poll.poll())
            if connection.fileno() in ready:
                return
            if ready[self.listener] & select.POLLIN:
                self.answer()
            else:
                poll.unregister(self.listener)

    def close(self) -> None:
        """Let the listener go; calls of processes that still live fail from now on."""
        if self.listener >= 0:
            os.close(self.listener)
            self.listener = -1

    def _look(
        self, sightings: Sightings, process: int, number: int, architecture: int, arguments: list[int]
    ) -> None:
        machine = this_machine()
        if machine is None or machine.audit != architecture or number not in machine.calls:
            sightings.unseen("a program for another kind of processor")
            return
        name = machine.calls[number]
        try:
            if name in _OPENING:
                self._opened(sightings, process, *_OPENING[name](process, arguments))
            else:
                _OTHERS[name](sightings, process, arguments)
        except PermissionError:
            sightings.unseen("a program whose memory cannot be read")
        except OSError:  # an address that is wrong, or a process that has died: the call will fail
            pass

    def _opened(self, sightings: Sightings, process: int, folder: int, address: int, flags: int) -> None:
        raw = _text(process, address)
        if raw == IMPORTING:  # what the child's interpreter says before it lists a folder to import from
            self._importing.add(process)
            return
        if raw.startswith(PROBING):
            sightings.probed(os.fsdecode(raw.removeprefix(PROBING)))
            return
        if raw.startswith(READING):
            sightings.read_as_data(os.fsdecode(raw.removeprefix(READING)))
            return
        if raw.startswith(ASKING):
            what, _, name = os.fsdecode(raw.removeprefix(ASKING)).partition("/")
            sightings.asked.add((what, name))
            return
        path = _absolute(process, folder, raw)
        importing = process in self._importing and os.path.isdir(path)  # noqa: PTH112 hot path
        if importing:
            self._importing.discard(process)
        sightings.opened(path, flags, importing=importing)


def _open_how(process: int, arguments: list[int]) -> tuple[int, int, int]:
    return arguments[0], arguments[1], int.from_bytes(_memory(process, arguments[2], 8), "little")


_OPENING: dict[str, Callable[[int, list[int]], tuple[int, int, int]]] = {
    "openat": lambda _process, given: (given[0], given[1], given[2]),
    "open": lambda _process, given: (_HERE, given[0], given[1]),
    "creat": lambda _process, given: (_HERE, given[0], _CREATE),
    "openat2": _open_how,
}


def _started(sightings: Sightings, process: int, folder: int, address: int, flags: int = 0) -> None:
    raw = _text(process, address)
    if not raw and flags & _EMPTY_PATH:
        sightings.started(os.readlink(f"/proc/{process}/fd/{folder}"))  # noqa: PTH115 a text is wanted
    else:
        sightings.started(_absolute(process, folder, raw))


def _connected(sightings: Sightings, process: int, address: int, length: int) -> None:
    given = _memory(process, address, min(length, _ADDRESS))
    family = int.from_bytes(given[:2], "little")
    port = int.from_bytes(given[2:4], "big")
    if family == _INET:
        sightings.connected(f"{socket.inet_ntop(socket.AF_INET, given[4:8])}:{port}")
    elif family == _INET6:
        sightings.connected(f"[{socket.inet_ntop(socket.AF_INET6, given[8:24])}]:{port}")
    elif family == _UNIX and given[2:3] == b"\0":
        sightings.connected(f"unix:@{os.fsdecode(given[3:].rstrip(bytes(1)))}")
    elif family == _UNIX:
        sightings.connected(_absolute(process, _HERE, given[2:].partition(b"\0")[0]))


def _renamed(
    sightings: Sightings, process: int, old: tuple[int, int], new: tuple[int, int], flags: int = 0
) -> None:
    before, after = (_absolute(process, folder, _text(process, address)) for folder, address in (old, new))
    sightings.renamed(before, after, exchanged=bool(flags & _EXCHANGE))


def _linked(
    sightings: Sightings, process: int, old: tuple[int, int], new: tuple[int, int], flags: int = 0
) -> None:
    folder, address = old
    raw = _text(process, address)
    if not raw and flags & _EMPTY_PATH:
        before = os.readlink(f"/proc/{process}/fd/{folder}")  # noqa: PTH115 a text is wanted
    else:
        before = _absolute(process, folder, raw)
    sightings.linked(before, _absolute(process, new[0], _text(process, new[1])))


def _made_folder(sightings: Sightings, process: int, folder: int, address: int) -> None:
    sightings.made_folder(_absolute(process, folder, _text(process, address)))


_OTHERS: dict[str, Callable[[Sightings, int, list[int]], None]] = {
    "execve": lambda seen, process, given: _started(seen, process, _HERE, given[0]),
    "execveat": lambda seen, process, given: _started(seen, process, given[0], given[1], given[4]),
    "connect": lambda seen, process, given: _connected(seen, process, given[1], given[2]),
    "sendto": lambda seen, process, given: _connected(seen, process, given[4], given[5]),
    "rename": lambda seen, process, given: _renamed(seen, process, (_HERE, given[0]), (_HERE, given[1])),
    "renameat": lambda seen, process, given: _renamed(
        seen, process, (given[0], given[1]), (given[2], given[3])
    ),
    "renameat2": lambda seen, process, given: _renamed(
        seen, process, (given[0], given[1]), (given[2], given[3]), given[4]
    ),
    "link": lambda seen, process, given: _linked(seen, process, (_HERE, given[0]), (_HERE, given[1])),
    "linkat": lambda seen, process, given: _linked(
        seen, process, (given[0], given[1]), (given[2], given[3]), given[4]
    ),
    "mkdir": lambda seen, process, given: _made_folder(seen, process, _HERE, given[0]),
    "mkdirat": lambda seen, process, given: _made_folder(seen, process, given[0], given[1]),
    "io_uring_setup": lambda seen, _process, _given: seen.unseen("io_uring"),
    "open_by_handle_at": lambda seen, _process, _given: seen.unseen("a file opened by its handle"),
}


def _absolute(process: int, folder: int, raw: bytes) -> str:
    """Return the absolute path that a process means, without a look at the files on the way where that can be.

    Raises:
        OSError: The process, or the folder that the path starts from, is gone.
    """
    if not raw:
        raise FileNotFoundError
    path = os.fsdecode(raw)
    if not path.startswith("/"):
        folder &= 0xFFFFFFFF
        place = "cwd" if folder == _HERE else f"fd/{folder}"
        path = os.readlink(f"/proc/{process}/{place}") + "/" + path  # noqa: PTH115 hot path
    elif path.startswith(("/proc/", "/dev/fd/")):
        path = _behind_descriptor(process, path)
    # Behind a link, `..` leads somewhere else than the text says.
    return os.path.realpath(path) if "/.." in path else os.path.normpath(path)


def _behind_descriptor(process: int, path: str) -> str:
    """Return what a path stands for that names an open file of the process: ``/proc/self/fd/3``."""
    for start in ("/proc/self/fd/", "/proc/thread-self/fd/", f"/proc/{process}/fd/", "/dev/fd/"):
        if path.startswith(start):
            with contextlib.suppress(OSError):
                behind = os.readlink(f"/proc/{process}/fd/{path.removeprefix(start)}")  # noqa: PTH115 a text is wanted
                return behind if behind.startswith("/") else path
    return path


class _Piece(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("length", ctypes.c_size_t))


@cache
def _libc() -> Any:
    # Calls that return at once keep the interpreter's lock: taking it again can take longer than they do.
    libc = ctypes.PyDLL(None, use_errno=True)
    libc.ioctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)
    number, pointer = ctypes.c_ulong, ctypes.c_void_p
    libc.process_vm_readv.argtypes = (ctypes.c_int, pointer, number, pointer, number, number)
    libc.process_vm_readv.restype = ctypes.c_ssize_t
    return libc


def _memory(process: int, address: int, length: int) -> bytes:
    """Return memory of a process.

    Raises:
        OSError: It cannot be read.
    """
    piece = ctypes.create_string_buffer(length)
    here, there = _Piece(ctypes.addressof(piece), length), _Piece(address, length)
    got = _libc().process_vm_readv(process, ctypes.addressof(here), 1, ctypes.addressof(there), 1, 0)
    if got < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return piece.raw[:got]


def _text(process: int, address: int) -> bytes:
    """Return text that ends with a zero from the memory of a process; what follows it may not be mapped.

    Raises:
        OSError: It cannot be read.
    """
    text = b""
    while len(text) < _LONGEST:
        text += _memory(process, address + len(text), _PAGE - (address + len(text)) % _PAGE)
        end = text.find(b"\0")
        if end >= 0:
            return text[:end]
    return text[:_LONGEST]
