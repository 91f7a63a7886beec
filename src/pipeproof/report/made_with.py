"""What a run was made with, in one line: revision of the code, interpreter, packages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeproof.report.cells import clean
from pipeproof.report.quantities import count


def made_with(about: Mapping[str, Any]) -> str:
    """Return in one line what a run was made with, as far as its record says."""
    git, packages = about.get("git"), about.get("packages")
    parts = [_git_said(git)] if git else []
    parts += [f"python {about['python']}"] if about.get("python") else []
    parts += [count(packages["count"], "package")] if packages else []
    return clean(", ".join(parts))


def _git_said(git: Mapping[str, Any]) -> str:
    said = f"git {str(git.get('revision', ''))[:7] or 'without a commit'}"
    if git.get("dirty"):
        said += " + changes"
    if untracked := git.get("untracked"):
        said += f" + {count(untracked, 'untracked file')}"
    return said
