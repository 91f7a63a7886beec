"""What a process uses together with all that it started, looked up now and then. Standard library only.

Limits of the kernel hold for each process by itself; the sum is watched here, so that a step that shares
its work among processes has the same limits as one that does not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

PAUSE = 0.1
"""Seconds from one look to the next."""
WATCHED = ("memory", "cpu_seconds", "processes")
"""The limits that are watched."""
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM = 11, 12, 13, 14  # of /proc/PID/stat behind the name, see proc(5)


def exceeded(pid: int, limits: Mapping[str, Any], *, own: int | None = None) -> str:
    """Return the limit that a process and its descendants are above, or nothing.

    Args:
        pid: The process.
        limits: Limits by name.
        own: The process that it was forked from: what they still share is not counted.
    """
    tree = [pid, *descendants(pid)]
    if (processes := limits.get("processes")) and len(tree) > processes:
        return "processes"
    if (cpu := limits.get("cpu_seconds")) and sum(map(seconds_of, tree)) > cpu:
        return "cpu_seconds"
    if (memory := limits.get("memory")) and len(tree) > 1 and memory_of(tree, own) > memory:
        return "memory"
    return ""


def descendants(pid: int) -> Iterator[int]:
    """Yield all that a process started and what these started."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def children(pid: int) -> list[int]:
    """Return the children of a process, whichever of its threads started them."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 plain names
            found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        pass
    return found


def seconds_of(pid: int) -> float:
    """Return the processor time of a process and of those children that it has waited for."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not fields:
        return 0.0
    return sum(int(fields[at]) for at in (_USER, _SYSTEM, _ENDED_USER, _ENDED_SYSTEM)) / _TICK


def memory_of(pids: list[int], own: int | None = None) -> int:
    """Return the bytes of memory that processes have for themselves; what they share is counted once.

    A page that several processes share counts for each in equal parts, so what a fork still shares with the
    process that it came from is as much as that one's part of it.
    """
    shared, command = (_anonymous(own), _read(f"/proc/{own}/cmdline")) if own else (0, "")
    return sum(
        max(_anonymous(pid) - (shared if own and _read(f"/proc/{pid}/cmdline") == command else 0), 0)
        for pid in pids
    )


def _anonymous(pid: int) -> int:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:  # noqa: PTH123 hot path
            return opened.read()
    except OSError:
        return ""
