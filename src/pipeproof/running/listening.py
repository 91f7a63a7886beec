"""Lets the kernel report what this process opens, starts and connects to. Standard library only.

A seccomp filter (seccomp_unotify(2)) makes the kernel stop each of a few system calls and tell whoever holds
the listener, who lets it go on: `pipeproof.running.traced`. That sees what native libraries and the processes
that the code starts do, too. The filter costs nothing where none of these calls is made, holds for all that
this process starts, and cannot be taken off again. When nobody holds the listener any longer, the calls fail.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
# Without ALLOW_SPECULATION some kernels slow the process down. WAIT_KILLABLE (since 5.19) lets no signal break
# into a call that is being looked at: a timer that fires often could keep it from ever being made.
_ALLOW_SPECULATION, _NEW_LISTENER, _WAIT_KILLABLE = 1 << 2, 1 << 3, 1 << 5
_FLAGS = _ALLOW_SPECULATION | _NEW_LISTENER
_SINCE = (5, 5)  # Linux that lets a call go on, SECCOMP_USER_NOTIF_FLAG_CONTINUE

# Codes of linux/bpf_common.h, and what a filter returns (linux/seccomp.h).
_LOAD, _IS, _IS_FROM, _HAS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOWED, _REPORTED = 0x7FFF0000, 0x7FC00000
_OTHER_ABI = 0x40000000  # x32: numbers of its own on x86_64

UNREPORTED = 1 << 29
"""A flag, without a meaning to open(2), for a file of our own that is not to be reported."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Numbers of a processor architecture.

    Attributes:
        audit: The architecture as a filter sees it (linux/audit.h).
        seccomp: Number of seccomp(2).
        calls: Number → name, of the calls that are reported.
    """

    audit: int
    seccomp: int
    calls: dict[int, str]


MACHINES = {
    "x86_64": Machine(
        0xC000003E,
        317,
        {
            257: "openat",
            2: "open",
            437: "openat2",
            85: "creat",
            304: "open_by_handle_at",
            59: "execve",
            322: "execveat",
            42: "connect",
            44: "sendto",
            425: "io_uring_setup",
            86: "link",
            265: "linkat",
            82: "rename",
            264: "renameat",
            316: "renameat2",
            83: "mkdir",
            258: "mkdirat",
        },
    ),
    "aarch64": Machine(
        0xC00000B7,
        277,
        {
            56: "openat",
            437: "openat2",
            265: "open_by_handle_at",
            221: "execve",
            281: "execveat",
            203: "connect",
            206: "sendto",
            425: "io_uring_setup",
            37: "linkat",
            38: "renameat",
            276: "renameat2",
            34: "mkdirat",
        },
    ),
}


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def listen() -> int:
    """Have this process and all that it starts reported from now on.

    Root needs no more than that; for others the kernel wants it said that no program started from here gains
    rights (PR_SET_NO_NEW_PRIVS): ``sudo`` and the like do not work from then on.

    Returns:
        A descriptor of the listener. Until somebody reads from it, the calls wait.

    Raises:
        OSError: That cannot be had here.
    """
    machine = this_machine()
    if machine is None:
        raise OSError(errno.ENOSYS, "that needs Linux 5.5 or later on x86_64 or aarch64")
    libc = ctypes.CDLL(None, use_errno=True)
    code = filter_code(machine)
    try:
        return _install(libc, machine.seccomp, code)
    except PermissionError:
        libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), 0, 0, 0)
        return _install(libc, machine.seccomp, code)


@cache
def this_machine() -> Machine | None:
    """Return the numbers of this machine; None when its kernel cannot report, or its numbers are not known."""
    if sys.platform != "linux" or sys.byteorder != "little":
        return None
    system = os.uname()
    release = tuple(int(part) for part in system.release.split("-")[0].split(".")[:2] if part.isdigit())
    return MACHINES.get(system.machine) if release >= _SINCE else None


def filter_code(machine: Machine) -> bytes:
    """Return the filter for seccomp(2), each line with where it goes on if true and if false.

    The kernel hands it ``struct seccomp_data``: number at 0, machine at 4, arguments from 16, 8 bytes each.
    Calls in the manner of another machine (programs of 32 bits) are all reported: what they open is not read.
    """
    sendto = next(number for number, name in machine.calls.items() if name == "sendto")
    openat = next(number for number, name in machine.calls.items() if name == "openat")
    plain = [number for number in machine.calls if number not in (openat, sendto)]
    allowed = len(plain) + 12
    reported = allowed + 1
    lines = [
        (_LOAD, 0, 0, 4),
        (_IS, 2, reported, machine.audit),
        (_LOAD, 0, 0, 0),
        (_IS_FROM, reported, 4, _OTHER_ABI),
        (_IS, 5, 7, openat),
        (_LOAD, 0, 0, 32),  # the flags
        (_HAS, allowed, reported, UNREPORTED),
        *((_IS, reported, 8 + index, number) for index, number in enumerate(plain)),
        (_IS, allowed - 4, allowed, sendto),
        (_LOAD, 0, 0, 48),  # the address, which a connected socket does not give: its lower half
        (_IS, allowed - 2, reported, 0),
        (_LOAD, 0, 0, 52),  # and its upper half
        (_IS, allowed, reported, 0),
        (_RETURN, 0, 0, _ALLOWED),
        (_RETURN, 0, 0, _REPORTED),
    ]
    return b"".join(_line(at, *line) for at, line in enumerate(lines))


def _line(at: int, code: int, true: int, false: int, operand: int) -> bytes:
    """Return an instruction; the lines to go on at are given by number, the kernel wants steps to jump."""
    steps = (true - at - 1, false - at - 1) if code in (_IS, _IS_FROM, _HAS) else (0, 0)
    return code.to_bytes(2, "little") + bytes(steps) + operand.to_bytes(4, "little")


def _install(libc: Any, number: int, code: bytes) -> int:
    program = ctypes.byref(_Filter(len(code) // 8, code))
    for flags in (_FLAGS | _WAIT_KILLABLE, _FLAGS):
        listener: int = libc.syscall(number, _SET_MODE_FILTER, ctypes.c_ulong(flags), program)
        if listener >= 0:
            return listener
        failed = ctypes.get_errno()
        if failed != errno.EINVAL:  # a flag that this kernel does not know
            break
    raise OSError(failed, os.strerror(failed))
