"""Whole runs that decide: conditions, fallbacks, optional steps, items of all kinds, with real steps and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import pipeproof as pp
from pipeproof.project import Run

STEPS = """
    import polars as pl

    def evaluate(context, quality):
        context.log_metric("auc", quality)
        return quality

    def publish(evaluate):
        return "published"

    def fetch(broken):
        if broken:
            raise ValueError("no answer")
        return "fresh"

    def cached():
        return "old"

    def report(fetch, publish=None):
        return [fetch, publish]

    def of_origin(flights, item):
        return flights.select(pl.col("delay").sum())

    def names():
        return ["Ann", "Bob", "Eve"]

    def greet(item, broken):
        if item == "Bob" and broken:
            raise ValueError("not Bob")
        return f"hello {item}"
"""
DECIDING = """
    workflow:
      name: flow
      steps:
        - {name: evaluate, type: python, config: {function: "code.py:evaluate"}}
        - name: publish
          type: python
          when: metrics.evaluate.auc > 0.7 and rows(flights) > 2
          config: {function: "code.py:publish", inputs: [evaluate]}
        - {name: fetch, type: python, on_failure: cached, config: {function: "code.py:fetch"}}
        - {name: cached, type: python, config: {function: "code.py:cached", output_name: fetch}}
        - name: report
          type: python
          config: {function: "code.py:report", inputs: [fetch, publish]}
          contract: {inputs: {publish: {required: false}}}
    parameters: {quality: 0.5, broken: true}
    sources: {flights: flights.csv}
"""
ITEMS = """
    workflow:
      name: flow
      steps:
        - name: by_origin
          type: python
          foreach: {table: flights, by: origin, at_once: 1}
          config: {function: "code.py:of_origin", inputs: [flights]}
        - name: days
          type: sql
          foreach: {first: "2026-01-01", last: "2026-01-03", column: day}
          config: {query_template: "SELECT count(*) AS n FROM flights WHERE day = '{item}'", output_name: days}
        - {name: names, type: python, config: {function: "code.py:names"}}
        - {name: greet, type: python, foreach: names, optional: true, config: {function: "code.py:greet"}}
    parameters: {broken: true}
    sources: {flights: flights.csv}
