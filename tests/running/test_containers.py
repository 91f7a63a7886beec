"""Steps run in containers: what they see, how they end, and that none is left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

import pipeproof as pp
from pipeproof.model.plan import Task
from pipeproof.model.step import Container, Resources, Step
from pipeproof.planning.interpreters import find_program
from pipeproof.ports import Job, Program
from pipeproof.running import containers

CONF = """
[containers]
default_ulimits = ["nofile=1024:2000", "nproc=1000:2000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[engine.runtimes]
runc = ["/usr/sbin/runc"]
"""
SKIPPED = (
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "_tkinter*",
    "site-packages",
    "ensurepip",
    "__pycache__",
    "*.a",
    "include",
    "share",
)


def link(source: str, target: str) -> None:
    """Have a file in two places, as a link where that can be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(scope="session")
def rootfs(tmp_path_factory) -> Path:
    """Return a root file system of an interpreter and the libraries that it needs, and nothing else."""
    program = find_program("3.12", Path("/"))
    if program is None or not shutil.which("ldd"):
        pytest.skip("no Python 3.12 of pyenv or uv, which could be copied")
    root = tmp_path_factory.mktemp("root")
    ignored = shutil.ignore_patterns(*SKIPPED)
    shutil.copytree(
        program.resolve().parent.parent, root / "python", symlinks=True, copy_function=link, ignore=ignored
    )
    binaries = [root / "python/bin/python3.12", *(root / "python").glob("lib/python3.12/lib-dynload/*.so")]
    needed = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout.split()
    for library in {word for word in needed if word.startswith("/") and not word.startswith(str(root))}:
        place = root / library.removesuffix(":").lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            shutil.copy2(Path(library.removesuffix(":")).resolve(), place)
    for name in ("tmp", "proc", "dev", "sys", "run", "etc", "root"):
        (root / name).mkdir(exist_ok=True)
    return root


@pytest.fixture(scope="session")
def podman(tmp_path_factory, rootfs) -> Container:
    """Return a container of that root file system, started by podman; skip where podman cannot."""
    if not shutil.which("podman"):
        pytest.skip("podman is not installed")
    conf = tmp_path_factory.mktemp("podman") / "containers.conf"
    conf.write_text(CONF)
    os.environ["CONTAINERS_CONF"] = str(conf)
    try:
        command = [
            "podman",
            "run",
            "--rm",
            "--network=none",
            "--rootfs",
            f"{rootfs}:O",
            "/python/bin/python3",
            "-c",
            "",
        ]
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
        if tried.returncode:
            pytest.skip(f"podman cannot start a container here: {tried.stderr.strip()[-200:]}")
        yield Container(rootfs=str(rootfs), engine="podman", python="/python/bin/python3")
    finally:
        del os.environ["CONTAINERS_CONF"]


@pytest.fixture
def bwrap(rootfs) -> Container:
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    return Container(rootfs=str(rootfs), engine="bwrap", python="/python/bin/python3")


@pytest.fixture(params=["bwrap", "podman"])
def container(request: pytest.FixtureRequest) -> Container:
    found: Container = request.getfixturevalue(request.param)
    return found


def left() -> list[str]:
    """Return the containers of ours that podman still knows."""
    listed = subprocess.run(
        ["podman", "ps", "-a", "--format", "{{.Names}}"], capture_output=True, text=True, check=False
    )
    return [name for name in listed.stdout.split() if name.startswith("pipeproof-")]


pytestmark = pytest.mark.slow


def test_code_sees_its_own_root_its_project_and_the_variables_of_its_step(launch, container, tmp_path):
    ended = launch(
        """
        import os, sys
        def main():
            return [sys.prefix, os.path.exists("/usr/bin/env"), os.getcwd(), os.environ["KEY"], "HOME_OF_HOST" in os.environ]
        """,
        "container",
        container=container,
        environment={"KEY": "k"},
    )
    assert ended.failure is None, (ended.failure, (tmp_path / "code0.log").read_text())
    assert ended.result.value["code0"]["value"] == ["/python", False, str(tmp_path), "k", False]


ENDS = {
    "open(__file__, 'a')": ("exception", "OSError"),
    "import socket; socket.create_connection(('8.8.8.8', 53), timeout=2)": ("exception", "OSError"),
    "os._exit(7)": ("exit", "Exit"),
    "import ctypes; ctypes.string_at(0)": ("signal", "SIGSEGV"),
}


@pytest.mark.parametrize("line", ENDS)
def test_what_code_may_not_and_how_it_ends_is_told(launch, container, line):
    ended = launch(f"import os, faulthandler\ndef main():\n    {line}\n", "container", container=container)
    assert (ended.failure.kind, ended.failure.type) == ENDS[line]


def test_a_container_that_is_out_of_time_is_ended_and_removed(launch, podman):
    ended = launch(
        "import time\ndef main():\n    time.sleep(600)\n", "container", container=podman, timeout=3.0
    )
    assert ended.failure.kind == "timeout"
    assert left() == []


def test_a_run_that_is_stopped_leaves_no_container(launch, launcher, podman):
    threading.Timer(2.0, launcher.stop).start()
    ended = launch("import time\ndef main():\n    time.sleep(600)\n", "container", container=podman)
    assert ended.failure.kind == "interrupted"
    assert left() == []


def test_memory_above_the_limit_is_told_as_such(launch, podman):
    code = "def main():\n    return len(bytearray(400 * 2**20))\n"
    assert launch(code, "container", container=podman, memory=100 * 2**20).failure.kind == "memory"


def test_an_interpreter_that_is_not_in_the_container_is_told(launch, podman, tmp_path):
    wrong = Container(rootfs=podman.rootfs, engine="podman", python="/usr/bin/no-python")
    ended = launch("def main(): pass", "container", container=wrong)
    assert ended.failure.code == "PPF534"
    assert "no-python" in (tmp_path / "code0.log").read_text()


def test_a_pipeline_gives_files_to_a_container_and_takes_them_from_it(tmp_path, container):
    (tmp_path / "clean.py").write_text(
        "def main(inputs, outputs):\n    open(outputs['kept'], 'w').write(open(inputs['raw']).read().upper())\n"
    )
    (tmp_path / "raw.csv").write_text("id\na\n")
    about = {"rootfs": container.rootfs, "engine": container.engine, "python": container.python}
    config = {"script": "clean.py", "inputs": {"raw": "raw"}, "outputs": {"kept": "kept"}}
    contract = {"inputs": {"raw": {"format": "csv"}}, "outputs": {"kept": {"format": "csv"}}}
    step = {"name": "clean", "type": "script", "container": about, "config": config, "contract": contract}
    (tmp_path / "p.yaml").write_text(
        json.dumps({"workflow": {"name": "p", "steps": [step]}, "sources": {"raw": "raw.csv"}})
    )
    done = pp.run(tmp_path / "p.yaml")
    assert done, done["clean"].record.failure
    assert done["clean"].outputs["kept"].table().to_dict(as_series=False) == {"ID": ["A"]}


@pytest.mark.parametrize("engine", ["podman", "docker", "bwrap"])
def test_no_variable_of_a_step_is_on_a_command_line(tmp_path, monkeypatch, engine):
    (tmp_path / engine).write_text("#!/bin/sh\n")
    (tmp_path / engine).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    about = Container(rootfs="/") if engine == "bwrap" else Container(image="python:3.12")
    step = Step("one", "script", container=about, resources=Resources(memory=10**8, processes=5))
    job = Job(
        "r-1",
        Task(step, "", "run", ""),
        1,
        {},
        {},
        str(tmp_path / "scratch, own"),
        str(tmp_path / "log"),
        tmp_path,
    )
    request = {"environment": {"KEY": "hunter2hunter2"}}
    program = Program("pipeproof.steps.calls.script:call_script", {"inputs": {}})
    command = containers.contained(program, job, request, {"memory": 10**8, "processes": 5}).args["command"]
    assert Path(command[0]).name == engine
    assert "hunter2" not in " ".join(command)
    sent = tmp_path / "scratch, own" / "guest" / "request.json"
    assert "hunter2" in sent.read_text()
    assert sent.stat().st_mode & 0o077 == 0
    if engine != "bwrap":
        assert f'--mount=type=bind,"src={job.scratch_folder}","dst={job.scratch_folder}"' in command
        assert {"--network=none", "--pids-limit=5", "--cap-drop=ALL"} <= set(command)
        assert command[-4:-2] == ["python:3.12", "-u"]
