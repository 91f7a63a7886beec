"""The folder that a project's runs are kept in."""

from __future__ import annotations

from pathlib import Path

from pipeproof.errors import Finding, StoreError


def make_state(folder: Path) -> Path:
    """Make the folder unless it is there, for its owner's eyes alone and out of version control.

    Logs, values and tables of runs stand in it, which others on the machine must not read.

    Raises:
        StoreError: It cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        (folder / ".gitignore").write_text("*\n")
    except OSError as error:
        if folder.is_dir() and isinstance(error, FileExistsError):
            return folder  # whoever made it may have given it other permissions since
        what = f"runs cannot be kept in {folder}: {error.strerror}"
        fix = "set PIPEPROOF_WORKSPACE to a folder that can be written to"
        raise StoreError(Finding("PPF501", what, fix=fix)) from error
    return folder
