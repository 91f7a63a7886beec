"""A script in a trial: sealed off, with its variables, from the plan to the record."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import pipeproof as pp
from pipeproof.model.outcome import Asked
from pipeproof.model.record import StepRecord
from pipeproof.project import Project
from pipeproof.project.execute import run_plan

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")


@pytest.fixture
def trial(tmp_path: Path) -> Callable[..., StepRecord]:
    """Run a script as the only step of a trial, or of a run."""

    def start(code: str, *, trial: str = "t", arguments: Any = None, **fields: Any) -> StepRecord:
        (tmp_path / "work.py").write_text(textwrap.dedent(code))
        config = {"script": "work.py", "outputs": {"out": "out"}, "arguments": arguments or {}}
        step = {"name": "work", "type": "script", "config": config, "retry_count": 3, **fields}
        (tmp_path / "p.yaml").write_text(yaml.safe_dump({"workflow": {"name": "p", "steps": [step]}}))
        plan = pp.plan(str(tmp_path / "p.yaml"))
        plan = replace(plan, tasks=tuple(replace(task, trial=trial) for task in plan.tasks))
        record = run_plan(plan, Project.at(tmp_path)).record
        (done,) = record.steps.values()
        return done

    return start


WELL = """
def main(input_paths, output_paths, environ_vars, job_args):
    open(output_paths["out"], "w").write("x")
"""
BADLY = """
def main(input_paths, output_paths, environ_vars, job_args):
    open(output_paths["out"], "w").write("x")
    open("report.txt", "w").write("x")
"""


def test_a_script_that_writes_its_outputs_passes(trial):
    done = trial(WELL)
    assert (done.status, done.failure, done.notes) == ("passed", None, ())
    assert set(done.outputs) == {"out"}


def test_a_script_that_writes_beside_its_outputs_fails_at_once_in_a_trial_only(trial, tmp_path):
    done = trial(BADLY)
    assert (done.failure.code, done.failure.frames[-1].line, done.attempts) == ("PPF243", 4, 1)
    assert not (tmp_path / "report.txt").exists()
    assert trial(BADLY, trial="").status == "passed"
    assert (tmp_path / "report.txt").exists()


def test_the_variables_that_a_script_asks_for_are_in_the_record(trial, monkeypatch):
    monkeypatch.setenv("REGION", "north")
    monkeypatch.setenv("ZONE", "4")
    done = trial(
        """
        import os
        def main(input_paths, output_paths, environ_vars, job_args):
            seen = [environ_vars["REGION"], environ_vars.get("UNIT", "m"), os.environ.get("ZONE", "none")]
            open(output_paths["out"], "w").write(" ".join(seen))
        """,
        contract={"environment": {"required": ["REGION"]}},
    )
    assert done.failure is None
    assert done.asked == (
        Asked("REGION", "work.py", 4, found=True),
        Asked("UNIT", "work.py", 4, found=False),
        Asked("ZONE", "work.py", 4, found=False),
    )


def test_the_arguments_that_a_script_asks_for_are_in_the_record(trial):
    done = trial(
        """
        def main(input_paths, output_paths, environ_vars, job_args):
            assert set(vars(job_args)) == {"day", "unused"}
            open(output_paths["out"], "w").write(job_args.day + getattr(job_args, "unit", "m"))
        """,
        arguments={"day": "x", "unused": 1},
    )
    assert done.failure is None
    assert done.asked == (
        Asked("day", "work.py", 4, found=True, what="argument"),
        Asked("unit", "work.py", 4, found=False, what="argument"),
    )


def test_files_of_the_project_that_a_script_opens_are_in_the_record(trial, tmp_path):
    (tmp_path / "table.csv").write_text("a\n1\n")
    done = trial(
        """
        import csv, pathlib
        def main(input_paths, output_paths, environ_vars, job_args):
            rows = list(csv.reader(open("table.csv")))
            pathlib.Path(output_paths["out"]).write_text(str(rows))
        """
    )
    assert done.failure is None
    assert done.asked == (Asked("table.csv", "work.py", 4, found=True, what="file"),)


def test_a_run_asks_for_variables_unnoticed(trial, monkeypatch):
    monkeypatch.setenv("ZONE", "4")
    done = trial(WELL + "    import os; assert os.environ['ZONE'] == '4'\n", trial="")
    assert (done.status, done.asked) == ("passed", ())


def test_nothing_of_a_trial_is_left_in_the_project(trial, tmp_path):
    trial(WELL + "    import tempfile; tempfile.mkstemp()\n")
    assert {path.name for path in tmp_path.iterdir()} <= {".pipeproof", "p.yaml", "work.py", "__pycache__"}
    (run,) = (tmp_path / ".pipeproof" / "runs").iterdir()
    assert not {"scratch", "sealed"} & {path.name for path in run.iterdir()}
