"""Clearing away: what a kept run needs stays, whoever works at the same time, and nothing else does."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.errors import StoreError, UsageError
from pipeproof.loading.places import Places
from pipeproof.model.artifact import Artifact
from pipeproof.model.event import Event, Finished, Reused, RunFinished, RunStarted
from pipeproof.model.outcome import Outcome
from pipeproof.model.record import fold
from pipeproof.plugins import Kinds
from pipeproof.project.collecting import Keep, collect, pin
from pipeproof.project.place import Project
from pipeproof.store.forgotten import Tombstone, bury
from pipeproof.store.lock import RunLock
from pipeproof.store.objects import LISTING, LocalObjects
from pipeproof.store.remote import RemoteObjects, open_objects
from pipeproof.store.sweeping import needed

AT_ONCE = -5.0  # a grace below nothing: what was touched just now may go too


def project_in(folder: Path) -> Project:
    return Project(Places(folder, None), Kinds())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_in(tmp_path)


def make(project: Project, content: bytes | dict[str, bytes]) -> Artifact:
    """Add a file or folder as a step's process would leave it."""
    path = project.made_state / f"output-{uuid.uuid4().hex}"
    if isinstance(content, bytes):
        path.write_bytes(content)
        return Artifact("file", *project.objects.add(path))
    path.mkdir()
    for name, inside in content.items():
        (path / name).write_bytes(inside)
    return Artifact("folder", *project.objects.add(path))


@dataclass
class Going:
    """A run that goes on."""

    project: Project
    name: str
    pipeline: str = "p"

    def __post_init__(self) -> None:
        self.folder = self.project.made_state / "runs" / self.name
        (self.folder / "logs").mkdir(parents=True)
        self.lock = RunLock(self.folder)
        assert self.lock.acquire()
        self.tell(RunStarted(self.name, self.pipeline, ("s",), {"s": "python"}))

    def tell(self, event: Event) -> None:
        self.project.ledger.append(self.name, [event])

    def made(self, *artifacts: Artifact) -> None:
        outputs = {f"d{number}": artifact for number, artifact in enumerate(artifacts)}
        self.tell(Finished(Outcome("s", 1, outputs=outputs)))

    def end(self, status: str = "passed") -> None:
        self.tell(RunFinished(status))
        self.lock.release()


def a_run(
    project: Project, name: str, *artifacts: Artifact, pipeline: str = "p", status: str = "passed"
) -> None:
    run = Going(project, name, pipeline)
    (run.folder / "logs" / "s.1.log").write_text("said")
    run.made(*artifacts)
    run.end(status)


def names(project: Project) -> list[str]:
    return sorted(project.ledger.runs())


def made_by(project: Project) -> list[Artifact]:
    records = (fold(project.ledger.events(run)) for run in project.ledger.runs())
    return [made for record in records for step in record.steps.values() for made in step.outputs.values()]


