"""Where a files step writes to: a target by its name, or a path inside the project.

In a trial it writes below the sealed folder instead, which stands for the world: what would be in the
project is in ``project/`` there, all else in ``outside/``. Later steps of the trial find it there by the
path that they would use in a run.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.model.contract import Enforce, TableSchema
from pipeproof.model.pipeline import Target

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://")
_EXTRAS = {
    "s3": "s3",
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "http": "http",
    "https": "http",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place to write to.

    Attributes:
        path: File or folder.
        folder: Whether it was written as a folder, with ``/`` behind it.
        schema: What is promised to whoever reads it.
        target: Name of the target, empty for a bare path.
        enforce: What happens when that promise is not kept.
    """

    path: Path
    folder: bool
    schema: TableSchema | None = None
    target: str = ""
    enforce: Enforce = "fail"


def resolve(to: str, targets: Mapping[str, Target], root: Path, sealed: str = "") -> Place:
    """Return the place that ``to`` means.

    Args:
        to: Name of a target, or a path.
        targets: All targets.
        root: Folder of the project.
        sealed: Folder that stands for the world in a trial; empty for the world itself.

    Raises:
        ConfigError: It is no target and no path, not local, or leads out of the project or into its runs.
    """
    if to in targets:
        target = targets[to]
        path = local(target.path, f"target {to!r}")
        place = Place(root / path, path.endswith("/"), target.schema, to, target.enforce)
    elif problem := problem_of(to, targets, root):
        raise ConfigError(problem)
    else:
        path = local(to, "to")
        place = Place(root / path, path.endswith("/"))
    if _in_state(place.path, root):
        what = f"to: {to} leads into .pipeproof, where the runs are kept"
        raise ConfigError(Finding("PPF127", what, fix="write to another folder"))
    return _redirected(place, root, sealed) if sealed else place


def _redirected(place: Place, root: Path, sealed: str) -> Place:
    base, inside = below(place.path, root, sealed)
    # A folder that is there in the world takes the file in, so its stand-in must too.
    return replace(place, path=base / inside, folder=place.folder or place.path.is_dir())


def below(path: Path, root: Path, sealed: str) -> tuple[Path, Path]:
    """Return what stands for a path of the world in a trial: a folder below the sealed one, and the path in it."""
    plain, home = Path(os.path.normpath(root / path)), Path(os.path.normpath(root))
    if plain.is_relative_to(home):
        return Path(sealed) / "project", plain.relative_to(home)
    return Path(sealed) / "outside", plain.relative_to(plain.anchor)


def seen(path: str, root: Path, sealed: str = "") -> tuple[Path, str]:
    """Return where a step finds a path or pattern: a folder, and the path from there.

    That is the project, or in a trial what stands for it when an earlier step of the trial wrote there.
    """
    if sealed:
        base, inside = below(Path(path), root, sealed)
        pattern = f"{glob.escape(str(base))}/{inside}"
        if (base / inside).exists() or next(glob.iglob(pattern, recursive=True), None):  # noqa: PTH207 the pattern may hold ``**``
            return base, str(inside)
    return root, path


def _in_state(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to((root / ".pipeproof").resolve())


def problem_of(to: str, targets: Mapping[str, Target], root: Path) -> Finding | None:
    """Return what is wrong with ``to``, as far as it can be seen without parameters."""
    if to in targets:
        return not_local(targets[to].path, f"target {to!r}")
    if finding := not_local(to, "to"):
        return finding
    if "/" not in to and "." not in to and "{" not in to:
        fix = suggest(to, targets) or f"declare it: targets: {{{to}: PATH}}"
        return Finding("PPF126", f"there is no target {to!r}", path=("config", "to"), fix=fix)
    if "{" not in to and not (root / local(to, "to")).resolve().is_relative_to(root.resolve()):
        return Finding(
            "PPF127",
            f"to: {to} lies outside of the project",
            path=("config", "to"),
            fix="declare it under `targets:` and name the target: tests send targets elsewhere",
        )
    return None


def local(path: str, what: str) -> str:
    """Return a path without ``file://``.

    Raises:
        ConfigError: It is the address of another kind of storage.
    """
    if finding := not_local(path, what):
        raise ConfigError(finding)
    return path.removeprefix("file://")


def not_local(path: str, what: str) -> Finding | None:
    """Return the finding for an address that is not on this machine."""
    match = _URL.match(path)
    if match is None or match["scheme"] == "file":
        return None
    scheme = match["scheme"]
    extra = f" (it will come as pipeproof[{_EXTRAS[scheme]}])" if scheme in _EXTRAS else ""
    return Finding(
        "PPF129",
        f"{what}: {path} is no local path; this version cannot use {scheme}://{extra}",
        fix="use a local path, and bring the data there with a script step",
    )