"""

Start = Callable[..., Run]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Write a pipeline beside its code and data, and return what runs it with parameters."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.py").write_text(dedent(STEPS))
    (tmp_path / "flights.csv").write_text(
        "origin,day,delay\nEWR,2026-01-01,1\nJFK,2026-01-01,2\nEWR,2026-01-03,4\n"
    )

    def start(text: str, **parameters: Any) -> Run:
        (tmp_path / "flow.yaml").write_text(dedent(text))
        return pp.run("flow.yaml", parameters)

    return start


def ends(run: Run) -> Mapping[str, str]:
    return {name: step.status for name, step in run.record.steps.items()}


def made(run: Run, step: str, dataset: str) -> Any:
    return run.record.steps[step].outputs[dataset].value


def test_a_run_goes_on_without_what_failed_or_was_not_to_be_done(start: Start):
    run = start(DECIDING)
    assert run
    assert ends(run) == {
        "flights": "passed",
        "evaluate": "passed",
        "publish": "skipped",
        "fetch": "failed",
        "cached": "passed",
        "report": "passed",
    }
    record = run.record.steps
    assert record["publish"].why == ("metrics.evaluate.auc 0.5 > 0.7 and rows(flights) > 2 is false")
    assert record["fetch"].excuse == "cached stands in for it"
    assert made(run, "report", "report") == ["old", None]


def test_the_same_pipeline_does_all_of_it_when_it_can(start: Start):
    run = start(DECIDING, quality=0.9, broken=False)
    assert ends(run)["cached"] == "skipped"
    assert run.record.steps["publish"].why.startswith(
        "metrics.evaluate.auc 0.9 > 0.7 and rows(flights) 3 > 2 is true"
    )
    assert made(run, "report", "report") == ["fresh", "published"]


def test_a_conditional_step_is_taken_from_an_earlier_run_only_when_its_condition_holds(start: Start):
    start(DECIDING, quality=0.9)
    again = start(DECIDING, quality=0.9)
    assert ends(again)["publish"] == "reused"
    assert ends(start(DECIDING, quality=0.6))["publish"] == "skipped"


def test_items_of_a_table_of_days_and_of_a_list_are_gathered_in_order(start: Start):
    run = start(ITEMS, broken=False)
    assert run
    assert run["by_origin"].outputs["by_origin"].table().rows() == [(5, "EWR"), (2, "JFK")]
    assert run["days"].outputs["days"].table().rows() == [
        (2, "2026-01-01"),
        (0, "2026-01-02"),
        (1, "2026-01-03"),
    ]
    assert made(run, "greet", "greet") == ["hello Ann", "hello Bob", "hello Eve"]


def test_items_that_fail_are_left_out_where_the_step_is_optional_and_others_are_kept(start: Start):
    run = start(ITEMS)
    assert run
    assert made(run, "greet", "greet") == ["hello Ann", "hello Eve"]
    again = start(ITEMS)
    assert {name: end for name, end in ends(again).items() if name.startswith("greet")} == {
        "greet[Ann]": "reused",
        "greet[Bob]": "failed",
        "greet[Eve]": "reused",
        "greet": "reused",
    }


def test_only_the_items_of_parts_that_changed_are_run_again(start: Start, tmp_path: Path):
    start(ITEMS)
    with (tmp_path / "flights.csv").open("a") as file:
        file.write("LGA,2026-01-02,8\nJFK,2026-01-02,8\n")
    again = start(ITEMS)
    assert {name: end for name, end in ends(again).items() if name.startswith("by_origin[")} == {
        "by_origin[EWR]": "reused",
        "by_origin[JFK]": "passed",
        "by_origin[LGA]": "passed",
    }


def test_functions_say_the_same_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    @pp.step
    def least():
        return 2

    @pp.step(foreach=[1, 2, 3], when="item >= 2")
    def square(item):
        return item * item

    @pp.step(when="value(least) > 2")
    def more(square):
        return [*square, 16]

    @pp.step
    def report(square, more=None):
        return {"square": square, "more": more}

    run = pp.run(pp.Pipeline("flow", steps=(least, square, more, report)))
    assert made(run, "report", "report") == {"square": [4, 9], "more": None}


HOOKED = """
    workflow:
      name: flow
      hooks:
        before_run: hooks.py:note
        after_run: {function: hooks.py:note, arguments: {channel: "ops-{who}"}}
        on_failure: page.py
      steps:
        - {name: evaluate, type: python, after: hooks.py:note, config: {function: "code.py:evaluate"}}
        - {name: fetch, type: python, config: {function: "code.py:fetch"}, depends_on: [evaluate]}
    parameters: {quality: 0.5, broken: false, who: me}
"""
HOOKS = """
    import json

    def note(event, channel=""):
        with open("notes", "a") as file:
            file.write(f"{event['moment']} {event.get('step', '')} {event.get('status', '')} {channel}\\n")
"""
PAGE = """
    import json, os

    event = json.loads(os.environ["PIPEPROOF_EVENT"])
    open("paged", "w").write(event["failed"][0]["step"])
"""


def test_hooks_are_called_around_a_run_in_processes_of_their_own(start: Start, tmp_path: Path):
    (tmp_path / "hooks.py").write_text(dedent(HOOKS))
    (tmp_path / "page.py").write_text(dedent(PAGE))
    assert start(HOOKED)
    assert (tmp_path / "notes").read_text().splitlines() == [
        "before_run   ",
        "after_step evaluate passed ",
        "after_run  passed ops-me",
    ]
    assert not (tmp_path / "paged").exists()
    assert not start(HOOKED, broken=True)
    assert (tmp_path / "paged").read_text() == "fetch"


@pytest.mark.usefixtures("start")
def test_a_test_of_a_pipeline_calls_no_hooks(tmp_path: Path):
    (tmp_path / "hooks.py").write_text(dedent(HOOKS))
    (tmp_path / "page.py").write_text(dedent(PAGE))
    (tmp_path / "flow.yaml").write_text(dedent(HOOKED))
    assert pp.test("flow.yaml")
    assert not (tmp_path / "notes").exists()


def test_functions_may_be_hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    heard = []

    def hear(event, word):
        heard.append((event["moment"], event.get("step"), word))

    @pp.step(before=pp.hook(hear, word="now"))
    def one():
        return 1

    hooks = pp.Hooks(after_run=(pp.hook(hear, word="over"),))
    assert pp.run(pp.Pipeline("flow", steps=(one,), hooks=hooks))
    assert heard == [("before_step", "one", "now"), ("after_run", None, "over")]


REPEATED = """
    workflow:
      name: flow
      steps:
        - name: train
          type: python
          repeat_until: {condition: metrics.train.loss < parameters.goal, at_most: 5}
          config: {function: "rounds.py:train"}
        - name: grow
          type: script
          repeat_until: {condition: rows(grown) >= 9, at_most: 3, otherwise: pass}
          config: {script: grow.py, outputs: {table: grown}}
          contract: {outputs: {table: {format: csv, columns: {n: integer}}}}
    parameters: {goal: 0.3}
