"""From the record of a test to its verdict, on records made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, Contract, Port, TableSchema, Variable
from pipeproof.model.outcome import Asked, Checked, Failure, Frame, Measures
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.record import RunRecord, StepRecord
from pipeproof.model.step import Resources, Step
from pipeproof.model.trial import STANDARD, Case, Trial
from pipeproof.testing.judge import ECHO, judge, judge_trial, to_narrow

AGES = TableSchema((Column("age", "integer", nullable=True),))
NULLS = Case("edge", "nulls", says="missing values in every column that allows them")
BAD = Case("malformed", "minimum", "age", "age: -1, the least is 0")
ERROR = Failure(
    "exception", "PPF201", "ValueError", "that won't do", (Frame("code.py", 3, "clean", "raise"),)
)
BROKEN = Finding("PPF303", "out, written by clean: column 'age' breaks '≥ 0' in 1 of 9 rows", column="age")


def step(name="clean", reads="people", **fields):
    contract = fields.pop("contract", Contract(inputs={"x": Port("x", schema=AGES)}))
    return Step(name, "python", inputs={"x": reads}, outputs={name: name}, contract=contract, **fields)


def pipeline(*steps):
    return Pipeline("p", steps=steps or (step(),), sources={"people": Source("people", "p.csv", schema=AGES)})


def alone(case=STANDARD, expect="pass", name="clean", number=1):
    dataset = "people" if case is not STANDARD else ""
    return Trial(f"{name}.{case.scenario}.{number}", "isolation", name, case, dataset, expect)


def done(name="clean", status="passed", **fields):
    return StepRecord(name, fields.pop("kind", "python"), status, measures=Measures(0.5), **fields)


WANTING = Failure(
    "exception", "PPF201", "KeyError", "'REGION'", (Frame("code.py", 3, "clean", "environ['REGION']"),)
)


def failed(failure=ERROR, name="clean", **fields):
    return done(name, "failed", failure=failure, **fields)


def contract_broken(finding=BROKEN, **fields):
    return failed(
        Failure("contract", finding.code, "ContractError", finding.what), findings=(finding,), **fields
    )


MADE = done("people", kind="synthetic", outputs={"people": Artifact("table", "d", rows=9)})


def of_one(trial, *steps, on=None):
    """Return what came of one trial, and the findings it showed."""
    part = RunRecord("t-1", "p", steps={one.name: one for one in steps})
    result, seen = judge_trial(trial, part, on or pipeline())
    return result, [item.finding for item in seen]


def record(*parts, status="failed", **fields):
    """Return the record of a test: pairs of a trial and its steps."""
    steps = {
        f"{trial.name}/{one.name}": replace(one, name=f"{trial.name}/{one.name}")
        for trial, many in parts
        for one in many
    }
    return RunRecord("t-1", "p", status, steps, trials=tuple(trial for trial, _ in parts), **fields)


# One step alone


def test_a_step_that_ends_well_passes_with_its_time_and_checks():
    result, findings = of_one(alone(), MADE, done(checked=(Checked("clean", "output", 4, 9),)))
    assert (result.status, result.seconds, result.checks, findings) == ("passed", 0.5, 5, [])


def test_a_failure_names_step_place_line_and_what_it_said():
    result, (finding,) = of_one(alone(), MADE, failed())
    assert (result.status, result.why) == ("failed", "ValueError: that won't do")
    assert (finding.code, finding.what) == ("PPF201", "clean fails: ValueError: that won't do")
    assert (str(finding.where), finding.step, finding.evidence) == ("code.py:3", "clean", "raise")


def test_a_failure_at_an_edge_says_which():
    _, (finding,) = of_one(alone(NULLS), MADE, failed())
    assert finding.what == f"clean fails on {NULLS.says}: ValueError: that won't do"


@pytest.mark.parametrize("case", [STANDARD, NULLS])
def test_an_output_that_breaks_its_contract_fails_with_what_was_found(case):
    result, (finding,) = of_one(alone(case), MADE, contract_broken())
    assert (result.status, finding.code, finding.column, finding.step) == ("failed", "PPF303", "age", "clean")
    assert "has a unit changed?" in finding.fix


def test_an_output_that_is_not_written_is_told_as_it_was_found():
    finding = Finding("PPF207", "clean did not write its output 'out'", fix="write it")
    failure = Failure("output", "PPF207", "ContractError", finding.what)
    _, (told,) = of_one(alone(), MADE, failed(failure, findings=(finding,)))
    assert told.what == finding.what


def test_a_crash_is_no_want_of_memory_where_only_the_test_limits_it():
    crash = Failure("memory", "PPF205", "SIGSEGV", "most likely its limit")
    assert of_one(alone(), failed(crash))[1][0].code == "PPF203"
    limited = pipeline(step(resources=Resources(memory=10)))
    assert of_one(alone(), failed(crash), on=limited)[1][0].code == "PPF205"


def test_data_that_cannot_be_made_leave_the_step_untried():
    failure = Failure("contract", "PPF309", "ContractError", "too few values")
    unmade = replace(MADE, status="failed", failure=failure)
    result, findings = of_one(alone(), unmade, done(status="blocked"))
    assert (result.status, result.why, findings) == (
        "skipped",
        "no data could be made for people: too few values",
        [],
    )


def test_a_step_that_never_came_to_run_is_skipped():
    assert (
        of_one(alone(), MADE, done(status="blocked", why="the test was stopped"))[0].why
        == "the test was stopped"
    )


def test_a_trial_that_is_skipped_says_why():
    result, findings = of_one(replace(alone(), skipped="no contract"))
    assert (result.status, result.why, result.checks, findings) == ("skipped", "no contract", 0, [])


# Bad data


@pytest.mark.parametrize("expect", ["note", "refuse"])
def test_a_refusal_that_names_the_column_is_right(expect):
    result, findings = of_one(alone(BAD, expect), MADE, failed(replace(ERROR, message="age: at least 0")))
    assert (result.status, result.why, findings) == ("refused", "ValueError: age: at least 0", [])


def test_a_refusal_that_need_not_be_may_be_unclear():
    assert of_one(alone(BAD, "note"), MADE, failed())[0].status == "refused"


@pytest.mark.parametrize(
    ("case", "message", "clear"),
    [
        (BAD, "that won't do", False),
        (BAD, "the average is wrong", False),
        (BAD, "column Age is below 0", True),
        (BAD, "'age'", True),
        (Case("malformed", "min_rows", says="no rows"), "index 0 is out of bounds", False),
        (Case("malformed", "min_rows", says="no rows"), "there are no rows", True),
        (Case("malformed", "min_rows", says="no rows"), "we narrow it", False),
        (Case("malformed", "key", says="the key twice"), "duplicate keys", True),
    ],
)
def test_a_refusal_is_clear_when_it_names_the_column_or_what_is_wrong_with_the_rows(case, message, clear):
    result, findings = of_one(alone(case, "refuse"), failed(replace(ERROR, message=message)))
    assert (result.status == "refused") is clear
    assert [finding.code for finding in findings] == ([] if clear else ["PPF606"])


def test_data_that_should_be_refused_and_are_not_are_a_finding():
    result, (finding,) = of_one(alone(BAD, "refuse"), MADE, done())
    assert (result.status, finding.code, finding.column) == ("failed", "PPF602", "age")
    assert finding.edge == ("people", "clean")


def test_bad_data_that_do_no_harm_are_noted():
    result, findings = of_one(alone(BAD, "note"), MADE, done())
    assert (result.status, findings) == ("noted", [])


@pytest.mark.parametrize(
    ("enforce", "expect", "status", "severity"),
    [
        ("fail", "note", "noted", "note"),
        ("warn", "note", "failed", "error"),
        ("off", "note", "failed", "error"),
        ("fail", "refuse", "failed", "error"),
    ],
)
def test_bad_data_written_on_are_an_error_unless_a_run_stops_them(enforce, expect, status, severity):
    own = step(contract=Contract(inputs={"x": Port("x", schema=AGES)}, enforce=enforce))
    result, (finding,) = of_one(alone(BAD, expect), contract_broken(), on=pipeline(own))
    assert (result.status, finding.code, finding.severity) == (status, "PPF601", severity)


@pytest.mark.parametrize("kind", ["timeout", "signal", "memory"])
def test_a_hang_or_crash_is_no_refusal(kind):
    result, _ = of_one(alone(BAD, "refuse"), failed(Failure(kind, "PPF202", "X", "age")))
    assert result.status == "failed"


def asked(line=3):
    return (Asked("REGION", "code.py", line, found=False),)


def test_a_variable_that_no_contract_names_is_a_warning_when_the_code_goes_on():
    result, (finding,) = of_one(alone(), done(asked=asked()))
    assert (result.status, finding.code, finding.severity) == ("passed", "PPF603", "warning")
    assert "optional" in finding.fix


def test_it_is_the_finding_when_the_code_fails_for_want_of_it():
    result, (finding,) = of_one(alone(), failed(WANTING, asked=asked()))
    assert (result.status, finding.code, finding.severity) == ("failed", "PPF603", "error")
    assert finding.fix.endswith("required: [REGION]")


def test_a_failure_deeper_than_where_a_variable_was_asked_for_is_told_as_it_is():
    frames = (Frame("code.py", 3, "main", "clean(get('REGION'))"), Frame("code.py", 9, "clean", "raise"))
    _, findings = of_one(alone(), failed(replace(ERROR, frames=frames), asked=asked()))
    assert [(one.code, one.severity) for one in findings] == [("PPF201", "error"), ("PPF603", "warning")]


def test_a_failure_at_another_line_stands_beside_it():
    _, findings = of_one(alone(), failed(asked=asked(line=1)))
    assert [(one.code, one.severity) for one in findings] == [("PPF201", "error"), ("PPF603", "warning")]


@pytest.mark.parametrize(
    "own",
    [
        step(contract=Contract(environment=(Variable("REGION"),))),
        step(environment={"REGION": "x"}),
    ],
)
def test_a_variable_that_is_declared_is_no_finding(own):
    assert of_one(alone(), done(asked=asked()), on=pipeline(own))[1] == []


# The whole pipeline

WHOLE = Trial("pipeline.standard", "pipeline")
CHAIN = pipeline(step(), step("train", "clean"))


def test_a_whole_pipeline_passes_when_all_of_it_does():
    result, findings = of_one(
        WHOLE, MADE, done(checked=(Checked("clean", "output", 4),)), done("train"), on=CHAIN
    )
    assert (result.status, result.checks, findings) == ("passed", 6, [])


def test_what_fails_first_is_told_and_not_what_follows():
    steps = (MADE, failed(), done("train", "blocked"))
    result, (finding,) = of_one(WHOLE, *steps, on=CHAIN)
    assert (result.status, result.why, finding.step) == ("failed", "broken at clean", "clean")


def test_a_cause_that_is_not_known_is_called_unknown():
    assert of_one(WHOLE, MADE, failed(), on=CHAIN)[1][0].evidence.endswith("cause: unknown")


def test_a_failure_after_a_broken_edge_is_no_finding_of_its_own():
    steps = (MADE, done(findings=(BROKEN,)), failed(name="train"))
    _, (finding,) = of_one(WHOLE, *steps, on=CHAIN)
    assert finding.code == "PPF303"


def test_the_step_that_dropped_a_column_is_named_as_the_cause():
    wide = Artifact("table", "d", rows=9, columns=(("age", "integer"), ("wind", "number")))
    narrow = Artifact("table", "e", rows=9, columns=(("age", "integer"),))
    lookup = replace(ERROR, type="ColumnNotFoundError", message='unable to find column "wind"')
    steps = (
        replace(MADE, outputs={"people": wide}),
        done(outputs={"clean": narrow}, reads=("people",)),
        failed(lookup, "train", reads=("clean",)),
    )
    _, (finding,) = of_one(WHOLE, *steps, on=CHAIN)
    assert "cause: clean read the column wind and did not write it" in finding.evidence


def test_a_source_that_cannot_be_made_leaves_the_whole_untried():
    unmade = replace(MADE, status="failed", failure=replace(ERROR, message="too few values"))
    result, findings = of_one(WHOLE, unmade, on=CHAIN)
    assert (result.status, findings) == ("skipped", [])
    assert result.why.endswith("people: too few values")


def test_a_test_passes_when_something_was_checked_and_nothing_is_wrong():
    verdict = judge(record((alone(), [MADE, done()]), status="passed", seconds=2.0), pipeline())
    assert (bool(verdict), verdict.checks, verdict.seconds, verdict.findings) == (True, 1, 2.0, ())


def test_the_same_failure_in_many_trials_is_one_finding():
    parts = [(alone(number=1), [failed()]), (alone(NULLS), [failed()]), (WHOLE, [failed()])]
    (finding,) = judge(record(*parts), pipeline()).findings
    assert finding.evidence.endswith("seen with ordinary data (2 of 2 scenarios) and the whole pipeline")


def test_errors_come_before_warnings():
    parts = [(alone(), [done(asked=asked())]), (alone(NULLS), [failed()])]
    verdict = judge(record(*parts), pipeline())
    assert [one.severity for one in verdict.findings] == ["error", "warning"]


def test_what_contracts_told_before_is_part_of_the_verdict():
    static = Finding("PPF152", "does not fit", step="clean", edge=("people", "clean"))
    verdict = judge(record((alone(), [done()])), pipeline(), [static])
    assert static in verdict.findings
    assert not verdict


def test_a_step_that_fails_on_good_data_is_not_praised_for_refusing_bad_ones():
    parts = [(alone(), [failed()]), (alone(BAD, "refuse"), [failed(replace(ERROR, message="age"))])]
    bad = judge(record(*parts), pipeline()).results[1]
    assert (bad.status, bad.why, bad.checks) == ("unsaid", ECHO, 0)


def test_what_bad_data_show_of_a_step_that_fails_on_good_ones_is_not_told():
    parts = [(alone(), [failed()]), (alone(BAD, "refuse"), [done()])]
    assert [one.code for one in judge(record(*parts), pipeline()).findings] == ["PPF201"]


def test_variables_are_told_although_the_step_fails_on_good_data():
    parts = [(alone(), [failed()]), (alone(BAD, "note"), [done(asked=asked())])]
    assert {one.code for one in judge(record(*parts), pipeline()).findings} == {"PPF201", "PPF603"}


def test_nothing_checked_is_a_failure_that_says_why():
    verdict = judge(record((replace(alone(), skipped="no contract"), [])), pipeline())
    assert not verdict
    assert [(one.code, one.evidence) for one in verdict.findings] == [("PPF605", "clean: no contract")]


def test_a_test_that_was_stopped_has_not_passed():
    verdict = judge(record((alone(), [done()]), status="interrupted"), pipeline())
    assert not verdict
    assert verdict.findings[0].code == "PPF607"


def test_the_column_that_a_second_run_blames_is_named():
    parts = [(alone(NULLS), [failed()])]
    one = replace(NULLS, column="age", says="missing values in age")
    narrowed = record((replace(alone(one), name="clean.edge.1.1"), [failed()]))
    (finding,) = judge(record(*parts), pipeline(), (), narrowed).findings
    assert (finding.column, finding.what) == (
        "age",
        "clean fails on missing values in age: ValueError: that won't do",
    )


@pytest.mark.parametrize(
    ("case", "usual", "names"),
    [
        (NULLS, done(), ["clean.edge.1"]),
        (NULLS, failed(), []),
        (Case("edge", "empty"), done(), []),
        (replace(NULLS, column="age"), done(), []),
    ],
)
def test_only_edges_of_all_columns_of_steps_that_are_else_right_are_narrowed(case, usual, names):
    verdict = judge(record((alone(), [usual]), (alone(case), [failed()])), pipeline())
    assert [trial.name for trial in to_narrow(verdict.results)] == names


# Edges


def edge_of(static=(), *steps, on=CHAIN, reader="train"):
    verdict = judge(record((WHOLE, steps)), on, static)
    return next(edge for edge in verdict.edges if edge.reader == reader)


def test_every_edge_is_there_with_who_makes_it():
    edges = judge(record((alone(), [done()])), CHAIN).edges
    assert [(one.maker, one.reader, one.dataset) for one in edges] == [
        ("people", "clean", "people"),
        ("clean", "train", "clean"),
    ]


def test_contracts_on_both_sides_fit_differ_or_say_nothing():
    misfit = Finding("PPF152", "does not fit", edge=("people", "clean"), dataset="people")
    assert edge_of(reader="clean").fit == "fits"
    assert edge_of([misfit], reader="clean").fit == "differs"
    assert edge_of().fit == "unknown"


def test_an_edge_holds_when_what_came_was_held_against_a_contract():
    made = done(outputs={"clean": Artifact("table", "d", rows=7)})
    edge = edge_of((), MADE, made, done("train", checked=(Checked("clean", "input", 3),)))
    assert (edge.seen, edge.rows) == ("holds", 7)


def test_an_edge_is_broken_when_its_reader_found_so():
    broken = Finding("PPF303", "breaks", step="train", edge=("clean", "train"), dataset="clean")
    assert edge_of((), MADE, done(), done("train", findings=(broken,))).seen == "broken"


def test_an_edge_is_broken_when_its_maker_broke_what_it_promises():
    broken = Finding("PPF303", "breaks", step="clean", edge=("clean", "clean"), dataset="clean")
    assert edge_of((), MADE, done(findings=(broken,)), done("train")).seen == "broken"


def test_an_edge_is_unchecked_when_no_rule_was_asked():
    assert edge_of((), MADE, done(), done("train")).seen == "unchecked"


def test_an_edge_is_unseen_when_nothing_came_this_way():
    assert edge_of((), MADE, failed(), done("train", "blocked")).seen == "unseen"


def test_without_a_trial_of_the_whole_no_edge_was_seen():
    edges = judge(record((alone(), [done()])), CHAIN).edges
    assert {edge.seen for edge in edges} == {"unseen"}


def test_data_that_cannot_be_made_are_told_once():
    fault = Failure("contract", "PPF309", "ContractError", "too few values")
    unmade = replace(MADE, status="failed", failure=fault, outputs={})
    parts = [(alone(), [unmade, done(status="blocked")]), (alone(BAD), [unmade, done(status="blocked")])]
    assert [one.code for one in judge(record(*parts), pipeline()).findings if one.severity == "warning"] == [
        "PPF309"
    ]


def test_what_a_stop_kept_from_running_is_skipped_and_not_said_to_fail():
    parts = [(alone(), [done()]), (alone(BAD, "note"), [done(status="blocked", why="the run was stopped")])]
    bad = judge(record(*parts), pipeline()).results[1]
    assert (bad.status, bad.why) == ("skipped", "the run was stopped")
