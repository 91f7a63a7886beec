"""Where things are: the project, the configuration root, and the file that a relative path means."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import Finding, Location, UsageError, suggest

WORKFLOWS = Path("configs", "workflows")
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

    def find(self, path: str, file: Path) -> tuple[Path | None, tuple[Path, ...]]:
        """Return the file or folder that a relative path means, and every place that was tried."""
        name = Path(path).expanduser()
        if name.is_absolute():
            return (name if name.exists() else None), (name,)
        tried = tuple(folder / name for folder in self.around(file))
        return next((place for place in tried if place.exists()), None), tried


def places_for(start: Path, environment: dict[str, str] | None = None) -> Places:
    """Return the places for a file or folder: the project is the nearest folder upwards with ``configs/``.

    `PIPEPROOF_WORKSPACE` names the workspace.
    """
    start = start.resolve()
    folder = start if start.is_dir() else start.parent
    project = next((up for up in (folder, *folder.parents) if _is_project(up)), folder)
    configs = next((up for up in (folder, *folder.parents) if up.name == "configs"), project / "configs")
    workspace = (environment if environment is not None else os.environ).get("PIPEPROOF_WORKSPACE")
    return Places(project, configs if configs.is_dir() else project, Path(workspace) if workspace else None)


def _is_project(folder: Path) -> bool:
    return (folder / WORKFLOWS).is_dir() or (folder / ".pipeproof").is_dir()


def find_pipeline_file(name: str, here: Path) -> Path:
    """Return the YAML file that a person means by a path, a folder or a name.

    Raises:
        UsageError: There is none; says where it was looked for and what there is.
    """
    given = (here / name).expanduser()
    if given.is_file():
        return given
    if given.is_dir():
        return _only_workflow(given)
    project = places_for(here).project
    if given.suffix in _ENDINGS or os.sep in name:
        inside = project / name
        if inside.is_file():
            return inside
        raise UsageError(Finding("PPF108", f"there is no file {name}", Location(name), fix=_known(project)))
    for ending in _ENDINGS:
        candidate = project / WORKFLOWS / f"{name}{ending}"
        if candidate.is_file():
            return candidate
    tried = shorten(project / WORKFLOWS / f"{name}.yaml")
    fix = suggest(name, _names(project)) or _known(project)
    raise UsageError(Finding("PPF108", f"there is no pipeline {name!r} (looked for {tried})", fix=fix))


def _only_workflow(folder: Path) -> Path:
    inside = folder / WORKFLOWS if (folder / WORKFLOWS).is_dir() else folder
    files = sorted(path for path in inside.iterdir() if path.suffix in _ENDINGS)
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