"""
ROUNDS = """
    def train(context, iteration, previous):
        loss = 1.0 if previous is None else previous["loss"] / 2
        context.log_metric("loss", loss)
        return {"loss": loss, "iteration": iteration}
"""
GROW = """
    def main(input_paths, output_paths, environ_vars, job_args):
        before = input_paths.get("previous")
        rows = open(before).read().splitlines()[1:] if before else []
        rows.append(str(len(rows)))
        open(output_paths["table"], "w").write("n\\n" + "\\n".join(rows) + "\\n")
"""


@pytest.fixture
def rounds(start: Start, tmp_path: Path) -> Start:
    (tmp_path / "rounds.py").write_text(dedent(ROUNDS))
    (tmp_path / "grow.py").write_text(dedent(GROW))
    return start


def test_a_step_goes_on_from_what_it_made_before_until_its_condition_holds(rounds: Start):
    run = rounds(REPEATED)
    assert run
    assert made(run, "train", "train") == {"loss": 0.25, "iteration": 3}
    train = run.record.steps["train"]
    assert train.iterations == 3
    assert [(one.value, one.step) for one in train.metrics] == [(1.0, 1), (0.5, 2), (0.25, 3)]
    assert run["grow"].outputs["grown"].table()["n"].to_list() == [0, 1, 2]


def test_what_was_done_until_a_condition_held_is_taken_again_until_that_changes(rounds: Start):
    rounds(REPEATED)
    assert set(ends(rounds(REPEATED)).values()) == {"reused"}
    assert ends(rounds(REPEATED, goal=0.2))["train"] == "passed"


def test_a_step_whose_condition_never_holds_fails_at_its_bound(rounds: Start):
    run = rounds(REPEATED, goal=0.001)
    assert not run
    failure = run.record.steps["train"].failure
    assert failure is not None
    assert failure.code == "PPF572"
    assert run.record.steps["train"].iterations == 5


def test_files_of_items_become_a_folder_and_no_items_an_empty_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    @pp.step(foreach=["a", "b/c"])
    def page(item, context):
        path = Path(context.scratch) / "page.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(item)
        return path

    @pp.step(foreach=[])
    def nothing(item):
        return item

    @pp.step
    def end(page, nothing):
        return {"pages": {file.name: file.read_text() for file in sorted(page.iterdir())}, "nothing": nothing}

    run = pp.run(pp.Pipeline("flow", steps=(page, nothing, end)))
    assert made(run, "end", "end") == {"pages": {"a.txt": "a", "b_c~2.txt": "b/c"}, "nothing": []}


@pytest.mark.usefixtures("start")
def test_items_whose_tables_do_not_fit_together_are_told(tmp_path: Path):
    (tmp_path / "parts.py").write_text(
        "import polars as pl\ndef part(item): return pl.DataFrame({item: [1]})\n"
        "def mixed(item): return pl.DataFrame({'a': [1]}) if item == 'a' else 1\n"
    )
    steps = "".join(
        f'- {{name: {name}, type: python, foreach: [a, b], config: {{function: "parts.py:{name}"}}}}\n        '
        for name in ("part", "mixed")
    )
    (tmp_path / "flow.yaml").write_text(f"workflow:\n      name: flow\n      steps:\n        {steps}\n")
    run = pp.run("flow.yaml", keep_going=True)
    told = {name: step.failure for name, step in run.record.steps.items() if step.failure is not None}
    assert {name: failure.code for name, failure in told.items()} == {"part": "PPF569", "mixed": "PPF569"}
    assert "a has a Int64, item String; b has b Int64, item String" in told["part"].message
