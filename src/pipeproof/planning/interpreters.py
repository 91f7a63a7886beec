"""The interpreter of another environment: where it is, and what is installed there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeproof.model.contract import frozen
from pipeproof.model.step import Step

OLDEST = (3, 9)
"""The oldest Python that our program for other environments runs under."""
_VERSION = re.compile(r"3(?:\.\d+){1,2}")
_CONFIG = re.compile(r"^\s*(?P<key>[\w-]+)\s*=\s*(?P<value>.*?)\s*$", re.MULTILINE)
_NAME = re.compile(r"[-_.]+")
_LONGEST = 20.0  # seconds that an interpreter may take to say what it is
_ASK = """
import json, platform
try:
    from importlib.metadata import distributions
except ImportError:
    distributions = list
print(json.dumps([platform.python_version(), {d.metadata["Name"]: d.version for d in distributions()}]))
"""
OTHERS = ("PYTHONHOME", "PYTHONPATH", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV")
"""Variables that belong to the interpreter of Pipeproof, and would mislead another."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter: the program, its version, and what is installed for it.

    Attributes:
        program: Path of the program, not followed where it is a link: a virtual environment is known by it.
        version: Its version, such as 3.12.1.
        installed: Distribution → version.
    """

    program: Path
    version: str
    installed: Mapping[str, str]

    @property
    def is_old(self) -> bool:
        """Whether it is older than what we can run under."""
        return tuple(map(int, self.version.split(".")[:2])) < OLDEST


def find_program(python: str, root: Path) -> Path | None:
    """Return the program that a step's ``python:`` means, or None when there is none.

    Args:
        python: Folder of a virtual environment, path of a program, or a version such as 3.12.
        root: Folder that relative paths start from.
    """
    if _VERSION.fullmatch(python) and not (root / python).exists():
        return next(filter(_can_run, _of_version(python)), None)
    place = root / Path(python).expanduser()
    if place.is_dir():
        return next(filter(_can_run, (place / "bin" / name for name in ("python", "python3"))), None)
    if _can_run(place):
        return Path(os.path.abspath(place))  # noqa: PTH100 a link is what says which environment it is
    found = shutil.which(python) if "/" not in python else None
    return Path(found) if found else None


def interpreter(program: Path) -> Interpreter | None:
    """Return what an interpreter is, or None when it does not run; it is asked only where its files do not say."""
    try:
        changed = max(site.stat().st_mtime_ns for site in (program, *_sites(program.parent.parent)))
    except OSError:
        return None
    return _interpreter(program, changed)


@lru_cache(maxsize=64)
def _interpreter(program: Path, _changed: int) -> Interpreter | None:
    return _read(program) or _ask(program)


def environment_digest(step: Step, root: Path) -> Mapping[str, str]:
    """Return what decides what a step's other environment does: its Python and all that is installed, by name.

    Empty for a step that runs under the interpreter of Pipeproof. The content of an image is not known
    without its engine, so an image stands for itself: name it by digest, or by a tag that does not move.
    """
    if step.container is not None:
        return frozen(_of_container(step.container.image, step.container.rootfs, step.container.python, root))
    if not step.python:
        return frozen()
    program = find_program(step.python, root)
    found = interpreter(program) if program else None
    if found is None:
        return frozen({"python": "none"})
    return frozen({"python": found.version, **dict(sorted(found.installed.items()))})


def _of_container(image: str, rootfs: str, python: str, root: Path) -> dict[str, str]:
    if image:
        return {"image": image, "interpreter": python}
    place = root / Path(rootfs).expanduser()
    sites = [
        site
        for pattern in ("usr/lib/python3*/dist-packages", "usr/local/lib/python3*/*-packages")
        for site in sorted(place.glob(pattern))
    ]
    return {"rootfs": rootfs, "interpreter": python, **_distributions(sites)}


def _of_version(version: str) -> Iterator[Path]:
    """Yield the programs that may be a version of Python: on the path, of pyenv, of uv."""
    found = shutil.which(f"python{version}")
    if found and "/shims/" not in found:  # of pyenv, which only work for the versions that are switched on
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"
    managed = os.environ.get("UV_PYTHON_INSTALL_DIR") or "~/.local/share/uv/python"
    folders = [*pyenv.glob(f"{version}*"), *Path(managed).expanduser().glob(f"cpython-{version}*")]
    for folder in sorted(folders, key=_as_numbers, reverse=True):
        if re.search(rf"(?<![\d.]){re.escape(version)}(?!\d)", folder.name):
            yield folder / "bin" / "python3"


def _as_numbers(folder: Path) -> list[int]:
    return list(map(int, re.findall(r"\d+", folder.name)))


def _can_run(program: Path) -> bool:
    return program.is_file() and os.access(program, os.X_OK)


def _read(program: Path) -> Interpreter | None:
    """Return what the files of a virtual environment say of it, or None when they do not."""
    prefix = program.parent.parent
    try:
        config = dict(_CONFIG.findall((prefix / "pyvenv.cfg").read_text(encoding="utf-8")))
    except OSError:
        return None
    version = _VERSION.match(config.get("version") or config.get("version_info") or "")
    if version is None or config.get("include-system-site-packages") == "true":
        return None
    return Interpreter(program, version[0], frozen(_distributions(_sites(prefix))))


def _sites(prefix: Path) -> list[Path]:
    return sorted(prefix.glob("lib/python3*/site-packages"))


def _distributions(sites: Iterable[Path]) -> dict[str, str]:
    """Return what is installed in some folders, by the names of the folders that describe it."""
    found: dict[str, str] = {}
    for site in sites:
        for about in sorted(site.glob("*-info")):
            name, _, version = about.stem.partition("-")
            found.setdefault(_plain(name), version.partition("-")[0])
    return dict(sorted(found.items()))


def _ask(program: Path) -> Interpreter | None:
    try:
        said = subprocess.run(  # noqa: S603 the interpreter that the pipeline names
            [str(program), "-c", _ASK],
            capture_output=True,
            check=True,
            timeout=_LONGEST,
            stdin=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in OTHERS},
        ).stdout
        version, installed = json.loads(said)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    names = {_plain(name): of for name, of in installed.items() if name}
    return Interpreter(program, version, frozen(dict(sorted(names.items()))))


def _plain(name: str) -> str:
    return _NAME.sub("-", name).lower()
