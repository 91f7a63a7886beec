"""Control groups: limits that hold for a step together with all that it starts. Standard library only.

Groups are made only where that is ours to do: in the folder that PIPEPROOF_CGROUP names (a delegated group
of version 2 with its controllers switched on, or a folder with one of version 1 for each controller), or below
the root of a controller of version 1 when this process lives there, as then nobody manages it. A group
that somebody else has put us in, such as a service's or a container's, belongs to its supervisor.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_VARIABLE = "PIPEPROOF_CGROUP"
_MOUNTS = Path("/sys/fs/cgroup")
_LIMITS = {"memory": ("memory.limit_in_bytes", "memory.max"), "processes": ("pids.max", "pids.max")}
_CONTROLLERS = {"memory": "memory", "processes": "pids"}
_PREFIX = "pipeproof-"


@dataclass(frozen=True, slots=True)
class Group:
    """The group of one step: a folder of version 2, or one a controller of version 1."""

    folders: tuple[Path, ...]
    limits: tuple[str, ...] = ()

    def enter(self) -> None:
        """Move this process into the group."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text("0")

    def reached(self) -> str:
        """Return the limit that the kernel had to keep by killing, or nothing."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    for line in (folder / name).read_text().splitlines():
                        if line.startswith("oom_kill ") and line.split()[1] != "0":
                            return "memory"
        return ""

    def remove(self) -> None:
        """Remove the group, which is empty."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def places(cgroups: str, mounts: Path = _MOUNTS, named: str = "") -> dict[str, Path]:
    """Return where groups may be made: name of a limit → folder.

    Args:
        cgroups: Content of /proc/self/cgroup.
        mounts: Where the controllers are mounted.
        named: Folder that a person has named for us.
    """
    if named:
        folder = Path(named)
        if (folder / "cgroup.controllers").exists():
            switched = _read(folder / "cgroup.subtree_control").split()
            return {limit: folder for limit, name in _CONTROLLERS.items() if name in switched}
        found = {limit: folder / name for limit, name in _CONTROLLERS.items()}
    else:
        found = {
            limit: mounts / name for limit, name in _CONTROLLERS.items() if _lives_at_root(cgroups, name)
        }
    return {
        limit: folder
        for limit, folder in found.items()
        if (folder / "cgroup.procs").exists() and os.access(folder, os.W_OK)
    }


def here() -> dict[str, Path]:
    """Return where this process may make groups."""
    return places(_read(Path("/proc/self/cgroup")), named=os.environ.get(_VARIABLE, ""))


def make(limits: Mapping[str, Any], number: int) -> Group | None:
    """Make a group that keeps those of the limits that groups can keep here; None when there are none."""
    wanted = {name: value for name, value in limits.items() if name in _LIMITS and value}
    if not wanted:
        return None
    where = here()
    made: dict[Path, None] = {}
    kept = []
    for name, value in wanted.items():
        if name in where and _make_one(where[name] / f"{_PREFIX}{os.getpid()}-{number}", name, value, made):
            kept.append(name)
    return Group(tuple(made), tuple(kept)) if made else None


def sweep() -> None:
    """Remove the groups that killed servers left behind."""
    for place in set(here().values()):
        for folder in place.glob(f"{_PREFIX}*"):
            server = folder.name.removeprefix(_PREFIX).partition("-")[0]
            if not Path("/proc", server).exists():
                with contextlib.suppress(OSError):  # somebody is still in it
                    folder.rmdir()


def _make_one(folder: Path, name: str, value: int, made: dict[Path, None]) -> bool:
    """Make a group for one limit, or use the one that was made for another; say whether it keeps the limit."""
    try:
        folder.mkdir(exist_ok=True)
        made[folder] = None
        file = next(folder / item for item in _LIMITS[name] if (folder / item).exists())
        file.write_text(str(value))
    except (OSError, StopIteration):
        return False
    return True


def _lives_at_root(cgroups: str, controller: str) -> bool:
    """Say whether this process is in the root group of a controller of version 1."""
    for line in cgroups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path == "/"
    return False


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
