"""The items of a step, and the steps that they become in a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import ConfigError
from pipeproof.model.contract import Column, Contract, Port, TableSchema, frozen
from pipeproof.model.each import Each, labels_of
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.plan import Plan
from pipeproof.model.step import Step
from pipeproof.planning.expand import expand
from pipeproof.planning.items import alone, items_of
from pipeproof.planning.make import make_plan
from pipeproof.plugins import Kinds
from pipeproof.steps.python import PythonConfig
from pipeproof.steps.source import as_step

KINDS = Kinds()


def step(name: str = "score", *reads: str, each: Each | None = None, **fields: Any) -> Step:
    return Step(
        name,
        "python",
        PythonConfig(f"steps:{name}", arguments=fields.pop("arguments", {})),
        inputs=frozen({dataset: dataset for dataset in reads}),
        outputs=frozen({name: name}),
        each=each,
        **fields,
    )


def plan(*steps: Step, given: dict[str, Any] | None = None, **options: Any) -> Plan:
    sources = frozen({"flights": Source("flights", "flights.csv")})
    return make_plan(
        Pipeline("p", steps=steps, sources=sources), KINDS, given, source_step=as_step, **options
    )


@pytest.mark.parametrize(
    ("each", "items"),
    [
        (Each(("a", 1, 2.5, True, None)), ("a", 1, 2.5, True, None)),
        (Each((1, True)), (1, True)),
        (Each(()), ()),
        (Each("{origins}"), ("EWR", "JFK")),
        (Each(first="2026-01-30", last="2026-02-01"), ("2026-01-30", "2026-01-31", "2026-02-01")),
        (
            Each(first="{day}", last="2026-01-15", every=7 * 86_400),
            ("2026-01-01", "2026-01-08", "2026-01-15"),
        ),
        (
            Each(first="2026-01-01T22:00", last="2026-01-02", every=3_600.0),
            ("2026-01-01T22:00:00", "2026-01-01T23:00:00", "2026-01-02T00:00:00"),
        ),
    ],
)
def test_items_are_known_from_lists_parameters_and_days(each, items):
    assert items_of(step(each=each), {"origins": "EWR, JFK", "day": "2026-01-01"}) == items


@pytest.mark.parametrize(
    ("each", "says"),
    [
        (Each(("a", "b", "a")), "one of them stands twice"),
        (Each(tuple(range(10_001))), "there are 10,001, and 10,000 is the most"),
        (Each(({"a": 1},)), "is no single value"),  # type: ignore[arg-type]  # what a file may say
        (Each(first="2026-02-01", last="2026-01-01"), "is before the first"),
        (Each(first="someday", last="2026-01-01"), "'someday' is no day"),
        (Each(first="1000-01-01", last="2026-01-01"), "10,000 is the most"),
    ],
)
def test_what_are_no_items_is_told(each, says):
    with pytest.raises(ConfigError, match="PPF568") as caught:
        items_of(step(each=each), {})
    assert says in caught.value.findings[0].what


@given(st.lists(st.one_of(st.text(), st.integers(), st.booleans(), st.none(), st.floats())))
def test_labels_differ_and_are_safe_in_names_of_files(items):
    labels = labels_of(items)
    assert len(set(labels)) == len(items)
    assert all("/" not in label and not label.startswith(".") and label for label in labels)


def test_a_step_becomes_one_for_each_item_and_one_that_gathers():
    made = plan(
        step("score", "flights", each=Each(("EWR", "JFK")), arguments={"origin": "{item}"}),
        step("end", "score"),
    )
    assert [task.name for task in made.tasks] == ["flights", "score[EWR]", "score[JFK]", "score", "end"]
    one = made["score[EWR]"]
    assert (one.step.config.arguments, dict(one.step.outputs)) == ({"origin": "EWR"}, {"score": "score[EWR]"})
    assert dict(one.step.given) == {"item": "EWR"}
    gather = made["score"]
    assert (gather.step.kind, gather.needs) == ("gather", ("score[EWR]", "score[JFK]"))
    assert made["end"].needs == ("score",)


def test_a_choice_of_a_step_is_one_of_all_its_items():
    made = plan(step("score", each=Each(("a", "b"))), step("end", "score"), only=["score"])
    assert [task.name for task in made.tasks] == ["score[a]", "score[b]", "score"]


def test_no_items_are_gathered_at_once():
    made = plan(step("score", each=Each(())))
    assert [(task.name, task.needs) for task in made.tasks] == [("score", ())]


def test_a_condition_about_the_item_is_answered_for_each():
    made = plan(step("score", each=Each(("a", "b")), when="item != 'b'"), step("end", "score"))
    assert [(task.name, task.decision) for task in made.tasks] == [
        ("score[a]", "run"),
        ("score[b]", "skip"),
        ("score", "run"),
        ("end", "run"),
    ]


def test_items_of_an_optional_step_may_fail_one_by_one():
    made = plan(step("score", each=Each(("a", "b")), optional=True))
    assert made["score[a]"].excuse == "it is optional"
    assert "excused" in made["score"].lets["score[a]"]


def test_all_of_a_lane_share_its_limit():
    made = plan(step("score", each=Each(("a", "b"), at_once=1)))
    assert {made[name].step.lane for name in ("score[a]", "score[b]")} == {("score", 1)}
    assert made["score"].step.lane is None


def test_the_contract_is_asked_of_what_is_gathered_and_types_of_each_item():
    schema = TableSchema((Column("origin", "string"), Column("n", "integer")), key=("origin",), min_rows=2)
    contract = Contract(outputs=frozen({"score": Port("score", schema=schema)}))
    made = plan(step("score", each=Each(("a", "b"), column="origin"), contract=contract))
    assert [(check.dataset, check.enforce) for check in made["score"].checks] == [("score", "fail")]
    (check,) = made["score[a]"].checks
    assert (check.enforce, check.schema.names, check.schema.key) == ("off", ("n",), ())


def test_a_table_is_split_before_its_items_are_known():
    each = Each(table="flights", by="origin")
    made = plan(step("score", "flights", each=each))
    assert [(task.name, task.step.kind) for task in made.tasks] == [
        ("flights", "source"),
        ("score@parts", "split"),
        ("score", "python"),
    ]
    expansion = expand(made["score"], ["EWR", "J/K"], made, KINDS)
    assert [task.name for task in expansion.tasks] == ["score[EWR]", "score[J_K~2]", "score"]
    assert dict(expansion.tasks[1].step.inputs) == {"flights": "score@flights[J_K~2]"}
    assert expansion.tasks[0].needs == made["score"].needs
    assert expansion.tasks[2].needs == ("score[EWR]", "score[J_K~2]")


def test_what_a_run_made_and_is_no_list_is_told():
    made = plan(step("names"), step("hello", each=Each(dataset="names")))
    with pytest.raises(ConfigError, match="they are no list"):
        expand(made["hello"], {"a": 1}, made, KINDS)


def test_a_step_is_tried_alone_for_its_first_item():
    tried = alone(
        replace(step("score", each=Each(("a", "b")), needs=("x",), when="item == 'b'"), optional=True)
    )
    assert (tried.each, dict(tried.given), tried.needs, tried.when) == (None, {"item": "a"}, (), "")


def test_a_choice_up_to_a_step_has_the_step_that_stands_in_for_it():
    spare = replace(step("spare", "cached"), outputs=frozen({"score": "score"}))
    made = plan(
        step("cached"),
        replace(step("score"), on_failure="spare"),
        spare,
        step("end", "score"),
        until=["score"],
    )
    assert [task.name for task in made.tasks] == ["cached", "score", "spare"]
    assert made["score"].excuse == "spare stands in for it"
