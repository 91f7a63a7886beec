"""What a worker makes of a parcel: it works on it once, for a run that goes on, if it can."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipeproof.model.codec import from_plain
from pipeproof.model.contract import frozen
from pipeproof.model.outcome import Outcome
from pipeproof.model.plan import Task
from pipeproof.model.step import Step
from pipeproof.pools.lifeline import Lifeline
from pipeproof.pools.parcel import Place, Reference, pack
from pipeproof.pools.remote import work_remotely
from pipeproof.ports import Job
from pipeproof.steps.python import PythonConfig


@pytest.fixture
def line(tmp_path):
    line = Lifeline(f"{tmp_path}/run/line")
    line.hold()
    yield line
    line.cut()


@pytest.fixture
def parcel(tmp_path, line):
    (tmp_path / "code.py").write_text("def two():\n    print('at work')\n    return 2\n")
    step = Step("two", "python", PythonConfig("code.py:two"), outputs=frozen({"two": "two"}))
    job = Job(
        "r-1",
        Task(step, "", "run", "", isolation="thread"),
        1,
        frozen(),
        frozen(),
        f"{tmp_path}/run/scratch/two.1",
        f"{tmp_path}/run/logs/two.1.log",
        tmp_path,
    )
    objects = Reference("pipeproof.store.objects:LocalObjects", (tmp_path / "objects",))
    launcher = Reference("pipeproof.running.launch:Launcher", ((), tmp_path))
    return pack(job, Place(f"{tmp_path}/run", line.folder, launcher, objects), 0)


def work(parcel):
    return from_plain(Outcome, json.loads(work_remotely(parcel)))


def test_it_works_on_the_job_and_logs_to_its_file(parcel, tmp_path):
    outcome = work(parcel)
    assert (outcome.failure, outcome.outputs["two"].value) == (None, 2)
    assert (tmp_path / "run/logs/two.1.log").read_text() == "at work\n"


def test_an_attempt_that_is_handed_out_again_is_lost_and_may_be_tried_again(parcel):
    work(parcel)
    failure = work(parcel).failure
    assert (failure.code, failure.kind, failure.permanent) == ("PPF558", "signal", False)


@pytest.mark.parametrize("how", ["stop", "cut"])
def test_nothing_begins_for_a_run_that_is_ended(parcel, line, how):
    getattr(line, how)()
    assert work(parcel).failure.kind == "interrupted"
    assert not line.has_begun(parcel.number)


def test_a_worker_on_a_machine_without_the_folder_says_so(parcel):
    failure = work(replace(parcel, place=replace(parcel.place, run="/no/such/folder"))).failure
    assert (failure.code, failure.permanent) == ("PPF561", True)
    assert "/no/such/folder" in failure.message


def test_a_worker_of_another_version_says_so(parcel, line):
    failure = work(replace(parcel, version="0.0.1")).failure
    assert (failure.code, failure.permanent) == ("PPF562", True)
    assert "started by 0.0.1" in failure.message
    assert not line.has_begun(parcel.number)


def test_a_job_of_classes_that_are_not_installed_here_says_so(parcel):
    strange = parcel.job.replace(b"pipeproof.steps.python", b"pipeproof.steps.pythom")
    failure = work(replace(parcel, job=strange)).failure
    assert (failure.code, failure.permanent) == ("PPF559", True)
    assert "pythom" in failure.message


def test_a_store_that_cannot_be_had_from_the_worker_says_so(parcel):
    objects = Reference("pipeproof.store.ledger:SqliteLedger", (Path("/proc/no/ledger.db"),))
    failure = work(replace(parcel, place=replace(parcel.place, objects=objects))).failure
    assert (failure.code, failure.permanent) == ("PPF501", True)


def test_secrets_of_the_worker_itself_are_masked(parcel, tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "known-to-the-worker")
    (tmp_path / "code.py").write_text("import os\ndef two():\n    print(os.environ['SOME_TOKEN'])\n")
    work(parcel)
    assert (tmp_path / "run/logs/two.1.log").read_text() == "***\n"


def test_the_thread_that_watches_ends_with_the_run(parcel, line):
    def watching():
        return [thread for thread in threading.enumerate() if thread.name == "pipeproof watch"]

    before = watching()
    work(parcel)
    (own,) = set(watching()) - set(before)
    line.cut()
    own.join(10)
    assert not own.is_alive()
