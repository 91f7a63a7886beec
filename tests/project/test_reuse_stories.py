"""Reuse over several runs: branches, edits while a run goes on, what is lost, what was interrupted, other processes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import pipeproof as pp
import shop
from pipeproof.model.event import Event, RunStarted

PYTHON = {"type": "python"}
Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return what writes the files of a project, in which the test then is."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def write(files: Mapping[str, str]) -> Path:
        shop.write(folder, dict(files))
        return folder

    return write


def workflow(*steps: str, rest: str = "") -> str:
    listed = "".join(f"    - {{{step}}}\n" for step in steps)
    return f"workflow:\n  name: flow\n  steps:\n{listed}{rest}"


def step(name: str, *reads: str, function: str = "", more: str = "") -> str:
    inputs = f", inputs: [{', '.join(reads)}]" if reads else ""
    return f'name: {name}, type: python{more}, config: {{function: "code.py:{function or name}"{inputs}}}'


def run(**options: Any) -> pp.Run:
    return pp.run("flow.yaml", **options)


def ran(done: pp.Run) -> Mapping[str, str]:
    return {name: one.why for name, one in done.record.steps.items() if one.status != "reused"}


def plan() -> Mapping[str, str]:
    """Return why each step would run, for those that would not be taken."""
    return {task.name: task.why for task in pp.plan("flow.yaml").tasks if task.decision != "reuse"}


CHAIN = workflow(step("a"), step("b", "a"))
CHAIN_CODE = "import helpers\n\ndef a():\n    return helpers.number()\n\ndef b(a):\n    return a + 1\n"


def test_a_branch_that_is_come_back_to_takes_what_was_made_on_it(write: Write) -> None:
    folder = write({"flow.yaml": CHAIN, "code.py": CHAIN_CODE, "helpers.py": "def number():\n    return 1\n"})

    def git(*words: str) -> None:
        given = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *given, *words], cwd=folder, check=True, capture_output=True)

    git("init")
    git("add", "flow.yaml", "code.py", "helpers.py")
    git("commit", "-m", "one")
    first = run()
    git("switch", "-c", "other")
    (folder / "helpers.py").write_text("def number():\n    return 2\n")
    git("commit", "-a", "-m", "two")
    assert ran(run()) == {"a": "code helpers.py:number changed", "b": "a changed"}
    git("switch", "main")
    back = run()
    assert ran(back) == {}
    assert {one.why for one in back.record.steps.values()} == {f"unchanged since {first.record.run}"}


@pytest.mark.parametrize(
    ("file", "text"), [("helpers.py", "def number():\n    return 2\n"), ("data.csv", "x\n2\n")]
)
def test_what_was_made_while_a_file_was_changed_is_not_taken(write: Write, file: str, text: str) -> None:
    folder = write(
        {
            "flow.yaml": workflow(step("a"), step("b", "data"), rest="sources: {data: data.csv}\n"),
            "code.py": CHAIN_CODE.replace(
                "def b(a):\n    return a + 1", "def b(data):\n    return data['x'].to_list()"
            ),
            "helpers.py": "def number():\n    return 1\n",
            "data.csv": "x\n1\n",
        }
    )

    def spoil(events: Sequence[Event]) -> None:
        if any(isinstance(event, RunStarted) for event in events):
            (folder / file).write_text(text)

    made = run(sinks=[spoil])
    assert made
    after = run()
    assert {name: one.outputs for name, one in after.record.steps.items()} == {
        name: one.outputs for name, one in run(reuse=False).record.steps.items()
    }


def test_code_that_was_edited_back_takes_nothing_that_was_made_of_the_edit(write: Write) -> None:
    folder = write({"flow.yaml": CHAIN, "code.py": CHAIN_CODE, "helpers.py": "def number():\n    return 1\n"})

    def spoil(events: Sequence[Event]) -> None:
        if any(isinstance(event, RunStarted) for event in events):
            (folder / "helpers.py").write_text("def number():\n    return 2\n")

    run(sinks=[spoil])
    (folder / "helpers.py").write_text("def number():\n    return 1\n")
    assert run().record.steps["b"].outputs["b"].value == 2


def test_results_whose_content_is_lost_are_made_again(write: Write) -> None:
    code = CHAIN_CODE.replace("return helpers.number()", "import polars; return polars.DataFrame({'x': [1]})")
    folder = write({"flow.yaml": CHAIN, "code.py": code.replace("a + 1", "a['x'].sum()"), "helpers.py": ""})
    first = run().record.run
    for kept in (folder / ".pipeproof" / "objects").rglob("*"):
        if kept.is_file():
            kept.unlink()
    assert plan() == {"a": f"what it made in {first} is not kept any more", "b": "waits for a"}
    assert ran(run()) == {"a": f"what it made in {first} is not kept any more"}


def test_what_passed_before_a_run_failed_is_taken_by_the_next(write: Write) -> None:
    folder = write({"flow.yaml": CHAIN, "code.py": "def a():\n    return 1\n\ndef b(a):\n    return a / 0\n"})
    assert not run()
    (folder / "code.py").write_text("def a():\n    return 1\n\ndef b(a):\n    return a / 2\n")
    assert ran(run()) == {"b": "it has not passed yet"}


def test_steps_can_be_run_anew_and_all_that_is_kept_be_left_alone(write: Write) -> None:
    write({"flow.yaml": CHAIN, "code.py": CHAIN_CODE, "helpers.py": "def number():\n    return 1\n"})
    run()
    assert ran(run(refresh=["a"])) == {"a": "it is to be run anew"}
    assert ran(run(reuse=False)) == dict.fromkeys("ab", "nothing is taken from earlier runs")


def test_a_step_whose_upstream_comes_out_as_it_was_is_taken(write: Write) -> None:
    folder = write({"flow.yaml": CHAIN, "code.py": CHAIN_CODE, "helpers.py": "def number():\n    return 1\n"})
    run()
    (folder / "helpers.py").write_text("def number():\n    return 2 - 1\n")
    assert plan() == {"a": "code helpers.py:number changed", "b": "waits for a"}
    assert ran(run()) == {"a": "code helpers.py:number changed"}


def test_steps_that_share_a_function_are_told_apart_by_their_arguments(write: Write) -> None:
    one, two = (
        f'name: {name}, type: python, config: {{function: "code.py:f", arguments: {{x: {x}}}}}'
        for name, x in (("one", 1), ("two", 2))
    )
    folder = write({"flow.yaml": workflow(one, two), "code.py": "def f(x):\n    return x\n"})
    run()
    shop.write(folder, {"flow.yaml": workflow(one, two.replace("x: 2", "x: 3"))})
    assert ran(run()) == {"two": "config arguments.x: 2 → 3"}
    (folder / "code.py").write_text("def f(x):\n    return -x\n")
    assert ran(run()) == dict.fromkeys(("one", "two"), "code code.py:f changed")


def test_of_the_items_of_a_step_those_run_that_are_new(write: Write) -> None:
    def flow(items: str) -> str:
        return workflow(step("each", more=f", foreach: {items}"))

    folder = write({"flow.yaml": flow("[1, 2]"), "code.py": "def each(item):\n    return item\n"})
    run()
    shop.write(folder, {"flow.yaml": flow("[1, 2, 3]")})
    assert set(ran(run())) == {"each[3]", "each"}
    (folder / "code.py").write_text("def each(item):\n    return -item\n")
    assert set(ran(run())) == {"each[1]", "each[2]", "each[3]", "each"}


def test_what_came_over_the_network_is_never_taken(write: Write) -> None:
    code = "import socket\n\ndef a():\n    return socket.socket().connect_ex(('127.0.0.1', 9))\n"
    write({"flow.yaml": workflow(step("a")), "code.py": code})
    run()
    assert plan() == {"a": "it asked 127.0.0.1:9 over the network, whose answers have no version"}


def test_who_goes_through_all_variables_depends_on_each(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os\n\ndef a():\n    return {n: v for n, v in os.environ.items() if n.startswith('SHOP_')}\n"
    )
    write({"flow.yaml": workflow(step("a")), "code.py": code})
    monkeypatch.setenv("SHOP_A", "1")
    run()
    assert plan() == {}
    monkeypatch.setenv("SHOP_B", "2")
    assert plan() == {"a": "variables changed"}


READERS = {
    "polars": "import polars; polars.read_csv('data/polars.csv')",
    "pandas": "import pandas; pandas.read_csv('data/pandas.csv')",
    "duckdb": "import duckdb; duckdb.sql(\"SELECT * FROM 'data/duckdb.csv'\").fetchall()",
    "pyarrow": "import pyarrow.csv; pyarrow.csv.read_csv('data/pyarrow.csv')",
}


@pytest.mark.slow
def test_files_that_libraries_open_by_themselves_count(write: Write) -> None:
    files = {f"data/{name}.csv": "x\n1\n" for name in READERS}
    code = "".join(f"def {name}():\n    {line}\n    return 1\n\n" for name, line in READERS.items())
    folder = write({"flow.yaml": workflow(*map(step, READERS)), "code.py": code, **files})
    assert run()
    assert plan() == {}
    for name in READERS:
        (folder / f"data/{name}.csv").write_text("x\n2\n")
    assert plan() == {name: f"file data/{name}.csv changed" for name in READERS}


def test_a_database_that_is_a_source_counts_by_its_content(write: Write) -> None:
    folder = write(
        {
            "flow.yaml": workflow(
                "name: total, type: sql, config: {query_template: SELECT sum(x) AS x FROM t}",
                rest="sources: {t: {database: 'sqlite:///t.db', table: t}}\n",
            )
        }
    )
    with sqlite3.connect(folder / "t.db") as database:
        database.execute("CREATE TABLE t (x INTEGER)")
        database.execute("INSERT INTO t VALUES (1)")
    database.close()
    run()
    assert plan() == {}
    with sqlite3.connect(folder / "t.db") as database:
        database.execute("INSERT INTO t VALUES (2)")
    database.close()
    assert ran(run()) == {"t": "file t.db changed", "total": "t changed"}


LOCAL = """\
import pipeproof as pp

