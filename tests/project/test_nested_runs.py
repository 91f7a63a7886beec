"""A file that runs its pipeline at its top level does not run it again in every worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeproof.cli import main
from pipeproof.importing import being_imported, importing

FILE = """\
import pipeproof as pp

@pp.step
def numbers():
    return [1, 2, 3]

pipeline = pp.Pipeline("sums", steps=[numbers])
run = pp.run(pipeline)
print(run["numbers"].outputs["numbers"].value)
"""


@pytest.mark.parametrize("how", ["as a file", "from standard input"])
def test_a_main_file_without_a_guard_runs_its_pipeline_once(how: str, tmp_path: Path) -> None:
    (tmp_path / "sums.py").write_text(FILE)
    words = [sys.executable, "sums.py"] if how == "as a file" else [sys.executable]
    done = subprocess.run(
        words,
        input=None if how == "as a file" else FILE,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[1, 2, 3]\n"), done.stderr
    assert len(list((tmp_path / ".pipeproof" / "runs").iterdir())) == 1


def test_a_file_that_runs_when_it_is_imported_is_refused(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "sums_at_import.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "sums_at_import.py:pipeline"]) == 2
    assert "PPF135" in capsys.readouterr().err
    assert not (tmp_path / ".pipeproof" / "runs").exists()


def test_an_import_inside_an_import_is_still_an_import() -> None:
    with importing("outer"):
        with importing("inner"):
            assert being_imported() == "inner"
        assert being_imported() == "outer"
    assert being_imported() == ""
