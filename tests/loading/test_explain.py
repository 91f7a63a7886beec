"""Where a value came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.errors import UsageError
from pipeproof.loading.explain import Explanation, explain
from pipeproof.loading.loaded import Loaded

Load = Callable[..., Loaded]
BASE = """\
snowpark:
  account: ${ACCOUNT:-none}
  password: ${SF_PASSWORD:-geheim}
  key: ${MY_TOKEN}
  private: ${secret:SF}
  url: postgres://ada:hunter2@host/db
workflow:
  timeout: 3600
  steps:
    - {name: train, type: sql, timeout: 60, config: {query_template: SELECT 1 AS x}}
"""
FLOW = """\
extends: base.yaml
workflow:
  name: x
  steps:
    - name: train
      timeout: 10m
    - {name: v1.2, type: sql, config: {query_template: SELECT 2 AS x}}
"""


@pytest.fixture
def asked(load: Load) -> Callable[[str], Explanation]:
    node = load(
        {"ACCOUNT": "acme", "SF_PASSWORD": "hunter2", "MY_TOKEN": "hunter2"}, base=BASE, flow=FLOW
    ).node
    assert node is not None
    return lambda key: explain(node, key)


def test_a_value_shows_its_place_and_what_it_overrode(asked: Callable[[str], Explanation]) -> None:
    found = asked("workflow.steps.train.timeout")
    assert found.origin.value == "10m"
    assert (Path(found.origin.where.file).name, found.origin.where.line, found.origin.where.column) == (
        "flow.yaml",
        6,
        16,
    )
    assert [(over.value, Path(over.where.file).name, over.where.line) for over in found.overrode] == [
        (60, "base.yaml", 10)
    ]


@pytest.mark.parametrize("key", ["workflow.steps.train.timeout", "workflow.steps.0.timeout"])
def test_a_step_is_found_by_name_or_position(asked: Callable[[str], Explanation], key: str) -> None:
    assert asked(key).key == "workflow.steps.train.timeout"


def test_a_name_may_hold_a_dot(asked: Callable[[str], Explanation]) -> None:
    assert asked("workflow.steps.v1.2.config.query_template").origin.value == "SELECT 2 AS x"


def test_the_text_before_variables_is_shown(asked: Callable[[str], Explanation]) -> None:
    origin = asked("snowpark.account").origin
    assert (origin.value, origin.written) == ("acme", "${ACCOUNT:-none}")


@pytest.mark.parametrize("key", ["snowpark.password", "snowpark.key", "snowpark.url", "snowpark"])
def test_what_is_private_is_not_shown(asked: Callable[[str], Explanation], key: str) -> None:
    shown = repr(asked(key))
    assert "***" in shown
    assert "hunter2" not in shown
    assert "geheim" not in shown


def test_a_reference_to_a_secret_is_shown_as_it_is_written(asked: Callable[[str], Explanation]) -> None:
    assert asked("snowpark.private").origin.value == "${secret:SF}"


def test_a_mapping_shows_the_places_that_it_was_merged_from(asked: Callable[[str], Explanation]) -> None:
    found = asked("workflow")
    assert [Path(over.where.file).name for over in found.overrode] == ["base.yaml"]


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("workflow.steps.trian.timeout", "did you mean 'train'?"),
        ("workflow.timeuot", "did you mean 'timeout'?"),
        ("workflow.timeout.x", "a single value"),
        ("nothing", "known: "),
    ],
)
def test_an_unknown_key_says_what_there_is(asked: Callable[[str], Explanation], key: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(key)
    assert hint in caught.value.findings[0].fix
