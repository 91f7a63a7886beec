"""Where things are: the project, the configuration root, and the file that a relative path means."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import Finding, Location, UsageError, suggest

WORKFLOWS = Path("configs", "workflows")
SETTINGS_FILES = ("pipeproof.yaml", "pipeproof.yml")
"""Names of the file of a project's settings, which is no pipeline."""
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that relative paths are looked for in, nearest first."""

    project: Path
    configs: Path
    workspace: Path | None = None

    def around(self, file: Path) -> tuple[Path, ...]:
        """Return the folders to look in for a path that stands in `file`."""
        folders = [file.parent, self.configs, self.project, *([self.workspace] if self.workspace else [])]
        return tuple(dict.fromkeys(folder.resolve() for folder in folders))

    def lead(self, path: str, file: Path) -> str:
        """Return where a relative path leads, or where it would be: relative to the project if it lies there.

        The project's own folder must not be part of it: a path may hold ``{parameter}``, a folder that
        happens to be called so may not be filled in.
        """
        found, _ = self.find(path, file)
        place = Path(os.path.normpath(found or self.project / path))
        return str(place.relative_to(self.project)) if place.is_relative_to(self.project) else str(place)

    def find(self, path: str, file: Path) -> tuple[Path | None, tuple[Path, ...]]:
        """Return the file or folder that a relative path means, and every place that was tried."""
        name = _expanded(path)
        tried = (name,) if name.is_absolute() else tuple(folder / name for folder in self.around(file))
        return next((place for place in tried if is_there(place)), None), tried


def _expanded(path: str) -> Path:
    """Return a path with a leading ``~`` filled in; that of an unknown user is taken as it is."""
    with contextlib.suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


def is_there(path: Path) -> bool:
    """Whether a file or folder is there; one that stands in a folder that may not be entered counts as there.

    So a missing permission is reported as such, where the file is opened.
    """
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):  # too long a name, a NUL character, a loop of links
        return False
    return True


def places_for(start: Path, environment: dict[str, str] | None = None) -> Places:
    """Return the places for a file or folder: the project is the nearest folder upwards with ``configs/`` or settings.

    `PIPEPROOF_WORKSPACE` names the workspace.
    """
    start = start.resolve()
    folder = start if start.is_dir() else start.parent
    project = next((up for up in (folder, *folder.parents) if _is_project(up)), folder)
    configs = next((up for up in (folder, *folder.parents) if up.name == "configs"), project / "configs")
    workspace = (environment if environment is not None else os.environ).get("PIPEPROOF_WORKSPACE")
    return Places(project, configs if configs.is_dir() else project, Path(workspace) if workspace else None)


def _is_project(folder: Path) -> bool:
    holds = _is_folder(folder / WORKFLOWS) or _is_folder(folder / ".pipeproof")
    return holds or any(is_there(folder / name) for name in SETTINGS_FILES)


def find_pipeline_file(name: str, here: Path) -> Path:
    """Return the YAML file that a person means by a path, a folder or a name.

    Raises:
        UsageError: There is none; says where it was looked for and what there is.
    """
    if "\0" in name:
        raise UsageError(Finding("PPF108", "the name of a pipeline holds a NUL character", fix="check it"))
    given = here / _expanded(name)
    project = places_for(here).project
    if given.suffix == ".py" and is_there(given):
        what = f"{name} is a Python file, which may hold several pipelines"
        fix = f"name one of them: {name}:pipeline"
        raise UsageError(Finding("PPF109", what, Location(name), fix=fix))
    if name == "." and not _holds_yaml(given):
        return _only_workflow(project)  # from a folder inside of a project, as git does it
    if is_there(given):
        return _only_workflow(given) if _is_folder(given) else given
    if given.suffix in _ENDINGS or os.sep in name:
        inside = project / name
        if is_there(inside):
            return inside
        raise UsageError(Finding("PPF108", f"there is no file {name}", Location(name), fix=_known(project)))
    for ending in _ENDINGS:
        candidate = project / WORKFLOWS / f"{name}{ending}"
        if is_there(candidate):
            return candidate
    tried = shorten(project / WORKFLOWS / f"{name}.yaml")
    fix = suggest(name, _names(project)) or _known(project)
    raise UsageError(Finding("PPF108", f"there is no pipeline {name!r} (looked for {tried})", fix=fix))


def _only_workflow(folder: Path) -> Path:
    inside = folder / WORKFLOWS if _is_folder(folder / WORKFLOWS) else folder
    try:
        files = sorted(filter(_may_be_pipeline, inside.iterdir()))
    except OSError as error:
        what = f"the folder cannot be read: {(error.strerror or str(error)).lower()}"
        raise UsageError(
            Finding("PPF102", what, Location(shorten(inside)), fix="check its permissions")
        ) from None
    if len(files) == 1:
        return files[0]
    if not files:
        fix = "name a file, or make a project with `pipeproof new NAME`"
        raise UsageError(
            Finding("PPF108", f"no YAML file in {shorten(inside)}", Location(shorten(folder)), fix=fix)
        )
    there = ", ".join(path.stem for path in files)
    raise UsageError(
        Finding(
            "PPF108",
            f"{shorten(inside)} holds several pipelines",
            Location(shorten(folder)),
            fix=f"name one of: {there}",
        )
    )


def _holds_yaml(folder: Path) -> bool:
    return _is_folder(folder / WORKFLOWS) or any(map(_may_be_pipeline, folder.iterdir()))


def _may_be_pipeline(path: Path) -> bool:
    return path.suffix in _ENDINGS and path.name not in SETTINGS_FILES


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _names(project: Path) -> Iterable[str]:
    folder = project / WORKFLOWS
    return [p.stem for p in sorted(folder.iterdir()) if p.suffix in _ENDINGS] if folder.is_dir() else []


def _known(project: Path) -> str:
    names = list(_names(project))
    return f"known: {', '.join(names)}" if names else "make a project with `pipeproof new NAME`"


def shorten(path: Path) -> str:
    """Return a path relative to the current folder when it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
