"""The part of a test's record that belongs to each trial."""

from pipeproof.model.event import RunStarted, Skipped
from pipeproof.model.record import RunRecord, StepRecord, by_trial, fold
from pipeproof.model.trial import Trial

TRIALS = (Trial("a.edge.1", "isolation"), Trial("a.edge.10", "isolation"), Trial("b.standard.1", "isolation"))
RECORD = RunRecord(
    "t-1",
    "p",
    steps={
        name: StepRecord(name, "python", needs=needs)
        for name, needs in {
            "a.edge.1/people": (),
            "a.edge.1/a": ("a.edge.1/people",),
            "a.edge.10/a": ("a.edge.10/people",),
        }.items()
    },
    trials=TRIALS,
)


def test_steps_and_their_needs_have_their_own_names():
    part = by_trial(RECORD, TRIALS)["a.edge.1"]
    assert {name: (step.name, step.needs) for name, step in part.steps.items()} == {
        "people": ("people", ()),
        "a": ("a", ("people",)),
    }


def test_a_trial_whose_name_begins_alike_is_another():
    assert set(by_trial(RECORD, TRIALS)["a.edge.10"].steps) == {"a"}


def test_a_trial_that_was_skipped_has_no_steps():
    assert by_trial(RECORD, TRIALS)["b.standard.1"].steps == {}


def test_each_part_is_of_the_same_run():
    assert {part.run for part in by_trial(RECORD, TRIALS).values()} == {"t-1"}


def test_a_record_keeps_the_trials_and_why_a_task_was_skipped():
    record = fold(
        [
            (1.0, RunStarted("t-1", "p", ("a.edge.1/a",), {"a.edge.1/a": "python"}, trials=TRIALS)),
            (2.0, Skipped("a.edge.1/a", "it touches the world")),
        ]
    )
    assert record.trials == TRIALS
    assert (record["a.edge.1/a"].status, record["a.edge.1/a"].why) == ("skipped", "it touches the world")
