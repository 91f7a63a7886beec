"""Holds the code of a trial off from the world: no writing outside of its folder, no network. Standard library only.

What holds it off is the kernel's: Landlock (landlock(7)) refuses whatever would change a file, folder
or link outside of the writable folders, TCP, abstract sockets and signals to other processes; a seccomp
filter refuses the other kinds of sockets (UDP, raw, SCTP), which Landlock does not know. Both hold for
all that the code starts, and neither can be taken off again.

Not held off: reading; connections to sockets that have a path, such as a database's in ``/var/run``
(Landlock does not know them up to ABI 7, and a network namespace does not part them, they are files);
changes of modes, owners, times and attributes of files, which Landlock does not know either. It is a
guard against accidents, not against an attacker.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all architectures of today
_VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

# LANDLOCK_ACCESS_FS_*, from linux/landlock.h: bit and the ABI that has it. Reading and executing are not asked for.
_WRITE_FILE, _TRUNCATE, _IOCTL = 1 << 1, 1 << 14, 1 << 15
_WRITING = (
    (_WRITE_FILE, 1),
    (1 << 4, 1),  # remove folders
    (1 << 5, 1),  # remove files
    (0b1111111 << 6, 1),  # make devices, folders, files, sockets, pipes, links
    (1 << 13, 2),  # rename and link from one folder to another; before, that is refused everywhere
    (_TRUNCATE, 3),
    (_IOCTL, 5),  # control devices
)
_OF_FILES = _WRITE_FILE | _TRUNCATE | _IOCTL  # what a rule for one file may name
_ANYHOW = ~0
_NO_FLAGS = ctypes.c_uint32(0)
_PATH_ONLY = os.O_CLOEXEC | getattr(os, "O_PATH", 0)  # macOS has none
_TCP = 0b11  # bind, connect
_TCP_SINCE, _SCOPES_SINCE = 4, 6
_SCOPES = 0b11  # abstract sockets, signals

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "dri", "kfd")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 semaphores of multiprocessing live there

# Numbers of socket(2) and seccomp(2), and the architecture as a filter sees it (linux/audit.h).
_MACHINES = {"x86_64": (41, 317, 0xC000003E), "aarch64": (198, 277, 0xC00000B7)}
_SET_MODE_FILTER, _ALLOW_SPECULATION = 1, 1 << 2  # without the flag some kernels slow the process down
_LOAD, _AND, _IS, _RETURN = 0x20, 0x54, 0x15, 0x06  # codes of linux/bpf_common.h
_ALLOWED, _REFUSED = 0x7FFF0000, 0x00050000 | errno.EACCES
_UNIX, _NETLINK, _CRYPTO, _INET, _INET6 = 1, 16, 38, 2, 10
_STREAM, _TCP_PROTOCOL = 1, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"  # what _pack_ alone meant before Python 3.14
    _fields_ = (("access", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


class Ground(NamedTuple):
    """What every seal needs and a server finds out once, before it forks.

    Attributes:
        libc: The C library.
        abi: Version of Landlock that the kernel has, 0 or less when it has none.
        places: Descriptors of what code writes to without changing the world, and how it may.
        sockets: The number of seccomp(2) and the filter for sockets, with and without TCP; None on a
            machine whose numbers we do not know.
    """

    libc: Any
    abi: int
    places: tuple[tuple[int, int], ...]
    sockets: tuple[int, bytes, bytes] | None


def prepare() -> None:
    """Find out before a fork what every seal needs, so that the seal of a child takes less time."""
    if sys.platform == "linux":
        ground()


@cache
def ground() -> Ground:
    """Return what every seal needs."""
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    places = tuple((os.open(place, _PATH_ONLY), access) for place, access in _offered())
    return Ground(libc, abi, places, _filters())


def seal(writable: Sequence[str], root: str = "", *, abi: int | None = None) -> str:
    """Hold this process, and all that it starts from now on, off from the world.

    Args:
        writable: Folders below which it may write.
        root: Folder of the project, in which it may not.
        abi: Version of Landlock to use; what the kernel has unless given.

    Returns:
        Why the seal, or a part of it, is not in force; empty when all of it is.
    """
    if sys.platform != "linux":
        return "that needs Linux"
    known = ground()
    abi = known.abi if abi is None else abi
    if abi < 1:
        return "the kernel has no Landlock, or it is switched off"
    try:
        _check(known.libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0))
        _restrict(known, abi, writable, root)
        _refuse_sockets(known, streams=abi >= _TCP_SINCE)
    except OSError as error:
        return f"the kernel refuses it: {error.strerror}"
    if abi < _TCP_SINCE and known.sockets is None:
        return "this kernel cannot hold off connections"
    return ""


def refuse_network() -> bool:
    """Refuse this process, and all that it starts, sockets of the network; False where that cannot be."""
    known = ground()
    if known.sockets is None or known.libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0) != 0:
        return False
    try:
        _refuse_sockets(known, streams=False)
    except OSError:
        return False
    return True


def accesses(abi: int) -> tuple[int, int, int]:
    """Return what a version of Landlock can refuse, of what is to be refused: files, network, scopes."""
    files = sum(bit for bit, since in _WRITING if abi >= since)
    return files, _TCP if abi >= _TCP_SINCE else 0, _SCOPES if abi >= _SCOPES_SINCE else 0


def _restrict(known: Ground, abi: int, writable: Sequence[str], root: str) -> None:
    files, net, scopes = accesses(abi)
    libc = known.libc
    size = ctypes.c_size_t(24 if scopes else 16 if net else 8)
    asked = ctypes.byref(_Ruleset(files, net, scopes))
    ruleset = _check(libc.syscall(_CREATE_RULESET, asked, size, _NO_FLAGS))
    try:
        for place, access in known.places:
            _allow(libc, ruleset, place, files & access)
        for path, access in _own(writable, root):
            place = os.open(path, _PATH_ONLY)
            _allow(libc, ruleset, place, files & access)
            os.close(place)
        _check(libc.syscall(_RESTRICT_SELF, ruleset, _NO_FLAGS))
    finally:
        os.close(ruleset)


def _allow(libc: Any, ruleset: int, place: int, access: int) -> None:
    rule = ctypes.byref(_Beneath(access, place))
    _check(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, _NO_FLAGS))


def _offered() -> Iterator[tuple[str, int]]:
    """Yield the devices that code may open for writing."""
    graphics = [name for name in os.listdir("/dev") if name.startswith("nvidia")]  # noqa: PTH208 plain names
    for name in (*_DEVICES, *graphics):
        if os.path.exists(f"/dev/{name}"):  # noqa: PTH110 plain names
            yield f"/dev/{name}", _OF_FILES


def _own(writable: Sequence[str], root: str) -> Iterator[tuple[str, int]]:
    """Yield the folders that this process may write to, and how."""
    for folder in writable:
        yield folder, _ANYHOW
    yield "/proc/self", _WRITE_FILE | _TRUNCATE  # names of threads, and what libraries set for themselves
    # A rule cannot leave a part of a folder out, so a project there gets no shared memory.
    taken = (*writable, root)
    if os.path.isdir(_SHARED_MEMORY) and not any(place.startswith(_SHARED_MEMORY) for place in taken):  # noqa: PTH112 hot path
        yield _SHARED_MEMORY, _ANYHOW


def _refuse_sockets(known: Ground, *, streams: bool) -> None:
    """Refuse sockets of all kinds that Landlock lets pass.

    Args:
        known: What is known of the machine.
        streams: Whether TCP sockets may be made, as Landlock refuses what they are for.
    """
    if known.sockets is None:
        return
    number, with_tcp, without = known.sockets
    code = with_tcp if streams else without
    program = ctypes.byref(_Filter(len(code) // 8, code))
    flags = ctypes.c_ulong(_ALLOW_SPECULATION)
    _check(known.libc.syscall(number, _SET_MODE_FILTER, flags, program))


def _filters() -> tuple[int, bytes, bytes] | None:
    machine = os.uname().machine
    if machine not in _MACHINES or sys.byteorder != "little":
        return None
    socket, seccomp, architecture = _MACHINES[machine]
    with_tcp, without = (filter_code(socket, architecture, streams=streams) for streams in (True, False))
    return seccomp, with_tcp, without


def filter_code(socket: int, machine: int, *, streams: bool) -> bytes:
    """Return the filter for seccomp(2): instructions of code, steps to jump if true and if false, operand.

    The kernel hands it ``struct seccomp_data``: number at 0, machine at 4, arguments from 16, 8 bytes each.
    """
    lines = (
        (_LOAD, 0, 0, 4),
        (_IS, 0, 15, machine),
        (_LOAD, 0, 0, 0),
        (_IS, 0, 13, socket),
        (_LOAD, 0, 0, 16),  # the family
        (_IS, 11, 0, _UNIX),
        (_IS, 10, 0, _NETLINK),  # asks the kernel for addresses
        (_IS, 9, 0, _CRYPTO),
        (_IS, 1 if streams else 7, 0, _INET),
        (_IS, 0 if streams else 6, 6, _INET6),
        (_LOAD, 0, 0, 24),  # the type, with flags above
        (_AND, 0, 0, 0xF),
        (_IS, 0, 3, _STREAM),
        (_LOAD, 0, 0, 32),  # the protocol; Landlock does not know multipath TCP
        (_IS, 2, 0, 0),
        (_IS, 1, 0, _TCP_PROTOCOL),
        (_RETURN, 0, 0, _REFUSED),
        (_RETURN, 0, 0, _ALLOWED),
    )
    return b"".join(
        code.to_bytes(2, "little") + bytes((true, false)) + operand.to_bytes(4, "little")
        for code, true, false, operand in lines
    )


def _check(returned: int) -> int:
    """Return what a system call returned.

    Raises:
        OSError: It failed.
    """
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return returned
