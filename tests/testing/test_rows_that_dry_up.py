"""A step of the whole that writes no rows is told, since what follows it says nothing."""

from __future__ import annotations

from pipeproof.model.artifact import Artifact
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import Step
from pipeproof.model.trial import Trial
from pipeproof.testing.whole import judge_whole


def whole(rows: int):
    steps = {
        "raw": StepRecord("raw", "synthetic", "passed", outputs={"raw": Artifact("table", "a", rows=20)}),
        "day": StepRecord(
            "day", "sql", "passed", outputs={"day": Artifact("table", "b", rows=rows)}, reads=("raw",)
        ),
    }
    pipeline = Pipeline("p", (Step("day", "sql", outputs={"day": "day"}),))
    return judge_whole(Trial("pipeline.standard", "pipeline"), RunRecord("t-1", "p", steps=steps), pipeline)


def test_a_step_that_writes_none_of_the_rows_it_read_is_noted():
    _, seen = whole(0)
    assert [(item.finding.code, item.finding.severity, item.finding.step) for item in seen] == [
        ("PPF608", "note", "day")
    ]


def test_a_note_on_rows_does_not_fail_the_whole():
    result, _ = whole(0)
    assert result.status == "passed"


def test_a_step_that_writes_some_rows_is_not_noted():
    _, seen = whole(1)
    assert seen == []
