"""Many processes that begin runs in one workspace at the same moment: all finish, and the ledger is whole."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeproof.project import Project

BENCH = Path(__file__).parents[2] / "bench" / "runs_at_once.py"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_twelve_processes_begin_runs_at_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, BENCH, "12", str(tmp_path)],
        env={**os.environ, "PIPEPROOF_WORKSPACE": ""},
        capture_output=True,
        text=True,
        timeout=290,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    records = list(Project.at(tmp_path).records())
    assert [record.status for record in records] == ["passed"] * 12
    assert len({record.run for record in records}) == 12
    with sqlite3.connect(tmp_path / ".pipeproof" / "ledger.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
