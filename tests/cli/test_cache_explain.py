"""cache explain: each reason once, and none for what is not run."""

from __future__ import annotations

from pathlib import Path

import pytest

PIPELINE = """\
workflow:
  name: tiny
  steps: [{name: count, type: python, config: {function: "code.py:count"}}]
"""
CODE = "A = 1\nB = 2\nC = 3\nD = 4\ndef count():\n    return A + B + C + D\n"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(PIPELINE)
    (tmp_path / "code.py").write_text(CODE)
    return tmp_path


def test_each_of_many_changes_is_said_once(tiny, pipeproof):
    assert pipeproof("run", "tiny.yaml").code == 0
    (tiny / "code.py").write_text(CODE.translate(str.maketrans("1234", "5678")))
    said = pipeproof("cache", "explain", "tiny.yaml", "count").out
    head = said.partition("depends on")[0]
    assert [head.count(f"code code.py:{name} changed") for name in "ABCD"] == [1, 1, 1, 1]


def test_what_is_reused_has_no_changes_and_what_is_followed_stands_once(tiny, pipeproof):
    assert pipeproof("run", "tiny.yaml").code == 0
    (tiny / "code.py").write_text(CODE.replace("1", "5"))
    assert pipeproof("run", "tiny.yaml").code == 0
    (tiny / "code.py").write_text(CODE)
    lines = pipeproof("cache", "explain", "tiny.yaml", "count").out.splitlines()
    assert lines[0].startswith("count would be reused: unchanged since r-")
    assert lines[1] == "depends on"
    assert not any("module" in line for line in lines)
