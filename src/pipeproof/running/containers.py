"""A step's code in a container: the command that starts one, and what comes back from it.

The project is mounted read-only, the step's own folder for writing; there is no network unless it is asked
for. The program and its variables travel in a file of the step's folder, which only its owner can read:
never on a command line, nor in what an engine keeps of a container.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeproof.errors import ConfigError
from pipeproof.model.outcome import Failure
from pipeproof.model.step import Container
from pipeproof.planning.isolation import engine_of, no_engine
from pipeproof.ports import Job, Program
from pipeproof.running import failures
from pipeproof.running.context import StepContext

START = "pipeproof.running.containers:wait_for"
"""The target of a program that starts a container."""
_GUEST = Path(__file__).with_name("guest.py")
_FOLDER = "guest"
_OWN = 32 * 2**20  # what an interpreter has before the code begins
_ENGINE_FAILED = range(125, 128)  # exit statuses of podman and docker: not started, not to be run, not found
_SIGNALLED = 128
_OF_BWRAP = 3  # processes of ours and of bwrap beside the step's
_HOME = "/tmp"  # noqa: S108 the container's own
_PLAIN = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": _HOME,
    "LANG": "C.UTF-8",
}
_REMOVAL = 30  # seconds that an engine may take to remove a container


def contained(program: Program, job: Job, request: Mapping[str, Any], limits: Mapping[str, Any]) -> Program:
    """Return the program that starts a container for another program and waits for it.

    Args:
        program: What is to run in the container.
        job: The job.
        request: The program as it is sent to a child.
        limits: Limits of the step.

    Raises:
        ConfigError: There is no engine for it here.
    """
    container = _container(job)
    engine = engine_of(container)
    if engine is None:
        raise ConfigError(no_engine(job.step.name, container))
    folder = job.scratch / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    declared = {v.name: os.environ[v.name] for v in job.step.contract.environment if v.name in os.environ}
    sent = {
        **request,
        "limits": dict(limits),
        "sealed": None,
        "environment": {**declared, **request["environment"]},
    }
    file = os.open(folder / "request.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(file, "w", encoding="utf-8") as opened:  # noqa: PTH123 a descriptor
        json.dump(sent, opened, default=str)
    start = _by_bwrap if engine == "bwrap" else _by_engine
    command = start(engine, container, job, dict(limits), list(_mounts(program, job)))
    return Program(
        START,
        {"command": [*command, "-u", str(_GUEST), str(folder)], "folder": str(folder), "engine": engine},
    )


def limits_outside(job: Job, limits: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits that are kept around a container; engines keep theirs themselves."""
    if engine_of(_container(job)) != "bwrap":
        return {}
    kept = {name: limits.get(name) for name in ("memory", "cpu_seconds")}
    processes = limits.get("processes")
    return {**kept, "processes": processes and processes + _OF_BWRAP, "foreign": True}


def wait_for(args: Mapping[str, Any], _context: StepContext) -> dict[str, Any]:
    """Start a container, wait for its end, and return its exit status and what its program answered."""
    variables = _PLAIN if args["engine"] == "bwrap" else None
    status = subprocess.run(args["command"], stdin=subprocess.DEVNULL, env=variables, check=False).returncode  # noqa: S603 made above
    reply = None
    with suppress(OSError, ValueError):
        reply = json.loads(Path(args["folder"], "reply.json").read_text(encoding="utf-8"))
    return {"status": status, "reply": reply if isinstance(reply, dict) else None}


