"""What a process may use, set by itself before the user's code begins. Standard library only.

It is also loaded by interpreters of other environments (`guest.py`), so it keeps to Python 3.9.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
)
"""Variables that say how many threads a library starts; those that are set already stay."""


def limit(limits: dict[str, Any]) -> None:
    """Limit this process, and what it starts from now on, in all but memory and network.

    Raises:
        OSError: The system does not allow it.
        ValueError: A limit is higher than what this process has itself.
    """
    if cpu := limits.get("cpu_seconds"):
        soft = max(1, int(cpu + 0.999))
        resource.setrlimit(resource.RLIMIT_CPU, (soft, soft + 1))
    if files := limits.get("open_files"):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    if disk := limits.get("disk"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails, which code can tell
        resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))
    if cpus := limits.get("cpus"):
        limit_processors(cpus)


def limit_memory(limits: dict[str, Any]) -> None:
    """Limit the data of this process, counted from where it stands now; each child of its gets as much."""
    if memory := limits.get("memory"):
        most = data_size() + memory
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def limit_processors(count: int) -> None:
    """Keep this process, and what it starts, on some of its processors; on Linux only."""
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))
        first = os.getpid() * count  # so that steps beside each other use different ones
        os.sched_setaffinity(0, {mine[(first + index) % len(mine)] for index in range(count)})
    for name in _THREADS:
        os.environ.setdefault(name, str(count))


def data_size() -> int:
    """Return the size of this process's data in bytes; 0 where that cannot be known."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def cut_network(libc: Any) -> None:
    """Hold this process, and what it starts, off from the network, loopback included.

    A namespace with nothing in it does that; where none can be made, a filter refuses its sockets.

    Raises:
        OSError: The system allows neither.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "the network can be cut off on Linux only")
    if libc.unshare(_CLONE_NEWNET) == 0 or _enter_own_user(libc):
        return
    from pipeproof.running import seal

    if not seal.refuse_network():
        raise OSError(
            errno.EPERM, "the network cannot be cut off here (neither unshare nor seccomp is allowed)"
        )


def _enter_own_user(libc: Any) -> bool:
    """Move into a network namespace as the owner of a user namespace, which needs no rights."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True
