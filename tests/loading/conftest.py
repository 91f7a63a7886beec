"""Files written and loaded in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from pipeproof.loading.build import load_file
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.places import places_for
from pipeproof.plugins import Kinds

Load = Callable[..., Loaded]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write files, given as path=text with ``__`` for a folder, and return the folder."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return tmp_path

    return write


@pytest.fixture
def load(write: Callable[..., Path]) -> Load:
    """Write files and load the one that is called ``flow``."""

    def load(environment: dict[str, str] | None = None, **files: str) -> Loaded:
        path = write(**files) / (
            next(name for name in files if name.endswith("flow")).replace("__", "/") + ".yaml"
        )
        return load_file(path, places_for(path, {}), Kinds(), environment or {})

    return load
