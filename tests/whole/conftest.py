"""Projects on disk that are tested through the installed command, each once for all tests that look at it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Proved:
    """What `pipeproof test` said, how it ended, and the document of the test."""

    code: int
    out: str
    err: str
    document: dict[str, Any]

    def findings(self, severity: str = "error") -> list[dict[str, Any]]:
        return [finding for finding in self.document["findings"] if finding["severity"] == severity]

    def statuses(self, step: str, scenario: str) -> list[str]:
        """Return how the trials of a step in one scenario ended."""
        return [
            trial["status"]
            for trial in self.document["trials"]
            if (trial["step"], trial["scenario"]) == (step, scenario)
        ]


Prove = Callable[..., Proved]
Files = Mapping[str, str]


def write(folder: Path, files: Files) -> Path:
    """Write the files of a project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder


def prove_in(folder: Path, pipeline: str, *words: object, **environment: str) -> Proved:
    """Test a pipeline in a process of its own."""
    document = folder / "test.json"
    done = subprocess.run(
        [sys.executable, "-m", "pipeproof", "test", pipeline, *map(str, words), "--json", str(document)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=110,
        check=False,
    )
    told = json.loads(document.read_text()) if document.exists() else {}
    return Proved(done.returncode, done.stdout, done.stderr, told)


@pytest.fixture
def prove(tmp_path: Path) -> Prove:
    """Write a project and test its pipeline."""

    def start(files: Files, pipeline: str = "p.yaml", *words: object, **environment: str) -> Proved:
        return prove_in(write(tmp_path, files), pipeline, *words, **environment)

    return start


@pytest.fixture(scope="session")
def proved_once(tmp_path_factory: pytest.TempPathFactory) -> Prove:
    """Test a pipeline once, whichever process of the suite is the first to ask."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def start(name: str, make: Callable[[Path], object], pipeline: str) -> Proved:
        folder, kept = shared / f"proved-{name}", shared / f"proved-{name}.json"
        with (shared / f"proved-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                folder.mkdir()
                make(folder)
                found = prove_in(folder, pipeline)
                kept.write_text(json.dumps([found.code, found.out, found.err, found.document]))
        return Proved(*json.loads(kept.read_text()))

    return start
