"""script/setup: quick and silent when all is there, and no failure where it may not install."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_where_nothing_can_be_installed_it_says_so_and_goes_on(tmp_path):
    commands, script = tmp_path / "bin", tmp_path / "script"
    commands.mkdir()
    script.mkdir()
    for name in ("bash", "dirname", "id", "env"):
        (commands / name).symlink_to(shutil.which(name))
    shutil.copy(ROOT / "script" / "setup", script)
    done = subprocess.run(
        [script / "setup"], env={"PATH": str(commands)}, capture_output=True, text=True, check=True
    )
    assert "redis-server is missing" in done.stderr
    assert "no emulator of Firestore" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "script"]


@pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed here")
def test_a_second_time_it_does_nothing():
    done = subprocess.run([ROOT / "script" / "setup"], capture_output=True, text=True, check=True)
    assert "redis" not in done.stderr
    assert done.stdout == ""
