"""Content that is not what its name says: nothing is computed from it, and the step that made it makes it again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeproof.errors import StoreError
from pipeproof.project import Project
from pipeproof.project.execute import run
from pipeproof.project.replaying import replay
from pipeproof.project.verifying import verify

PIPELINE = """\
workflow:
  name: sums
  steps:
  - {name: a, type: python, isolation: thread, config: {function: "code.py:a"}}
  - {name: b, type: python, isolation: thread, config: {function: "code.py:b", inputs: [a]}}
"""
CODE = """\
import polars as pl

def a():
    return pl.DataFrame({"x": list(range(1000))})

def b(a):
    return int(a["x"].sum())
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the table stands that a run has kept."""
    (tmp_path / "sums.yaml").write_text(PIPELINE)
    (tmp_path / "code.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    made = run("sums.yaml").record["a"].outputs["a"]
    place = Project.at(tmp_path).objects.place(made.digest)
    place.chmod(0o600)
    return place


def flip(place: Path) -> None:
    content = bytearray(place.read_bytes())
    content[len(content) // 3] ^= 255
    place.write_bytes(content)


def test_no_step_reads_it_and_the_next_run_makes_it_again(table: Path) -> None:
    flip(table)
    failure = run("sums.yaml", refresh=["b"]).record["b"].failure
    assert failure is not None
    assert failure.code == "PPF517"
    done = run("sums.yaml", refresh=["b"])
    assert (done.record["a"].status, done["b"].outputs["b"].value) == ("passed", 499500)


def test_a_truncated_one_is_made_again_at_once(table: Path) -> None:
    os.truncate(table, 100)
    done = run("sums.yaml", refresh=["b"])
    assert (done.record["a"].status, done["b"].outputs["b"].value) == ("passed", 499500)


def test_a_run_is_not_verified_with_it(table: Path) -> None:
    flip(table)
    verified = verify("last")
    assert not verified
    assert verified.steps[0].answer == "failed"
    assert "is damaged: its content is not what its name says (PPF517)" in verified.steps[0].why


def test_nothing_is_replayed_on_it(table: Path) -> None:
    flip(table)
    with pytest.raises(StoreError, match="PPF517"):
        replay("last", "b")
