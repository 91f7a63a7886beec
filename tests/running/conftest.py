"""Launching a piece of code the way a python step is launched."""

from __future__ import annotations

import itertools
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeproof.model.contract import Contract
from pipeproof.model.plan import Task
from pipeproof.model.step import Container, Isolation, Resources, Step
from pipeproof.ports import Job, Program
from pipeproof.running.launch import Ended, Launcher

Launch = Callable[..., Ended]
HOST = Container(rootfs="/", engine="bwrap", python=sys.executable)
"""A container whose root file system is that of this machine, read-only."""


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(root=tmp_path)
    yield launcher
    launcher.stop()
    launcher.close()


@pytest.fixture
def launch(tmp_path: Path, launcher: Launcher) -> Launch:
    """Run the function `main` of a piece of code; further keywords are fields of the job or the step."""
    number = itertools.count()

    def start(  # noqa: PLR0913 each is a field of the job or of the step
        code: str,
        isolation: Isolation = "fresh",
        *,
        timeout: float | None = 20.0,
        environment: dict[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        sealed: str = "",
        contract: Contract | None = None,
        parameters: dict[str, object] | None = None,
        python: str = "",
        container: Container | None = None,
        **resources: object,
    ) -> Ended:
        name = f"code{next(number)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        step = Step(
            name,
            "python",
            outputs={name: name},
            resources=Resources(**resources),
            contract=contract or Contract(),
            python=python or (sys.executable if isolation == "environment" else ""),
            container=container or (HOST if isolation == "container" else None),
        )
        job = Job(
            "r-test",
            Task(step, "", "run", "", isolation=isolation),
            1,
            {},
            parameters or {},
            scratch_folder=str(tmp_path / "scratch" / name),
            log_file=str(tmp_path / f"{name}.log"),
            root=tmp_path,
            timeout=timeout,
            secrets=secrets,
            sealed=sealed,
        )
        args = {
            "function": f"{name}.py:main",
            "root": str(tmp_path),
            "inputs": {},
            "arguments": {},
            "outputs": [name],
            "split": False,
            "into": str(job.scratch / "output"),
        }
        program = Program(
            "pipeproof.steps.calls.python:call_function", args, str(tmp_path), environment or {}
        )
        return launcher.launch(program, job, isolation)

    return start
