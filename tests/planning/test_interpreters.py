"""The interpreter of another environment is found, and what is installed there is known."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from pipeproof.model.step import Container, Step
from pipeproof.planning.interpreters import environment_digest, find_program, interpreter

PYENV = Path("~/.pyenv/versions").expanduser()


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("environments") / "own"
    venv.create(folder, symlinks=True)
    return folder


def install(environment: Path, name: str) -> Path:
    site = next(environment.glob("lib/python3*/site-packages"))
    (site / f"{name}.dist-info").mkdir()
    return site


def test_a_folder_means_the_interpreter_in_it_and_a_path_itself(environment):
    program = environment / "bin" / "python"
    assert find_program("own", environment.parent) == program
    assert find_program("own/bin/python", environment.parent) == program
    assert find_program(str(environment), Path("/")) == program


def test_what_is_not_there_or_cannot_run_is_no_interpreter(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no program")
    assert [find_program(name, tmp_path) for name in ("empty", "text", "nothing", "3.99")] == [None] * 4


def test_a_version_means_an_interpreter_of_this_version():
    version = f"3.{sys.version_info.minor}"
    program = find_program(version, Path("/"))
    if program is None:
        pytest.skip(f"no python{version} on the path, of pyenv or of uv")
    assert interpreter(program).version.startswith(f"{version}.")


def test_a_version_is_no_prefix_of_another(tmp_path, monkeypatch):
    for name in ("3.1.0", "3.12.1", "3.12.10"):
        program = tmp_path / "versions" / name / "bin" / "python3"
        program.parent.mkdir(parents=True)
        program.symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    assert find_program("3.1", tmp_path) == tmp_path / "versions/3.1.0/bin/python3"
    assert find_program("3.12", tmp_path) == tmp_path / "versions/3.12.10/bin/python3"
    assert find_program("3.12.1", tmp_path) == tmp_path / "versions/3.12.1/bin/python3"


def test_what_is_installed_is_read_without_starting_the_interpreter(environment):
    install(environment, "Some.Thing-1.2")
    before = (environment / "bin" / "python").readlink()
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").write_text("#!/bin/false\n")
    (environment / "bin" / "python").chmod(0o755)
    found = interpreter(environment / "bin" / "python")
    (environment / "bin" / "python").unlink()
    (environment / "bin" / "python").symlink_to(before)
    assert found.installed["some-thing"] == "1.2"
    assert found.version == ".".join(map(str, sys.version_info[:3]))


def test_the_digest_changes_with_what_is_installed(environment):
    step = Step("one", "script", python="own")
    before = environment_digest(step, environment.parent)
    os.utime(install(environment, "other-2.0"), (1, 1))
    after = environment_digest(step, environment.parent)
    assert dict(after) == {**before, "other": "2.0"}


def test_the_digest_of_a_step_under_our_own_interpreter_is_empty():
    assert dict(environment_digest(Step("one", "script"), Path("/"))) == {}


def test_the_digest_of_a_container_names_its_image_or_what_is_installed_in_its_root(tmp_path):
    image = Step("one", "script", container=Container(image="python:3.12"))
    assert dict(environment_digest(image, tmp_path)) == {"image": "python:3.12", "interpreter": "python3"}
    (tmp_path / "root/usr/lib/python3/dist-packages/numpy-2.1.dist-info").mkdir(parents=True)
    root = Step("one", "script", container=Container(rootfs="root"))
    assert dict(environment_digest(root, tmp_path))["numpy"] == "2.1"


@pytest.mark.parametrize("version", ["3.9", "3.8"])
def test_an_interpreter_is_asked_where_its_files_do_not_say(version):
    program = find_program(version, Path("/"))
    if program is None:
        pytest.skip(f"Python {version} is not installed")
    assert interpreter(program).version.startswith(f"{version}.")
    assert interpreter(program).is_old == (version == "3.8")
    assert "pip" in interpreter(program).installed
