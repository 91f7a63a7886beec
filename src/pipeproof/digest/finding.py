"""Where an import leads, without importing anything."""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_BINARY = (".so", ".pyd")
_OURS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Found:
    """A module of one's own.

    Attributes:
        file: Its code; None for a folder without `__init__`.
        folders: Where its submodules are.
        parents: The `__init__` files that are carried out before it, outermost first.
    """

    file: Path | None
    folders: tuple[Path, ...] = ()
    parents: tuple[Path, ...] = ()


class Finder:
    """Looks modules up in folders, and keeps what it has seen."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(dict.fromkeys(folders))
        self._listings: dict[str, frozenset[str]] = {}
        self._found: dict[tuple[tuple[Path, ...], str], Found | None] = {}

    def find(self, module: str, folders: tuple[Path, ...] | None = None) -> Found | None:
        """Return where a dotted name leads, looked up in folders; None when it is not one's own."""
        if folders is None:
            top = module.partition(".")[0]
            if top in sys.builtin_module_names:
                return None
            folders = self.folders
            if top == "pipeproof" and self._is_ours():
                return None
        found = Found(None, folders)
        for part in module.split(".") if module else ():
            inner = self._one(part, found.folders)
            if inner is None:
                return None
            parents = found.parents
            if found.file is not None:
                parents = (*parents, found.file)
            found = Found(inner.file, inner.folders, parents)
        return found

    def relative(self, file: Path, level: int) -> tuple[Path, ...]:
        """Return the folders that a relative import of a file begins in."""
        return (file.parents[min(level, len(file.parents)) - 1],)

    def listing(self, folder: Path | str) -> frozenset[str]:
        """Return the names in a folder."""
        key = str(folder)
        names = self._listings.get(key)
        if names is None:
            try:
                names = frozenset(one.name for one in Path(key).iterdir())
            except OSError:
                names = frozenset()
            self._listings[key] = names
        return names

    def package_of(self, file: Path) -> Path | None:
        """Return the `__init__` file of the package that a file belongs to."""
        folder = file.parent.parent if file.name == "__init__.py" else file.parent
        return folder / "__init__.py" if "__init__.py" in self.listing(folder) else None

    def _is_ours(self) -> bool:
        """Tell whether pipeproof itself is a package here, also one in development, and not a module of the project's."""
        named = (folder / "pipeproof" for folder in self.folders[:3] if "pipeproof" in self.listing(folder))
        return all(folder.resolve() == _OURS for folder in named)

    def _one(self, name: str, folders: tuple[Path, ...]) -> Found | None:
        key = (folders, name)
        if key not in self._found:
            self._found[key] = self._look(name, folders)
        return self._found[key]

    def _look(self, name: str, folders: tuple[Path, ...]) -> Found | None:
        portions: list[Path] = []
        for folder in folders:
            names = self.listing(folder)
            inside = folder / name
            listed = self.listing(inside) if name in names else frozenset()
            if "__init__.py" in listed:
                return Found(inside / "__init__.py", (inside,))
            binary = [one for one in names if one.startswith(f"{name}.") and one.endswith(_BINARY)]
            if binary:
                return Found(folder / min(binary))
            for suffix in (".py", ".pyc"):
                if name + suffix in names:
                    return Found(folder / (name + suffix))
            if name in names and inside.is_dir():
                portions.append(inside)
        # A folder without `__init__` comes after every package, also an installed one.
        if not portions or (folders == self.folders and _is_elsewhere(name)):
            return None
        return Found(None, tuple(portions))


def is_standard(module: str) -> bool:
    """Tell whether a module belongs to Python."""
    return module.partition(".")[0] in sys.stdlib_module_names


def own_folders() -> tuple[Path, ...]:
    """Return the folders of this process's import path that hold neither Python's nor installed packages."""
    return _own_folders(tuple(sys.path))


@lru_cache(8)
def _own_folders(path: tuple[str, ...]) -> tuple[Path, ...]:
    theirs = _their_folders()
    own = (Path(entry).resolve() for entry in path if entry and Path(entry).is_dir())
    return tuple(folder for folder in own if not any(folder.is_relative_to(one) for one in theirs))


def installed_folders() -> tuple[Path, ...]:
    """Return the folders of this process's import path that packages are installed in."""
    named = (Path(entry) for entry in sys.path if entry)
    return tuple(one for one in named if one.name in {"site-packages", "dist-packages"} and one.is_dir())


def _their_folders() -> tuple[Path, ...]:
    paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")]
    paths += [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    paths += [str(one) for one in installed_folders()]
    return _resolved(path for path in paths if path)


def _resolved(paths: Iterable[str]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(Path(path).resolve() for path in paths))


def _is_elsewhere(name: str) -> bool:
    """Tell whether Python or an installed package has this name."""
    if is_standard(name):
        return True
    return any(
        (folder / name / "__init__.py").exists() or (folder / f"{name}.py").exists()
        for folder in installed_folders()
    )
