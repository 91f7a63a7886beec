"""The revision of the repository around a folder, read from its files: no program is started for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_REF = "ref: "
_LINK = "gitdir: "
_BRANCHES = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Head:
    """What a repository stands at.

    Attributes:
        revision: The commit; empty when there is none yet, or another way of keeping references hides it.
        branch: The branch; empty when there is none.
    """

    revision: str
    branch: str


def read_head(folder: Path) -> Head | None:
    """Return what the repository around a folder stands at; None when there is none that can be read."""
    git = _git_folder(folder)
    if git is None:
        return None
    try:
        head = (git / "HEAD").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if not head.startswith(_REF):
        return Head(head, "")
    name = head.removeprefix(_REF)
    branch = name.removeprefix(_BRANCHES) if name.startswith(_BRANCHES) else ""
    return Head(_resolved(git, name), branch)


def _git_folder(folder: Path) -> Path | None:
    """Return where the repository around a folder keeps its own; a worktree's or submodule's is elsewhere."""
    for place in (folder.absolute(), *folder.absolute().parents):
        found = place / ".git"
        if found.is_dir():
            return found
        if found.is_file():
            try:
                return place / found.read_text("utf-8").strip().removeprefix(_LINK)
            except (OSError, UnicodeDecodeError):
                return None
    return None


def _resolved(git: Path, name: str) -> str:
    """Return the commit that a reference names, '' when it names none."""
    for place in (git, _shared(git)):
        try:
            return (place / name).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
    try:
        packed = (_shared(git) / "packed-refs").read_text("utf-8", "replace")
    except OSError:
        return ""
    lines = (line.split(" ", 1) for line in packed.splitlines() if " " in line)
    return next((commit for commit, ref in lines if ref == name), "")


def _shared(git: Path) -> Path:
    """Return where a repository keeps what all its worktrees share."""
    try:
        return git / (git / "commondir").read_text("utf-8").strip()
    except OSError:
        return git
