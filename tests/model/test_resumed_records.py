"""The record of a run that went on: what an earlier part did stays in it."""

from __future__ import annotations

from pipeproof.model.event import Event, Expanded, Finished, RunResumed, RunStarted, Started
from pipeproof.model.outcome import Failure, Outcome
from pipeproof.model.record import fold

STARTED = RunStarted("r", "p", ("each",), {"each": "python"})
RESUMED = RunResumed("r", "p", ("each",), {"each": "python"})
BOTH = Expanded("each", ("each[a]", "each[b]"), "python")
ONE = Expanded("each", ("each[a]",), "python")


def record_of(*events: Event):
    return fold((float(at), event) for at, event in enumerate(events))


def ended(task: str, failure: Failure | None = None) -> Finished:
    return Finished(Outcome(task, 1, failure=failure))


FIRST = (STARTED, BOTH, ended("each[a]"), ended("each[b]", Failure("exception", "PPF201")))


def test_items_wait_for_their_task_to_tell_them_again_without_a_note():
    record = record_of(*FIRST, RESUMED)
    assert {name: step.status for name, step in record.steps.items()} == {
        "each": "waiting",
        "each[a]": "passed",
        "each[b]": "failed",
    }
    assert record["each[b]"].notes == ()


def test_an_item_that_has_passed_stands_and_another_waits_again():
    record = record_of(*FIRST, RESUMED, BOTH)
    assert list(record.steps) == ["each[a]", "each[b]", "each"]
    assert (record["each[a]"].status, record["each[b]"].status) == ("passed", "waiting")
    assert record["each[b]"].failure is None


def test_an_item_that_is_none_any_more_stays_as_it_was():
    record = record_of(*FIRST, RESUMED, ONE)
    assert record["each[b]"].status == "failed"
    assert record["each[b]"].notes == ("not in the pipeline any more",)


def test_what_was_at_work_when_its_run_was_killed_was_interrupted():
    gone = RunResumed("r", "p", ("other",), {"other": "python"})
    assert record_of(STARTED, Started("each", 1), gone)["each"].status == "interrupted"
