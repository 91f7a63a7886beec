"""A step of the whole that lets no rows through is noted, since what follows is tried on nothing."""

from __future__ import annotations

import pytest

from pipeproof.model.artifact import Artifact
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import Step
from pipeproof.model.trial import Trial
from pipeproof.testing.whole import judge_whole

PIPELINE = Pipeline(
    "p",
    steps=(Step("clean", "sql", inputs={"people": "people"}, outputs={"clean": "clean"}),),
    sources={"people": Source("people", "p.csv")},
)


def codes(read, dataset, rows):
    """Return what is found when a step reads so many rows and makes a dataset of so many."""
    steps = (
        StepRecord("people", "synthetic", "passed", outputs={"people": Artifact("table", "d", rows=read)}),
        StepRecord(
            "clean",
            "sql",
            "passed",
            outputs={dataset: Artifact("table", "e", rows=rows)},
            reads=("people",),
        ),
    )
    part = RunRecord("t-1", "p", steps={one.name: one for one in steps})
    return [item.finding.code for item in judge_whole(Trial("w", "pipeline"), part, PIPELINE)[1]]


@pytest.mark.parametrize(
    ("read", "dataset", "rows", "found"),
    [
        (9, "clean", 0, ["PPF608"]),
        (9, "clean", 1, []),
        (0, "clean", 0, []),
        (9, "clean", None, []),
        (9, "clean.rejected", 0, []),
    ],
)
def test_only_a_dataset_that_lost_all_rows_is_noted(read, dataset, rows, found):
    assert codes(read, dataset, rows) == found
