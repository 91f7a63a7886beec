"""A run as Python gets it: what it made is opened, saved and shown, and what is not there is said."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeproof.errors import UsageError
from pipeproof.project.execute import run
from pipeproof.project.results import Run

STEPS = """
from pathlib import Path
import polars as pl

def table(context):
    context.log_metric("loss", 2)
    context.log_metric("loss", 1)
    print("made a table")
    return pl.DataFrame({"n": [1, 2]})

def value():
    return {"a": [1]}

def file(context):
    path = Path(context.scratch) / "made.txt"
    path.write_text("content")
    return path

def folder(context):
    path = Path(context.scratch) / "made"
    path.mkdir()
    (path / "inside.txt").write_text("content")
    return path

def broken():
    raise ValueError("no")
"""
NAMES = ("table", "value", "file", "folder", "broken")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("results")
    (folder / "steps.py").write_text(STEPS)
    steps = "".join(
        f'    - {{name: {name}, type: python, config: {{function: "steps.py:{name}"}}}}\n' for name in NAMES
    )
    (folder / "made.yaml").write_text(f"workflow:\n  name: made\n  steps:\n{steps}")
    return run(folder / "made.yaml", keep_going=True)


def test_a_table_opens_at_once_or_lazily(done: Run) -> None:
    table = done["table"].outputs["table"]
    assert table.table().equals(pl.DataFrame({"n": [1, 2]}))
    assert table.scan().select(pl.col("n").sum()).collect().item() == 3


@pytest.mark.parametrize("kind", ["value", "file", "folder"])
def test_what_is_no_table_says_how_it_opens(done: Run, kind: str) -> None:
    with pytest.raises(UsageError, match=rf"{kind} is a {kind}, no table") as caught:
        done[kind].outputs[kind].table()
    assert [finding.code for finding in caught.value.findings] == ["PPF505"]


def test_a_value_is_read_and_nothing_else_has_one(done: Run) -> None:
    values = {name: done[name].outputs[name].value for name in NAMES[:-1]}
    assert values == {"table": None, "value": {"a": [1]}, "file": None, "folder": None}


def test_what_was_made_is_saved_as_a_copy(done: Run, tmp_path: Path) -> None:
    for name in ("file", "folder", "table"):
        assert done[name].outputs[name].save(tmp_path / name) == tmp_path / name
    (tmp_path / "file").write_text("other content")
    assert done["file"].outputs["file"].save(tmp_path / "again").read_text() == "content"
    assert (tmp_path / "folder" / "inside.txt").read_text() == "content"
    assert pl.read_parquet(tmp_path / "table")["n"].to_list() == [1, 2]


def test_the_last_value_of_a_metric_counts(done: Run) -> None:
    assert dict(done["table"].metrics) == {"loss": 1.0}


def test_what_a_step_printed_is_its_log(done: Run) -> None:
    assert done["table"].log == "made a table\n"
    assert done["value"].log == ""


def test_a_failed_run_is_false_and_shows_itself(done: Run) -> None:
    assert not done
    assert repr(done) == f"<Run {done.name} of made: failed, 5 tasks>"
    assert "ValueError: no" in str(done)


def test_a_step_that_is_not_there_is_said_with_what_was_meant(done: Run) -> None:
    with pytest.raises(UsageError, match="no step 'tabel'; did you mean 'table'"):
        done["tabel"]
