"""A pipeline as a part of another one: names, data, parameters and conditions as they are around it."""

from __future__ import annotations

from typing import Any

import pytest

from pipeproof.errors import ConfigError
from pipeproof.model.contract import Column, Contract, Port, Reference, TableSchema, frozen
from pipeproof.model.each import Each
from pipeproof.model.hook import Hook, Hooks
from pipeproof.model.pipeline import Pipeline, Source, Target
from pipeproof.model.step import Parameter, Step


def step(name: str, *reads: str, makes: str = "", **fields: Any) -> Step:
    made = makes or name
    inputs = frozen({dataset: dataset for dataset in reads})
    return Step(name, "python", inputs=inputs, outputs=frozen({made: made}), **fields)


def inner(*steps: Step, **options: Any) -> Pipeline:
    return Pipeline("inner", steps=steps, **options)


def test_steps_and_datasets_are_named_under_the_part():
    part = inner(step("a"), step("b", "a", needs=("a",), on_failure="c"), step("c", makes="b")).under("p")
    assert [one.name for one in part.steps] == ["p.a", "p.b", "p.c"]
    b = part.by_name["p.b"]
    assert (dict(b.inputs), dict(b.outputs), b.needs, b.on_failure, b.group) == (
        {"a": "p.a"},
        {"b": "p.b"},
        ("p.a",),
        "p.c",
        "p",
    )


def test_data_go_in_and_out_by_the_names_around():
    sources = {"raw": Source("raw", "raw.csv"), "other": Source("other", "other.csv")}
    part = inner(step("a", "raw", "other", "outer"), sources=sources).under(
        "p", inputs={"raw": "flights"}, outputs={"a": "clean"}
    )
    assert dict(part.steps[0].inputs) == {"raw": "flights", "other": "p.other", "outer": "outer"}
    assert dict(part.steps[0].outputs) == {"a": "clean"}
    assert {key: one.name for key, one in part.sources.items()} == {"p.other": "p.other"}


def test_what_nobody_within_makes_may_be_given_too():
    assert dict(inner(step("a", "raw")).under("p", inputs={"raw": "x"}).steps[0].inputs) == {"raw": "x"}


def test_parameters_are_given_or_their_defaults_or_those_around():
    parameters = {
        "given": Parameter("given"),
        "kept": Parameter("kept", default="k", required=False),
        "around": Parameter("around"),
    }
    part = inner(step("a"), parameters=parameters).under("p", parameters={"given": "{day}"})
    assert dict(part.steps[0].given) == {"given": "{day}", "kept": "k", "around": "{around}"}
    assert part.parameters == {}


def test_placeholders_of_parts_within_parts_are_those_of_the_outermost():
    low = inner(step("a"), parameters={"w": Parameter("w")}).under("low", parameters={"w": "{v}"})
    middle = Pipeline("m", parameters={"v": Parameter("v")}) | low
    assert dict(middle.under("top", parameters={"v": "{day}"}).steps[0].given) == {"v": "{day}", "w": "{day}"}


def test_conditions_ask_for_the_same():
    text = "metrics.a.auc > parameters.least and\n rows(a) > 1 and status.a == 'passed'"
    part = inner(step("a"), step("b", when=text), parameters={"least": Parameter("least")}).under("p")
    assert part.by_name["p.b"].when == (
        'metrics["p.a"]["auc"] > parameters.least and\n rows("p.a") > 1 and status["p.a"] == \'passed\''
    )
    assert part.upstream["p.b"] == ("p.a",)


def test_items_contracts_paths_and_hooks_go_along():
    hook = Hook("hooks.py:note")
    schema = TableSchema((Column("x", "integer", references=Reference("lookup", "id")),))
    contract = Contract(outputs=frozen({"a": Port("a", schema=schema)}))
    part = inner(
        step("lookup"),
        step("a", "lookup", each=Each(dataset="lookup"), contract=contract, after=(hook,)),
        targets={"out": Target("out", "out/{day}.csv")},
        parameters={"day": Parameter("day")},
        hooks=Hooks(before_step=(hook,), after_run=(hook,)),
    ).under("p", parameters={"day": "2026-01-01"})
    a = part.by_name["p.a"]
    assert (a.each.dataset, len(a.before), len(a.after)) == ("p.lookup", 1, 1)
    assert part.targets["out"].path == "out/2026-01-01.csv"
    assert part.hooks == Hooks()
    assert part.notes == ("p: after_run of inner do not count where it is a part of another pipeline",)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"inputs": {"rwa": "x"}}, "inner has no source 'rwa'; did you mean 'raw'?"),
        ({"outputs": {"b": "x"}}, "inner has no dataset 'b'"),
        ({"parameters": {"dya": 1}}, "inner has no parameter 'dya'; did you mean 'day'?"),
    ],
)
def test_names_that_it_has_not_are_told(given, says):
    pipeline = inner(
        step("a", "raw"), sources={"raw": Source("raw", "r.csv")}, parameters={"day": Parameter("day")}
    )
    with pytest.raises(ConfigError, match="PPF571") as caught:
        pipeline.under("p", **given)
    (finding,) = caught.value.findings
    assert says in f"{finding.what}; {finding.fix}"


def test_two_parts_of_the_same_pipeline_stand_side_by_side():
    pipeline = inner(step("a", "raw"), step("b", "a"))
    both = (
        Pipeline("both") | pipeline.under("x", inputs={"raw": "r"}) | pipeline.under("y", inputs={"raw": "r"})
    )
    assert sorted(one.name for one in both.steps) == ["x.a", "x.b", "y.a", "y.b"]
    assert both.only("x").by_name.keys() == {"x.a", "x.b"}