def remove(job: Job) -> None:
    """Remove the container of a job that was ended from outside: an engine's containers outlive its command."""
    engine = engine_of(_container(job))
    if engine in {"podman", "docker"}:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(  # noqa: S603 the engine
                [shutil.which(engine) or engine, "rm", "--force", name_of(job)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_REMOVAL,
            )


def failure_of(status: int, limits: Mapping[str, Any]) -> Failure:
    """Return the failure of a container that ended without an answer, by the exit status of its engine."""
    if status in _ENGINE_FAILED:
        return Failure(
            "internal",
            "PPF534",
            "ContainerFailed",
            f"the container could not be started (status {status}); the log has what its engine said",
            permanent=True,
            fix="start it by hand, or see that the image has the interpreter that `container.python` names",
        )
    number = -status if status < 0 else status - _SIGNALLED
    if number > 0:
        reached = "memory" if limits.get("memory") and number == 9 else ""  # noqa: PLR2004 SIGKILL: an engine does not say more
        return failures.from_status(-number, limits, over=reached)
    return failures.from_status(status, limits)


def name_of(job: Job) -> str:
    """Return the name of a job's container."""
    task = "".join(letter if letter.isalnum() else "-" for letter in job.task.name)
    return f"pipeproof-{job.run}-{task}-{job.attempt}-{os.getpid()}"


def _container(job: Job) -> Container:
    container = job.step.container or Container()
    rootfs = str(job.root / Path(container.rootfs).expanduser()) if container.rootfs else ""
    return replace(
        container, rootfs=rootfs, network=container.network and job.step.resources.network and not job.sealed
    )


def _mounts(program: Program, job: Job) -> Iterator[tuple[str, bool]]:
    """Yield what a container sees of this machine: a path, and whether it may write there."""
    yield str(_GUEST.parent.parent), False
    yield str(job.root), False
    for given in program.args.get("inputs", {}).values():
        if isinstance(given, Mapping) and "table" in given:
            yield given["table"], False
    yield job.scratch_folder, True


def _by_engine(
    engine: str, container: Container, job: Job, limits: Mapping[str, Any], mounts: list[tuple[str, bool]]
) -> list[str]:
    """Return the command of podman or docker, up to the arguments of the interpreter."""
    words = [
        shutil.which(engine) or engine,
        "run",
        "--rm",
        "--name",
        name_of(job),
        "--workdir",
        str(job.root),
    ]
    words += ["--cap-drop=ALL", "--security-opt=no-new-privileges", "--env=PYTHONHASHSEED=0"]
    words += [f"--entrypoint={container.python}"]
    # In podman, root is whoever started it; docker's is the machine's, whose files nobody else can remove.
    words += ["--user=0:0"] if engine == "podman" else [f"--user={os.getuid()}:{os.getgid()}"]
    words += [] if container.network else ["--network=none"]
    if memory := limits.get("memory"):
        words += [f"--memory={memory + _OWN}b", f"--memory-swap={memory + _OWN}b"]
    if processes := limits.get("processes"):
        words += [f"--pids-limit={processes}"]
    for path, writable in mounts:
        words.append(
            f"--mount=type=bind,{_field('src', path)},{_field('dst', path)}"
            + ("" if writable else ",readonly")
        )
    return [*words, container.image] if container.image else [*words, "--rootfs", f"{container.rootfs}:O"]


def _field(name: str, path: str) -> str:
    """Return a field of ``--mount``, which is read as CSV."""
    plain = f"{name}={path}"
    return '"' + plain.replace('"', '""') + '"' if {",", '"'} & set(plain) else plain


def _by_bwrap(
    engine: str, container: Container, job: Job, _limits: Mapping[str, Any], mounts: list[tuple[str, bool]]
) -> list[str]:
    """Return the command of bubblewrap, up to the arguments of the interpreter."""
    words = [shutil.which(engine) or engine, "--unshare-all", "--die-with-parent", "--new-session"]
    words += ["--share-net"] if container.network else []
    words += _root(Path(container.rootfs), [path for path, _ in mounts])
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", _HOME]
    words += _under_home(container)
    for path, writable in mounts:
        words += ["--bind" if writable else "--ro-bind", path, path]
    return [*words, "--setenv", "PYTHONHASHSEED", "0", "--chdir", str(job.root), container.python]


def _under_home(container: Container) -> list[str]:
    """Return the words that show the interpreter's environment again where it lies in the folder that is empty inside."""
    environment = str(Path(container.python).parent.parent)
    if not environment.startswith(f"{_HOME}/"):
        return []
    return ["--ro-bind", f"{container.rootfs.rstrip('/')}{environment}", environment]


def _root(rootfs: Path, paths: list[str]) -> list[str]:
    """Return the words that lay out the root; folders that lack a place for a mount are made of their parts."""
    missing = [path for path in paths if not (rootfs / path.lstrip("/")).exists()]
    return [*_laid_out(rootfs, "", missing)] if missing else ["--ro-bind", str(rootfs), "/"]


def _laid_out(rootfs: Path, at: str, missing: list[str]) -> Iterator[str]:
    for entry in sorted(os.scandir(f"{rootfs}{at}"), key=lambda entry: entry.name):
        path = f"{at}/{entry.name}"
        if entry.is_symlink():
            yield from ("--symlink", os.readlink(entry.path), path)  # noqa: PTH115 plain text
        elif any(wanted.startswith(f"{path}/") for wanted in missing):
            yield from ("--dir", path)
            yield from _laid_out(rootfs, path, missing)
        else:
            yield from ("--ro-bind", entry.path, path)
