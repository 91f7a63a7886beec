"""``${NAME}`` in values, and where a secret may stand."""

from __future__ import annotations

import pytest

from pipeproof.loading.interpolate import interpolate
from pipeproof.loading.text import parse


def filled(value: str, **environment: str) -> object:
    node = parse(f"a: {value}\n", "f.yaml")
    assert interpolate(node, environment) == []
    return node.plain["a"]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("${PORT}", 5432),
        ("${ON}", True),
        ("${NAME}", "ada"),
        ("'${PORT}'", 5432),
        ("${NAME}:${PORT}", "ada:5432"),
        ("${NONE:-3}", 3),
        ("${NONE:-}", None),
        ("${EMPTY:-other}", "other"),
        ("${NAME:-other}", "ada"),
        ("$$NAME", "$NAME"),
        ("$${NAME}", "${NAME}"),
        ("$NAME", "$NAME"),
        ("costs 5$", "costs 5$"),
    ],
)
def test_a_variable_is_filled_in_and_typed_when_alone(value: str, result: object) -> None:
    assert filled(value, PORT="5432", ON="true", NAME="ada", EMPTY="") == result


def test_what_a_variable_holds_is_not_filled_in_again() -> None:
    assert filled("x${A}", A="${B}", B="no") == "x${B}"


def test_the_text_before_is_remembered() -> None:
    node = parse("a: ${X}\n", "f.yaml")
    interpolate(node, {"X": "1"})
    held = node.get(("a",))
    assert held is not None
    assert held.was == "${X}"


def test_a_variable_without_a_value_is_reported_once_with_its_first_place() -> None:
    node = parse("a: ${X}\nb: [1, 'x ${X}']\n", "f.yaml")
    (finding,) = interpolate(node, {})
    assert finding.code == "PPF131"
    assert str(finding.where) == "f.yaml:1:4"
    assert "2 places" in finding.what


@pytest.mark.parametrize("text", ["${}", "${A-b}", "${A B}", "${A", "${1A}", "${secret:}", "${secret:A B}"])
def test_a_broken_reference_is_refused(text: str) -> None:
    (finding,) = interpolate(parse(f"a: '{text}'\n", "f.yaml"), {"A": "1"})
    assert finding.code == "PPF105"


STEP = "workflow: {{name: x, steps: [{{name: a, type: sql, {}}}]}}\n"


@pytest.mark.parametrize(
    "text", [STEP.format("env: {PASSWORD: '${secret:PW}'}"), "snowpark: {password: '${secret:PW}'}\n"]
)
def test_a_secret_may_stand_where_it_is_resolved_late(text: str) -> None:
    node = parse(text, "f.yaml")
    before = node.plain
    assert interpolate(node, {"PW": "hunter2"}) == []
    assert node.plain == before


@pytest.mark.parametrize(
    "text",
    [
        STEP.format("config: {query_template: '${secret:PW}'}"),
        STEP.format("config: {env: {A: '${secret:PW}'}}"),
        STEP.format("description: 'x ${secret:PW}'"),
        "sources: {raw: '${secret:PW}'}\n",
        "parameters: {env: '${secret:PW}'}\n",
    ],
)
def test_a_secret_may_stand_nowhere_else(text: str) -> None:
    (finding,) = interpolate(parse(text, "f.yaml"), {"PW": "hunter2"})
    assert finding.code == "PPF134"
    assert "hunter2" not in str(finding)
