"""Runs that are killed at random moments lose nothing and do nothing twice; bench/kills.py does it a thousand times."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "kills.py"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_runs_that_are_killed_go_on_as_if_they_had_not_been() -> None:
    done = subprocess.run(
        [sys.executable, BENCH, "10"], capture_output=True, text=True, timeout=290, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kills = re.search(r"^(\d+) kills in", done.stdout, re.MULTILINE)
    assert kills is not None
    assert int(kills[1]) >= 10
    assert "as if nobody had killed them, 0 did not" in done.stdout
