"""The pipeline as a value: order, laws of its algebra, and what cannot be one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import ConfigError, UsageError
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.step import Step


def step(name: str, *reads: str, group: str = "", needs: tuple[str, ...] = ()) -> Step:
    """Return a step that makes the dataset of its name."""
    return Step(
        name, "sql", inputs={read: read for read in reads}, outputs={name: name}, group=group, needs=needs
    )


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    count = draw(st.integers(min_value=1, max_value=8))
    names = [f"s{index}" for index in range(count)]
    steps = []
    for index, name in enumerate(names):
        reads = draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        needs = draw(st.lists(st.sampled_from(names[:index]), unique=True, max_size=2)) if index else []
        steps.append(step(name, *reads, needs=tuple(needs), group=draw(st.sampled_from(["", "g", "h"]))))
    return Pipeline("p", tuple(draw(st.permutations(steps))))


def chosen(pipeline: Pipeline) -> st.SearchStrategy[str]:
    return st.sampled_from([step.name for step in pipeline.steps])


@given(pipelines())
def test_each_step_follows_what_it_waits_for(pipeline: Pipeline) -> None:
    position = {step.name: index for index, step in enumerate(pipeline.steps)}
    assert all(position[need] < position[name] for name, needs in pipeline.upstream.items() for need in needs)


@given(pipelines())
def test_building_again_changes_nothing(pipeline: Pipeline) -> None:
    assert replace(pipeline) == pipeline


@given(pipelines(), st.data())
def test_choosing_twice_is_choosing_once(pipeline: Pipeline, data: st.DataObject) -> None:
    name = data.draw(chosen(pipeline))
    for choose in (Pipeline.only, Pipeline.upto, Pipeline.since):
        once = choose(pipeline, name)
        assert choose(once, name) == once


@given(pipelines(), st.data())
def test_what_leads_to_a_step_and_what_follows_it_meet_in_it(pipeline: Pipeline, data: st.DataObject) -> None:
    name = data.draw(chosen(pipeline))
    before = {step.name for step in pipeline.upto(name).steps}
    after = {step.name for step in pipeline.since(name).steps}
    assert before & after == {name}


@given(pipelines(), st.data())
def test_upstream_and_downstream_are_inverse(pipeline: Pipeline, data: st.DataObject) -> None:
    one, other = data.draw(chosen(pipeline)), data.draw(chosen(pipeline))
    assert (one in pipeline.upto(other).by_name) == (other in pipeline.since(one).by_name)


@given(pipelines())
def test_all_steps_chosen_are_the_whole(pipeline: Pipeline) -> None:
    assert pipeline.only(*pipeline.by_name) == pipeline


@given(pipelines(), st.data())
def test_replacing_a_step_by_itself_changes_nothing(pipeline: Pipeline, data: st.DataObject) -> None:
    assert pipeline.replace(pipeline.by_name[data.draw(chosen(pipeline))]) == pipeline


@given(pipelines())
def test_adjacency_says_what_upstream_says(pipeline: Pipeline) -> None:
    forth = {(before, after) for before, following in pipeline.adjacency.items() for after in following}
    back = {(before, after) for after, needs in pipeline.upstream.items() for before in needs}
    assert forth == back


@given(pipelines())
def test_a_pipeline_comes_back_from_its_adjacency(pipeline: Pipeline) -> None:
    bare = [replace(step, inputs={}, needs=()) for step in pipeline.steps]
    again = Pipeline.from_adjacency("p", pipeline.adjacency, steps=bare)
    assert {name: set(after) for name, after in again.adjacency.items()} == {
        name: set(after) for name, after in pipeline.adjacency.items()
    }


def test_steps_stay_as_written_where_the_data_leave_it_open() -> None:
    pipeline = Pipeline("p", (step("c"), step("a"), step("b")))
    assert [step.name for step in pipeline.steps] == ["c", "a", "b"]


def test_a_group_stands_for_its_steps() -> None:
    pipeline = Pipeline("p", (step("a", group="g"), step("b", "a", group="g"), step("c", "b")))
    assert list(pipeline.only("g").by_name) == ["a", "b"]
    assert list(pipeline.since("g").by_name) == ["a", "b", "c"]
    assert pipeline.select(["g", "c"]) == ("a", "b", "c")


def test_waiting_for_a_group_is_waiting_for_its_steps() -> None:
    pipeline = Pipeline("p", (step("c", needs=("g",)), step("a", group="g"), step("b", group="g")))
    assert pipeline.by_name["c"].needs == ("a", "b")


def test_a_step_may_wait_for_the_others_of_its_group() -> None:
    pipeline = Pipeline("p", (step("c", needs=("g",), group="g"), step("a", group="g")))
    assert pipeline.by_name["c"].needs == ("a",)


def test_two_pipelines_become_one() -> None:
    joined = Pipeline("p", (step("b", "a"),)) | Pipeline("q", (step("a"),))
    assert (joined.name, list(joined.by_name)) == ("p", ["a", "b"])


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ((step("a"), step("a")), "PPF113"),
        ((step("a"), replace(step("b"), outputs={"x": "a"})), "PPF123"),
        ((step("raw"),), "PPF123"),
        ((replace(step("raw"), outputs={"x": "x"}),), "PPF113"),
        ((step("g"), step("a", group="g")), "PPF113"),
        ((step("a", needs=("b",)),), "PPF124"),
        ((step("a", "b"), step("b", "a")), "PPF120"),
        ((step("a", "a"),), "PPF120"),
        ((step("a", needs=("a",)),), "PPF120"),
    ],
)
def test_what_contradicts_itself_is_no_pipeline(steps: tuple[Step, ...], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Pipeline("p", steps, sources={"raw": Source("raw", "raw.csv")})
    assert code in {finding.code for finding in caught.value.findings}


def test_a_circle_is_shown_step_by_step() -> None:
    with pytest.raises(ConfigError, match="wait for each other: a → b → c → a;"):
        Pipeline("p", (step("a", "c"), step("b", "a"), step("c", "b")))


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean 'train'"):
        Pipeline("p", (step("train"),)).only("trian")


def test_an_adjacency_list_orders_steps_without_data() -> None:
    a, b, c = (replace(step(name), outputs={}) for name in "abc")
    pipeline = Pipeline.from_adjacency("p", {"c": ["a"], "a": ["b"]}, steps=[a, b, c])
    assert list(pipeline.by_name) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("graph", "order", "first"),
    [
        ({}, [], []),
        ({"a": []}, ["a"], ["a"]),
        ({"b": ["c"], "a": ["b"]}, ["a", "b", "c"], ["a"]),
        ({"d": [], "b": ["d"], "c": ["d"], "a": ["b", "c"]}, ["a", "b", "c", "d"], ["a"]),
        ({"a": ["b", "c", "d"]}, ["a", "b", "c", "d"], ["a"]),
        ({"b": ["d"], "c": ["d"], "a": ["d"]}, ["b", "c", "a", "d"], ["b", "c", "a"]),
        ({"c": ["d"], "a": ["b"]}, ["c", "a", "d", "b"], ["c", "a"]),
        ({"a": ["b", "c"], "b": ["c"]}, ["a", "b", "c"], ["a"]),
        ({"a": ["b", "b"]}, ["a", "b"], ["a"]),
    ],
    ids=["nothing", "one step", "chain", "diamond", "fan out", "fan in", "two islands", "short cut", "twice"],
)
def test_graphs_of_every_shape_are_put_in_order(
    graph: dict[str, list[str]], order: list[str], first: list[str]
) -> None:
    names = dict.fromkeys([*graph, *(after for following in graph.values() for after in following)])
    pipeline = Pipeline.from_adjacency("p", graph, steps=[replace(step(name), outputs={}) for name in names])
    assert list(pipeline.by_name) == order
    assert [name for name, needs in pipeline.upstream.items() if not needs] == first


def test_a_name_of_an_adjacency_list_must_be_a_step() -> None:
    with pytest.raises(ConfigError, match="did you mean 'clean'"):
        Pipeline.from_adjacency("p", {"clean": ["claen"]}, steps=[step("clean")])


def test_a_circle_in_an_adjacency_list_is_refused() -> None:
    with pytest.raises(ConfigError, match="wait for each other"):
        Pipeline.from_adjacency("p", {"a": ["b"], "b": ["a"]}, steps=[step("a"), step("b")])
