"""Only what is in the key already, or is nobody's input, is left out of what a step is seen to use."""

from __future__ import annotations

import sys
import sysconfig

import polars as pl
import pytest

from pipeproof.running.no_inputs import is_no_input

KEPT = ("/p/.pipeproof",)


@pytest.mark.parametrize(
    "path",
    [
        "/p/data.csv",
        "/p/vendor/site-packages/x.py",
        "/p/lib/python3/x.csv",
        "/data/lib/python3.11/x.csv",
        "/dev/shm/x.csv",
        "/usr/local/lib/x.csv",
        "/etc/app.yaml",
    ],
)
def test_data_count_wherever_they_lie(path):
    assert not is_no_input(path, "/p", KEPT)


@pytest.mark.parametrize(
    "path",
    [
        sysconfig.__file__,
        pl.__file__,
        f"{sys.prefix}/pyvenv.cfg",
        "/p/.pipeproof/objects/a",
        "/dev/null",
        "/dev/shm/sem.mp-a",
        "/proc/self/status",
        "/usr/lib/x.txt",
        "/usr/local/lib/sub/libx.so.1.2",
        "/etc/passwd",
    ],
)
def test_the_interpreter_the_store_and_the_system_are_no_inputs(path):
    assert is_no_input(path, "/p", KEPT)


def test_packages_of_another_environment_are_no_inputs_and_folders_named_like_it_are(tmp_path):
    package = tmp_path / "lib" / "python3.12" / "site-packages"
    package.mkdir(parents=True)
    assert not is_no_input(f"{package}/x.py", "/p", KEPT)
    other = tmp_path / "env" / "lib" / "python3.12" / "site-packages"
    other.mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert is_no_input(f"{other}/x.py", "/p", KEPT)


def test_a_project_below_a_place_that_is_left_out_keeps_its_files():
    assert not is_no_input("/usr/lib/p/data.csv", "/usr/lib/p", ("/usr/lib/p/.pipeproof",))
