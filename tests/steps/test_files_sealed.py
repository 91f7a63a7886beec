"""A files step of a trial: what would go out lands below the sealed folder, and nowhere else."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeproof.errors import PipeproofError
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.outcome import Outcome
from pipeproof.model.pipeline import Target
from pipeproof.model.plan import Task
from pipeproof.model.step import Step
from pipeproof.ports import Job
from pipeproof.running.launch import Launcher
from pipeproof.running.work import work
from pipeproof.steps.files import KIND, FilesConfig
from pipeproof.steps.files.place import below, resolve
from pipeproof.store.objects import LocalObjects

ROWS = pl.DataFrame({"id": [1, 2, 3]})


class Trial:
    """A project with files steps that run in one trial."""

    def __init__(self, folder: Path, targets: dict[str, Target] | None = None) -> None:
        self.root = folder / "project"
        self.sealed = folder / "state" / "sealed" / "one"
        self.objects = LocalObjects(folder / "state" / "objects")
        self.targets = targets or {}
        self.root.mkdir(parents=True, exist_ok=True)
        ROWS.write_parquet(folder / "rows.parquet")
        digest, size = self.objects.add(folder / "rows.parquet")
        self.inputs = {"rows": Artifact("table", digest, size, rows=3, columns=(("id", "integer"),))}

    def do(self, *, sealed: bool = True, **config: object) -> Outcome:
        given = FilesConfig(**config)
        inputs = {given.input_name: given.input_name} if given.input_name else {}
        step = Step("files", "files", given, inputs=inputs, outputs={"files": "files"}, effects="external")
        job = Job(
            "t-test",
            Task(step, "", "run", "", isolation="thread"),
            1,
            self.inputs,
            {},
            scratch_folder=str(self.sealed.parents[1] / "scratch"),
            log_file=str(self.sealed.parents[1] / "log"),
            root=self.root,
            targets=self.targets,
            sealed=str(self.sealed) if sealed else "",
            timeout=20,
        )
        return work(job, kinds={"files": KIND}, objects=self.objects, launcher=Launcher())

    def names(self, folder: Path) -> list[str]:
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("path", "lands"),
    [
        ("out/rows.csv", "project/out/rows.csv"),
        ("out/../rows.csv", "project/rows.csv"),
        ("../rows.csv", "outside/{parent}/rows.csv"),
        ("{parent}/world/rows.csv", "outside/{parent}/world/rows.csv"),
        ("out/", "project/out/rows.parquet"),
    ],
)
def test_a_target_lands_below_the_sealed_folder_at_the_path_it_has_in_the_world(tmp_path, path, lands):
    trial = Trial(tmp_path, {"published": Target("published", path.format(parent=tmp_path))})
    outcome = trial.do(input_name="rows", to="published")
    assert outcome.failure is None
    assert trial.names(trial.sealed) == [lands.format(parent=str(tmp_path).strip("/"))]
    assert trial.names(trial.root) == []


def test_a_bare_path_lands_there_too(tmp_path):
    trial = Trial(tmp_path)
    assert trial.do(input_name="rows", to="out/rows.csv").failure is None
    assert trial.names(trial.sealed) == ["project/out/rows.csv"]
    assert trial.names(trial.root) == []
    assert trial.do(input_name="rows", to="out/rows.csv", sealed=False).failure is None
    assert trial.names(trial.root) == ["out/rows.csv"]


def test_a_file_of_the_world_does_not_stand_in_the_way_of_a_copy_that_may_not_overwrite(tmp_path):
    trial = Trial(tmp_path)
    (trial.root / "rows.csv").write_text("kept")
    assert trial.do(input_name="rows", to="rows.csv", overwrite=False).failure is None
    assert (trial.root / "rows.csv").read_text() == "kept"
    assert trial.do(input_name="rows", to="rows.csv", overwrite=False).failure.code == "PPF212"


def test_a_folder_of_the_world_takes_a_copy_in_as_it_does_in_a_run(tmp_path):
    trial = Trial(tmp_path)
    (trial.root / "out").mkdir()
    assert trial.do(input_name="rows", to="./out").failure is None
    assert trial.names(trial.sealed) == ["project/out/rows.parquet"]


def test_a_contract_of_a_target_holds_in_a_trial(tmp_path):
    schema = TableSchema((Column("town", "string"),))
    trial = Trial(tmp_path, {"published": Target("published", "out/rows.csv", schema)})
    assert trial.do(input_name="rows", to="published").failure.kind == "contract"
    assert trial.names(trial.sealed) == []


@pytest.mark.parametrize("to", ["../rows.csv", "/rows.csv", "nobody", ".pipeproof/rows.csv", "s3://a/b.csv"])
def test_what_a_run_refuses_a_trial_refuses(tmp_path, to):
    trial = Trial(tmp_path)
    codes = [trial.do(input_name="rows", to=to, sealed=sealed).failure.code for sealed in (True, False)]
    assert codes[0] == codes[1]
    assert trial.names(trial.sealed) == []


@pytest.mark.parametrize("path", ["out/rows.csv", "out/*.csv", "**/rows.csv", "out/../out/rows.csv"])
def test_a_later_step_of_the_trial_finds_what_an_earlier_one_wrote(tmp_path, path):
    trial = Trial(tmp_path)
    assert trial.do(operation="wait", path=path).failure.code == "PPF143"
    trial.do(input_name="rows", to="out/rows.csv")
    assert trial.do(operation="wait", path=path).outputs["files"].name == "rows.csv"
    listed = trial.do(operation="list", path=path).outputs["files"]
    assert pl.read_parquet(trial.objects.path(listed.digest))["path"].to_list() == ["out/rows.csv"]
    assert trial.do(path=path, to="again/").failure is None
    assert trial.names(trial.sealed) == ["project/again/rows.csv", "project/out/rows.csv"] or path.startswith(
        "**"
    )


def test_files_of_the_world_are_read_where_they_are(tmp_path):
    trial = Trial(tmp_path)
    (trial.root / "rows.csv").write_text("id\n1\n")
    assert trial.do(path="rows.csv", to="out/").failure is None
    assert trial.names(trial.sealed) == ["project/out/rows.csv"]


def test_a_trial_does_not_wait_for_a_file(tmp_path):
    trial = Trial(tmp_path)
    started = time.monotonic()
    failure = trial.do(operation="wait", path="late.csv", interval=60).failure
    assert time.monotonic() - started < 10
    assert "a trial does not wait" in failure.message
    (trial.root / "late.csv").write_text("id\n1\n")
    assert trial.do(operation="wait", path="late.csv", interval=60).failure is None


PARTS = st.sampled_from(["..", ".", "", "a", "b.csv", "~", "C:", "\\", "link", "pröject", "{x}", "*", "\0"])
PATHS = st.tuples(st.sampled_from(["", "/", "//", "file://", "file:///", "./"]), st.lists(PARTS, max_size=8))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(parts=PATHS, free=st.text(max_size=20), named=st.booleans(), use_free=st.booleans())
@example(parts=("/", ["..", "..", "a"]), free="", named=True, use_free=False)
@example(parts=("", [".."] * 30 + ["b.csv"]), free="", named=True, use_free=False)
@example(parts=("", ["link", "b.csv"]), free="", named=True, use_free=False)
def test_whatever_the_path_is_nothing_is_made_outside_of_the_sealed_folder(parts, free, named, use_free):
    to = free if use_free else parts[0] + "/".join(parts[1])
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder).resolve(), {"published": Target("published", to)} if named else None)
        (trial.root.parent / "elsewhere").mkdir()
        (trial.root / "link").symlink_to(trial.root.parent / "elsewhere")
        before = _all(Path(folder))
        trial.do(input_name="rows", to="published" if named else to)
        made = _all(Path(folder)) - before
        state = trial.root.parent / "state"
        kept = (trial.sealed, state / "objects")
        allowed = {trial.sealed, trial.sealed.parent, state / "log"}
        strays = [path for path in made - allowed if not any(path.is_relative_to(place) for place in kept)]
        assert strays == []


def _all(folder: Path) -> set[Path]:
    """Return what is in a folder, and what of the names in `PARTS` is above it."""
    above = {parent / name for parent in folder.resolve().parents for name in ("a", "b.csv")}
    return set(folder.resolve().rglob("*")) | {path for path in above if path.exists()}


@given(parts=PATHS)
def test_what_stands_for_a_path_lies_below_the_sealed_folder(parts):
    base, inside = below(Path(parts[0] + "/".join(parts[1])), Path("/home/me/project"), "/state/sealed")
    assert os.path.normpath(base / inside) == str(base / inside)
    assert (base / inside).is_relative_to("/state/sealed")


@given(parts=PATHS)
def test_a_place_that_is_resolved_lies_below_the_sealed_folder(parts):
    to = parts[0] + "/".join(parts[1])
    with contextlib.suppress(PipeproofError, ValueError):
        place = resolve(
            "published", {"published": Target("published", to)}, Path("/home/me/project"), "/state/sealed"
        )
        assert place.path.is_relative_to("/state/sealed")
