"""test, report, and looking back at tests: what is said, in which form, and the exit code."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from pipeproof.report.document import run_schema
from pipeproof.report.test_document import test_schema as schema_of_tests

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")

PIPELINE = """\
parameters:
  day: {type: date}
  share: {type: number, default: 0.5}
sources:
  people: {path: people.csv, contract: {columns: {age: {type: integer, range: [0, 120]}, since: date}}}
workflow:
  name: NAME
  steps:
    - name: keep
      type: python
      config: {function: "code.py:keep", inputs: {people: people}, output_name: kept}
      contract: {columns: {age: {type: integer, range: [0, 120]}}}
    - name: FAULTY
      type: python
      config: {function: "code.py:FAULTY", inputs: {kept: kept}, output_name: counted}
    - {name: total, type: sql, config: {query_template: "SELECT sum(age) AS age FROM kept WHERE DATE '{day}' IS NOT NULL", output_name: total}}
"""
CODE = """\
def keep(people):
    return people

def count(kept):
    print(f"counted {kept.height}")
    return [kept.height]

def mean(kept):
    print("about to divide")
    return [sum(kept["age"]) / kept.height]
"""


def write_project(folder: Path) -> None:
    for name, faulty in (("good", "count"), ("bad", "mean")):
        (folder / f"{name}.yaml").write_text(PIPELINE.replace("NAME", name).replace("FAULTY", faulty))
    (folder / "code.py").write_text(CODE)


def call(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeproof", *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="session")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a run, a test that passed and one that failed; only look at it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "tested"
    with (shared / "tested.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.mkdir()
            write_project(folder)
            (folder / "people.csv").write_text("age,since\n1,2024-01-01\n")
            call(folder, "run", "good.yaml", "-p", "day=2024-01-01")
            passed = call(
                folder, "test", "good.yaml", "--html", "a.html", "--json", "a.json", "--junit", "a.xml"
            )
            failed = call(folder, "test", "bad.yaml", "--output-dir", "reports")
            for name, said in (("passed", passed), ("failed", failed)):
                (folder / name).write_text(json.dumps([said.returncode, said.stdout, said.stderr]))
    return folder


@pytest.fixture
def past(tested: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the project with past tests, which is the current folder."""
    monkeypatch.chdir(tested)
    return tested


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project in which nothing was tested, which is the current folder."""
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said_by(tested: Path, which: str) -> tuple[int, list[str], str]:
    code, out, err = json.loads((tested / which).read_text())
    return code, out.splitlines(), err


def words_of(line: str) -> str:
    return " ".join(line.split())


def names_of(pipeproof) -> dict[str, str]:
    """Return the name of the test of each pipeline."""
    return {
        one["pipeline"]: one["test"] for one in pipeproof("runs", "--tests", "--format", "json").json["tests"]
    }


# What a test says


def test_a_passed_test_says_what_was_tried_and_its_verdict(tested):
    code, lines, err = said_by(tested, "passed")
    assert (code, err) == (0, "")
    assert [words_of(line) for line in lines[:4]] == [
        "contracts 3 edges: 3 without a contract on both sides",
        "isolation keep standard ✓ edge ✓✓✓✓",
        "count standard ✓ edge ✓✓✓✓",
        words_of(lines[3]),
    ]
    assert words_of(lines[3]).startswith("pipeline standard ✓ 3 edges hold quality ")
    assert lines[4].startswith("passed · 11 scenarios, ")


def test_a_failed_test_leads_from_the_users_line_to_the_next_command(tested):
    code, lines, _ = said_by(tested, "failed")
    at = lines.index("✗ PPF201  mean fails on a table without rows: ZeroDivisionError: division by zero")
    assert code == 1
    assert lines[at + 1] == "    at     code.py:10"
    assert words_of(lines[at + 2]) == 'return [sum(kept["age"]) / kept.height]'
    assert lines[at + 3].startswith("    seen   with a table without rows (1 of ")
    assert lines[at + 4].startswith("    fix    return early when there are no rows")
    assert lines[at + 5].startswith("failed: 1 finding in 1 step · ")
    assert " · pipeproof report t-" in lines[at + 5]


def test_the_reports_are_named_after_the_verdict(tested):
    _, passed, _ = said_by(tested, "passed")
    _, failed, _ = said_by(tested, "failed")
    assert passed[-3:] == ["  a.html", "  a.json", "  a.xml"]
    assert failed[-3:] == ["  reports/report.html", "  reports/report.json", "  reports/junit.xml"]


@pytest.mark.parametrize("name", ["a.json", "reports/report.json"])
def test_the_json_of_a_test_keeps_its_schema(tested, name):
    jsonschema.validate(json.loads((tested / name).read_text()), schema_of_tests())


@pytest.mark.parametrize(("name", "failures"), [("a.xml", 0), ("reports/junit.xml", 1)])
def test_junit_fails_as_the_verdict_does(tested, name, failures):
    root = ET.parse(tested / name).getroot()
    assert len(root.findall(".//testcase/failure")) == failures


@pytest.mark.parametrize("name", ["a.html", "reports/report.html"])
def test_the_page_is_one_small_file(tested, name):
    page = (tested / name).read_text("utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert len(page) < 1_000_000


def test_what_the_code_printed_is_in_the_report(tested):
    (failure,) = json.loads((tested / "reports" / "report.json").read_text())["failures"]
    assert failure["log"].startswith("about to divide\n")


def test_the_reports_are_the_only_files_that_a_test_leaves(tested):
    left = {path.name for path in tested.iterdir()} - {"passed", "failed", "__pycache__", ".pipeproof"}
    assert left == {"good.yaml", "bad.yaml", "code.py", "people.csv", "a.html", "a.json", "a.xml", "reports"}


def test_a_test_leaves_no_scratch_folder(tested):
    assert not list(tested.glob(".pipeproof/runs/*/scratch"))
    assert not list(tested.glob(".pipeproof/runs/*/sealed"))


@pytest.mark.usefixtures("project")
def test_format_json_prints_the_document_and_nothing_else(pipeproof):
    said = pipeproof("test", "good.yaml", "count", "-p", "day=2024-05-05", "--format", "json")
    jsonschema.validate(said.json, schema_of_tests())
    assert said.err == ""


@pytest.mark.usefixtures("project")
def test_quiet_says_only_findings_and_the_verdict(pipeproof):
    lines = pipeproof("test", "bad.yaml", "mean", "--quiet", "--seed", 3, "--jobs", 1).out.splitlines()
    assert lines[0].startswith("✗ PPF201")
    assert lines[-1].startswith("failed: 1 finding")


@pytest.mark.usefixtures("project")
def test_a_named_step_is_tried_alone_and_the_whole_is_not(pipeproof):
    trials = pipeproof("test", "bad.yaml", "keep", "--format", "json").json["trials"]
    assert {(trial["mode"], trial["step"]) for trial in trials} == {("isolation", "keep")}


# What cannot be tested


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (("good.yaml", "cuont"), "PPF124", "did you mean 'count'?"),
        (("good.yaml", "total"), "PPF124", "total is a sql step, which has no code to try alone"),
        (("good.yaml", "-p", "dya=2024-01-01"), "PPF133", "did you mean 'day'?"),
        (("good.yaml", "-p", "day=tomorrow"), "PPF133", "such as 2013-07-03"),
        (("god.yaml",), "PPF1", "god.yaml"),
        (("good.yaml", "--html", "nowhere/a.html"), "PPF523", "cannot be written"),
        (("good.yaml", "--output-dir", "code.py"), "PPF523", "cannot be"),
        (("good.yaml", "--jobs", "0"), "PPF522", "--jobs"),
        (("good.yaml", "--seed", "x"), "PPF522", "--seed"),
    ],
)
def test_wrong_use_exits_with_2_before_anything_is_run(words, code, hint, project, pipeproof):
    said = pipeproof("test", *words)
    assert said.code == 2
    assert code in said.err
    assert hint in said.err
    assert not (project / ".pipeproof").exists()


def test_a_pipeline_that_is_wrong_is_not_tested(project, pipeproof):
    text = (project / "good.yaml").read_text()
    (project / "good.yaml").write_text(text.replace("type: sql", "type: sqll"))
    said = pipeproof("test", "good.yaml")
    assert said.code == 2
    assert "nothing was run" in said.err


# Looking back


@pytest.mark.usefixtures("past")
def test_runs_leaves_tests_out(pipeproof):
    (line,) = pipeproof("runs").out.splitlines()
    assert line.startswith("✓ r-")


@pytest.mark.usefixtures("past")
def test_runs_lists_tests_where_they_are_asked_for(pipeproof):
    newest, oldest = (words_of(line) for line in pipeproof("runs", "--tests").out.splitlines())
    assert newest.startswith("✗ t-")
    assert " bad failed " in newest
    assert newest.endswith("1 finding")
    assert oldest.startswith("✓ t-")
    assert " good passed " in oldest


@pytest.mark.usefixtures("project")
def test_runs_where_nothing_was_tested_says_what_to_type(pipeproof):
    assert pipeproof("runs", "--tests").out == "nothing was tested here yet · pipeproof test PIPELINE\n"


@pytest.mark.usefixtures("past")
def test_last_is_the_last_run_and_no_test(pipeproof):
    assert pipeproof("show", "last", "--format", "json").json["run"].startswith("r-")


@pytest.mark.usefixtures("past")
def test_a_run_from_a_step_takes_nothing_that_a_test_made(pipeproof):
    said = pipeproof("plan", "bad.yaml", "--from", "mean", "-p", "day=2024-01-01")
    assert said.code == 2
    assert "kept" in said.err


@pytest.mark.parametrize(("pipeline", "which"), [("good", "passed"), ("bad", "failed")])
def test_show_says_of_a_test_what_it_said(past, pipeproof, pipeline, which):
    shown = pipeproof("show", names_of(pipeproof)[pipeline]).out.splitlines()
    _, said, _ = said_by(past, which)
    assert sorted(shown) == sorted(line for line in said if line not in said[-3:])


@pytest.mark.usefixtures("past")
def test_show_of_a_test_as_json_is_its_document(past, pipeproof):
    shown = pipeproof("show", names_of(pipeproof)["good"], "--format", "json").json
    assert shown == json.loads((past / "a.json").read_text())


@pytest.mark.usefixtures("past")
def test_logs_of_a_trial_are_found(pipeproof):
    name = names_of(pipeproof)["good"]
    assert pipeproof("logs", name, "count.standard.1/count").out == "counted 200\n"


def test_a_report_of_a_past_test_is_what_was_written_then(past, pipeproof, tmp_path):
    said = pipeproof("report", names_of(pipeproof)["good"], "--output-dir", tmp_path)
    assert said.code == 0
    assert (tmp_path / "report.json").read_text() == (past / "a.json").read_text()
    assert (tmp_path / "junit.xml").read_text() == (past / "a.xml").read_text()


@pytest.mark.usefixtures("past")
def test_a_report_can_be_of_a_run(pipeproof, tmp_path):
    assert pipeproof("report", "last", "--output-dir", tmp_path).code == 0
    jsonschema.validate(json.loads((tmp_path / "report.json").read_text()), run_schema())
    assert "<html" in (tmp_path / "report.html").read_text("utf-8")
    assert ET.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"


@pytest.mark.usefixtures("past")
def test_a_report_to_nowhere_says_what_to_type(pipeproof):
    said = pipeproof("report", "last")
    assert said.code == 2
    assert "write: pipeproof report last --html report.html" in said.err


@pytest.mark.usefixtures("past")
def test_a_report_of_what_never_was_is_an_error(pipeproof):
    said = pipeproof("report", "t-0101-xxxx", "--html", "never.html")
    assert said.code == 2
    assert said.err.startswith("PPF504")


# Stopping


SLOW = """\
sources: {people: {path: people.csv, contract: {columns: {age: integer}}}}
workflow:
  name: slow
  steps:
    - {name: quick, type: python, config: {function: "slow.py:quick", inputs: {people: people}, output_name: a}}
    - {name: slow, type: python, config: {function: "slow.py:slow", inputs: {people: people}, output_name: b}}
"""


def test_ctrl_c_leaves_a_test_that_is_judged_and_kept(tmp_path, monkeypatch, pipeproof):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow.yaml").write_text(SLOW)
    (tmp_path / "slow.py").write_text(
        "import time\ndef quick(people):\n    return 1\n"
        "def slow(people):\n    print('here', flush=True)\n    time.sleep(50)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "pipeproof", "test", "slow.yaml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not list(tmp_path.glob(".pipeproof/runs/*/logs/*slow*")) and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "✗ PPF607  the test was stopped before its end" in out
    (name,) = names_of(pipeproof).values()
    assert "PPF607" in pipeproof("show", name).out
    assert "interrupted" in pipeproof("runs", "--tests").out
