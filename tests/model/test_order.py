"""What steps wait for, and which ends of that let them go."""

from typing import Any

import pytest

from pipeproof.errors import ConfigError
from pipeproof.model.contract import Contract, Port, frozen
from pipeproof.model.order import ANY, PASSED, waits
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Step


def step(name: str, *reads: str, makes: str = "", **fields: Any) -> Step:
    made = makes or name
    return Step(
        name,
        "python",
        inputs=frozen({dataset: dataset for dataset in reads}),
        outputs=frozen({made: made}),
        **fields,
    )


def without(*names: str) -> Contract:
    return Contract(inputs=frozen({name: Port(name, required=False) for name in names}))


def lets(*steps: Step) -> dict[str, dict[str, set[str]]]:
    return {name: {need: {*ends} for need, ends in found.items()} for name, found in waits(steps).items()}


def test_what_is_read_must_have_been_made():
    assert lets(step("a"), step("b", "a"))["b"] == {"a": PASSED}


def test_an_input_that_is_not_required_may_be_missing():
    found = lets(step("a"), step("b", "a", contract=without("a")))
    assert found["b"] == {"a": {"passed", "excused", "skipped"}}


def test_an_input_that_is_read_twice_is_required_when_one_reading_requires_it():
    both = Step("b", "python", inputs={"x": "a", "y": "a"}, contract=without("x"))
    assert lets(step("a"), both)["b"] == {"a": PASSED}


def test_a_condition_waits_for_what_it_asks_about():
    found = lets(
        step("a"),
        step("b"),
        step("c"),
        step("d", when="metrics.a.loss < 1 and rows(b) > 0 and status.c != 'passed'"),
    )
    assert found["d"] == {"a": PASSED, "b": PASSED, "c": ANY}


def test_every_reason_to_wait_must_be_content():
    found = lets(step("a"), step("b", "a", when="status.a == 'passed'"))
    assert found["b"] == {"a": PASSED}


def test_a_fallback_waits_for_the_failure():
    found = lets(step("a", on_failure="spare"), step("spare", makes="a"))
    assert found["spare"] == {"a": {"excused"}}


def test_who_reads_waits_for_the_step_and_for_its_fallback():
    found = lets(step("spare", makes="a"), step("a", on_failure="spare"), step("b", "a"))
    assert found["b"] == {"a": {"passed", "excused"}, "spare": {"passed", "skipped"}}


def test_who_depends_on_a_step_is_content_with_its_fallback():
    found = lets(step("a", on_failure="spare"), step("spare"), step("b", needs=("a",)))
    assert found["b"] == {"a": {"passed", "excused"}, "spare": {"passed", "skipped"}}


def test_who_reads_what_the_fallback_does_not_make_waits_for_the_step_alone():
    found = lets(step("a", on_failure="spare"), step("spare"), step("b", "a"))
    assert found["b"] == {"a": PASSED}


def test_two_steps_make_one_dataset_only_when_one_stands_in_for_the_other():
    pipeline = Pipeline("p", steps=(step("spare", makes="a"), step("a", on_failure="spare"), step("b", "a")))
    assert pipeline.makers["a"] == "a"
    assert [one.name for one in pipeline.steps] == ["a", "spare", "b"]
    with pytest.raises(ConfigError, match="PPF123"):
        Pipeline("p", steps=(step("spare", makes="a"), step("a")))


def test_conditions_count_for_the_order_and_for_cycles():
    pipeline = Pipeline("p", steps=(step("b", when="metrics.a.x > 1"), step("a")))
    assert [one.name for one in pipeline.steps] == ["a", "b"]
    with pytest.raises(ConfigError, match="wait for each other: a → b → a"):
        Pipeline("p", steps=(step("a", when="rows(b) > 1"), step("b", "a")))


def test_a_choice_of_steps_drops_the_ties_to_those_that_are_left_out():
    pipeline = Pipeline("p", steps=(step("a", on_failure="spare"), step("spare", makes="a"), step("b", "a")))
    assert pipeline.only("a").by_name["a"].on_failure == ""
    assert {one.name for one in pipeline.upto("b").steps} == {"a", "spare", "b"}


def test_a_condition_on_a_step_that_is_not_there_is_left_to_the_rules():
    assert Pipeline("p", steps=(step("a", when="status.nobody == 'passed'"),)).upstream == {"a": ()}
