"""Runs whose objects are in a bucket: nobody sees the difference, and another project finds what was made."""

from __future__ import annotations

import socket
from pathlib import Path

import polars as pl
import pytest

from pipeproof.project import Project, test
from pipeproof.project.execute import run
from pipeproof.store.remote import RemoteObjects

STEPS = """
import polars as pl

def make():
    return pl.DataFrame({"x": [1, 2, 3]})

def total(made):
    return made["x"].sum()
"""
PIPELINE = """
workflow:
  name: shared
  steps:
    - {name: made, type: python, isolation: thread, config: {function: "steps.py:make"}}
    - {name: total, type: python, isolation: thread, config: {function: "steps.py:total", inputs: [made]}}
"""


def project_in(folder: Path, objects: str, fallback: str = "none") -> Project:
    folder.mkdir()
    (folder / "steps.py").write_text(STEPS)
    (folder / "shared.yaml").write_text(PIPELINE)
    (folder / "pipeproof.yaml").write_text(f"store: {{objects: '{objects}', fallback: {fallback}}}\n")
    return Project.at(folder)


def in_bucket(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_a_run_makes_is_in_the_bucket_and_comes_back_when_it_is_asked_for(tmp_path):
    project = project_in(tmp_path / "one", f"file://{tmp_path}/bucket")
    done = run(project.root / "shared.yaml")
    made = done["made"].outputs["made"]
    assert done["total"].outputs["total"].value == 6
    assert len(in_bucket(tmp_path / "bucket")) == 1
    done.objects.local.remove(made.artifact.digest)
    assert made.table()["x"].to_list() == [1, 2, 3]


def test_another_project_finds_what_was_made(tmp_path):
    bucket = f"file://{tmp_path}/bucket"
    one = project_in(tmp_path / "one", bucket)
    artifact = run(one.root / "shared.yaml")["made"].outputs["made"].artifact
    other = project_in(tmp_path / "other", bucket)
    assert other.objects.is_whole(artifact)
    assert pl.read_parquet(other.objects.path(artifact.digest))["x"].to_list() == [1, 2, 3]


def test_made_data_of_trials_stay_out_of_the_bucket(tmp_path):
    project = project_in(tmp_path / "one", f"file://{tmp_path}/bucket")
    test(project.root / "shared.yaml")
    assert in_bucket(tmp_path / "bucket") == []
    assert isinstance(project.objects, RemoteObjects)


@pytest.fixture
def nobody() -> str:
    """Return an address of S3 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"s3://bucket/x?endpoint=http://127.0.0.1:{port}&anonymous=true&region=eu-west-1"


@pytest.mark.slow
def test_a_bucket_out_of_reach_fails_the_step_that_made_something(tmp_path, nobody):
    done = run(project_in(tmp_path / "one", nobody).root / "shared.yaml")
    failure = done["made"].record.failure
    assert (done.status, failure.code) == ("failed", "PPF552")
    assert "s3://bucket/x cannot be reached" in failure.message


@pytest.mark.slow
def test_with_a_fallback_the_run_passes_and_says_where_its_objects_are(tmp_path, nobody):
    done = run(project_in(tmp_path / "one", nobody, "local").root / "shared.yaml")
    assert done.status == "passed"
    (note,) = done["made"].record.notes
    assert "objects were kept in" in note
    assert note in str(done)
    assert done["total"].record.notes == ()
