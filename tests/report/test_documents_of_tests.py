"""The JSON of a test keeps its published schema, and says of each trial what it showed."""

import json

import jsonschema
import pytest

from pipeproof.errors import Finding, Location
from pipeproof.model.outcome import Failure
from pipeproof.model.record import RunRecord, StepRecord, by_trial
from pipeproof.model.trial import Case, Edge, Trial, TrialResult, Verdict
from pipeproof.report import test_document as documents
from pipeproof.report.document import run_schema


def plain(document):
    return json.loads(json.dumps(document, allow_nan=False))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(documents.test_schema())


def test_findings_and_failures_have_the_shape_that_they_have_in_a_run():
    mine, theirs = documents.test_schema()["$defs"], run_schema()["$defs"]
    assert {name: mine[name] for name in ("finding", "failure", "code")} == {
        name: theirs[name] for name in ("finding", "failure", "code")
    }


@pytest.mark.parametrize("which", ["failing", "passing"])
def test_a_test_keeps_the_schema(which, request):
    jsonschema.validate(plain(request.getfixturevalue(which)), documents.test_schema())


def test_a_test_of_nothing_keeps_the_schema():
    document = documents.test_document(Verdict("t-1", "p"), RunRecord("t-1", "p"))
    jsonschema.validate(plain(document), documents.test_schema())


def test_a_test_that_checked_nothing_did_not_pass():
    assert documents.test_document(Verdict("t-1", "p"), RunRecord("t-1", "p"))["passed"] is False


def test_numbers_that_json_does_not_have_are_null():
    verdict = Verdict("t-1", "p", edges=(Edge("a", "b", "d", quality=float("nan")),))
    document = documents.test_document(verdict, RunRecord("t-1", "p"))
    assert plain(document)["edges"][0]["quality"] is None


def test_trials_are_counted_by_what_came_of_them(failing):
    counts = failing["counts"]["trials"]
    assert (sum(counts.values()), counts["failed"], counts["skipped"]) == (len(failing["trials"]), 4, 3)


def test_steps_are_those_of_the_whole_pipeline_without_the_name_of_their_trial(passing):
    assert [step["name"] for step in passing["steps"]][-3:] == ["score", "evaluate", "publish"]
    assert passing["steps"][-1]["needs"] == ["score"]


def test_a_step_begins_as_many_seconds_after_the_first_one_as_it_waited(passing):
    begun = {step["name"]: step["offset_seconds"] for step in passing["steps"]}
    assert begun["flights"] == 0
    assert begun["train"] == pytest.approx(3.5)


def test_the_bytes_of_a_step_are_those_of_all_that_it_read_and_made(passing):
    extract = next(step for step in passing["steps"] if step["name"] == "extract")
    assert (extract["bytes_in"], extract["bytes_out"]) == (1_900_000 + 310_000 + 88_000 + 61_000, 120_000)


def test_a_step_is_as_good_as_the_worst_of_what_it_made(flights):
    _, record = flights.example(broken=False)
    edges = (Edge("clean", "a", "x", quality=0.9), Edge("clean", "b", "y", quality=0.4))
    result = TrialResult(flights.WHOLE, "passed", checks=1)
    document = documents.test_document(Verdict("t-1", "p", (result,), edges), record)
    assert next(step["quality"] for step in document["steps"] if step["name"] == "clean") == 0.4


def test_the_log_of_what_failed_is_told_and_no_other(failing):
    told = [(one["trial"], one["step"], bool(one["log"])) for one in failing["failures"]]
    assert told == [
        ("pipeline/standard", "train", False),
        ("clean/edge/empty", "clean", True),
        ("train/edge/categories", "train", False),
        ("evaluate/standard", "evaluate", False),
    ]


def test_what_upstream_made_a_step_fail_stands_beside_its_failure(failing):
    assert failing["failures"][0]["cause"]["code"] == "PPF312"


def trial_findings(*findings, trial, failure):
    step = StepRecord(f"{trial.name}/s", "script", "failed", 1, failure=failure)
    record = RunRecord("t-1", "p", "failed", {step.name: step})
    verdict = Verdict("t-1", "p", (TrialResult(trial, "failed", checks=1),), findings=findings)
    return documents.test_document(verdict, record)["trials"][0]["findings"]


def test_a_failed_trial_shows_the_faults_of_its_step_that_have_its_code():
    trial = Trial("s/edge/empty", "isolation", "s", Case("edge", "empty"))
    found = (
        Finding("PPF201", "another step", step="other"),
        Finding("PPF303", "another fault", step="s"),
        Finding("PPF201", "this one", step="s"),
        Finding("PPF201", "no error", step="s", severity="note"),
    )
    assert trial_findings(*found, trial=trial, failure=Failure("exception", "PPF201")) == [2]


def test_a_trial_about_a_column_shows_the_fault_of_that_column():
    trial = Trial("s/malformed/x", "isolation", "s", Case("malformed", "type", "x"))
    found = (Finding("PPF201", "y", step="s", column="y"), Finding("PPF201", "x", step="s", column="x"))
    assert trial_findings(*found, trial=trial, failure=Failure("exception", "PPF201")) == [1]


def test_a_failed_trial_of_the_whole_shows_the_faults_of_what_failed_in_it():
    trial = Trial("all", "pipeline")
    found = (
        Finding("PPF312", "upstream", Location("a.py", 1), step="r", edge=("r", "s")),
        Finding("PPF201", "elsewhere", step="q"),
    )
    assert trial_findings(*found, trial=trial, failure=Failure("exception", "PPF201")) == [0]


def test_a_task_belongs_to_the_longest_name_of_a_trial_that_it_begins_with():
    trials = (Trial("s/edge", "isolation", "s"), Trial("s/edge/x", "isolation", "s"))
    steps = {name: StepRecord(name, "script") for name in ("s/edge/s", "s/edge/x/s", "elsewhere/s")}
    parts = by_trial(RunRecord("t", "p", steps=steps), trials)
    assert {name: list(part.steps) for name, part in parts.items()} == {"s/edge": ["s"], "s/edge/x": ["s"]}
    assert parts["s/edge"].steps["s"].name == "s"


def test_a_short_log_is_kept_whole():
    assert documents.cut_log(b"caf\xc3\xa9\n") == ("café\n", 0)


def test_of_a_long_log_the_beginning_and_the_end_are_kept_and_the_rest_is_counted():
    text, dropped = documents.cut_log(b"begin" + b"x" * 50_000 + b"end")
    assert dropped == 50_008 - documents.LOG_BYTES
    assert (text[:5], text[-3:]) == ("begin", "end")
    assert f"{dropped:,} bytes dropped" in text


def test_a_log_that_is_gone_is_empty(tmp_path):
    assert documents.read_log(str(tmp_path / "gone.log")) == b""


def test_a_log_is_read_from_its_file(tmp_path):
    (tmp_path / "a.log").write_bytes(b"said")
    assert documents.read_log(str(tmp_path / "a.log")) == b"said"
