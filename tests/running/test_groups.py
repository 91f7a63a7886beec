"""Control groups are made only where that is ours to do, and none is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeproof.running import groups

V1 = "8:pids:/\n4:memory:/docker/123\n0::/\n"


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    for name in ("memory", "pids"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").touch()
    return tmp_path


def test_below_the_root_of_a_controller_that_nobody_manages_groups_may_be_made(mounts):
    assert groups.places(V1, mounts) == {"processes": mounts / "pids"}


def test_a_group_that_somebody_has_put_us_in_is_left_alone(mounts):
    assert groups.places("4:memory:/a\n8:pids:/a\n", mounts) == {}


def test_of_a_delegated_group_the_controllers_that_are_switched_on_are_used(tmp_path):
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids")
    (tmp_path / "cgroup.subtree_control").write_text("memory\n")
    (tmp_path / "cgroup.procs").touch()
    assert groups.places(V1, tmp_path, named=str(tmp_path)) == {"memory": tmp_path}


def test_a_folder_that_is_named_and_not_there_is_no_place(tmp_path):
    assert groups.places(V1, tmp_path, named=str(tmp_path / "nothing")) == {}


def test_what_needs_no_group_gets_none():
    assert groups.make({"memory": None, "cpu_seconds": 3, "processes": None}, 1) is None


@pytest.fixture
def group():
    if "processes" not in groups.here():
        pytest.skip("no control group for processes is ours here")
    made = groups.make({"processes": 3}, 10**6)
    yield made
    made.remove()


def test_the_kernel_refuses_the_process_above_the_limit_of_a_group(group):
    started = """
import os, signal, time
pids = []
for number in range(9):
    try:
        pid = os.fork()
    except BlockingIOError:
        print(number)
        break
    if pid == 0:
        time.sleep(60)
    pids.append(pid)
for pid in pids:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
"""
    done = subprocess.run(
        [sys.executable, "-u", "-c", started],
        capture_output=True,
        text=True,
        preexec_fn=group.enter,
        start_new_session=True,
        check=False,
    )
    assert done.stdout == "2\n"


def test_a_group_is_gone_when_it_is_removed(group):
    folders = group.folders
    group.remove()
    assert not any(folder.exists() for folder in folders)


def test_groups_that_a_killed_server_left_are_swept(group):
    left = group.folders[0].with_name("pipeproof-999999999-1")
    left.mkdir()
    groups.sweep()
    assert not left.exists()
    assert group.folders[0].exists()


def test_no_group_is_left_by_a_step(launch):
    place = groups.here().get("processes")
    if place is None:
        pytest.skip("no control group for processes is ours here")
    assert launch("def main(): return 1", processes=50).failure is None
    assert not [folder for folder in place.glob("pipeproof-*") if f"-{os.getpid()}" in folder.name]
    assert (
        launch("import os\ndef main():\n    for _ in range(99): os.fork()\n", processes=10).failure
        is not None
    )