RATE = 2

def scale(number):
    return number * RATE

@pp.step
def a():
    return scale(3)

if __name__ == "__main__":
    done = pp.run(pp.Pipeline("local", steps=[a]))
    print({name: (step.status, step.why) for name, step in done.record.steps.items()})
"""


def execute(*words: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_functions_of_the_file_that_is_being_run_are_taken_until_something_they_use_changes(
    write: Write,
) -> None:
    folder = write({"local.py": LOCAL})
    assert "'passed'" in execute("local.py", folder=folder)
    assert "'reused'" in execute("local.py", folder=folder)
    (folder / "local.py").write_text(LOCAL.replace("RATE = 2", "RATE = 2  # twice"))
    assert "'reused'" in execute("local.py", folder=folder)
    (folder / "local.py").write_text(LOCAL.replace("RATE = 2", "RATE = 4"))
    assert "'passed'" in execute("local.py", folder=folder)


@pytest.mark.slow
def test_another_version_of_a_package_counts(write: Write, tmp_path: Path) -> None:
    folder = write({"flow.yaml": workflow(step("a")), "code.py": "import ware\n\ndef a():\n    return 1\n"})
    installed = tmp_path / "site-packages"

    def install(version: str) -> None:
        shutil.rmtree(installed, ignore_errors=True)
        shop.write(
            installed,
            {
                "ware/__init__.py": "",
                f"ware-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: ware\nVersion: {version}\n",
                f"ware-{version}.dist-info/RECORD": "ware/__init__.py,,\n",
            },
        )

    def pipeproof(*words: str) -> str:
        return execute("-m", "pipeproof", *words, folder=folder, PYTHONPATH=str(installed))

    install("1.0")
    pipeproof("run", "flow.yaml")
    assert "a would be reused" in pipeproof("cache", "explain", "flow.yaml", "a")
    install("1.1")
    assert "a would run: package ware: 1.0 → 1.1" in pipeproof("cache", "explain", "flow.yaml", "a")


def test_no_value_that_a_step_uses_stands_in_what_is_kept(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {name: f"hush-{name.lower()}-0123" for name in ("ASKED", "DECLARED", "API_TOKEN", "DB_PASSWORD")}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    code = "import os\n\ndef a(mark):\n    return len(os.environ['ASKED'] + os.environ['DECLARED'])\n"
    flow = (
        'name: a, type: python, env: {TOKEN: "${secret:API_TOKEN}"}, contract: {environment: {required: [DECLARED]}}, '
        'config: {function: "code.py:a", arguments: {mark: "${DB_PASSWORD}"}}'
    )
    folder = write({"flow.yaml": workflow(flow), "code.py": code})
    assert run()
    kept = {file: file.read_bytes() for file in (folder / ".pipeproof").rglob("*") if file.is_file()}
    found = {
        name: [str(file.name) for file, held in kept.items() if value.encode() in held]
        for name, value in values.items()
    }
    assert not any(found.values()), found
    monkeypatch.setenv("DB_PASSWORD", "hush-another-0123")
    assert list(plan()) == ["a"]
