"""Runs that decide, as they are told: what was skipped, excused, done again, and the items that became known."""

from __future__ import annotations

from dataclasses import replace

from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import frozen
from pipeproof.model.event import (
    Event,
    Expanded,
    Finished,
    Iterated,
    RunFinished,
    RunStarted,
    Skipped,
    Started,
)
from pipeproof.model.outcome import Failure, Metric, Outcome
from pipeproof.model.record import fold
from pipeproof.report.document import run_document
from pipeproof.report.html.of_run import page_of_run
from pipeproof.report.progress import Progress
from pipeproof.report.text import run_lines
from pipeproof.running.summary import summarise

WRONG = Failure("exception", "PPF201", "ValueError", "not today", permanent=True)
MADE = frozen({"hello": Artifact("value", "d", value=1)})
EVENTS: tuple[Event, ...] = (
    RunStarted(
        "r-1",
        "flow",
        ("names", "hello", "away", "risky", "train"),
        frozen({"names": "python", "hello": "python", "away": "sql", "risky": "python", "train": "script"}),
    ),
    Started("names", 1),
    Finished(Outcome("names", 1)),
    Expanded("hello", ("hello[Ann]", "hello[Eve]"), "python", ("names",), frozen({"hello[Ann]": ("names",)})),
    Skipped("away", "parameters.full is false"),
    Started("risky", 1),
    Finished(Outcome("risky", 1, failure=WRONG), excuse="it is optional"),
    Started("hello[Ann]", 1),
    Finished(Outcome("hello[Ann]", 1)),
    Skipped("hello[Eve]", "item 'Eve' != 'Eve' is false"),
    Started("hello", 1),
    Finished(Outcome("hello", 1, outputs=MADE)),
    Started("train", 1),
    Iterated(
        Outcome("train", 1, metrics=(Metric("loss", 0.5, 1),), log="train.1.log"),
        1,
        "loss 0.5 < 0.1 is false",
    ),
    Started("train", 2),
    Finished(Outcome("train", 2, metrics=(Metric("loss", 0.05, 2),), log="train.2.log"), iterations=2),
    RunFinished("passed", 1.0),
)
RECORD = fold((float(number), event) for number, event in enumerate(EVENTS))
SUMMARY = summarise(RECORD)


def line_of(lines: list[str], name: str) -> str:
    return next(line for line in lines if line[4:].startswith(name))


def test_items_stand_before_the_step_that_gathers_them():
    assert list(RECORD.steps) == ["names", "hello[Ann]", "hello[Eve]", "hello", "away", "risky", "train"]
    assert (RECORD["hello"].kind, RECORD["hello"].needs) == ("gather", ("hello[Ann]", "hello[Eve]"))
    assert (RECORD["hello[Ann]"].kind, RECORD["hello[Ann]"].reads) == ("python", ("names",))


def test_lines_say_why_a_step_was_left_out_or_excused():
    lines = list(run_lines(SUMMARY))
    assert line_of(lines, "away").endswith("skipped           parameters.full is false")
    assert line_of(lines, "risky").startswith("  ! risky")
    assert any(
        line.startswith("! risky failed") and line.endswith("the run goes on: it is optional")
        for line in lines
    )
    assert lines[-1].startswith("passed")


def test_a_step_that_is_done_again_says_how_often_and_keeps_all_metrics():
    train = RECORD["train"]
    assert (train.iterations, [metric.step for metric in train.metrics]) == (2, [1, 2])
    assert train.logs == ("train.1.log", "train.2.log")
    assert "2 iterations" in line_of(list(run_lines(SUMMARY)), "train")


def test_a_run_that_goes_on_counts_iterations_anew():
    more = fold((0.0, event) for event in (*EVENTS, EVENTS[-5], *EVENTS[-4:-1]))
    assert [metric.step for metric in more["train"].metrics] == [1, 2]


def test_progress_says_each_thing_as_it_happens():
    said: list[str] = []
    progress = Progress(said.append)
    for event in EVENTS:
        progress([event])
    assert any("hello[Ann]" in line and "python" in line for line in said)
    assert "  · train  iteration 1: loss 0.5 < 0.1 is false" in said
    assert progress.ended == progress.total


def test_the_document_and_the_page_of_a_run_know_what_was_excused():
    document = run_document(SUMMARY)
    steps = {step["name"]: step for step in document["steps"]}
    assert (steps["risky"]["status"], steps["risky"]["excuse"]) == ("failed", "it is optional")
    assert steps["train"]["iterations"] == 2
    page = page_of_run(document)
    assert "risky failed, and the run went on. 2 steps skipped." in page.sentence
    assert {row.name: row.status for row in page.steps}["risky"] == "excused"
    assert [problem.severity for problem in page.problems] == ["warning"]


def test_a_step_that_failed_says_in_which_iteration():
    failed = replace(SUMMARY.steps[-1], status="failed", failure=WRONG)
    lines = list(run_lines(replace(SUMMARY, status="failed", steps=(failed,))))
    assert any("train failed" in line and "(in iteration 2)" in line for line in lines)
