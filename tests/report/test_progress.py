"""A run as it happens: each line when it is known."""

from dataclasses import replace

from pipeproof.model.artifact import Artifact
from pipeproof.model.event import AttemptFailed, Blocked, Finished, Reused, RunFinished, RunStarted, Started
from pipeproof.model.outcome import Failure, Measures, Outcome
from pipeproof.report.progress import Progress

BEGUN = RunStarted(
    "r-1",
    "flights",
    ("raw", "clean", "train"),
    {"raw": "source", "clean": "script", "train": "script"},
    reads={"clean": ("raw",), "train": ("flights",)},
)


def table(rows):
    return Artifact("table", "d", rows=rows, columns=(("a", "integer"),))


def done(task, **given):
    return Finished(Outcome(task, 1, measures=Measures(0.5), **given))


def said(*events, **options):
    lines = []
    progress = Progress(lines.append, **options)
    for event in events:
        progress([event])
    return lines


def test_the_heading_comes_first_and_counts_steps_without_sources():
    assert said(BEGUN) == ["flights · 2 steps · run r-1"]


def test_steps_that_were_not_chosen_are_not_counted():
    assert said(BEGUN, left_out=["clean"]) == ["flights · 1 step · run r-1"]


def test_a_hook_without_news_has_no_line_and_is_no_step():
    kinds = {**BEGUN.kinds, "clean@after": "hook", "train@after": "hook"}
    begun = replace(BEGUN, tasks=(*BEGUN.tasks, "clean@after", "train@after"), kinds=kinds)
    failed = Failure("exception", "PPF201", "E", "m")
    lines = said(begun, done("clean@after"), done("train@after", failure=failed))
    assert lines[0] == "flights · 2 steps · run r-1"
    assert [line.split()[1] for line in lines[1:]] == ["train@after"]


def test_a_started_step_says_nothing_until_it_ends():
    assert len(said(BEGUN, Started("raw", 1))) == 1


def test_a_step_is_said_when_it_ends_with_the_rows_that_it_read():
    lines = said(BEGUN, Started("raw", 1), done("raw", outputs={"raw": table(10)}), Started("clean", 1))
    assert len(lines) == 2
    lines = said(
        BEGUN,
        Started("raw", 1),
        done("raw", outputs={"raw": table(10)}),
        Started("clean", 1),
        done("clean", outputs={"flights": table(7)}),
    )
    assert lines[2].endswith("10 → 7 rows")


def test_a_failed_attempt_is_said_with_the_pause_before_the_next():
    failure = Failure("exception", "PPF201", "OSError", "busy")
    lines = said(
        BEGUN, Started("raw", 1), AttemptFailed(Outcome("raw", 1, failure=failure), 2.0), Started("raw", 2)
    )
    assert lines[1] == "  ! raw  try 1 failed, again in 2.0 s  OSError: busy"


def test_the_tries_of_a_step_are_in_its_line():
    failure = Failure("exception", "PPF201", "OSError", "busy")
    lines = said(
        BEGUN,
        Started("raw", 1),
        AttemptFailed(Outcome("raw", 1, failure=failure), 0.0),
        Started("raw", 2),
        Finished(Outcome("raw", 2, outputs={"raw": table(1)})),
    )
    assert lines[-1].endswith("2 tries")


def test_a_reused_step_has_a_line_and_a_blocked_one_has_none():
    reused = Reused("raw", "k", "left out", {"raw": table(10)}, "r-0")
    lines = said(BEGUN, reused, Blocked("clean", "", "stopped"), RunFinished("failed"))
    assert len(lines) == 2
    assert "reused" in lines[1]


def test_what_runs_is_known_from_start_to_end():
    progress = Progress(lambda _line: None)
    progress([BEGUN, Started("raw", 1), Started("clean", 1)])
    assert set(progress.running) == {"raw", "clean"}
    progress([done("raw")])
    assert set(progress.running) == {"clean"}
    assert (progress.ended, progress.total) == (0, 2)
    progress([done("clean")])
    assert progress.ended == 1
