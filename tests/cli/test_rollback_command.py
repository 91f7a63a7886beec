"""`pipeproof rollback`: what is said of each file, as lines and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeproof.cli import main
from pipeproof.project.execute import run

PIPELINE = """\
parameters: {word: {}}
workflow:
  name: sends
  steps:
  - {name: rows, type: sql, config: {query_template: "SELECT '{word}' AS word"}}
  - {name: daily, type: files, config: {operation: copy, input_name: rows, to: "out/{word}.csv"}}
  - {name: last, type: files, config: {operation: copy, input_name: rows, to: out/last.csv}}
  - {name: mail, type: python, isolation: thread, effects: external, config: {function: "steps.py:mail"}}
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return the names of two runs that have published."""
    (tmp_path / "sends.yaml").write_text(PIPELINE)
    (tmp_path / "steps.py").write_text("def mail():\n    return 1\n")
    monkeypatch.chdir(tmp_path)
    first, second = (run("sends.yaml", {"word": word}).name for word in ("one", "two"))
    return first, second


def test_each_file_has_a_line_and_what_is_not_covered_is_named(
    runs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = runs
    assert main(["rollback", second]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{second} is taken back to {first}",
        "  ✓ out/two.csv  removed",
        "  ✓ out/last.csv  put back",
        "not covered: what mail did to the world",
    ]


def test_what_is_left_ends_it_with_one_and_says_how_to_go_on(
    runs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out/last.csv").write_text("by hand")
    assert main(["rollback"]) == 1
    said = capsys.readouterr().out
    assert "  ! out/last.csv  left: somebody changed it since" in said
    assert f"pipeproof rollback {runs[1]} --force" in said


def test_the_document_says_the_same(runs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollback", "last", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": "pipeproof.rollback/1",
        "run": runs[1],
        "to": runs[0],
        "put_back": ["out/last.csv"],
        "removed": ["out/two.csv"],
        "same": [],
        "left": {},
        "not_covered": ["mail"],
    }


def test_a_first_run_goes_back_to_what_was_there_before(
    runs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["rollback", runs[1]])
    capsys.readouterr()
    assert main(["rollback", runs[0]]) == 0
    assert capsys.readouterr().out.startswith(f"{runs[0]} is taken back to what was there before it")
    assert list(Path("out").iterdir()) == []


def test_a_run_that_is_none_is_said(runs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollback", f"{runs[0]}x"]) == 2
    assert "PPF504" in capsys.readouterr().err
