"""runs, show and logs: what happened before."""

import re

import jsonschema
import pytest

from pipeproof.project.place import suggest_run
from pipeproof.report.document import run_schema


@pytest.mark.usefixtures("past")
def test_runs_lists_the_newest_first_with_what_failed(pipeproof):
    lines = pipeproof("runs").out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("✗ r-")
    assert lines[0].endswith("clean  since=2024-03-01")
    assert lines[1].startswith("✓ r-")
    assert "  shop  passed" in lines[1]


@pytest.mark.usefixtures("past")
def test_runs_can_be_limited(pipeproof):
    assert len(pipeproof("runs", "-n", 1).out.splitlines()) == 1


@pytest.mark.usefixtures("past")
def test_runs_as_json_name_the_state_of_each_step(pipeproof):
    newest, oldest = pipeproof("runs", "--format", "json").json["runs"]
    assert newest["steps"] == {"orders": "reused", "clean": "failed", "daily": "blocked"}
    assert set(oldest["steps"].values()) == {"passed"}


@pytest.mark.usefixtures("shop")
def test_runs_where_nothing_was_run_says_what_to_type(pipeproof):
    said = pipeproof("runs")
    assert (said.code, said.out) == (0, "nothing was run here yet · pipeproof run PIPELINE\n")


@pytest.mark.usefixtures("shop")
def test_a_run_that_was_killed_is_shown_as_interrupted(pipeproof):
    from pathlib import Path

    from pipeproof.model.event import RunStarted, Started
    from pipeproof.project import Project

    Project.at(Path.cwd()).ledger.append(
        "r-dead", [RunStarted("r-dead", "shop", ("a",), {"a": "sql"}), Started("a", 1)]
    )
    assert "! r-dead  shop  interrupted" in pipeproof("runs").out
    assert pipeproof("show", "last").out.splitlines()[-1] == "interrupted · pipeproof show r-dead"


@pytest.mark.usefixtures("past")
def test_show_says_the_last_run_unless_another_is_named(pipeproof):
    assert pipeproof("show").out == pipeproof("show", "last").out
    newest, oldest = pipeproof("runs", "--format", "json").json["runs"]
    assert newest["run"] in pipeproof("show").out
    assert pipeproof("show", oldest["run"]).out.splitlines()[0] == f"shop · 2 steps · run {oldest['run']}"


@pytest.mark.usefixtures("past")
def test_show_says_what_the_run_said(ran, pipeproof):
    lines = pipeproof("show").out.splitlines()
    shown = [" ".join(line.split()) for line in lines if not line.startswith("made with ")]
    assert [" ".join(line.split()) for line in ran[2].out.splitlines()] == shown


@pytest.mark.usefixtures("past")
def test_show_of_a_step_has_all_that_it_made_and_logged(pipeproof):
    oldest = pipeproof("runs", "--format", "json").json["runs"][1]["run"]
    said = pipeproof("show", oldest, "clean").out
    assert "makes   clean_orders  table" in said
    assert "order_id integer, day date, customer string, amount number" in said
    assert "metric  dropped  3" in said


@pytest.mark.usefixtures("shop")
def test_show_of_a_step_says_what_was_checked(pipeproof):
    from pathlib import Path

    Path("in.csv").write_text("x\n1\n2\n")
    Path("checked.yaml").write_text(
        "sources: {a: {path: in.csv, contract: {columns: {x: {type: integer, min: 0}}}}}\n"
        "workflow:\n  name: checked\n  steps:\n"
        "    - {name: b, type: sql, config: {query_template: SELECT * FROM a}}\n"
    )
    pipeproof("run", "checked.yaml")
    assert "  checks  a  output, 4 rules, 2 rows" in pipeproof("show", "last", "a").out.splitlines()
    assert (
        "  checks  nothing: no contract stands on what it reads or makes"
        in pipeproof("show", "last", "b").out
    )
    assert pipeproof("show", "last", "a", "--format", "json").json["checked"] == [
        {"dataset": "a", "side": "output", "rules": 4, "rows": 2}
    ]


@pytest.mark.usefixtures("past")
def test_show_as_json_keeps_the_schema_of_a_run(pipeproof):
    jsonschema.validate(pipeproof("show", "--format", "json").json, run_schema())


@pytest.mark.usefixtures("past")
def test_a_run_that_is_not_there_is_an_error_with_those_that_are(pipeproof):
    said = pipeproof("show", "r-0000-zzzz")
    assert said.code == 2
    assert said.err.startswith("PPF504  there is no run 'r-0000-zzzz'; the newest: r-")


def test_runs_are_suggested_newest_first_and_of_the_kind_that_was_asked_for():
    runs = ["v-1122-bbbb", "r-1122-cccc", "t-1122-aaaa", "r-1120-dddd"]
    assert suggest_run("r-0000-zzzz", runs) == "the newest: r-1122-cccc, r-1120-dddd"
    assert suggest_run("t-0000-zzzz", runs) == "the newest: t-1122-aaaa"
    assert suggest_run("r-1122-ccc", runs) == "did you mean 'r-1122-cccc'?"


@pytest.mark.usefixtures("past")
def test_a_step_that_is_not_in_the_run_is_an_error_with_what_was_meant(pipeproof):
    said = pipeproof("show", "last", "claen")
    assert said.code == 2
    assert "did you mean 'clean'?" in said.err


@pytest.mark.usefixtures("past")
def test_logs_print_what_the_step_printed_and_nothing_else(pipeproof):
    oldest = pipeproof("runs", "--format", "json").json["runs"][1]["run"]
    assert pipeproof("logs", oldest, "clean").out == "dropped 3 of 10 orders\n"


@pytest.mark.usefixtures("past")
def test_logs_of_a_failed_step_are_there(pipeproof):
    assert "hi\n" in pipeproof("logs", "last", "clean", "--attempt", 1).out


@pytest.mark.usefixtures("past")
def test_a_step_that_was_never_begun_is_said_to_have_no_log(pipeproof):
    said = pipeproof("logs", "last", "daily")
    assert (said.code, said.out) == (0, "")
    assert re.match(r"daily was not begun in r-\S+ \(blocked: waits for clean, which failed\)", said.err)


@pytest.mark.usefixtures("past")
def test_a_step_that_printed_nothing_is_said_to_have(pipeproof):
    said = pipeproof("logs", "last", "orders")
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("orders printed nothing in attempt 1")


@pytest.mark.usefixtures("past")
def test_an_attempt_that_never_was_is_an_error(pipeproof):
    said = pipeproof("logs", "last", "clean", "--attempt", 7)
    assert said.code == 2
    assert "PPF526" in said.err


@pytest.mark.usefixtures("past")
def test_logs_as_json_hold_the_text(pipeproof):
    document = pipeproof("logs", "last", "clean", "--format", "json").json
    assert document["attempt"] == 1
    assert "hi" in document["text"]
