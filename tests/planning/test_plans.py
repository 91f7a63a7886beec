"""Plans: parameters, templates, which steps run, what is taken from earlier runs, and keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import ConfigError, UsageError
from pipeproof.model.artifact import Artifact
from pipeproof.model.contract import Column, Contract, Port, TableSchema
from pipeproof.model.pipeline import Pipeline, Source
from pipeproof.model.plan import Plan
from pipeproof.model.step import Parameter, Resources, Step
from pipeproof.planning.isolation import choose_isolation
from pipeproof.planning.make import make_plan
from pipeproof.planning.parameters import bind
from pipeproof.planning.templates import fill, names_in
from pipeproof.ports import StepKind, Wiring


@dataclass(frozen=True)
class Config:
    """Config of a kind that does nothing."""

    text: Any = ""
    file: str = ""


def _code(step: Step, root: Path) -> list[Path]:
    return [root / step.config.file] if step.config.file else []  # type: ignore[attr-defined]  # the config above


KIND = StepKind(
    "idle",
    "does nothing",
    Config,
    "",
    wire=lambda _name, _config, _contract: Wiring(),
    prepare=None,  # type: ignore[arg-type]  # nothing is run here
    collect=None,  # type: ignore[arg-type]  # nothing is run here
    code=_code,
    templates=("text",),
)
KINDS: Mapping[str, StepKind] = {
    "idle": KIND,
    "source": replace(KIND, name="source", code=lambda *_: [], templates=()),
}


def step(name: str, *reads: str, text: Any = "", **more: Any) -> Step:
    inputs = {read: read for read in reads}
    return Step(name, "idle", Config(text), inputs=inputs, outputs={name: name}, **more)


def source_step(source: Source) -> Step:
    return Step(source.name, "source", source, outputs={source.name: source.name})


def plan(pipeline: Pipeline, given_: Mapping[str, object] | None = None, **options: Any) -> Plan:
    return make_plan(pipeline, KINDS, given_, source_step=source_step, **options)


def made_by(run: str, *datasets: str) -> Callable[[str], tuple[str, Artifact] | None]:
    return lambda dataset: (run, Artifact("value", "0")) if dataset in datasets else None


CHAIN = Pipeline(
    "p",
    (step("a", "raw"), step("b", "a", group="g"), step("c", "b", group="g"), step("d", "c", "other")),
    sources={"raw": Source("raw", "raw.csv"), "other": Source("other", "other.csv")},
)


def running(made: Plan) -> list[str]:
    return [task.name for task in made.tasks if task.decision == "run" and task.step.kind == "idle"]


def sources(made: Plan) -> list[str]:
    return [task.name for task in made.tasks if task.step.kind == "source"]


def test_everything_runs_unless_something_is_chosen() -> None:
    made = plan(CHAIN)
    assert running(made) == ["a", "b", "c", "d"]
    assert sources(made) == ["raw", "other"]
    assert made["a"].needs == ("raw",)
    assert made["d"].needs == ("c", "other")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"only": ["b"]}, ["b"]),
        ({"only": ["g"]}, ["b", "c"]),
        ({"only": ["a", "d"]}, ["a", "d"]),
        ({"since": ["c"]}, ["c", "d"]),
        ({"since": ["g"]}, ["b", "c", "d"]),
        ({"until": ["b"]}, ["a", "b"]),
        ({"until": ["g"]}, ["a", "b", "c"]),
        ({"since": ["b"], "until": ["c"]}, ["b", "c"]),
        ({"since": ["b"], "until": ["c"], "only": ["g"]}, ["b", "c"]),
    ],
)
def test_steps_and_groups_are_chosen(options: dict[str, list[str]], names: list[str]) -> None:
    assert running(plan(CHAIN, earlier=made_by("r-1", "a", "b", "c"), **options)) == names


def test_what_was_left_out_is_taken_from_the_run_that_made_it() -> None:
    made = plan(CHAIN, only=["c"], earlier=made_by("r-1", "b"))
    assert [(task.name, task.decision, task.reused_from) for task in made.tasks] == [
        ("b", "reuse", "r-1"),
        ("c", "run", ""),
    ]
    assert made["c"].needs == ("b",)
    assert made["b"].reused.outputs["b"].digest == "0"


def test_only_the_sources_that_are_read_come_in() -> None:
    assert sources(plan(CHAIN, since=["d"], earlier=made_by("r-1", "c"))) == ["other"]


def test_what_no_run_made_is_an_error_that_says_what_to_run() -> None:
    with pytest.raises(UsageError) as caught:
        plan(CHAIN, only=["c", "a"])
    (finding,) = caught.value.findings
    assert (finding.code, finding.step) == ("PPF125", "b")
    assert "--until b" in finding.fix


@pytest.mark.parametrize("options", [{"only": ["a"], "since": ["c"]}, {"since": ["d"], "until": ["a"]}])
def test_a_choice_that_leaves_nothing_is_an_error(options: dict[str, list[str]]) -> None:
    with pytest.raises(UsageError, match="nothing to run"):
        plan(CHAIN, **options)


@pytest.mark.parametrize("option", ["only", "since", "until"])
def test_an_unknown_name_is_an_error(option: str) -> None:
    with pytest.raises(UsageError, match="no step or group 'bb'"):
        plan(CHAIN, **{option: ["bb"]})


def test_templates_are_filled_in_and_whole_ones_keep_their_type() -> None:
    pipeline = Pipeline(
        "p",
        (step("a", text={"n": "{n}", "t": "at {day}", "keep": "{{n}} [A-Z]{3}"}, environment={"N": "{n}"}),),
        parameters={"n": Parameter("n", "integer"), "day": Parameter("day", "date")},
    )
    made = plan(pipeline, {"n": "7", "day": "2013-07-03"})["a"].step
    assert made.config == Config({"n": 7, "t": "at 2013-07-03", "keep": "{n} [A-Z]{3}"})
    assert made.environment == {"N": "7"}


def test_a_placeholder_without_a_parameter_is_an_error() -> None:
    with pytest.raises(ConfigError, match="did you mean 'day'"):
        plan(Pipeline("p", (step("a", text="{dya}"),), parameters={"day": Parameter("day")}), {"day": "x"})


def test_the_date_of_the_partition_needs_no_declaration() -> None:
    pipeline = Pipeline("p", (step("a", text="{partition_date}"),))
    assert plan(pipeline, {"partition_date": "2013-07-03"}).parameters == {"partition_date": "2013-07-03"}
    with pytest.raises(UsageError, match="partition_date"):
        plan(pipeline)


@given(
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_a_template_without_placeholders_is_kept(value: Any) -> None:
    if "{" not in str(value) and "}" not in str(value):
        assert fill(value, {}) == value
        assert list(names_in(value)) == []


WORDS = st.text(st.characters(exclude_characters="{}"))


@given(
    st.recursive(
        WORDS | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
    ),
    st.sampled_from([None, 1]),
)
def test_a_text_of_json_is_kept(value: Any, indent: int | None) -> None:
    text = json.dumps(value, separators=(",", ":"), indent=indent)
    assert fill(text, {}) == text
    assert list(names_in(text)) == []


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{n}}", "{n}"),
        ("{{{n}}}", "{7}"),
        ("{{{{n}}}}", "{{n}}"),
        ('{"a":{"n":{n}}}', '{"a":{"n":7}}'),
        ('{{"a":{"b":{n}}}}', '{"a":{"b":7}}'),
        ("}} {n} {{", "}} 7 {{"),
        ("[A-Z]{3} }", "[A-Z]{3} }"),
    ],
)
def test_doubled_braces_are_single_ones_as_a_pair_alone(text: str, filled: str) -> None:
    assert fill(text, {"n": 7}) == filled


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), st.integers())
def test_a_placeholder_becomes_its_value(name: str, value: int) -> None:
    assert fill(f"{{{name}}}", {name: value}) == value
    assert fill(f"<{{{name}}}>", {name: value}) == f"<{value}>"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "7", 7),
        ("number", "0.5", 0.5),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("date", "2013-07-03", "2013-07-03"),
        ("string", "7", "7"),
    ],
)
def test_a_parameter_takes_its_type(kind: Any, text: str, value: object) -> None:
    pipeline = Pipeline("p", parameters={"n": Parameter("n", kind)})
    assert bind(pipeline, {"n": text}, ()) == {"n": value}


@pytest.mark.parametrize(
    ("kind", "text"), [("integer", "7.5"), ("number", "x"), ("boolean", "maybe"), ("date", "3 July")]
)
def test_a_parameter_of_another_type_is_an_error(kind: Any, text: str) -> None:
    with pytest.raises(UsageError, match=f"no {kind}"):
        bind(Pipeline("p", parameters={"n": Parameter("n", kind)}), {"n": text}, ())


def test_all_wrong_parameters_are_reported_at_once() -> None:
    pipeline = Pipeline("p", parameters={"n": Parameter("n", "integer"), "m": Parameter("m")})
    with pytest.raises(UsageError) as caught:
        bind(pipeline, {"n": "x", "o": "1"}, ())
    assert len(caught.value.findings) == 3


def test_what_the_maker_promised_is_checked_once() -> None:
    schema = TableSchema((Column("x", "integer"),))
    port = Contract(inputs={"a": Port("a", schema=schema)}, outputs={})
    promise = Contract(outputs={"a": Port("a", schema=schema)})
    made = plan(Pipeline("p", (step("a", contract=promise), step("b", "a", contract=port))))
    assert [(task.name, [check.side for check in task.checks]) for task in made.tasks] == [
        ("a", ["output"]),
        ("b", []),
    ]


def test_limits_need_a_process_of_their_own_unless_the_step_says_where() -> None:
    limited = step("a", resources=Resources(memory=10**9))
    assert choose_isolation(limited, KIND) == "fresh"
    assert choose_isolation(replace(limited, isolation="worker"), KIND) == "worker"
    assert choose_isolation(step("a"), KIND) == "thread"
