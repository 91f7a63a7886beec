"""The JSON of a run keeps its published schema."""

import json

import jsonschema
import pytest

from pipeproof.errors import Finding, Location
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Failure, Frame, Measures, Metric
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.report.document import findings_document, run_document, run_schema
from pipeproof.running.summary import summarise

RECORD = RunRecord(
    "r-1",
    "flights",
    "failed",
    {
        "raw": StepRecord(
            "raw",
            "source",
            "passed",
            1,
            outputs={"raw": Artifact("table", "abc", 120, "raw.parquet", 2, (("a", "integer"),))},
            measures=Measures(0.1),
            started_at=1.5,
        ),
        "train": StepRecord(
            "train",
            "script",
            "failed",
            2,
            metrics=(Metric("auc", 0.5, 1), Metric("auc", float("nan"), 2)),
            params={"depth": 3},
            measures=Measures(1.0, 0.9, 10),
            findings=(Finding("PPF303", "bad", Location("a.yaml", 1, 2), edge=("raw", "train")),),
            failure=Failure("exception", "PPF201", "KeyError", "'x'", (Frame("a.py", 1, "main", "x"),)),
            logs=("train.1.log",),
            reads=("raw",),
            needs=("raw",),
        ),
        "score": StepRecord("score", "model", "blocked"),
    },
    parameters={"day": "2013-07-03", "n": 3},
    started_at=2.0,
    seconds=1.5,
    about={"python": "3.11"},
)


def document(record=RECORD):
    return json.loads(json.dumps(run_document(summarise(record)), allow_nan=False))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(run_schema())


@pytest.mark.parametrize("record", [RECORD, RunRecord("r", "p")], ids=["failed", "begun"])
def test_a_run_keeps_the_schema(record):
    jsonschema.validate(document(record), run_schema())


def test_the_schema_refuses_a_key_that_it_does_not_know():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document(), "more": 1}, run_schema())


def test_all_that_is_known_of_a_step_is_there():
    raw, train, score = document()["steps"]
    assert raw["outputs"]["raw"] == {
        "kind": "table",
        "digest": "abc",
        "size_bytes": 120,
        "name": "raw.parquet",
        "rows": 2,
        "columns": [{"name": "a", "type": "integer"}],
        "value": None,
        "metadata": {},
    }
    assert train["failure"]["frames"][0]["line"] == 1
    assert train["findings"][0]["where"] == {"file": "a.yaml", "line": 1, "column": 2}
    assert (train["attempts"], train["rows_in"], train["logs"]) == (2, 2, ["train.1.log"])
    assert score["seconds"] is None


def test_a_number_that_json_does_not_have_is_null():
    train = document()["steps"][1]
    assert train["metrics"] == {"auc": None}
    assert train["metric_history"][0] == {"name": "auc", "value": 0.5, "step": 1}


def test_findings_are_named_by_their_own_schema():
    assert findings_document([Finding("PPF101", "x")])["schema"] == "pipeproof.findings/1"