contents = st.one_of(
    st.sampled_from([b"", b"a", b"b", b"c"]),
    st.dictionaries(st.sampled_from("xyz"), st.sampled_from([b"", b"a", b"d"]), max_size=3),
)
histories = st.lists(
    st.tuples(
        st.sampled_from("pq"),
        st.sampled_from(["passed", "failed"]),
        st.lists(contents, max_size=3),
        st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=15)
@given(histories, st.integers(0, 3), st.lists(contents, min_size=1, max_size=4))
def test_what_kept_runs_need_stays_while_others_add_and_nothing_else_does_afterwards(
    history, last, meanwhile
):
    with tempfile.TemporaryDirectory() as folder:
        project = project_in(Path(folder))
        for number, (pipeline, status, made, by_test) in enumerate(history):
            name = f"{'t' if by_test else 'r'}-{number}"
            a_run(
                project, name, *(make(project, content) for content in made), pipeline=pipeline, status=status
            )
        make(project, b"nobody needs it")
        for name in project.objects.names():
            os.utime(project.objects.place(name), (1.0, 1.0))  # all of it may go unless it is touched again

        def work() -> None:
            other = project_in(Path(folder))
            for number, content in enumerate(meanwhile):
                run = Going(other, f"r-meanwhile-{number}")
                made = make(other, content), make(other, b"a")
                time.sleep(0.005)  # steps take longer to end than to add
                run.made(*made)
                run.end()

        with ThreadPoolExecutor(1) as pool:
            adding = pool.submit(work)
            over = False
            while not over:
                over = adding.done()
                collect(project, Keep(last=max(last, 1)), grace=60.0)
                assert all(map(project.objects.is_whole, made_by(project)))
        adding.result()
        collect(project, Keep(last=last), grace=AT_ONCE)
        kept = made_by(project)
        assert all(map(project.objects.is_whole, kept))
        named = needed([made.digest for made in kept], project.objects, project.state)
        assert set(project.objects.names()) <= named


def test_the_newest_runs_of_each_pipeline_are_kept_and_the_last_that_passed(project):
    for number in range(3):
        a_run(project, f"r-p{number}", pipeline="p", status="failed" if number else "passed")
        a_run(project, f"r-q{number}", pipeline="q")
        a_run(project, f"t-p{number}", pipeline="p")
    done = collect(project, Keep(last=1))
    assert [run.name for run in done.runs] == ["r-q0", "t-p0", "r-p1", "r-q1", "t-p1"]
    assert names(project) == ["r-p0", "r-p2", "r-q2", "t-p2"]
    assert done.kept == 4


def test_runs_are_kept_by_age_by_name_and_by_pin(project):
    for number in range(4):
        a_run(project, f"r-{number}")
    pin(project, ["r-0"])
    collect(project, Keep(age=0.0, runs=frozenset({"r-1"})))
    assert names(project) == ["r-0", "r-1", "r-3"]
    pin(project, ["r-0"], pinned=False)
    collect(project, Keep(age=0.0))
    assert names(project) == ["r-3"]
    collect(project, Keep(age=3600.0))
    assert names(project) == ["r-3"]


def test_a_run_that_is_to_be_kept_and_does_not_exist_is_told_before_anything_goes(project):
    a_run(project, "r-0")
    a_run(project, "r-1")
    with pytest.raises(UsageError, match="did you mean 'r-1'") as caught:
        collect(project, Keep(last=0, runs=frozenset({"r-11"})))
    assert caught.value.findings[0].code == "PPF504"
    assert names(project) == ["r-0", "r-1"]


def test_a_run_that_goes_on_keeps_itself_and_what_was_touched_since_it_began(project):
    early = make(project, b"before it began")
    time.sleep(0.02)  # coarser than the clock of the file system
    going = Going(project, "r-going")
    mine = make(project, b"not in the ledger yet")
    collect(project, Keep(last=0), grace=0.0)
    assert (project.objects.has(mine), project.objects.has(early)) == (True, False)
    going.made(mine)
    going.end("failed")
    collect(project, Keep(last=0), grace=AT_ONCE)
    assert names(project) == []
    assert not project.objects.has(mine)


def test_an_old_object_stays_when_a_run_that_goes_on_makes_it_again(project):
    old = make(project, b"again")
    os.utime(project.objects.place(old.digest), (1.0, 1.0))
    going = Going(project, "r-going")
    assert make(project, b"again") == old
    collect(project, Keep(last=0), grace=0.0)
    going.made(old)
    going.end()
    assert project.objects.is_whole(old)


def test_what_was_touched_of_late_stays_for_now(project):
    made = make(project, b"found by whoever plans a run")
    done = collect_something(project, grace=600.0)
    assert (done.objects.objects, done.objects.young) == (0, 1)
    os.utime(project.objects.place(made.digest), (1.0, 1.0))
    assert project.objects.has(made)  # asking is touching
    assert collect_something(project, grace=600.0).objects.objects == 0
    os.utime(project.objects.place(made.digest), (1.0, 1.0))
    assert collect_something(project, grace=600.0).objects.objects == 1


def collect_something(project: Project, grace: float):
    if not project.has_runs:
        a_run(project, "r-0")
    return collect(project, grace=grace)


def test_a_young_folder_keeps_its_old_files(project):
    folder = make(project, {"x": b"inside"})
    os.utime(project.objects.place(hashlib.sha256(b"inside").hexdigest()), (1.0, 1.0))
    assert collect_something(project, grace=600.0).objects.objects == 0
    assert project.objects.has(folder)


def test_the_files_of_a_folder_that_a_kept_run_made_stay(project, tmp_path):
    a_run(project, "r-0", make(project, {"x": b"inside"}))
    collect(project, grace=AT_ONCE)
    (folder,) = made_by(project)
    project.objects.lay_out(folder.digest, tmp_path / "out")
    assert (tmp_path / "out" / "x").read_bytes() == b"inside"


def test_what_was_left_of_a_forgotten_table_stays(project):
    made, left = make(project, b"with the person"), make(project, b"without")
    a_run(project, "r-0", made)
    bury(project.state, Tombstone(made.digest, 1, left.digest, 0.0))
    project.objects.remove(made.digest)
    collect(project, grace=AT_ONCE)
    assert project.objects.has(left)


def test_results_of_runs_that_are_gone_are_not_taken_by_later_runs(project):
    run = Going(project, "r-0")
    outcome = Outcome("s", 1, outputs={"d": make(project, b"x")})
    run.tell(Finished(outcome, key="k", static="static"))
    run.end()
    a_run(project, "r-1")
    assert "static" in project.ledger.known(["static"])
    collect(project, Keep(last=1))
    assert project.ledger.known(["static"]) == {}


def test_a_run_stays_as_long_as_a_kept_one_took_results_of_it(project):
    made = make(project, b"x")
    a_run(project, "r-0", made)
    later = Going(project, "r-1")
    later.tell(Reused("s", "k", "nothing changed", {"d": made}, "r-0"))
    later.end()
    collect(project, Keep(last=1))
    assert names(project) == ["r-0", "r-1"]
    a_run(project, "r-2")
    collect(project, Keep(last=1))
    assert names(project) == ["r-2"]


def test_leftovers_logs_and_checkpoints_go_when_they_are_old(project):
    a_run(project, "r-0", status="failed")
    incoming = project.objects.root / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    never_began = project.state / "runs" / "r-never"
    kept_folder, old_folder = (project.state / "checkpoints" / name for name in ("new", "old"))
    for folder in (never_began, kept_folder, old_folder):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    (incoming / "new").write_text("x")
    (incoming / "old").write_text("x")
    long_ago = time.time() - 8 * 86400
    for path in (incoming / "old", never_began, old_folder / "file", old_folder):
        os.utime(path, (long_ago, long_ago))
    done = collect(project, Keep(last=0))
    assert (done.leftovers, done.checkpoints, done.other_size) == (2, 1, 3 + len("said"))
    assert [path.name for path in incoming.iterdir()] == ["new"]
    assert [path.name for path in (project.state / "checkpoints").iterdir()] == ["new"]
    assert list((project.state / "runs").iterdir()) == []


def test_a_dry_run_tells_the_same_and_removes_nothing(project):
    a_run(project, "r-0", make(project, b"old"), status="failed")
    a_run(project, "r-1", make(project, b"new"))
    dry = collect(project, Keep(last=1), grace=AT_ONCE, dry=True)
    assert names(project) == ["r-0", "r-1"]
    assert len(list(project.objects.names())) == 2
    done = collect(project, Keep(last=1), grace=AT_ONCE)
    assert (done.runs, done.objects, done.other_size) == (dry.runs, dry.objects, dry.other_size)
    assert (done.objects.objects, done.objects.size) == (1, 3)


def test_where_nothing_was_run_there_is_nothing_to_clear_away(project):
    assert collect(project).kept == 0
    assert not project.state.exists()


# A bucket.


@pytest.fixture
def shared(tmp_path: Path) -> Callable[[str], Project]:
    """Return the function that makes a project whose objects are in the one bucket."""

    def project_of(name: str) -> Project:
        project = project_in(tmp_path / name)
        local = LocalObjects(project.made_state / "objects")
        project.__dict__["objects"] = open_objects(f"file://{tmp_path}/bucket", local)
        return project

    return project_of


def in_bucket(project: Project) -> set[str]:
    assert isinstance(project.objects, RemoteObjects)
    return {entry.name for entry in project.objects.bucket.entries()} - {"claimed.json"}


def runs_of(project: Project) -> Sequence[Artifact]:
    artifacts = [make(project, b"old"), make(project, {"x": b"new"})]
    a_run(project, "r-0", artifacts[0], status="failed")
    a_run(project, "r-1", artifacts[1])
    return artifacts


def test_nothing_is_removed_from_a_bucket_unasked(shared):
    project = shared("one")
    old, _ = runs_of(project)
    done = collect(project, Keep(last=1), grace=AT_ONCE)
    assert (done.objects.objects, done.bucket) == (1, None)
    assert old.digest in in_bucket(project)


def test_a_bucket_that_is_not_claimed_is_left_alone(shared):
    project = shared("one")
    runs_of(project)
    before = in_bucket(project)
    with pytest.raises(UsageError, match="may hold what other projects need") as caught:
        collect(project, Keep(last=1), grace=AT_ONCE, remote=True)
    assert caught.value.findings[0].code == "PPF557"
    assert (in_bucket(project), names(project)) == (before, ["r-0", "r-1"])


def test_from_a_claimed_bucket_goes_what_no_kept_run_needs(shared):
    project = shared("one")
    old, new = runs_of(project)
    project.objects.claim()
    dry = collect(project, Keep(last=1), grace=AT_ONCE, remote=True, dry=True)
    assert old.digest in in_bucket(project)
    done = collect(project, Keep(last=1), grace=AT_ONCE, remote=True)
    assert done.bucket == dry.bucket
    assert (done.bucket.objects, done.bucket.size) == (1, 3)
    assert in_bucket(project) == {new.digest + LISTING, hashlib.sha256(b"new").hexdigest()}


def test_a_folder_that_is_in_the_bucket_alone_keeps_its_files(shared):
    project = shared("one")
    _, new = runs_of(project)
    project.objects.claim()
    for name in list(project.objects.local.names()):
        project.objects.local.remove(name)
    collect(project, Keep(last=1), grace=AT_ONCE, remote=True)
    assert project.objects.has(new)


def test_others_do_not_write_to_a_bucket_that_is_claimed(shared):
    shared("one").objects.claim()
    with pytest.raises(StoreError, match="another project has") as caught:
        make(shared("other"), b"x")
    assert caught.value.findings[0].code == "PPF557"
    with pytest.raises(StoreError, match="another project has"):
        shared("other").objects.claim()


def test_a_project_without_a_bucket_has_none_to_remove_from(project):
    with pytest.raises(UsageError, match="in no bucket"):
        collect(project, remote=True)
