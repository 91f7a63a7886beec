"""A project as `pipeproof new` makes it, and the command line called as a person calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeproof.cli import main
from pipeproof.cli.new_command import write_project


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Say = Callable[..., Said]


@pytest.fixture
def pipeproof(capfd: pytest.CaptureFixture[str]) -> Say:
    """Call a command in this process."""

    def call(*words: object) -> Said:
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Said(code, out, err)

    return call


def installed(*words: object, cwd: Path, **environment: str) -> Said:
    """Call a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeproof", *map(str, words)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def apart() -> Say:
    """Call a command in a process of its own."""
    return installed


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a new project, which is the current folder."""
    folder = tmp_path / "shop"
    write_project(folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said, Said]:
    """Return a project in which one run passed and one failed; it is shared, so only look at it."""
    folder = tmp_path_factory.mktemp("ran") / "shop"
    write_project(folder)
    passed = installed("run", "shop", "--json", "passed.json", cwd=folder)
    script = folder / "scripts" / "clean.py"
    whole = script.read_text()
    script.write_text(
        whole.replace('pl.col("amount")', 'pl.col("amonut")').replace(
            "orders = pl", "print('hi')\n    orders = pl"
        )
    )
    failed = installed("run", "shop", "-p", "since=2024-03-01", cwd=folder)
    script.write_text(whole)
    return folder, passed, failed


@pytest.fixture
def past(ran: tuple[Path, Said, Said], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the project with past runs, which is the current folder."""
    monkeypatch.chdir(ran[0])
    return ran[0]
