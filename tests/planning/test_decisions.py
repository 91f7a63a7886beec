"""Rules about what a run decides: each problem is told at its place, all of them at once."""

from pathlib import Path
from textwrap import dedent, indent

import pytest

from pipeproof.project import examine

ONE = "- {name: one, type: sql, config: {query_template: SELECT 1 AS one}}\n"
TWO = "- {name: two, type: sql, config: {query_template: SELECT 2 AS two}}\n"


@pytest.fixture
def told(tmp_path: Path):
    """Return how a pipeline of these steps is told: ``line:column code`` and what is said."""

    def tell(body: str, more: str = "") -> list[tuple[str, str]]:
        path = tmp_path / "flow.yaml"
        steps = indent(dedent(body), "    ")
        path.write_text(f"workflow:\n  name: flow\n  steps:\n{steps}{more}")
        return [
            (f"{finding.where.line}:{finding.where.column} {finding.code}", f"{finding.what}; {finding.fix}")
            for finding in examine(path).findings
            if finding.severity == "error" and finding.where is not None
        ]

    return tell


def with_when(condition: str) -> str:
    return (
        f"{ONE}- name: two\n  type: sql\n  when: {condition}\n  config: {{query_template: SELECT 2 AS two}}\n"
    )


@pytest.mark.parametrize(
    ("condition", "place", "says"),
    [
        ("metrics.noe.auc > 1", "7:13 PPF564", "there is no such step; did you mean 'one'?"),
        ("1 < status.three", "7:17 PPF564", "there is no such step"),
        ("rows(on) > 1", "7:13 PPF564", "nobody makes this dataset; did you mean 'one'?"),
        ("value(nothing) > 1", "7:13 PPF564", "nobody makes this dataset"),
        ("parameters.ful", "7:13 PPF564", "there is no such parameter; did you mean 'full'?"),
        ("metrics.two.auc > 1", "7:13 PPF564", "a step cannot wait for itself"),
        ("item == 1", "7:13 PPF564", "only steps with foreach have one"),
        ("iteration < 3", "7:13 PPF564", "only steps with repeat_until have one"),
        ("'metrics.one.auc >'", "7:13 PPF563", "invalid syntax"),
        ("metrics.one.auc > threshold", "7:31 PPF563", "write parameters.threshold"),
    ],
)
def test_a_condition_that_could_never_be_answered_is_told_at_its_place(told, condition, place, says):
    ((where, what),) = told(with_when(condition), "parameters: {full: true}\n")
    assert where.split()[1] == place.split()[1]
    assert condition.startswith("'") or where == place
    assert says in what


def test_metrics_of_a_step_with_items_are_told_to_be_those_of_the_items(told):
    body = "- {name: one, type: sql, foreach: [1, 2], config: {query_template: SELECT 1 AS one}}\n"
    when = with_when("metrics.one.auc > 1").replace(ONE, body)
    ((_, what),) = told(when)
    assert "'one' is done for each of its items, and each of these has metrics of its own" in what


def test_all_that_is_wrong_with_a_condition_is_told_at_once(told):
    found = told(with_when("metrics.noe.auc > 1 and parameters.ful"))
    assert [where for where, _ in found] == ["7:13 PPF564", "7:37 PPF564"]


@pytest.mark.parametrize(
    "condition",
    ["metrics.one.rows > 1", "rows(one) > 0", "status.one == 'passed'", "true", "parameters.full"],
)
def test_a_condition_that_can_be_answered_is_fine(told, condition):
    assert told(with_when(condition), "parameters: {full: true}\n") == []


def test_a_day_that_no_file_declares_may_be_asked_for(told):
    assert told(with_when("parameters.partition_date > '2026-01-01'")) == []


def test_a_step_that_is_broken_itself_is_not_told_twice(told):
    broken = "- {name: one, type: sql, config: {}}\n"
    found = told(
        f"{broken}- name: two\n  type: sql\n  when: metrics.one.auc > 1\n  config: {{query_template: SELECT 1}}\n"
    )
    assert [where.split()[1] for where, _ in found] == ["PPF104"]


def with_fallback(name: str, other: str, more: str = "") -> str:
    keys = f"name: one, type: sql, on_failure: {name}{more}"
    return f"- {{{keys}, config: {{query_template: SELECT 1 AS one}}}}\n{other}"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (with_fallback("tow", TWO), "names 'tow' under on_failure, which is no other step; did you mean 'two'?"),
        (with_fallback("one", TWO), "names itself under on_failure"),
        (with_fallback("rollback", TWO), "`on_failure: rollback` is said of the workflow"),
        (with_fallback("two", TWO, ", optional: true"), "is optional and has a fallback"),
        (with_fallback("two", TWO.replace("type", "when: parameters.a, type")), "and has `when` itself"),
        (
            with_fallback("two", TWO.replace("type", "on_failure: three, type") + TWO.replace("two", "three")),
            "and has `on_failure` itself",
        ),
        (
            with_fallback("two", TWO) + TWO.replace("name: two,", "name: three, on_failure: two,").replace("AS two", "AS three"),
            "stands in for 'one' already",
        ),
        (with_fallback("two", TWO.replace("SELECT 2 AS two", "SELECT * FROM one")), "and reads 'one' of it"),
        (
            with_fallback("two", TWO + "- {name: three, type: sql, config: {query_template: SELECT * FROM one}}\n"),
            "does not make 'one', which 'three' reads",
        ),
    ],
)  # fmt: skip
def test_a_step_that_cannot_stand_in_for_another_is_told(told, body, says):
    found = told(body, "parameters: {a: true}\n")
    assert [where.split()[1] for where, _ in found] == ["PPF566"]
    assert says in found[0][1]


def test_a_fallback_that_makes_the_same_dataset_is_fine(told):
    other = "- {name: two, type: sql, config: {query_template: SELECT 2 AS two, output_name: one}}\n"
    reader = "- {name: three, type: sql, config: {query_template: SELECT * FROM one}}\n"
    assert told(with_fallback("two", other + reader)) == []


def test_a_query_cannot_do_without_an_input(told):
    contract = "contract: {inputs: {one: {required: false}}}"
    body = f"{ONE}- {{name: two, type: sql, {contract}, config: {{query_template: SELECT * FROM one}}}}\n"
    ((where, what),) = told(body)
    assert where == "5:66 PPF567"
    assert "cannot run without its input 'one'" in what


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("metrics.two.loss < 1 and iteration < 3 and rows(two) > 1 and rows(one) > 1", ""),
        ("metrics.three.loss < 1", "the step does not wait for it"),
        ("metrics.tow.loss < 1", "there is no such step; did you mean 'two'?"),
        ("rows(three) < 1", "the step does not wait for it"),
        ("item == 1", "only steps with foreach have one"),
    ],
)
def test_a_step_is_done_again_on_what_has_ended_by_then(told, condition, says):
    two = f"- name: two\n  type: sql\n  repeat_until: {condition}\n  config: {{query_template: SELECT * FROM one}}\n"
    found = told(f"{ONE}{two}{TWO.replace('two', 'three')}")
    assert [where for where, _ in found] == (["7:21 PPF564"] if says else [])
    assert all(says in what for _, what in found)
